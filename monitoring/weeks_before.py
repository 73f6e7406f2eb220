"""The weeks before now, computed once for all that ask about them: the quiet past of drift, and early signs.

    log --features of a sample of customers, week by week--> counts (monitoring/drift/past.py)
                                                         --> early activity (monitoring/before/past.py)

What is kept of either in `monitoring/cache/` is not computed again. Start reading at `weeks_before`.
"""

from collections.abc import Callable, Mapping, Sequence

from churn.settings import Settings
from features.log import LogManifest
from monitoring.before.looking import sums_of
from monitoring.champion import Champion
from monitoring.drift.looking import Before, look_back
from monitoring.drift.reference import Reference
from monitoring.reading.now import as_of

Say = Callable[[str], None]


def weeks_before(
    settings: Settings,
    serving: Sequence[Champion],
    thens: Mapping[str, Reference | None],
    manifest: LogManifest | None,
    progress: Say,
) -> dict[str, Before]:
    """The quiet past of the champions, by model; nothing without a log, or without features of now to hold against it.

    Args:
        settings: whose.
        serving: the champions.
        thens: what they learned, by model; None where nobody knows.
        manifest: of the log; None where it cannot be read.
        progress: told what is going on.

    Raises:
        DataError: the log, or a champion's trees, are not as promised.
    """
    at = as_of(settings.folder)
    if manifest is None or at is None:
        return {}
    early = {one.model: sums_of(settings, one, manifest, at) for one in serving}
    watchers = {model: one for model, one in early.items() if one is not None}
    found = look_back(settings, serving, thens, manifest, now=at, progress=progress, watchers=watchers)
    for model in found.keys() & watchers.keys():
        watchers[model].keep()
    return found
