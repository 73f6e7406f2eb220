"""The figures of a run, for Prometheus and the history: the verdict itself, and what each part gives.

A new part is a line in `figures`. What cannot be told is left out, never zero. Start reading at `figures`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from monitoring.before.figures import figures_before
from monitoring.business.figures import figures as of_business
from monitoring.business.hazards_told import figures as of_hazards
from monitoring.data.arrival_sections import figures as of_arrivals
from monitoring.drift.figures import figures as of_drift
from monitoring.findings import Findings
from monitoring.ledger.figures import figures as of_outcomes
from monitoring.ledger.figures import of_whole as of_answers
from monitoring.looking import Look
from monitoring.reason import WORST_FIRST, worst
from monitoring.section import Figure
from monitoring.verdict import Verdict

ALL, WHOLE = "all", "business"  # as models: the verdict over everything, and that of no model


def figures(seen: Look, verdicts: Sequence[Verdict], whole: Verdict, *, judged_at: datetime) -> list[Figure]:
    """All figures of a run.

    Args:
        seen: what the verdicts rest on.
        verdicts: of each champion.
        whole: of the business.
        judged_at: by the wall clock.
    """
    found = [*_of_run(seen.now, judged_at), *_of_verdicts(verdicts, whole), *of_answers(seen.whole)]
    stock = seen.whole.stock
    if stock is not None:
        found += seen.tried("business", lambda: list(of_business(stock)), [])
    found += seen.tried("figures", lambda: list(of_arrivals(seen.whole.incoming)), [])
    hazards = seen.whole.hazards
    if hazards is not None:
        found += seen.tried("business", lambda: list(of_hazards(hazards)), [])
    for one in seen.findings:
        found += seen.tried("figures", partial(_listed, one), [])
    return found


def _listed(found: Findings) -> list[Figure]:
    return list(_of_model(found))


def _of_model(found: Findings) -> Iterator[Figure]:
    """A line a part."""
    labels = {"model": found.champion.model, "version": found.champion.version}
    yield Figure("churn_monitor_rows", found.rows, "Customers that the model is asked about now.", labels)
    if found.age is not None:
        hours = found.age.total_seconds() / 3600
        yield Figure("churn_monitor_feature_age_hours", hours, "Age of the features of now.", labels)
    if found.score is not None:
        yield Figure("churn_monitor_score_mean", found.score.mean_now, "Mean score of now.", labels)
        yield Figure("churn_monitor_score_psi", found.score.psi, "How far the scores moved since training.", labels)
    yield from of_drift(found)
    yield from of_outcomes(found)
    yield from figures_before(found)


def _of_run(now: datetime, judged_at: datetime) -> Iterator[Figure]:
    meaning = "When the newest verdict was made: an old one is of a schedule that has died."
    yield Figure("churn_monitor_run_timestamp_seconds", judged_at.timestamp(), meaning)
    meaning = "The instant that the newest verdict judges, by the business's clock."
    yield Figure("churn_monitor_as_of_timestamp_seconds", now.timestamp(), meaning)


def _of_verdicts(verdicts: Sequence[Verdict], whole: Verdict) -> Iterator[Figure]:
    told = {ALL: worst([one.outcome for one in (*verdicts, whole)]), WHOLE: whole.outcome}
    told |= {one.model: one.outcome for one in verdicts}
    for model, mine in told.items():
        for outcome in WORST_FIRST:
            labels = {"model": model, "verdict": outcome}
            yield Figure("churn_monitor_verdict", mine == outcome, "1 for the verdict that was given, else 0.", labels)
    for verdict in (*verdicts, whole):
        for one in verdict.reasons:
            labels = {"model": verdict.model or WHOLE, "code": one.code, "verdict": one.outcome}
            runs = verdict.since[one.code].runs if one.code in verdict.since else 1
            yield Figure("churn_monitor_reason_runs", runs, "Runs in a row that gave this reason.", labels)
