"""`churn train --tune`: search for a better recipe for each model, then train with what was found."""

from typing import TYPE_CHECKING, Any

from churn.errors import ChurnError
from cli.outcome import Outcome
from cli.training import as_day, models_of, say_step, train

if TYPE_CHECKING:
    from churn.settings import Settings
    from training.tuned import Tuned


def tune(settings: "Settings", model: str | None, cutoff: str | None, *, trials: int, minutes: float | None) -> Outcome:
    """Tune and train each model; one that cannot be tuned is trained with the fixed recipe, told, unless all are.

    Args:
        settings: whose models.
        model: the only one that is asked for.
        cutoff: the only test cutoff.
        trials: recipes to try for each model.
        minutes: cap for each model; None: none.
    """
    from features.engines import engine_of
    from training.folding import freeze_fold
    from training.rows import TooFewRows
    from training.tune import Budget
    from training.tune import tune as search
    from training.tuning_folds import NothingToTuneOn

    told: list[str] = []
    found: list[dict[str, Any]] = []
    refused: list[ChurnError] = []
    with engine_of(settings) as engine:
        fold = freeze_fold(settings, cutoff=as_day(cutoff), whole=True, progress=say_step, engine=engine)
    for one in models_of(model):
        say_step(f"{one}: tuning, {trials} trials")
        try:
            tuned = search(one, fold.train, settings, Budget(trials, minutes), progress=say_step)
        except (NothingToTuneOn, TooFewRows) as error:
            refused.append(error)
            told.append(str(error))
            continue
        told.append(_told(tuned))
        found.append({"model": one, "trials": tuned.trials, "used": tuned.used, **tuned.found})
    if not found:
        raise refused[0]
    trained = train(settings, model, cutoff, fold=fold)
    text = "\n".join([*told, trained.text])
    return Outcome(text=text, as_json={"tuned": found, "results": trained.as_json}, exit_code=trained.exit_code)


def _told(tuned: "Tuned") -> str:
    searched, apart = tuned.found["searched"], tuned.found.get("kept_apart")
    told = (
        f"{tuned.model}: {tuned.trials} trials; log loss of the best {searched['best']:.5f}, of the fixed recipe "
        f"{searched['fixed']:.5f}, where it was searched for"
    )
    if apart is None:
        return told + ". Nothing beat the fixed recipe; it stays."
    told += (
        f"; {apart['best']:.5f} and {apart['fixed']:.5f} on a newer cutoff and customers kept apart "
        f"(gain {apart['gain']:+.5f}, standard error {apart['standard_error']:.5f})."
    )
    return told + (" The recipe found is used from now on." if tuned.used else " No clear win: the fixed recipe stays.")
