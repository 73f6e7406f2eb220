"""The back-test: the learner and its rivals at one test cutoff or several, by what had matured before them.

Everything that trains, tunes, stops or calibrates reads the train snapshot, whose labels are those known by the
first test cutoff; the test snapshot is read once, to judge. Start reading at `backtest`.
"""

from collections.abc import Callable, Sequence

from churn.calendar import to_us
from churn.cohort import MODELS
from churn.settings import Settings
from features.parts import HERE, Engine
from features.snapshots import Snapshot
from training.baseline import LEARNERS
from training.challenger import Model, train
from training.evaluate import Result, abstention, cohort_name, day_name
from training.rows import Columns, Rows, TooFewRows


def backtest(
    train_snapshot: Snapshot,
    test_snapshot: Snapshot,
    settings: Settings,
    *,
    models: Sequence[Model] = MODELS,  # type: ignore[assignment]  # both are Model
    progress: Callable[[str], None] = lambda _text: None,
    engine: Engine = HERE,
) -> list[Result]:
    """Judge every learner of every model.

    Returns:
        Rows of model, learner, cutoff, cohort, n, base_rate, roc_auc, pr_auc, log_loss, brier, ece, lift_10 and
        `abstained`, the reason why there are no numbers. With several test cutoffs, one row with cutoff "all" too.
    """
    results: list[Result] = []
    for model in models:
        try:
            results += train(model, train_snapshot, test_snapshot, settings, progress=progress, engine=engine).results
        except TooFewRows as error:
            results += _abstained(model, test_snapshot, settings, error.why)
    return results


def _abstained(model: Model, test_snapshot: Snapshot, settings: Settings, why: str) -> list[Result]:
    rows = Rows.of(test_snapshot.frame, Columns.of(test_snapshot.manifest), model)
    lifecycle = settings.lifecycle
    key = {"model": model, "cohort": cohort_name(model, lifecycle)}
    return [
        abstention(
            {**key, "learner": learner, "cutoff": day_name(to_us(cutoff), lifecycle.calendar)},
            int((rows.cutoff_us == to_us(cutoff)).sum()),
            why,
        )
        for cutoff in test_snapshot.cutoffs
        for learner in LEARNERS
    ]
