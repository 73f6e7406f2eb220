"""What moved features and scores mean for a verdict. Start reading at `about_drift`."""

from collections.abc import Iterator

from churn.monitoring_sections import Monitoring
from monitoring.drift.shift import ScoreDrift
from monitoring.findings import Findings
from monitoring.reason import Reason

FEWEST_SCORED = 0.5  # share of the cohort, below which scores speak of those who were asked about
NOISE = 3.0  # times the PSI that chance shows
FEATURES_NAMED = 5
SCORES = "drift.html#scores"


def about_drift(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    """Features that moved, in one reason: a list of alarms nobody reads; and the scores."""
    yield from _about_features(findings)
    yield from _about_scores(findings, rules)


def _about_features(findings: Findings) -> Iterator[Reason]:
    broken = {fault.feature for fault in findings.faults}
    moved = [one for one in findings.features if one.has_moved and one.feature not in broken]
    if not moved or findings.rows < findings.min_rows:
        return
    named = ", ".join(f"{one.feature} ({one.psi:.2f})" for one in moved[:FEATURES_NAMED])
    rest = len(moved) - FEATURES_NAMED
    more, more_zh = (f" and {rest} more", f"，另有 {rest} 个") if rest > 0 else ("", "")
    yield Reason(
        "watch", "features_moved",
        (
            f"Moved further than usual: {len(moved)} of {len(findings.features)} features: {named}{more}.",
            f"{len(findings.features)} 个特征中有 {len(moved)} 个偏移超出平常：{named}{more_zh}。",
        ), round(moved[0].psi, 4), round(moved[0].bar, 4),
        (
            ("see on the page what moved and ask whether the business explains it (a campaign, a channel, a price); "
            "if it stays, retrain when the next cutoff is mature."),
            "在页面上查看哪些特征偏移，确认业务上是否有解释（活动、新渠道、调价）；若持续存在，待下一截止日成熟后重训。",
        ), f"drift.html#{moved[0].feature}",
    )  # fmt: skip


def _about_scores(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    score = findings.score
    if score is None and findings.untold & {"features", "scores", "snapshot", "drift"}:
        return  # that they could not be looked at is a reason already
    if score is None or score.n < findings.min_rows:
        n = score.n if score else 0
        yield Reason(
            "cannot_tell", "too_few_scores",
            (f"{n} customers of now have a score of this champion.", f"当前只有 {n} 位客户有该模型的评分。"),
            n, findings.min_rows,
            (
                "run `churn score --all`, or wait until more customers were asked about.",
                "运行 `churn score --all`，或等待更多客户被评分。",
            ), SCORES,
        )  # fmt: skip
        return
    watch, bar = (round(one + NOISE * score.floor, 4) for one in (rules.psi_watch, rules.psi_retrain))
    if score.psi > bar:
        yield _far(findings, score, bar)
    elif score.psi > watch:
        mend = (
            "nothing yet; look again after the next scoring, and at what moved among the features.",
            "暂不处理；下次评分后再看，并查看哪些特征发生了偏移。",
        )
        yield Reason("watch", "scores_moved", _moved(score), round(score.psi, 4), watch, mend, SCORES)


def _moved(score: ScoreDrift, more: tuple[str, str] = ("", "")) -> tuple[str, str]:
    then, now = f"{score.mean_then:.3f}", f"{score.mean_now:.3f}"
    return (
        f"The scores moved: {then} on average when it learned, {now} now (PSI){more[0]}.",
        f"评分分布偏移：训练时平均 {then}，当前 {now}（PSI）{more[1]}。",
    )


def _far(findings: Findings, score: ScoreDrift, bar: float) -> Reason:
    """Scores beyond the bar that asks for a new model: what stands in the way of one, if anything does."""
    psi = round(score.psi, 4)
    if findings.faults:
        mend = (
            "do not retrain: mend the broken features named here, then materialise and score again.",
            "不要重训：先修复此处列出的损坏特征，再重新物化并评分。",
        )
        what = _moved(score, (", and features are broken", "，且有特征损坏"))
        return Reason("stop", "scores_moved_on_broken_data", what, psi, bar, mend, SCORES)
    if score.coverage < FEWEST_SCORED:
        share = f"{score.coverage:.0%}"
        what = _moved(score, (f", but only {share} of the cohort were asked about", f"，但只有 {share} 的客户被评分"))
        mend = ("run `churn score --all` and monitor again.", "运行 `churn score --all` 后再次监控。")
        return Reason("watch", "scores_moved_of_some", what, psi, bar, mend, SCORES)
    if not findings.newer_outcomes:
        mend = (
            "nothing yet: training now would learn from the same rows; look again when the next cutoff is mature.",
            "暂不处理：现在训练只会学到相同的数据；待下一截止日成熟后再看。",
        )
        return Reason("watch", "scores_moved_nothing_newer", _moved(score), psi, bar, mend, SCORES)
    mend = (
        "run `churn retrain`; its gate decides whether the new model is better.",
        "运行 `churn retrain`；由准入检验决定新模型是否更好。",
    )
    return Reason("retrain", "scores_moved", _moved(score), psi, bar, mend, SCORES)
