"""`churn backtest`: the learner and its rivals, judged at past cutoffs, as rows, as a page and as JSON."""

from datetime import date
from typing import TYPE_CHECKING, Any

from churn.errors import SettingsError
from cli.console import say, step
from cli.outcome import Outcome
from cli.training import as_day, results_of

if TYPE_CHECKING:
    from churn.settings import Settings
    from features.parts import Engine
    from training.folding import FrozenFold


def backtest(settings: "Settings", cutoff: str | None, cutoffs: int | None, *, kept_out: bool) -> Outcome:
    """Judge the learner and its rivals, and write the report.

    Args:
        settings: whose log.
        cutoff: the only test cutoff, a local day.
        cutoffs: so many of the last mature ones, each with a fold of its own; [training] test_cutoffs where None.
        kept_out: also train once without a fifth of the customers.
    """
    from features.engines import engine_of
    from training.backtest import backtest as judge
    from training.backtest import results
    from training.report.document import attributes_of, report_of, write
    from training.report.page import page

    if cutoff is not None and cutoffs is not None:
        raise SettingsError(
            "--cutoff is one day and --cutoffs several.", mend="give one of the two, or neither for the last cutoffs."
        )
    with engine_of(settings) as engine:
        folds = _folds(settings, as_day(cutoff), cutoffs, engine)
        studies = judge(folds, settings, kept_out=kept_out, progress=_say, engine=engine)
        rows: list[dict[str, Any]] = [row for study in studies for row in results(study, folds, settings)]
        attributes = attributes_of(studies, settings, engine=engine)
    with step("figures with intervals, part by part"):
        document = report_of(studies, settings, attributes)
    path = write(document, page(document), settings)
    say(f"Report: {path}")
    return results_of(rows, [f"Report: {path}"])


def _folds(settings: "Settings", day: date | None, cutoffs: int | None, engine: "Engine") -> "list[FrozenFold]":
    from training.folding import freeze_fold
    from training.rolling import freeze_rolling

    if day is not None:
        return [freeze_fold(settings, cutoff=day, progress=_say, engine=engine)]
    wanted = settings.training.test_cutoffs if cutoffs is None else cutoffs
    return freeze_rolling(settings, cutoffs=wanted, progress=_say, engine=engine)


def _say(sentence: str) -> None:
    say(f"  {sentence}")
