"""What to do about a model: keep, watch, retrain, stop, or cannot tell; each with its reasons.

    stop         it cannot be scored with, or broken data has moved the scores: mend the data, retraining would learn it
    retrain      what became of the scores has left the back-test behind; or the scores have, on sound data, and there
                 are newer outcomes to learn from than the champion's
    watch        something moved that does not ask for a new model yet
    cannot_tell  too few customers or no scores; nothing else is wrong
    keep         none of these

A reason is a number against a threshold, and what to do. The exit code is the worst verdict of all models. Reads the
findings of contract, drift and ledger; computes nothing itself. Start reading at `judge`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from churn.sections import Monitoring
from monitoring.champion import Champion
from monitoring.contract import Fault
from monitoring.drift import FeatureDrift, ScoreDrift
from monitoring.ledger import Realised

EXIT_CODES = {"keep": 0, "retrain": 20, "watch": 21, "stop": 22, "cannot_tell": 23}
WORST_FIRST = ("stop", "retrain", "watch", "cannot_tell", "keep")
FEWEST_SCORED = 0.5  # share of the cohort, below which scores speak of those who were asked about
NOISE = 3.0  # times the PSI that chance shows
RATES_ALIKE = (0.8, 1.25)  # actual over expected
FEATURES_NAMED = 5


@dataclass(frozen=True)
class Reason:
    """Why a verdict is what it is.

    Args:
        outcome: the verdict that this alone asks for.
        code: what it is about, for machines.
        what: the same for people.
        number: what was measured. threshold: what it was held against.
        mend: what to do.
    """

    outcome: str
    code: str
    what: str
    number: float
    threshold: float
    mend: str


@dataclass(frozen=True)
class Findings:
    """All that is known of one model when it is judged.

    Args:
        champion: the model.
        rows: customers that it is asked about now. min_rows: fewer are too few to say.
        feature_set_hash: of the features of now.
        faults: broken columns.
        features: how far each feature moved.
        score: how far the scores moved; None without scores.
        realised: what became of its answers; None where it has given none.
        age: of the features of now; None where there are none. max_age: older ones are not scored.
        newer_outcomes: whether training now would learn from cutoffs that the champion has not seen.
        stopped_at: when an earlier verdict stopped it, and nobody has let a model serve since; None otherwise.
    """

    champion: Champion
    rows: int
    min_rows: int
    feature_set_hash: str
    faults: Sequence[Fault]
    features: Sequence[FeatureDrift]
    score: ScoreDrift | None
    realised: Realised | None
    age: timedelta | None
    max_age: timedelta
    newer_outcomes: bool
    stopped_at: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What to do about one model, worst reason first; `stopped_at` where an earlier verdict had stopped it."""

    model: str
    version: str
    model_hash: str
    outcome: str
    reasons: tuple[Reason, ...]
    stopped_at: str | None = None


def worst(outcomes: Sequence[str]) -> str:
    """The verdict over several."""
    return next((one for one in WORST_FIRST if one in outcomes), "keep")


def judge(findings: Findings, rules: Monitoring) -> Verdict:
    """What to do about a model.

    Args:
        findings: all that is known.
        rules: the thresholds of `[monitoring]`.
    """
    reasons = [
        *_about_features(findings),
        *_about_drift(findings),
        *_about_scores(findings, rules),
        *_about_outcomes(findings, rules),
    ]
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
                "reasons": [asdict(reason) for reason in verdict.reasons],
            }
            for verdict in verdicts
        },
    }


def _about_features(findings: Findings) -> Iterator[Reason]:
    """Can the model be scored with at all, and is what it is given sound?"""
    bundle = findings.champion.bundle
    if findings.stopped_at:
        yield Reason(
            "stop", "stopped_before", f"It was stopped ({findings.stopped_at}) and nobody has let a model serve since.",
            1, 0, "once the cause is mended, `churn promote`; or `churn rollback` to the champion before it.",
        )  # fmt: skip
    if findings.feature_set_hash != bundle.feature_set_hash:
        yield Reason(
            "stop", "other_feature_set",
            f"The features of now ({findings.feature_set_hash}) are not those that the champion learned from "
            f"({bundle.feature_set_hash}), so it cannot be scored with.", 1, 0,
            "run `churn retrain` on the present features, or go back to the settings and the log it learned from "
            "and run `churn features materialise`.",
        )  # fmt: skip
    if findings.rows < findings.min_rows:
        yield Reason(
            "cannot_tell", "too_few_customers",
            f"The model is asked about {findings.rows} customers now.", findings.rows, findings.min_rows,
            "wait for more customers, or lower [training] min_rows knowingly.",
        )  # fmt: skip
    if findings.age is not None and findings.age > findings.max_age:
        yield Reason(
            "watch", "features_are_old", "The features of now are older than the service accepts, in hours.",
            round(findings.age.total_seconds() / 3600, 1), findings.max_age.total_seconds() / 3600,
            "run `churn ingest` and `churn features materialise`; see why the schedule did not.",
        )  # fmt: skip
    for fault in findings.faults:
        outcome = "stop" if fault.code in {"missing_column", "not_a_number"} else "watch"
        what = f"{fault.feature}: {fault.code.replace('_', ' ')}, in {fault.share:.0%} of the rows."
        yield Reason(outcome, f"broken_{fault.code}", what, round(fault.share, 4), 0, fault.mend)


