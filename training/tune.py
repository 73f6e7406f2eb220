"""Search for a better recipe than the fixed one, over cutoffs within the training snapshot. The only Optuna.

    trial 0: the fixed recipe; then Optuna's TPE around it --log loss on older cutoffs--> the best of all trials
    the best against the fixed recipe, on a newer cutoff and customers nobody searched on --clear win--> used

The budget is a number of trials; minutes only cap it. The study lies in `tuned/study.db`: a search that was killed goes
on where it stopped, and comes to the same trials, since each trial's draws depend on the seed and on how many were
finished before it. Start reading at `tune`; why: docs/adr/0017.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState

from churn.settings import Settings
from features.snapshots import Snapshot
from training.learning import enough, whole_from_us
from training.monotone import signs_of
from training.recipe import Recipe
from training.tuned import FOLDER, Tuned
from training.tuning_folds import Judge, TuningFolds, gain, tuning_folds

WON_BY = 2.0  # standard errors; one let a recipe through that then lost (docs/adr/0017)
STARTING = 8  # trials drawn at random before TPE learns from them
DONE = (TrialState.COMPLETE, TrialState.PRUNED)
SPACE: dict[str, Callable[[optuna.Trial], Any]] = {
    "penalty": lambda trial: trial.suggest_float("penalty", 200.0, 10_000.0, log=True),
    "learning_rate": lambda trial: trial.suggest_float("learning_rate", 0.02, 0.1, log=True),
    "num_leaves": lambda trial: trial.suggest_int("num_leaves", 4, 24, log=True),
    "min_data_in_leaf": lambda trial: trial.suggest_int("min_data_in_leaf", 50, 800, log=True),
    "feature_fraction": lambda trial: trial.suggest_float("feature_fraction", 0.1, 0.8),
    "bagging_fraction": lambda trial: trial.suggest_float("bagging_fraction", 0.5, 1.0),
    "repeat_power": lambda trial: trial.suggest_categorical("repeat_power", [0.0, 0.5, 1.0]),
    "half_life_days": lambda trial: trial.suggest_categorical("half_life_days", [0.0, 180.0, 365.0]),
    "lambda_l2": lambda trial: trial.suggest_float("lambda_l2", 1.0, 200.0, log=True),
}


@dataclass(frozen=True)
class Budget:
    """How long to search.

    Args:
        trials: recipes to try in all, those of a search that was broken off counted.
        minutes: no trial starts later than so many minutes after the search went on; None: no cap.
    """

    trials: int = 40
    minutes: float | None = None


def tune(model: str, train: Snapshot, settings: Settings, budget: Budget, *, progress: Callable[[str], None]) -> Tuned:
    """Search for the recipe of one model and keep what was found for later trainings.

    Args:
        model: churn or reactivation.
        train: training cutoffs, labels as known by the first test cutoff.
        settings: seed, threads, floors; whose model it is.
        budget: how long.
        progress: told of each trial.

    Raises:
        TooFewRows: the cohort is too small, or one outcome too rare.
        NothingToTuneOn: too few cutoffs can judge.
    """
    rows, training = enough(train, model, "training", settings), settings.training
    folds = tuning_folds(rows, model, settings.lifecycle, seed=training.seed)
    signs = signs_of(rows.columns, training.monotone, model)
    judge = Judge(whole_from_us(train, settings), training.seed, training.threads, signs)
    study = _study(model, train, settings)
    _search(study, folds, judge, budget, training.seed, progress)
    best = _recipe(study.best_trial.params)
    found: dict[str, dict[str, float | None]] = {
        "searched": {"fixed": study.trials[_first(study)].value, "best": study.best_value}
    }
    won = best != Recipe()
    if won:
        won, found["kept_apart"] = _won(best, folds, judge)
    count = sum(trial.state in DONE for trial in study.trials)
    recipe = best if won else Recipe()
    tuned = Tuned(model, recipe, settings.definition.id, train.observed_until, train.hash, count, found, used=won)
    tuned.write(settings.folder)
    return tuned


def _study(model: str, train: Snapshot, settings: Settings) -> optuna.Study:
    """The study of these rows, definition and seed; a trial that was killed in mid-run is set aside."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    (settings.folder / FOLDER).mkdir(parents=True, exist_ok=True)
    training = settings.training
    ways = "".join(f"-{name}:{way}" for name, way in sorted(training.monotone.items()))
    study = optuna.create_study(
        storage=f"sqlite:///{settings.folder / FOLDER / 'study.db'}",
        study_name=f"{model}-{train.hash[:12]}-{training.seed}{ways}",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTING),
        load_if_exists=True,
    )
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return study


def _search(
    study: optuna.Study, folds: TuningFolds, judge: Judge, budget: Budget, seed: int, progress: Callable[[str], None]
) -> None:
    began, here = monotonic(), 0
    while (done := sum(trial.state in DONE for trial in study.trials)) < budget.trials:
        spent = (monotonic() - began) / 60
        if budget.minutes is not None and here and spent >= budget.minutes:
            progress(f"{done} of {budget.trials} trials after {spent:.0f} minutes; --tune again goes on from here")
            return
        study.sampler = optuna.samplers.TPESampler(seed=seed + 1000 * done, n_startup_trials=STARTING)
        if done == 0 and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            study.enqueue_trial({name: asdict(Recipe())[name] for name in SPACE})
        told = _tried(study, folds, judge)
        here += 1
        left = (monotonic() - began) / 60 / here * (budget.trials - done - 1)
        progress(
            f"trial {done + 1} of {budget.trials}: {told}; best {study.best_value:.5f} "
            f"(trial {study.best_trial.number + 1}); about {left:.0f} min left"
        )


def _tried(study: optuna.Study, folds: TuningFolds, judge: Judge) -> str:
    """Run the next trial, giving it up where the folds so far say that it is worse than most."""
    trial, losses = study.ask(), list[float]()
    recipe = _recipe({name: draw(trial) for name, draw in SPACE.items()})
    for step, fold in enumerate(folds.searched):
        losses.append(float(judge.losses(recipe, fold).mean()))
        trial.report(float(np.mean(losses)), step)
        if step + 1 < len(folds.searched) and trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return f"log loss {np.mean(losses):.5f}, given up after {step + 1} of {len(folds.searched)} folds"
    study.tell(trial, float(np.mean(losses)))
    return f"log loss {np.mean(losses):.5f}"


def _won(best: Recipe, folds: TuningFolds, judge: Judge) -> tuple[bool, dict[str, float | None]]:
    """Whether the best recipe clearly beats the fixed one where neither was searched for."""
    fold = folds.kept_apart
    fixed, found = judge.losses(Recipe(), fold), judge.losses(best, fold)
    mean, error = gain(fixed, found, fold.judge.customer)
    return mean > WON_BY * error, {
        "fixed": float(fixed.mean()),
        "best": float(found.mean()),
        "gain": mean,
        "standard_error": error,
    }


def _recipe(drawn: dict[str, Any]) -> Recipe:
    return replace(Recipe(), **drawn)


def _first(study: optuna.Study) -> int:
    """The trial of the fixed recipe that was finished."""
    return next(trial.number for trial in study.trials if trial.state in DONE)
