"""`churn train | backtest | promote | rollback | history | retrain`: snapshots to models to a champion."""

from datetime import date
from typing import TYPE_CHECKING, Any

from churn.errors import ChurnError, SettingsError
from cli.console import say, step, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from features.parts import Engine
    from training.folding import FrozenFold
    from training.registry import MlflowRegistry
    from training.versions import Version

MODELS = ("churn", "reactivation")
PROVEN = 200  # customers whose rows must come back from the store as they were written
COLUMNS = ("model", "learner", "cutoff", "n", "base_rate", "roc_auc", "pr_auc", "log_loss", "brier", "ece", "lift_10")


def backtest(settings: "Settings", cutoff: str | None) -> Outcome:
    """Judge the learner and its rivals at a cutoff, by what had matured before it."""
    from features.engines import engine_of
    from training.backtest import backtest as judge
    from training.folding import freeze_fold

    with engine_of(settings) as engine:
        fold = freeze_fold(settings, cutoff=_day(cutoff), progress=_say, engine=engine)
        return _results(judge(fold.train, fold.test, settings, progress=_say, engine=engine), [])


def train(settings: "Settings", model: str | None, cutoff: str | None) -> Outcome:
    """Train a challenger for each model and register it; a cohort too small is told, not fatal, unless all are."""
    from features.engines import engine_of
    from training.folding import freeze_fold
    from training.registry import MlflowRegistry
    from training.rows import TooFewRows

    results: list[dict[str, Any]] = []
    told: list[str] = []
    refused: list[TooFewRows] = []
    with step("opening the model registry"):
        registry = MlflowRegistry(settings)
    with engine_of(settings) as engine, registry.together("train"):
        fold = freeze_fold(settings, cutoff=_day(cutoff), whole=True, progress=_say, engine=engine)
        for one in _models(model):
            try:
                found, sentence = _trained(one, fold, settings, registry, engine)
            except TooFewRows as error:
                refused.append(error)
                told.append(str(error))
                continue
            results += found
            told.append(sentence)
    if not results:
        for other in refused[1:]:
            say(other.problem)
        raise refused[0]
    return _results(results, told)


def _trained(
    model: str, fold: "FrozenFold", settings: "Settings", registry: "MlflowRegistry", engine: "Engine"
) -> tuple[list[dict[str, Any]], str]:
    """Train and register one model; its results, and what to say of it."""
    from training.challenger import train as fit
    from training.keep import keep

    asked: Any = model  # it is one of MODELS
    challenger = fit(asked, fold.train, fold.test, settings, whole=fold.whole, progress=_say, engine=engine)
    with step(f"{model}: registering, with card and pictures"):
        version = keep(challenger, registry, settings)
    return challenger.results, f"Registered {version.name} version {version.version}, hash {version.hash[:12]}."


def promote(settings: "Settings", model: str | None) -> Outcome:
    """Let the newest challengers serve, if they pass the gate; refused where none may."""
    from monitoring.stops import lift
    from training.promote import NotPromoted, newest_or_none
    from training.promote import promote as crown
    from training.registry import MlflowRegistry
    from training.versions import NoChallenger

    registry = MlflowRegistry(settings)
    refused: list[ChurnError] = []
    done: list[dict[str, Any]] = []
    told: list[str] = []
    for one in _models(model):
        version = newest_or_none(one, registry, settings)
        if version is None:
            told.append(f"No {one} model was trained.")
            continue
        try:
            record = crown(one, registry, settings, parity=_certificate(settings, version)).record
        except NotPromoted as error:
            refused.append(error)
            told.append(str(error))
            continue
        lift(settings.folder, one)
        done.append(record)
        told.append(f"{record['name']} version {record['version']} serves now.")
        told += [f"  {check['name']}: {check['state']}, {check['why']}" for check in record["gate"]["checks"]]
    if refused and not done:
        raise refused[0]
    if not done:
        raise NoChallenger(settings.model_name(_models(model)[0]))
    return Outcome(text="\n".join(told), as_json=done, exit_code=refused[0].exit_code if refused else 0)


def rollback(settings: "Settings", model: str | None) -> Outcome:
    """Let the champion before this one serve again, of each model that has one."""
    from monitoring.stops import lift
    from training.promote import NothingBefore
    from training.promote import rollback as take_back
    from training.registry import MlflowRegistry

    registry, missing, done = MlflowRegistry(settings), [], []
    for one in _models(model):
        try:
            done.append(take_back(one, registry, settings).record)
            lift(settings.folder, one)
        except NothingBefore as error:
            missing.append(error)
    if not done:
        raise missing[0]
    text = [f"{one['name']} version {one['version']} serves again." for one in done]
    return Outcome(text="\n".join(text), as_json=done)


def history(settings: "Settings") -> Outcome:
    """Who served when: promotions and rollbacks."""
    from training.promote import history as told

    rows = told(settings)
    return Outcome(text=table(rows, ("at", "act", "name", "version", "model_hash")), as_json=rows)


def retrain(settings: "Settings") -> Outcome:
    """Train on the newest mature cutoffs, prove the features on line, and promote what passes the gate.

    Where a champion came of it that learned from other features than those on line, its own are written there.
    """
    from cli.features import materialise, on_line
    from cli.parity import challengers

    done = {"train": train(settings, None, None), "prove": challengers(settings, PROVEN)}
    promoted = done["promote"] = promote(settings, None)
    if any(one["feature_set_hash"] != on_line(settings) for one in promoted.as_json):
        done["materialise"] = materialise(settings)
    return Outcome(
        text="\n".join(one.text for one in done.values()),
        as_json={name: one.as_json for name, one in done.items()},
        exit_code=promoted.exit_code,
    )


def _results(results: list[dict[str, Any]], told: list[str]) -> Outcome:
    abstained = sorted(
        {f"{one['model']} at {one['cutoff']}: {one['abstained']}" for one in results if one["abstained"]}
    )
    return Outcome(text="\n".join([table(results, COLUMNS), *abstained, *told]), as_json=results)


def _certificate(settings: "Settings", version: "Version") -> dict[str, Any] | None:
    """The parity certificate of this feature set, definition and store, where one was made."""
    from features.parity import read_certificate

    bundle = version.bundle
    return read_certificate(settings.folder, bundle.feature_set_hash, bundle.definition_id, settings.store.online)


def _models(model: str | None) -> tuple[str, ...]:
    if model is not None and model not in MODELS:
        raise SettingsError(f"There is no model {model!r}.", mend="ask for --model churn or --model reactivation.")
    return (model,) if model else MODELS


def _say(sentence: str) -> None:
    say(f"  {sentence}")


def _day(cutoff: str | None) -> date | None:
    try:
        return date.fromisoformat(cutoff) if cutoff else None
    except ValueError as error:
        raise SettingsError(f"{cutoff!r} is no day.", mend="write --cutoff as YYYY-MM-DD.") from error
