"""The back-test: the learner and its rivals at several test cutoffs, each by what had matured before it.

    fold 1   train ... | test 1
    fold 2     train ... | test 2        each fold trains anew; nothing it learned from was known after its test cutoff
    fold 3       train ... | test 3

In the newest fold a model is also trained without a fifth of the customers, chosen by hash, so that months nobody had
seen and customers nobody had seen are told apart. Start reading at `backtest`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from churn.calendar import to_us
from churn.cohort import MODELS
from churn.outcomes import OneOutcome
from churn.settings import Settings
from features.parts import HERE, Engine
from training.baseline import LEARNERS
from training.btyd.rival import Known
from training.challenger import Challenger, Model, judge_all, silent, train
from training.evaluate import POOLED, Result, abstention, cohort_name, day_name
from training.folding import FrozenFold
from training.learners import Lesson
from training.learning import recipe_for, rows_of
from training.plan import numbered
from training.rows import TooFewRows, fold_of
from training.study import KeptOut, Study, Trial

KEPT_OUT_OF = 5  # one customer in so many is kept out of training
CELLS = ("unseen customers, seen months", "seen customers, unseen months", "unseen customers, unseen months")
Progress = Callable[[str], None]


def backtest(
    folds: Sequence[FrozenFold],
    settings: Settings,
    *,
    models: Sequence[Model] = MODELS,  # type: ignore[assignment]  # both are Model
    kept_out: bool = True,
    progress: Progress = lambda _text: None,
    engine: Engine = HERE,
) -> list[Study]:
    """Judge every learner of every model in every fold.

    Args:
        folds: by test cutoff, oldest first.
        settings: floors, seed and threads.
        models: churn, reactivation or both.
        kept_out: also train one model without a fifth of the customers, in the newest fold.
        progress: told what is going on.
        engine: where trees grow; nobody is kept out on a cluster.
    """
    return [_study(model, folds, settings, kept_out and engine is HERE, progress, engine) for model in models]


def results(study: Study, folds: Sequence[FrozenFold], settings: Settings) -> list[Result]:
    """A study as rows: what `churn backtest --json` prints.

    Returns:
        Rows of model, learner, cutoff, cohort, n, base_rate, roc_auc, pr_auc, log_loss, brier, ece, lift_10 and
        `abstained`, the reason why there are no numbers. With several test cutoffs, one row with cutoff "all" too.
    """
    told: list[Result] = []
    for trial in study.trials:
        told += [one for one in judge_all(study.model, trial.rows, trial.probabilities, settings) if _is_a_day(one)]
        told += silent(study.model, trial.rows, trial.abstained, settings)
    if study.trials and len(study.rows.cutoffs) > 1:
        probabilities = {learner: study.probability(learner) for learner in study.learners}
        told += [one for one in judge_all(study.model, study.rows, probabilities, settings) if not _is_a_day(one)]
        key = {"model": study.model, "cohort": cohort_name(study.model, settings.lifecycle), "cutoff": POOLED}
        told += [abstention({**key, "learner": one}, len(study.rows), why) for one, why in study.why_not.items()]
    return told + _abstained(study, folds, settings)


def _is_a_day(result: Result) -> bool:
    return bool(result["cutoff"] != POOLED)


def _abstained(study: Study, folds: Sequence[FrozenFold], settings: Settings) -> list[Result]:
    """A row without numbers for each learner at each cutoff that had too few rows."""
    key = {"model": study.model, "cohort": cohort_name(study.model, settings.lifecycle)}
    told: list[Result] = []
    for fold in folds:
        for cutoff in fold.test.cutoffs:
            day = day_name(to_us(cutoff), settings.lifecycle.calendar)
            if day in study.abstained:
                at = rows_of(fold.test, study.model, settings, is_test=True).cutoff_us
                n = int((at == to_us(cutoff)).sum())
                why = study.abstained[day]
                told += [abstention({**key, "learner": one, "cutoff": day}, n, why) for one in LEARNERS]
    return told


def _study(
    model: Model, folds: Sequence[FrozenFold], settings: Settings, kept_out: bool, progress: Progress, engine: Engine
) -> Study:
    trials: list[Trial] = []
    abstained: dict[str, str] = {}
    last: Challenger | None = None
    for one in folds:
        fold = FrozenFold(replace(one.train), replace(one.test))  # rows read for it go when it goes
        days = [day_name(to_us(cutoff), settings.lifecycle.calendar) for cutoff in fold.test.cutoffs]
        progress(f"{model}: judged at {', '.join(days)}")
        try:
            last = train(model, fold.train, fold.test, settings, progress=progress, engine=engine)
        except TooFewRows as error:
            abstained |= dict.fromkeys(days, error.why)
            last = None
            continue
        trials.append(Trial.of(last))
    if last is None:
        return Study(model, tuple(trials), abstained, "the newest fold has too few rows")
    return Study(model, tuple(trials), abstained, _kept_out(last, settings, kept_out, progress))


def _kept_out(challenger: Challenger, settings: Settings, wanted: bool, progress: Progress) -> KeptOut | str:
    """Train without a fifth of the customers, and judge on both sides; or why not.

    The few parameters of BG/NBD's share are everybody's: they hold no outcome of anybody.
    """
    if not wanted:
        return "nobody was kept out of training in this run"
    if "lightgbm" not in challenger.probabilities:
        return "the learner that is tried so has too few rows"
    model, floors, seed = challenger.model, settings.training, settings.training.seed
    learn, test = rows_of(challenger.train, model, settings), challenger.test_rows
    out = fold_of(learn.customer, KEPT_OUT_OF, seed=seed + 17) == 0
    out_of_test = fold_of(test.customer, KEPT_OUT_OF, seed=seed + 17) == 0
    parts = {CELLS[0]: learn.take(out), CELLS[1]: test.take(~out_of_test), CELLS[2]: test.take(out_of_test)}
    why = learn.take(~out).why_too_few(min_rows=floors.min_rows, min_positives=floors.min_positives)
    if why:
        return f"without them training has {why}"
    progress(f"{model}: once more, without {100 // KEPT_OUT_OF}% of the customers")
    try:
        recipe = recipe_for(model, challenger.train, settings)
        known = Known.of(challenger.test, challenger.test.cutoffs[0], settings.definition, seed=seed)
        lesson = Lesson(model, learn.take(~out), challenger.train, known, settings, recipe, HERE, progress)
        fitted = lesson.fit("lightgbm")
    except OneOutcome as error:
        return error.problem
    cells = {
        name: (rows, fitted.calibrator.probability(fitted.raw(numbered(rows, fitted.categories))))
        for name, rows in parts.items()
    }
    whole = challenger.probabilities["lightgbm"][out_of_test]
    return KeptOut(1 / KEPT_OUT_OF, challenger.test.cutoffs[0], cells, whole)
