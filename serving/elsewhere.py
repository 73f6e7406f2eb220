"""The scorer of a business, made again in another process that sees its artifacts: a worker of a cluster.

A worker makes it once and keeps it for the next piece. Start reading at `scorer_again`.
"""

from collections.abc import Mapping

from churn.settings import Settings
from serving import admission, champion
from serving.app import scorer_of
from serving.scorer import Scorer
from serving.shadow import Shadows

_kept: dict[str, Scorer] = {}  # the newest one, by all that it was made from
_shadows: dict[str, Shadows] = {}


def scorer_again(settings: Settings, held: Mapping[str, admission.Held]) -> Scorer:
    """The scorer of these settings and champions.

    Args:
        settings: whose.
        held: the champions that `champion.fetch` copied into the artifacts.

    Raises:
        BrokenModel: a copy has changed since.
    """
    key = f"{settings.folder} {settings.model_dump_json()} {sorted(map(str, held.values()))}"
    if key not in _kept:
        made = scorer_of(settings, champion.read(settings.folder, held, exact=settings.serving.exact_reasons))
        _kept.clear()
        _kept[key] = made
    return _kept[key]


def shadows_again(settings: Settings, held: Mapping[str, admission.Held]) -> Shadows:
    """The challengers that score in shadow, from the copies in the artifacts; nobody where none does.

    Raises:
        BrokenModel: a copy has changed since.
    """
    key = f"{settings.folder} {sorted(map(str, held.values()))}"
    if key not in _shadows:
        made = Shadows(settings.folder, champion.read(settings.folder, held, exact=settings.serving.exact_reasons))
        _shadows.clear()
        _shadows[key] = made
    return _shadows[key]
