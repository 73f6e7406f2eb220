"""The champion before serves again: `rollback` because a person says so, `send_back` because the watch does.

Champions of one business read one set of features (training/one_set.py): where a model that goes back would leave the
other on another set, the other goes back with it, if its champion before reads the same set. Start at `rollback`.
"""

from datetime import datetime

from churn.cohort import MODELS
from churn.errors import ChurnError
from churn.settings import Settings
from training import history as records
from training.crowning import alone, heal
from training.gate_verdict import Check, Verdict
from training.promote import Promotion, serve
from training.versions import Registry, Version

Why = tuple[str, str]  # in English and Chinese


class NothingBefore(ChurnError):
    """There is no champion before the present one."""

    exit_code = 13

    def __init__(self, name: str) -> None:
        super().__init__(
            f"No champion of {name!r} served before the present one.", mend="promote one with `churn promote`."
        )


def rollback(
    model: str, registry: Registry, settings: Settings, *, as_of: datetime | None = None
) -> tuple[Promotion, ...]:
    """Let the champion before the present one serve again.

    Returns:
        Who serves now: of the model that was asked for, then of the other, if it had to go with it.

    Raises:
        NothingBefore: there was none. PromotionUnderWay: another process is changing who serves.
    """
    return _take_back("rollback", model, registry, settings, why=("a person took it back", "人工退回"), as_of=as_of)


def send_back(
    model: str, registry: Registry, settings: Settings, *, why: Why, as_of: datetime | None = None
) -> tuple[Promotion, ...]:
    """The same, because the watch found a floor broken.

    Args:
        model: churn or reactivation.
        registry: where the versions are.
        settings: whose model.
        why: the floor and the number, in English and Chinese.
        as_of: what time it is by the business's clock.

    Raises:
        NothingBefore: there was none. PromotionUnderWay: another process is changing who serves.
    """
    return _take_back("return", model, registry, settings, why=why, as_of=as_of)


def _take_back(
    act: str, model: str, registry: Registry, settings: Settings, *, why: Why, as_of: datetime | None
) -> tuple[Promotion, ...]:
    with alone(settings):
        heal(registry, settings)
        version = _before(model, registry, settings)
        if version is None:
            raise NothingBefore(settings.model_name(model))
        going = [(act, version, why)]
        for other in MODELS:
            if other != model and (with_it := _companion(version, other, registry, settings)) is not None:
                told = (
                    f"{model} went back, and the store holds one set of features",
                    f"{model} 已退回，而在线存储只有一组特征",
                )
                going.append(("rollback", with_it, told))
        return tuple(_serve_again(*one, registry, settings, as_of) for one in going)


def _before(model: str, registry: Registry, settings: Settings) -> Version | None:
    """Who served before the present champion of a model."""
    name = settings.model_name(model)
    earlier = records.before([one for one in records.read(settings) if one["name"] == name])
    return None if registry.champion(name) is None or not earlier else registry.get(name, earlier[-1])


def _companion(version: Version, other: str, registry: Registry, settings: Settings) -> Version | None:
    """The champion before of the other model, where that one alone reads the features of a version that returns."""
    number, ours = registry.champion(settings.model_name(other)), version.bundle.feature_set_hash
    if number is None or registry.get(settings.model_name(other), number).bundle.feature_set_hash == ours:
        return None
    earlier = _before(other, registry, settings)
    return earlier if earlier is not None and earlier.bundle.feature_set_hash == ours else None


def _serve_again(
    act: str, version: Version, why: Why, registry: Registry, settings: Settings, as_of: datetime | None
) -> Promotion:
    now = registry.champion(version.name)
    told = Check(act, "passed", f"version {now} was taken back: {why[0]}", f"版本 {now} 被退回：{why[1]}")
    line = records.compose(
        act, version, settings, verdict=Verdict((told,), act).as_json(), why=why, instead_of=now, as_of=as_of
    )
    return serve(version, registry, settings, line)
