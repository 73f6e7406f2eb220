"""What moved features and scores mean for a verdict: one reason a question, the worst named first.

    features_jumped      columns moved within a week or a month as in no week before: a fault, a unit, a new campaign
    columns_do_not_fit   columns that belong together no longer do: a join gone wrong
    features_moved       columns have gone far from what the champion learned, and it matters to its scores
    scores_...           the same of the scores; far ones ask for a new model where it would learn something new
    too_few_to_see       nothing moved, but rows are too few to say so

Start reading at `about_drift`.
"""

from collections.abc import Iterator, Sequence

from churn.monitoring_sections import Monitoring
from churn.page import Two
from monitoring.drift.shift import NOISE, FeatureDrift, ScoreDrift
from monitoring.findings import Findings
from monitoring.reason import Reason

FEWEST_SCORED = 0.5  # share of the cohort, below which scores speak of those who were asked about
FEATURES_NAMED = 5
SCORES, JOINT = "drift.html#scores", "drift.html#joint"
FEED: Two = (
    (
        "ask whether the business explains it (a campaign, a price, a channel); if not, look at the feed behind these "
        "columns and mend it there, then `churn ingest`, `churn features materialise` and monitor again. Do not "
        "retrain on it before."
    ),
    (
        "确认业务上是否有解释（活动、调价、新渠道）；若没有，检查这些列的上游数据并在源头修复，再运行 `churn ingest`、"
        "`churn features materialise` 并再次监控。在此之前不要重训。"
    ),
)


