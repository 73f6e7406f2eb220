"""What the model card shows of evidence: back-test and calibration, what moves scores, groups of customers.

    judged, calibration     how the champion's sibling did on cutoffs that it had not seen, rivals beside it
    features                what its scores rest on: the strongest features, and all of them by group of reasons
    fairness                rates by group of customers, where `[fairness]` names attributes

Figures are those of the training (`card` of the champion's file, the bundle); nothing is computed here. A champion of
before they were kept has none, and the page says so. Start reading at `judged`.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from churn.bundle import Bundle
from churn.metrics import CalibrationBin
from churn.page import Two, both, table
from churn.reasons import GROUPS
from monitoring.site.plots import Bar, bars, dots

Told = Mapping[str, Any]  # of a file
METRICS: dict[str, Two] = {
    "roc_auc": ("ROC AUC", "ROC AUC"), "pr_auc": ("PR AUC", "PR AUC"), "log_loss": ("log loss", "对数损失"),
    "brier": ("Brier", "Brier"), "ece": ("ECE", "ECE"), "lift_10": ("lift of the top tenth", "前 10% 提升"),
}  # fmt: skip
LEARNERS: dict[str, Two] = {
    "lightgbm": ("model of all features", "综合全部特征的模型"), "logistic": ("logistic regression", "逻辑回归"),
    "recency_rule": ("recency rule", "沉默天数规则"), "base_rate": ("base rate for everybody", "人人取平均率"),
    "halving_rule": ("best “silent for n days”", "最佳“沉默 n 天”规则"), "bg_nbd": ("BG/NBD", "BG/NBD"),
    "pareto_nbd": ("Pareto/NBD", "Pareto/NBD"),
}  # fmt: skip
RATES: dict[str, Two] = {
    "flagged_share": ("share flagged", "被标记比例"), "false_positive_rate": ("false positives", "误报率"),
    "false_negative_rate": ("false negatives", "漏报率"),
}  # fmt: skip
PROTOCOL: Two = (
    "Tested at cutoffs later than all that it learned from had matured; rivals learned from the same rows.",
    "检验截止日均晚于训练所用结果的成熟时间；对照模型使用相同的数据。",
)  # fmt: skip
SILENT: Two = (
    "No group was judged. Name profile attributes in [fairness] attributes, and the next training judges their groups.",
    "未按群体检验。在 [fairness] attributes 中列出客户属性，下次训练即会检验各群体。",
)
YARDSTICK: Two = (
    "On the back-test, with 95 % intervals. Ratio: share flagged by that of the largest group; 0.8 to 1.25 is usual.",
    "基于回测数据，附 95% 区间。比值：被标记比例与最大群体之比，通常在 0.8 至 1.25 之间。",
)
ASSOCIATED: Two = (
    "Part of what moves scores. (+): more of it goes with a higher chance, (−): with a lower. No cause is claimed.",
    "对评分变化的贡献占比。(+)：数值越高概率越高；(−)：越低。仅为关联，并非因果。",
)


def judged(bundle: Bundle) -> str:
    """Figures of the back-test, rivals beside it; the champion's row stands first."""
    told = {name: one for name, one in bundle.metrics.items() if isinstance(one, Mapping)}
    if not told:
        return f"<p>{both('Nobody wrote its back-test down.', '没有回测记录。')}</p>"
    order = sorted(told, key=lambda name: (name != bundle.learner, name))
    head = [both("learner", "学习器"), both("rows", "行数"), both("base rate", "基准比率")]
    head += [both(*one) for one in METRICS.values()]
    rows = [
        [_learner(name, is_ours=name == bundle.learner), _number(told[name].get("n"), 0)]
        + [_number(told[name].get(one), 4) for one in ("base_rate", *METRICS)]
        for name in order
    ]
    return f'<p class="quiet">{both(*PROTOCOL)}</p><div class="scroll">{table(head, rows)}</div>'


def _learner(code: str, *, is_ours: bool) -> str:
    name = both(*LEARNERS.get(code, (code, code)))
    return f"<b>{name}</b>" if is_ours else name


def calibration(card: Told) -> str:
    """Told against happened; empty where nobody kept it."""
    bins = [CalibrationBin(one["n"], one["mean_score"], one["base_rate"]) for one in card.get("calibration", ())]
    if not bins:
        return ""
    said = (
        f"{sum(one.n for one in bins):,} rows of the back-test, {len(bins)} bins; on the line the two agree.",
        f"回测 {sum(one.n for one in bins):,} 行，分 {len(bins)} 组；落在对角线上即预测与实际一致。",
    )
    return dots(bins, title=("Do its probabilities mean what they say?", "概率是否名副其实？"), caption=said)


