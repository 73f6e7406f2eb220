"""What to do: keep, watch, retrain, stop, or cannot tell; of each model, of the business as a whole, and in one word.

Every part of monitoring gives its own reasons (`about_...`); the worst decides. What each verdict means is said in
monitoring/reason.py; the exit code is the worst verdict of all. Computes nothing itself. Start at `judge`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from churn.monitoring_sections import Monitoring
from churn.page import Two
from monitoring.attempts import Trouble, about_troubles
from monitoring.before.reasons import about_before
from monitoring.data.arrival_reasons import about_arrivals, about_refused
from monitoring.data.reasons import about_data, about_stop
from monitoring.drift.reasons import about_drift
from monitoring.findings import Findings, Whole
from monitoring.ledger.reasons import about_outcomes, about_unreadable
from monitoring.reason import EXIT_CODES, WORST_FIRST, Reason, worst
from monitoring.section import shown_at

CLOCK_MEND: Two = (
    "set the clock right, or see why the log is shorter (an old backup, a lost source); then `churn ingest`, monitor.",
    "校正时钟；或查明日志为何变短（旧备份、缺少数据源），再运行 `churn ingest` 与 `churn monitor`。",
)

SOUND_FIRST: Two = (
    "do not retrain yet: mend the data that is named beside this, then materialise, score and monitor again.",
    "暂不重训：先修复同时列出的数据问题，再重新物化、评分并监控。",
)


@dataclass(frozen=True)
class Since:
    """Since when a reason has been given, and in how many runs in a row."""

    at: datetime
    runs: int


@dataclass(frozen=True)
class Verdict:
    """What to do about one model, or about the business as a whole (model ""); worst reason first.

    Args:
        stopped_at: where an earlier verdict had stopped it.
        since: of each reason, by its code.
    """

    model: str
    version: str
    model_hash: str
    outcome: str
    reasons: tuple[Reason, ...]
    stopped_at: str | None = None
    since: Mapping[str, Since] = field(default_factory=dict)


def judge(findings: Findings, rules: Monitoring) -> Verdict:
    """What to do about a model.

    Args:
        findings: all that is known.
        rules: the thresholds of `[monitoring]`.
    """
    champion, reasons = findings.champion, sorted(sound_first(_about(findings, rules)), key=_worst_first)
    outcome = worst([reason.outcome for reason in reasons])
    return Verdict(champion.model, champion.version, champion.model_hash, outcome, tuple(reasons), findings.stopped_at)


def judge_unread(model: str, troubles: Sequence[Trouble], before: Mapping[str, Any]) -> Verdict:
    """What to do about a model whose champion's file cannot be read: a stop of before holds.

    Args:
        model: churn or reactivation.
        troubles: what cannot be read.
        before: what the last verdict said of it; empty where it said nothing.
    """
    held = before.get("stopped_at") if before.get("verdict") == "stop" else None
    reasons = tuple(sorted([*about_troubles(troubles), *about_stop(held)], key=_worst_first))
    version, model_hash = str(before.get("version", "")), str(before.get("model_hash", ""))
    return Verdict(model, version, model_hash, worst([one.outcome for one in reasons]), reasons, held)


def judge_whole(whole: Whole, rules: Monitoring) -> Verdict:
    """What to do about the business as a whole: reasons that no single model has."""
    reasons = sorted(_about_whole(whole, rules), key=_worst_first)
    return Verdict("", "", "", worst([reason.outcome for reason in reasons]), tuple(reasons))


def sound_first(reasons: Iterable[Reason]) -> list[Reason]:
    """Nobody is told to retrain while the data is unsound: a model would learn the fault."""
    told = list(reasons)
    if not any(one.code.startswith("broken_") or one.code == "columns_do_not_fit" for one in told):
        return told
    return [replace(one, outcome="watch", mend=SOUND_FIRST) if one.outcome == "retrain" else one for one in told]


def _about(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    """A line a part."""
    yield from about_troubles(findings.troubles)
    yield from about_data(findings)
    yield from about_drift(findings, rules)
    yield from about_outcomes(findings, rules)
    yield from about_before(findings)


def _about_whole(whole: Whole, rules: Monitoring) -> Iterator[Reason]:
    """A line a part."""
    del rules  # no part of the business has limits of its own yet
    yield from about_troubles(whole.troubles)
    yield from about_clock(whole)
    yield from about_unreadable(whole.unreadable)
    yield from about_arrivals(whole.incoming, whole.now)
    yield from about_refused(whole.refused)


def about_clock(whole: Whole) -> Iterator[Reason]:
    """Is now later than what the run before judged? If not, ages, maturity and freshness are all wrong."""
    before = whole.last_run_at
    if before is not None and whole.now < before:
        days = round((before - whole.now).total_seconds() / 86_400, 2)
        now, then = (f"{one:%Y-%m-%d %H:%M} UTC" for one in (whole.now, before))
        what = (
            f"The clock has moved back: it is {now}, the run before judged {then}; in days.",
            f"时钟倒退：现在是 {now}，而上一次监控的时刻是 {then}（天）。",
        )
        yield Reason("cannot_tell", "clock_moved_back", what, days, 0, CLOCK_MEND, "history.html#runs")


def as_json(
    verdicts: Sequence[Verdict], *, now: datetime, business: str, clock: str, whole: Verdict | None = None
) -> dict[str, Any]:
    """`verdict.json`: the verdict over everything, its exit code, each model's own and that of the business."""
    outcome = worst([one.outcome for one in (*verdicts, *([whole] if whole else []))])
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
                "reasons": _reasons(verdict),
            }
            for verdict in verdicts
        },
        "whole": {"verdict": whole.outcome, "reasons": _reasons(whole)} if whole else None,
    }


def _reasons(verdict: Verdict) -> list[dict[str, Any]]:
    since = verdict.since
    return [
        one.as_json()
        | {"evidence": shown_at(one.evidence, verdict.model)}
        | ({"since": since[one.code].at.isoformat(), "runs": since[one.code].runs} if one.code in since else {})
        for one in verdict.reasons
    ]


def _worst_first(reason: Reason) -> int:
    return WORST_FIRST.index(reason.outcome)
