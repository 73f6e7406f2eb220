"""What matured outcomes mean for a verdict. Start reading at `about_outcomes`."""

from collections.abc import Iterator

from churn.monitoring_sections import Monitoring
from monitoring.findings import Findings
from monitoring.reason import Reason

RATES_ALIKE = (0.8, 1.25)  # actual over expected
PAGE = "performance.html#outcomes"


def about_outcomes(findings: Findings, rules: Monitoring) -> Iterator[Reason]:
    """Did the answers come true? Silent while too few are mature: the page says until when."""
    came = findings.realised
    if came is None or came.state != "mature":
        return
    auc, ratio = came.figures["roc_auc"], came.figures["rate_ratio"]
    promised = findings.champion.backtest.get("roc_auc")
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
    low, high = RATES_ALIKE
    if not low <= ratio.value <= high and not ratio.low <= 1 <= ratio.high:
        expected, actual = came.figures["expected_rate"].value, came.figures["actual_rate"].value
        what = (
            f"The scores expected a rate of {expected:.3f}, it became {actual:.3f} (actual over expected).",
            f"评分预期比率 {expected:.3f}，实际为 {actual:.3f}（实际/预期）。",
        )
        mend = ("run `churn retrain`: it calibrates on newer outcomes.", "运行 `churn retrain`：用更新的结果重新校准。")
        threshold = high if ratio.value > high else low
        yield Reason("retrain", "rate_is_off", what, round(ratio.value, 4), threshold, mend, PAGE)
