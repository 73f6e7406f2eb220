"""Figures of the ledger for Prometheus and the history of runs. Start reading at `figures`."""

from collections.abc import Iterator

from monitoring.findings import Findings, Whole
from monitoring.section import Figure

TOLD = {
    "roc_auc": "ROC AUC of matured answers.",
    "log_loss": "Log loss of matured answers, nats a customer.",
    "ece": "Calibration error of matured answers.",
    "lift": "Lift of the top tenth of matured answers.",
    "expected_rate": "Mean score of matured answers.",
    "actual_rate": "Share of matured answers that came true.",
    "profit_per_customer": "What contacting from break-even on would have earned, a customer, in money.",
}


def figures(found: Findings) -> Iterator[Figure]:
    """What became of a champion's answers, and of the newest mature cohort; what cannot be told is left out."""
    labels = {"model": found.champion.model, "version": found.champion.version}
    came = found.realised
    if came is not None:
        yield Figure("churn_monitor_answers_judged", came.n, "Matured answers of the champion.", labels)
        yield Figure("churn_monitor_answers_immature", came.immature, "Answers whose horizon is not over.", labels)
        for name, meaning in TOLD.items():
            if name in came.figures:
                yield Figure(f"churn_monitor_realised_{name}", came.figures[name].value, meaning, labels)
    judged = found.ledger.judged if found.ledger is not None else ()
    if judged and judged[-1].became is not None:
        newest = judged[-1].became.figures
        of_model = {"model": found.champion.model}
        for name in ("roc_auc", "log_loss", "rate_ratio"):
            meaning = f"{name} of the newest mature cohort, whatever version answered."
            yield Figure(f"churn_monitor_cohort_{name}", newest[name].value, meaning, of_model)


def of_whole(whole: Whole) -> Iterator[Figure]:
    """How much cannot be read."""
    lines, files = sum(one.lines for one in whole.unreadable), sum(not one.lines for one in whole.unreadable)
    yield Figure("churn_monitor_unreadable_score_lines", lines, "Lines of the score log that cannot be read.")
    yield Figure("churn_monitor_unreadable_score_files", files, "Files among the scores that cannot be read.")