def _about_drift(findings: Findings) -> Iterator[Reason]:
    """The features that moved, in one reason: a list of alarms nobody reads."""
    broken = {fault.feature for fault in findings.faults}
    moved = [one for one in findings.features if one.has_moved and one.feature not in broken]
    if not moved or findings.rows < findings.min_rows:
        return
    named = ", ".join(f"{one.feature} ({one.psi:.2f})" for one in moved[:FEATURES_NAMED])
    more = f" and {len(moved) - FEATURES_NAMED} more" if len(moved) > FEATURES_NAMED else ""
    yield Reason(
        "watch", "features_moved",
        f"Moved further than usual: {len(moved)} of {len(findings.features)} features: {named}{more}.",
        round(moved[0].psi, 4), round(moved[0].bar, 4),
        "see on the page what moved and ask whether the business explains it (a campaign, a new channel, a price); "
        "if it stays, retrain when the next cutoff is mature.",
    )  # fmt: skip


def _about_scores(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    score = findings.score
    if score is None or score.n < findings.min_rows:
        n = score.n if score else 0
        yield Reason(
            "cannot_tell", "too_few_scores", f"{n} customers of now have a score of this champion.", n,
            findings.min_rows, "run `churn score --all`, or wait until more customers were asked about.",
        )  # fmt: skip
        return
    watch, bar = (round(one + NOISE * score.floor, 4) for one in (rules.psi_watch, rules.psi_retrain))
    if score.psi <= watch:
        return
    what = f"The scores moved: {score.mean_then:.3f} on average when it learned, {score.mean_now:.3f} now; PSI"
    number = round(score.psi, 4)
    if score.psi <= bar:
        mend = "nothing yet; look again after the next scoring, and at what moved among the features."
        yield Reason("watch", "scores_moved", what + ".", number, watch, mend)
    elif findings.faults:
        mend = "do not retrain: mend the broken features named here, then materialise and score again."
        yield Reason("stop", "scores_moved_on_broken_data", f"{what}, and features are broken.", number, bar, mend)
    elif score.coverage < FEWEST_SCORED:
        what += f", but only {score.coverage:.0%} of the cohort were asked about."
        yield Reason("watch", "scores_moved_of_some", what, number, bar, "run `churn score --all` and monitor again.")
    elif not findings.newer_outcomes:
        mend = "nothing yet: training now would learn from the same rows; look again when the next cutoff is mature."
        yield Reason("watch", "scores_moved_nothing_newer", what + ".", number, bar, mend)
    else:
        mend = "run `churn retrain`; its gate decides whether the new model is better."
        yield Reason("retrain", "scores_moved", what + ".", number, bar, mend)


def _about_outcomes(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    """Did the answers come true? Silent while too few are mature: the page says until when."""
    came = findings.realised
    if came is None or came.state != "mature":
        return
    auc, ratio = came.figures["roc_auc"], came.figures["rate_ratio"]
    promised = findings.champion.backtest.get("roc_auc")
    if auc.high < 0.5:
        what, mend = "The scores rank worse than chance (ROC AUC).", "stop using them; `churn rollback`, then look why."
        yield Reason("stop", "worse_than_chance", what, round(auc.value, 4), 0.5, mend)
    elif promised is not None and promised - auc.value > rules.auc_drop and auc.high < promised:
        what = f"ROC AUC of {came.n} matured scores, {promised:.3f} in the back-test, interval to {auc.high:.3f}."
        mend = "run `churn retrain`; if the challenger is no better, ask what the log no longer tells."
        yield Reason("retrain", "ranks_worse", what, round(auc.value, 4), round(promised - rules.auc_drop, 4), mend)
    low, high = RATES_ALIKE
    if not low <= ratio.value <= high and not ratio.low <= 1 <= ratio.high:
        expected, actual = came.figures["expected_rate"].value, came.figures["actual_rate"].value
        what = f"The scores expected a rate of {expected:.3f}, it became {actual:.3f} (actual over expected)."
        mend = "run `churn retrain`: it calibrates on newer outcomes."
        threshold = high if ratio.value > high else low
        yield Reason("retrain", "rate_is_off", what, round(ratio.value, 4), threshold, mend)
