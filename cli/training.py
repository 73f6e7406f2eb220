"""`churn train | backtest | promote | rollback | history | retrain`: snapshots to models to a champion."""

from datetime import date
from typing import TYPE_CHECKING

from churn.errors import SettingsError
from cli.console import say, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings

COLUMNS = ("model", "learner", "cutoff", "n", "base_rate", "roc_auc", "pr_auc", "log_loss", "brier", "ece", "lift_10")


def backtest(settings: "Settings", cutoff: str | None) -> Outcome:
    """Judge the learner and its rivals at a cutoff, by what had matured before it."""
    from training.backtest import backtest as judge
    from training.folding import freeze_fold

    fold = freeze_fold(settings, cutoff=_day(cutoff), progress=_say)
    results = judge(fold.train, fold.test, settings, progress=_say)
    abstained = [f"{one['model']} at {one['cutoff']}: {one['abstained']}" for one in results if one["abstained"]]
    return Outcome(text="\n".join([table(results, COLUMNS), *sorted(set(abstained))]), as_json=results)


def _say(sentence: str) -> None:
    say(f"  {sentence}")


def _day(cutoff: str | None) -> date | None:
    try:
        return date.fromisoformat(cutoff) if cutoff else None
    except ValueError as error:
        raise SettingsError(f"{cutoff!r} is no day.", mend="write --cutoff as YYYY-MM-DD.") from error
