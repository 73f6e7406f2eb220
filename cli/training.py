"""`churn train`: snapshots to models that may serve; who serves: cli/champions.py."""

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from churn.errors import SettingsError
from cli.console import say, step, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from churn.settings import Settings
    from features.parts import Engine
    from training.folding import FrozenFold
    from training.registry import MlflowRegistry

MODELS = ("churn", "reactivation")
COLUMNS = ("model", "learner", "cutoff", "n", "base_rate", "roc_auc", "pr_auc", "log_loss", "brier", "ece", "lift_10")


def train(
    settings: "Settings",
    model: str | None,
    cutoff: str | None,
    *,
    fold: "FrozenFold | None" = None,
    newest: "Mapping[str, int] | None" = None,
    tuned: bool = True,
) -> Outcome:
    """Train a challenger for each model and register it; a cohort too small is told, not fatal, unless all are.

    Args:
        settings: whose models.
        model: the only one that is asked for.
        cutoff: the only test cutoff.
        fold: what was frozen before; frozen here where None.
        newest: the newest versions before a run that broke off: what it registered since then from this fold, by
            these settings, is taken up, not trained again.
        tuned: with the recipe that tuning found, where there is one; else with the fixed one.
    """
    from features.engines import engine_of
    from features.registry_place import reach
    from training.floors import refusal
    from training.folding import freeze_fold

    wanted, day = models_of(model), as_day(cutoff)
    reach(settings)  # a registry that is down is told before an hour's work; one that is not there yet is not made
    with engine_of(settings) as engine:
        fold = fold or freeze_fold(settings, cutoff=day, whole=True, progress=say_step, engine=engine)
        refused = {one: error for one in wanted if (error := refusal(one, fold, settings))}
        able = [one for one in wanted if one not in refused]
        if not able:
            first, *others = refused.values()
            for other in others:
                say(other.problem if other.mend == first.mend else str(other))
            raise first
        results, told = _all_trained(able, fold, settings, engine, newest, tuned=tuned)
    return results_of(results, [*told, *map(str, refused.values())])


def _all_trained(
    models: "Sequence[str]",
    fold: "FrozenFold",
    settings: "Settings",
    engine: "Engine",
    newest: "Mapping[str, int] | None",
    *,
    tuned: bool,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Train and register models one after the other, those of one training together; results, and what to say."""
    from training.registry import MlflowRegistry

    with step("opening the model registry"):
        registry = MlflowRegistry(settings)
    with registry.together("train"):
        done = [
            _taken_up(one, fold, settings, registry, newest)
            or _trained(one, fold, settings, registry, engine, tuned=tuned)
            for one in models
        ]
    return [row for results, _ in done for row in results], [sentence for _, sentence in done]


def _trained(
    model: str,
    fold: "FrozenFold",
    settings: "Settings",
    registry: "MlflowRegistry",
    engine: "Engine",
    *,
    tuned: bool,
) -> tuple[list[dict[str, Any]], str]:
    """Train and register one model; its results, and what to say of it."""
    from training.challenger import train as fit
    from training.keep import keep
    from training.learning import recipe_for
    from training.recipe import Recipe

    asked: Any = model  # it is one of MODELS
    recipe = recipe_for(model, fold.train, settings) if tuned else Recipe()
    if recipe != Recipe():
        say_step(f"{model}: with the recipe that tuning found")
    challenger = fit(
        asked, fold.train, fold.test, settings, whole=fold.whole, recipe=recipe, progress=say_step, engine=engine
    )
    with step(f"{model}: registering, with card and pictures"):
        version = keep(challenger, registry, settings)
    return challenger.results, f"Registered {version.name} version {version.version}, hash {version.hash[:12]}."


def _taken_up(
    model: str,
    fold: "FrozenFold",
    settings: "Settings",
    registry: "MlflowRegistry",
    newest: "Mapping[str, int] | None",
) -> tuple[list[dict[str, Any]], str] | None:
    """What a run that broke off has registered from the same snapshots and settings; None where it has not."""
    from training.manifest import MANIFEST, is_of

    name = settings.model_name(model)
    number = registry.latest(name)
    if newest is None or number is None or number <= newest.get(name, 0):
        return None
    told = json.loads(registry.annotation(name, number, MANIFEST) or "{}")
    frozen = {"train": fold.train, "test": fold.test, "whole": fold.whole}
    if not is_of(told, {role: one for role, one in frozen.items() if one is not None}, settings):
        return None
    version = registry.get(name, number)
    return version.facts["results"], f"{name} version {number} was registered by the run that broke off."


def results_of(results: list[dict[str, Any]], told: list[str]) -> Outcome:
    """Rows of a back-test or a training as a table, with the reasons of those that abstained."""
    abstained = sorted(
        {f"{one['model']} at {one['cutoff']}: {one['abstained']}" for one in results if one["abstained"]}
    )
    return Outcome(text="\n".join([table(results, COLUMNS), *abstained, *told]), as_json=results)


def models_of(model: str | None) -> tuple[str, ...]:
    """The models asked for: the one named, or both."""
    if model is not None and model not in MODELS:
        raise SettingsError(f"There is no model {model!r}.", mend="ask for --model churn or --model reactivation.")
    return (model,) if model else MODELS


def say_step(sentence: str) -> None:
    """Say what is going on within a command."""
    say(f"  {sentence}")


def as_day(cutoff: str | None) -> date | None:
    """A day as it was typed. Raises SettingsError."""
    try:
        return date.fromisoformat(cutoff) if cutoff else None
    except ValueError as error:
        raise SettingsError(f"{cutoff!r} is no day.", mend="write --cutoff as YYYY-MM-DD.") from error
