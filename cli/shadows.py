"""`churn promote --shadow`, `churn shadow`: a challenger that scores beside the champion and answers nobody."""

from typing import TYPE_CHECKING, Any

from cli.champions import now_of
from cli.console import table
from cli.outcome import Outcome
from cli.training import models_of

if TYPE_CHECKING:
    from churn.settings import Settings

NEXT = "It scores from the next start of the service and the next `churn score --all` on; `churn shadow` compares."


def begin(settings: "Settings", model: str | None) -> Outcome:
    """Let the newest challengers score in shadow, of each model that has one."""
    from features.registry_place import may_exist
    from training.registry import MlflowRegistry
    from training.shadow import NoShadow, OtherFeatures, ServesAlready
    from training.shadow import begin as start
    from training.versions import NoChallenger

    if not may_exist(settings):
        raise NoChallenger(settings.model_name(models_of(model)[0]))
    registry, done, missing = MlflowRegistry(settings), list[dict[str, Any]](), list[Exception]()
    for one in models_of(model):
        try:
            done.append(start(one, registry, settings, as_of=now_of(settings)))
        except (NoChallenger, NoShadow, OtherFeatures, ServesAlready) as error:
            missing.append(error)
    if not done:
        raise missing[0]
    told = [f"{one['name']} version {one['version']} scores beside version {one['beside']}." for one in done]
    return Outcome("\n".join([*told, *(str(error) for error in missing), NEXT]), done)


def end(settings: "Settings", model: str | None) -> Outcome:
    """End what scores in shadow."""
    from features.registry_place import may_exist
    from training.registry import MlflowRegistry
    from training.shadow import NoShadow
    from training.shadow import end as stop

    if not may_exist(settings):
        raise NoShadow(models_of(model)[0])
    registry, done, missing = MlflowRegistry(settings), list[dict[str, Any]](), list[Exception]()
    for one in models_of(model):
        try:
            done.append(stop(one, registry, settings, as_of=now_of(settings)))
        except NoShadow as error:
            missing.append(error)
    if not done:
        raise missing[0]
    return Outcome("\n".join(f"{one['name']} version {one['version']} scores no more." for one in done), done)


def report(settings: "Settings", model: str | None) -> Outcome:
    """Compare shadow and champion on the same customers and cutoffs."""
    from features.log import read_log_manifest
    from monitoring.shadow import compare, read_shadow
    from training.shadow import NoShadow, shadow

    found, rows = [], read_shadow(settings.folder)
    manifest = read_log_manifest(settings.folder)
    for one in models_of(model):
        told = shadow(settings, one)
        if told is not None:
            found.append(compare(settings, told, rows, manifest))
    if not found:
        raise NoShadow(models_of(model)[0])
    return Outcome("\n\n".join(_text(one) for one in found), found)


def _text(told: dict[str, Any]) -> str:
    head = f"{told['shadow']} beside {told['champion']}: {told['n']:,} answers compared."
    if not told["n"]:
        return f"{head}\nScore somebody first: `churn score --all`."
    beside = f"rank correlation {told['rank_correlation']:.4f}, another band for {told['other_band_ratio']:.1%}"
    lines = [
        f"  mean {told['mean_shadow']:.4f} against {told['mean_champion']:.4f}, {beside}",
        f"  one more score costs {told['cost_us_median']:.0f} microseconds of CPU",
    ]
    rows = [{"version": one["version"], "state": one["state"], "mature": one["n"], **one["figures"]} for one in
            told["realised"]]  # fmt: skip
    return "\n".join([head, *lines, *([table(rows)] if rows else ["  nothing has matured yet"])])
