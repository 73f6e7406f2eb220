"""Champions of one business read one set of features: the on-line store holds no other beside it.

Reads verdicts and the registry; changes nothing. Start reading at `held_back`.
"""

from collections.abc import Mapping
from dataclasses import replace

from churn.cohort import MODELS
from churn.settings import Settings
from training.gate_verdict import Verdict, failed, skipped
from training.versions import Registry, Version

ONE_SET = "one_feature_set"


def held_back(
    found: Mapping[str, tuple[Version, Verdict]], registry: Registry, settings: Settings, *, is_afresh: bool = False
) -> dict[str, tuple[Version, Verdict]]:
    """Verdicts in which no challenger passes whose promotion would leave two champions on different features.

    Args:
        found: the challengers that are judged together, by model.
        registry: whose champions.
        settings: whose models.
        is_afresh: a person said so: the churn model, whose features the store holds, need not wait for one that has no
            challenger with its features, and which then answers nobody.

    Returns:
        As `found`, with a failed check where a challenger is held back.
    """
    now = {model: _serving(settings.model_name(model), registry) for model in MODELS}
    then = now | {
        model: version.bundle.feature_set_hash for model, (version, verdict) in found.items() if verdict.passed
    }
    judged = dict(found)
    for model, (version, verdict) in found.items():
        ours = version.bundle.feature_set_hash
        others = {other: one for other, one in then.items() if other != model and one not in (None, ours)}
        if verdict.passed and ours != now[model] and others:
            other, theirs = next(iter(others.items()))
            why = f"it reads other features ({ours}) than the champion of {other} ({theirs}); the store holds one set"
            zh = f"其特征（{ours}）与 {other} 现任（{theirs}）不同，而在线存储只有一组特征"
            is_alone = _newest(settings.model_name(other), registry) != ours
            if is_alone:
                why += f", and no {other} model that reads them waits to be promoted"
                zh += f"，且没有使用相同特征的 {other} 模型等待上线"
            may = is_alone and is_afresh and model == MODELS[0]
            told = (skipped if may else failed)(ONE_SET, why, zh)
            judged[model] = version, replace(verdict, checks=(*verdict.checks, told))
    return judged


def _newest(name: str, registry: Registry) -> str | None:
    """The features that the newest version of a name reads."""
    number = registry.latest(name)
    return None if number is None else registry.get(name, number).bundle.feature_set_hash


def _serving(name: str, registry: Registry) -> str | None:
    """The features that the champion of a name reads."""
    number = registry.champion(name)
    return None if number is None else registry.get(name, number).bundle.feature_set_hash