def about_drift(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    """Columns that jumped, fit no longer, or have gone far; and the scores."""
    if findings.rows >= findings.min_rows:
        yield from _about_jumps(findings)
        yield from _about_joint(findings)
        yield from _about_levels(findings)
        yield from _about_few(findings)
    yield from _about_scores(findings, rules)


def _sound(findings: Findings) -> list[FeatureDrift]:
    broken = {fault.feature for fault in findings.faults}
    return [one for one in findings.features if one.feature not in broken]


def _about_jumps(findings: Findings) -> Iterator[Reason]:
    jumped = [(one, one.farthest) for one in _sound(findings) if one.has_jumped]
    if not jumped:
        return
    names, names_zh = _named([one for one, _ in jumped])
    first = max((jump for _, jump in jumped if jump), key=lambda jump: jump.psi / jump.bar)
    when, when_zh = first.ago
    what = (
        f"{len(jumped)} of {len(findings.features)} features moved within {when} as in no week before: {names}.",
        f"{len(findings.features)} 个特征中有 {len(jumped)} 个在{when_zh}内的变化超过以往任何一周：{names_zh}。",
    )
    place = f"drift.html#{jumped[0][0].feature}"
    yield Reason("watch", "features_jumped", what, round(first.psi, 4), round(first.bar, 4), FEED, place)


def _about_joint(findings: Findings) -> Iterator[Reason]:
    joint = findings.drift.joint if findings.drift else None
    if joint is None or not joint.has_moved or any(one.has_jumped for one in _sound(findings)):
        return  # a column that jumped tells the weeks apart by itself
    names = ", ".join(name for name, _ in joint.by)
    what = (
        f"Columns no longer fit together as they did a week ago; what tells the weeks apart: {names} (ROC AUC).",
        f"各列之间的关系与一周前不同；最能区分两周的列：{names}（ROC AUC）。",
    )
    mend = (
        f"look for columns that were joined from other customers, or shifted by a row; {FEED[0]}",
        f"检查是否有列与客户错配或错行；{FEED[1]}",
    )
    yield Reason("watch", "columns_do_not_fit", what, round(joint.auc, 4), round(joint.bar, 4), mend, JOINT)


def _about_levels(findings: Findings) -> Iterator[Reason]:
    moved = [one for one in _sound(findings) if one.has_moved and not one.has_jumped]
    if not moved:
        return
    names, names_zh = _named(moved)
    what = (
        f"{len(moved)} of {len(findings.features)} features are far from what the model learned: {names}.",
        f"{len(findings.features)} 个特征中有 {len(moved)} 个已远离模型训练时的分布：{names_zh}。",
    )
    mend = (
        "see on the page what moved and whether it stays; if it does, `churn retrain` when the next cutoff is mature.",
        "在页面上查看哪些特征偏移、是否持续；若持续，待下一截止日成熟后运行 `churn retrain`。",
    )
    first = moved[0]
    place = f"drift.html#{first.feature}"
    yield Reason("watch", "features_moved", what, round(first.psi, 4), round(first.bar, 4), mend, place)


def _about_few(findings: Findings) -> Iterator[Reason]:
    drift = findings.drift
    if drift is None or drift.is_resolved or not drift.past.weeks:
        return
    before = drift.past.weeks[-1].rows
    what = (
        "So few of the customers are here that what would be seen on all of them may not be seen.",
        "当前的客户太少，可能看不到在全部客户上能看到的偏移。",
    )
    mend = (
        "see why the features of now hold fewer customers than the log; `churn features materialise`.",
        "查明当前特征的客户数为何少于日志中的客户；运行 `churn features materialise`。",
    )
    yield Reason("cannot_tell", "too_few_to_see", what, findings.rows, before, mend, "data.html#contract")


def _about_scores(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    score = findings.score
    if score is None and findings.untold & {"features", "scores", "snapshot", "drift"}:
        return  # that they could not be looked at is a reason already
    if score is None or score.n < findings.min_rows:
        if findings.stopped_at or findings.rows < findings.min_rows:
            return  # a stopped model gives no scores, and too few customers have too few: that is a reason already
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
    watch, bar = (max(one + NOISE * score.floor, score.bar or 0.0) for one in (rules.psi_watch, rules.psi_retrain))
    if score.psi > bar:
        yield _far(findings, score, round(bar, 4))
    elif score.psi > watch:
        mend = (
            "nothing yet; look again after the next scoring, and at what moved among the features.",
            "暂不处理；下次评分后再看，并查看哪些特征发生了偏移。",
        )
        yield Reason("watch", "scores_moved", _moved(score), round(score.psi, 4), round(watch, 4), mend, SCORES)
    elif score.has_jumped:
        yield _jumped(score)


def _jumped(score: ScoreDrift) -> Reason:
    first = max(score.jumps, key=lambda jump: jump.psi / jump.bar)
    when, when_zh = first.ago
    what = (
        f"The scores moved within {when} as in no week before: {score.mean_now:.3f} on average now (PSI).",
        f"评分在{when_zh}内的变化超过以往任何一周：当前平均 {score.mean_now:.3f}（PSI）。",
    )
    return Reason("watch", "scores_jumped", what, round(first.psi, 4), round(first.bar, 4), FEED, SCORES)


def _moved(score: ScoreDrift, more: Two = ("", "")) -> Two:
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
        mend = (
            "run `churn score --all` and monitor again; where the others opted out of scores, that is why they moved.",
            "运行 `churn score --all` 后再次监控；若其余客户拒绝评分，偏移即由此而来。",
        )
        return Reason("watch", "scores_moved_of_some", what, psi, bar, mend, SCORES)
    if not findings.newer_outcomes:
        mend = (
            "nothing yet: training now would learn from the same rows; look again when the next cutoff is mature.",
            "暂不处理：现在训练只会学到相同的数据；待下一截止日成熟后再看。",
        )
        return Reason("watch", "scores_moved_nothing_newer", _moved(score), psi, bar, mend, SCORES)
    if any(one.has_jumped for one in findings.features) or (findings.drift and _joint_moved(findings)):
        what = _moved(score, (", as columns jumped", "，同时有列发生突变"))
        return Reason("watch", "scores_moved_with_a_jump", what, psi, bar, FEED, SCORES)
    mend = (
        "run `churn retrain`; its gate decides whether the new model is better.",
        "运行 `churn retrain`；由准入检验决定新模型是否更好。",
    )
    return Reason("retrain", "scores_moved", _moved(score), psi, bar, mend, SCORES)


def _joint_moved(findings: Findings) -> bool:
    return bool(findings.drift and findings.drift.joint and findings.drift.joint.has_moved)


def _named(moved: Sequence[FeatureDrift]) -> Two:
    """The first few, with their shift from what was learned."""
    names = ", ".join(f"{one.feature} ({one.psi:.2f})" for one in moved[:FEATURES_NAMED])
    rest = len(moved) - FEATURES_NAMED
    return (f"{names} and {rest} more", f"{names}，另有 {rest} 个") if rest > 0 else (names, names)