def features(bundle: Bundle, card: Told) -> str:
    """What scores rest on: the strongest features, and behind a fold every feature with its meaning."""
    strongest = [
        Bar(_named(bundle, str(one["feature"]), one["direction"]), float(one["share"]))
        for one in card.get("features", ())
    ]
    picture = ""
    if strongest:
        title = (f"The {len(strongest)} strongest features", f"影响最大的 {len(strongest)} 个特征")
        picture = bars(strongest, title=title, caption=ASSOCIATED)
    by_group: dict[str, list[str]] = {}
    for name in bundle.features:
        by_group.setdefault(bundle.reasons.get(name, ""), []).append(name)
    shares = {str(one["code"]): f"{one['share']:.0%}" for one in card.get("groups", ())}
    rows = [
        [_group(code), shares.get(code, "–"), str(len(names)), "<br>".join(_feature(bundle, name) for name in names)]
        for code, names in sorted(by_group.items(), key=lambda one: -len(one[1]))
    ]
    words: Sequence[Two] = (
        ("group of reasons", "原因类别"),
        ("part", "占比"),
        ("features", "特征数"),
        ("which", "特征"),
    )
    head = [both(*one) for one in words]
    said = both(f"All {len(bundle.features)} features with their meaning", f"全部 {len(bundle.features)} 个特征及含义")
    inside = f'<div class="scroll wraps">{table(head, rows)}</div>'
    return f"{picture}<details><summary>{said}</summary>{inside}</details>"


def _named(bundle: Bundle, name: str, direction: float | None) -> Two:
    text = bundle.texts.get(name)
    mark = "" if direction is None else " (+)" if direction > 0 else " (−)"
    return (f"{text.en}{mark}", f"{text.zh}{mark}") if text else (f"{name}{mark}", f"{name}{mark}")


def _group(code: str) -> str:
    group = GROUPS.get(code)
    return both(group.en, group.zh) if group else escape(code or "–")


def _feature(bundle: Bundle, name: str) -> str:
    text = bundle.texts.get(name)
    return f"<code>{escape(name)}</code> {both(text.en, text.zh) if text else ''}"


def fairness(card: Told) -> str:
    """Rates of each group by flag, and the differences that are named."""
    found = card.get("fairness")
    if not found:
        return f"<p>{both(*SILENT)}</p>"
    rows = [row for group in found["groups"] for row in _rows(group)]
    head = [both("attribute", "属性"), both("group", "群体"), both("rows", "行数"), both("flagged by", "标记方式")]
    head += [*(both(*one) for one in RATES.values()), both("ratio", "比值"), "ROC AUC"]
    named = "".join(f"<li>{_difference(one)}</li>" for one in found["named"])
    said = f"<ul>{named}</ul>" if named else f"<p>{both('No difference is named.', '未发现需指出的差异。')}</p>"
    return f'{said}<p class="quiet">{both(*YARDSTICK)}</p><div class="scroll">{table(head, rows)}</div>'


def _rows(group: Told) -> list[list[str]]:
    """A row a flag; one that says so where the group is too small."""
    first = [escape(str(group["attribute"])), escape(str(group["group"])), f"{group['n']:,}"]
    if "too_few" in group:
        return [[*first, both("too few to say", "样本太少"), *["–"] * (len(RATES) + 2)]]
    return [
        [*first, _flag(flag), *(_interval(rates[one]) for one in RATES), _interval(group["ratios"].get(flag)),
         _interval(group["roc_auc"])]
        for flag, rates in group["rates"].items()
    ]  # fmt: skip


def _flag(flag: str) -> str:
    chinese = {"band high": "高档", "band high or medium": "高档或中档"}
    return both(flag, chinese.get(flag, flag.replace("top", "前").replace(" of each cutoff", "（每个截止日）")))


def _difference(one: Told) -> str:
    measure = RATES.get(one["measure"], (one["measure"],) * 2)
    ratio = f"{one['value']:.2f}" if one["value"] is not None else f"> {one['low']:.2f}"
    who, against = f"{one['attribute']} {one['group']}", str(one["against"])
    return both(
        f"{who}: {measure[0]} {ratio} times that of {against}.", f"{who}：{measure[1]}为 {against} 的 {ratio} 倍。"
    )


def _interval(one: Told | None) -> str:
    """A figure and its interval; what is not told is a dash."""
    if one is None or one["value"] is None:
        return "–"
    if one["low"] is None or one["high"] is None:
        return f"{one['value']:.3f}"
    return f"{one['value']:.3f} ({one['low']:.3f} – {one['high']:.3f})"


def _number(value: Any, digits: int) -> str:  # whatever a bundle holds
    return f"{value:,.{digits}f}" if isinstance(value, int | float) else "–"
