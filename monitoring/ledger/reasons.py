"""What matured outcomes mean for a verdict, and answers that nobody can read. Start reading at `about_outcomes`."""

from collections.abc import Iterator, Sequence
from statistics import mean, stdev

from churn.monitoring_sections import Monitoring
from churn.page import Two
from monitoring.findings import Findings
from monitoring.ledger.cohort import Cohort, Ledger, Unreadable
from monitoring.ledger.realised import Interval, Realised
from monitoring.reason import Reason

RATES_ALIKE = (0.8, 1.25)  # actual over expected
FEWEST_BEFORE, MOST_BEFORE = 8, 52  # cohorts that a new one is held against
SIGMAS = 3.0
PAGE, COHORTS, FILES = "performance.html#outcomes", "performance.html#cohorts", "performance.html#unreadable"
CALIBRATE: Two = (
    "run `churn retrain`: it calibrates on newer outcomes.",
    "运行 `churn retrain`：用更新的结果重新校准。",
)


def about_outcomes(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    """Did the answers come true? Silent while too few are mature: the page says until when."""
    came = findings.realised
    is_off = False
    if came is not None and came.state == "mature":
        yield from _about_rank(findings, came, rules)
        is_off = _is_off(came.figures["rate_ratio"])
        if is_off:
            yield _rate(came.figures["rate_ratio"], came.figures["expected_rate"].value,
                        came.figures["actual_rate"].value)  # fmt: skip
    if findings.ledger is not None:
        yield from about_newest(findings.ledger, rules, is_off=is_off)


def _about_rank(findings: Findings, came: Realised, rules: Monitoring) -> Iterator[Reason]:
    auc, promised = came.figures["roc_auc"], findings.champion.backtest.get("roc_auc")
    if auc.high < 0.5:
        what = ("The scores rank worse than chance (ROC AUC).", "评分的排序比随机还差（ROC AUC）。")
        mend = ("stop using them; `churn rollback`, then look why.", "停止使用；运行 `churn rollback`，再查明原因。")
        yield Reason("stop", "worse_than_chance", what, round(auc.value, 4), 0.5, mend, PAGE)
    elif promised is not None and promised - auc.value > rules.auc_drop and auc.high < promised:
        bar = round(promised - rules.auc_drop, 4)
        what = (
            f"ROC AUC of {came.n} matured scores, {promised:.3f} in the back-test, interval to {auc.high:.3f}.",
            f"{came.n} 个已到期评分的 ROC AUC；回测为 {promised:.3f}，区间上限 {auc.high:.3f}。",
        )
        mend = (
            "run `churn retrain`; if the challenger is no better, ask what the log no longer tells.",
            "运行 `churn retrain`；若新模型没有更好，需查明日志缺了什么信息。",
        )
        yield Reason("retrain", "ranks_worse", what, round(auc.value, 4), bar, mend, PAGE)


def _is_off(ratio: Interval) -> bool:
    """Beyond what is alike, and beyond doubt."""
    return not RATES_ALIKE[0] <= ratio.value <= RATES_ALIKE[1] and not ratio.low <= 1 <= ratio.high


def _bar(ratio: Interval) -> float:
    return RATES_ALIKE[1] if ratio.value > RATES_ALIKE[1] else RATES_ALIKE[0]


def _rate(ratio: Interval, expected: float, actual: float) -> Reason:
    what = (
        f"The scores expected a rate of {expected:.3f}, it became {actual:.3f} (actual over expected).",
        f"评分预期比率 {expected:.3f}，实际为 {actual:.3f}（实际/预期）。",
    )
    return Reason("retrain", "rate_is_off", what, round(ratio.value, 4), _bar(ratio), CALIBRATE, PAGE)


def about_newest(ledger: Ledger, rules: Monitoring, *, is_off: bool = False) -> Iterator[Reason]:
    """Has the newest mature cohort fallen below what the model's own cohorts were before?

    Args:
        ledger: of one model.
        rules: `auc_drop`: half of it is worth a look, all of it a new model.
        is_off: the version's whole rate is off already; a cohort then says nothing new.
    """
    judged = ledger.judged
    if len(judged) < FEWEST_BEFORE + 1:
        return
    newest, before = judged[-1], judged[-1 - MOST_BEFORE : -1]
    yield from _fell(newest, before, rules)
    ratio = _figures(newest)["rate_ratio"]
    usual = [_figures(one)["rate_ratio"].value for one in before]
    if not is_off and _is_off(ratio) and abs(ratio.value - mean(usual)) > SIGMAS * stdev(usual):
        came, told = (_figures(newest)[name].value for name in ("actual_rate", "expected_rate"))
        en = f"Of the cohort {newest.name} {came:.3f} came true, {told:.3f} were expected"
        zh = f"{newest.name} 这一批的实际比率为 {came:.3f}，预期 {told:.3f}"
        what = (f"{en}: unlike the {len(before)} before it.", f"{zh}：与此前 {len(before)} 批不同。")
        mend = (
            "see what happened in these weeks (a campaign, a price, a source that came late); the next cohort tells.",
            "查明这几周发生了什么（活动、价格、数据迟到）；下一批会给出答案。",
        )
        yield Reason("watch", "cohort_rate_is_off", what, round(ratio.value, 4), _bar(ratio), mend, COHORTS)


def _fell(newest: Cohort, before: Sequence[Cohort], rules: Monitoring) -> Iterator[Reason]:
    auc, earlier = _figures(newest)["roc_auc"], [_figures(one)["roc_auc"].value for one in before]
    usual, bar = mean(earlier), mean(earlier) - max(SIGMAS * stdev(earlier), rules.auc_drop / 2)
    if auc.value >= bar or auc.high >= usual:
        return
    what = (
        f"ROC AUC of the cohort {newest.name}; the {len(before)} before it had {usual:.3f} on average.",
        f"{newest.name} 这一批的 ROC AUC；此前 {len(before)} 批平均为 {usual:.3f}。",
    )
    mend = (
        "look at data and drift of these weeks first; if they are sound, `churn retrain`.",
        "先查看这几周的数据与漂移；若数据正常，运行 `churn retrain`。",
    )
    outcome = "retrain" if usual - auc.value > rules.auc_drop else "watch"
    yield Reason(outcome, "fell_suddenly", what, round(auc.value, 4), round(bar, 4), mend, COHORTS)


def _figures(cohort: Cohort) -> dict[str, Interval]:
    assert cohort.became is not None  # of `Ledger.judged`
    return cohort.became.figures


def about_unreadable(unreadable: Sequence[Unreadable]) -> Iterator[Reason]:
    """Answers that nobody can read: everything else is judged, and they are named."""
    unreadable = [one for one in unreadable if one.why != "unfinished"]  # what is being written is no fault
    if not unreadable:
        return
    lines, whole = sum(one.lines for one in unreadable), [one for one in unreadable if not one.lines]
    files = len({one.file for one in unreadable})
    what = (
        f"Among the scores {lines} lines and {len(whole)} whole files cannot be read, in {files} files.",
        f"评分记录中有 {lines} 行和 {len(whole)} 个文件无法读取，涉及 {files} 个文件。",
    )
    mend = (
        "the page names them; restore the files from a backup, or move them out of `scores/`. All others were judged.",
        "页面列出了这些文件；请从备份恢复，或移出 `scores/`。其余评分均已判断。",
    )
    yield Reason("watch", "unreadable_scores", what, lines + len(whole), 0, mend, FILES)
