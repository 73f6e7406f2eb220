"""What to do about a model: keep, watch, retrain, stop, or cannot tell; each with its reasons.

Every part of monitoring gives its own reasons (`about_...`); the worst decides. What each verdict means is said in
monitoring/reason.py; the exit code is the worst verdict of all models. Computes nothing itself. Start at `judge`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from churn.monitoring_sections import Monitoring
from monitoring.data.reasons import about_data
from monitoring.drift.reasons import about_drift
from monitoring.findings import Findings
from monitoring.ledger.reasons import about_outcomes
from monitoring.reason import EXIT_CODES, WORST_FIRST, Reason, worst


@dataclass(frozen=True)
class Verdict:
    """What to do about one model, worst reason first; `stopped_at` where an earlier verdict had stopped it."""

    model: str
    version: str
    model_hash: str
    outcome: str
    reasons: tuple[Reason, ...]
    stopped_at: str | None = None


def judge(findings: Findings, rules: Monitoring) -> Verdict:
    """What to do about a model.

    Args:
        findings: all that is known.
        rules: the thresholds of `[monitoring]`.
    """
    reasons = [*about_data(findings), *about_drift(findings, rules), *about_outcomes(findings, rules)]
    reasons.sort(key=lambda reason: WORST_FIRST.index(reason.outcome))
    outcome, champion = worst([reason.outcome for reason in reasons]), findings.champion
    return Verdict(champion.model, champion.version, champion.model_hash, outcome, tuple(reasons), findings.stopped_at)


def as_json(verdicts: Sequence[Verdict], *, now: datetime, business: str, clock: str) -> dict[str, Any]:
    """`verdict.json`: the verdict over all models, its exit code, and each model's own."""
    outcome = worst([verdict.outcome for verdict in verdicts])
    return {
        "verdict": outcome,
        "exit_code": EXIT_CODES[outcome],
        "business": business,
        "as_of": now.isoformat(),
        "clock": clock,
        "models": {
            verdict.model: {
                "verdict": verdict.outcome,
                "version": verdict.version,
                "model_hash": verdict.model_hash,
                "stopped_at": verdict.stopped_at or (now.isoformat() if verdict.outcome == "stop" else None),
                "reasons": [reason.as_json() for reason in verdict.reasons],
            }
            for verdict in verdicts
        },
    }
