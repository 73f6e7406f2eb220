"""The page of value, `campaigns/value/report.html`: what customers are worth, how surely, and who won them.

One file, no script, nothing from outside; English and Chinese by a switch. Reads the report of
campaigns/value/report.py and nobody's row. Start reading at `page`.
"""

from html import escape
from typing import Any, Final

from campaigns.value.channels import ALL, UNKNOWN
from campaigns.value.estimators import NAMES
from campaigns.value.pictures import STYLE, Whisker, whiskers
from churn.page import Two, both, code, frame, part, table

NOTHING: Final = "–"
TIERS: Final = {"high": ("high", "高"), "middle": ("middle", "中"), "low": ("low", "低")}
PARTS: Final = {
    "frequency": ("days with orders", "下单天数"), "amount": ("money", "消费金额"), "referral": ("referrals", "推荐"),
}  # fmt: skip
FOOTER: Final = (
    "churn campaign value made this page. See docs/value.md.",
    "本页由 churn campaign value 生成。见 docs/value.md。",
)
OF_WINNING: Final = (
    "Only who ordered is known: money spent on those who never did belongs into the cost of those who did.",
    "日志只含下过单的客户：花在未下单者身上的费用应计入获客成本。",
)


def page(report: dict[str, Any], *, business: str, language: str) -> str:
    """The page.

    Args:
        report: as `report_of` made it.
        business: its name.
        language: that is shown first.
    """
    day, months = report["as_of"][:10], report["months"]
    body = [_notices(report), _tiles(report), _tiers(report), *_channels(report), *_interval(report), _judged(report)]
    return frame(
        f"{business}: value", language=language, heading=escape(business),
        says=both(f"What customers are worth over {months} months.", f"客户在 {months} 个月内的价值。"),
        as_of=both(f"As of {day}; {report['customers']:,} customers with a score.",
                   f"截至 {day}；有评分的客户 {report['customers']:,} 名。"),
        body=[one for one in body if one], footer=FOOTER, style=STYLE,
    )  # fmt: skip


def _notices(report: dict[str, Any]) -> str:
    told = [f"{code(one['problem'])} <span class='mend'>{code(one['mend'])}</span>" for one in report["notices"]]
    if report["why"]:
        why = both(f"No lifetime value is told: {report['why_en']}.", f"未给出生命周期价值：{report['why_zh']}。")
        told.insert(0, why)
    items = "".join(f'<li class="warning">{one}</li>' for one in told)
    return f'<ul class="findings">{items}</ul>' if told else ""


def _tiles(report: dict[str, Any]) -> str:
    currency, months = report["currency"], report["months"]
    tiles = [
        (both("of high value", "高价值客户"), f"{report['high_value']:,}"),
        (both("of high potential", "高潜力客户"), f"{report['high_potential']:,}"),
    ]
    if report["clv_amount"] is not None:
        expected = both(f"margin expected, {currency}", f"预期毛利（{currency}）")
        before = both(f"of the {months} months before", f"此前 {months} 个月毛利")
        tiles = [(expected, _money(report["clv_amount"])), (before, _money(report["past_value_amount"])), *tiles]
    drawn = "".join(f'<div class="tile"><b>{value}</b>{name}</div>' for name, value in tiles)
    return f'<div class="tiles">{drawn}</div>'


def _tiers(report: dict[str, Any]) -> str:
    known = [PARTS[one] for one in report["tiers"]["parts"]]
    by = (", ".join(en for en, _ in known) or "nothing", "、".join(zh for _, zh in known) or "无")
    note = (
        f"By {by[0]}, weighted as [value] says; high value and high potential are told apart from them.",
        f"依据{by[1]}，权重见 [value]；高价值、高潜力另行判定。",
    )
    sizes, means, currency = report["tiers"]["customers"], report["tiers"]["mean_clv_amount"], report["currency"]
    rows = [
        [both(*words), f"{sizes.get(name, 0):,}", NOTHING if means.get(name) is None else _money(means[name])]
        for name, words in TIERS.items()
    ]
    each = both(f"margin expected each, {currency}", f"人均预期毛利（{currency}）")
    told = table([both("tier", "层级"), both("customers", "客户数"), each], rows)
    return part(("Value tiers", "价值层级"), f"<section>{told}</section>", note=note)


def _channels(report: dict[str, Any]) -> list[str]:
    found, months, currency = report["channels"], report["months"], report["currency"]
    if not found:
        return []
    over = [one for one in found if one["cohort"] == ALL and one["over_cost"] is not None]
    drawn = whiskers(
        [_over(one) for one in over], goal=1.0, goal_text="1 x", from_zero=True, title="margin over cost by channel"
    )
    picture = f"<figure>{drawn}</figure>" if drawn else ""
    head = [both("channel", "渠道"), both("first order", "首单年份"), both("won", "获客数"),
            both("followed so long", "已满期"), both(f"margin each, {currency}", f"人均毛利（{currency}）"),
            both("cost of winning one", "获客成本"), both("margin over cost", "毛利/成本"),
            both("expected from now on", "今后预期毛利")]  # fmt: skip
    rows = [_channel(one) for one in found]
    missing = report["channels_without_cost"]
    text = ", ".join(missing)
    wanted = (f"Without a cost: {text}. Set [value.acquisition_costs].",
              f"缺少获客成本：{text}。请设置 [value.acquisition_costs]。")  # fmt: skip
    mend = f"<p>{both(*wanted)}</p>" if missing else ""
    note = (f"Margin of a customer's first {months} months, with its 95% interval. {OF_WINNING[0]}",
            f"客户首 {months} 个月的毛利及 95% 区间。{OF_WINNING[1]}")  # fmt: skip
    title = "Value over the cost of winning a customer, by channel", "各渠道的价值与获客成本"
    return [part(title, f"{picture}<section>{table(head, rows)}</section>{mend}", note=note)]


def _over(one: dict[str, Any]) -> Whisker:
    ends = one["over_cost"], one["over_cost_low"], one["over_cost_high"]
    name = ("not known", "未知") if one["channel"] == UNKNOWN else (one["channel"], one["channel"])
    return name, *ends, f"{ends[0]:.2f} x ({ends[1]:.2f} – {ends[2]:.2f})"


def _channel(one: dict[str, Any]) -> list[str]:
    name = both("not known", "未知") if one["channel"] == UNKNOWN else escape(one["channel"])
    cohort = both("all", "全部") if one["cohort"] == ALL else escape(one["cohort"])
    margin, low, high = (one[f"{name}_amount"] for name in ("margin", "low", "high"))
    each = NOTHING if margin is None else f"{_money(margin)} ({_money(low)} – {_money(high)})"
    over = NOTHING if one["over_cost"] is None else _over(one)[4]
    cost, expected = (NOTHING if one[name] is None else _money(one[name]) for name in ("cost_amount", "clv_amount"))
    whole = one["cohort"] == ALL
    return [f"<b>{name}</b>" if whole else "", cohort, f"{one['customers']:,}", f"{one['followed']:,}", each,
            cost if whole else "", over, expected]  # fmt: skip


def _interval(report: dict[str, Any]) -> list[str]:
    found = report["interval"]
    if found["covered"] is None:
        return []
    rows = [
        ((one["en"], one["zh"]), one["share"], one["low"], one["high"], f"{one['share']:.1%} / {one['n']:,}")
        for one in found["groups"]
    ]
    drawn = whiskers(
        rows, goal=found["promised"], goal_text=f"{found['promised']:.0%}", from_zero=False,
        title="share within the interval by group",
    )  # fmt: skip
    listed = [
        [both(one["en"], one["zh"]), f"{one['n']:,}", f"{one['share']:.1%} ({one['low']:.1%} – {one['high']:.1%})"]
        for one in found["groups"]
    ]
    head = [both("customers as of then", "当时的客户"), both("how many", "人数"), both("within", "落入区间的比例")]
    told = f"<figure>{drawn}</figure><section>{table(head, listed)}</section>"
    return [part(("Did the interval hold", "区间是否可靠"), told, note=_chosen(found))]


def _chosen(found: dict[str, Any]) -> Two:
    day, share = found["cohort"][:10], f"{found['covered']:.1%}"
    days = ", ".join(one[:10] for one in found["chosen_on"])
    en = f"Of {found['customers']:,} customers of {day}, {share} spent within it, of {found['promised']:.0%} promised."
    zh = f"{day} 的 {found['customers']:,} 名客户中，{share} 落入区间；承诺为 {found['promised']:.0%}。"
    if days:
        overlap = (", whose horizons overlap with it", "，与其周期重叠") if found["is_apart"] is False else ("", "")
        en, zh = f"{en} Its width was chosen on {days}{overlap[0]}.", f"{zh}宽度由 {days} 的客户群选定{overlap[1]}。"
    return en, zh


def _judged(report: dict[str, Any]) -> str:
    if not report["judgements"]:
        return ""
    head = [both("cohort", "客户群"), both("estimator", "估计方法"), both("customers", "客户数"),
            both("total off by", "总额误差"), both("mean error", "平均误差"), both("loss", "损失"),
            both("rank", "等级相关")]  # fmt: skip
    rows = []
    for one in report["judgements"]:
        name = both(*NAMES[one["estimator"]])
        told = [one["cutoff"][:10], f"<b>{name}</b>" if one["estimator"] == report["estimator"] else name]
        if one["why"]:
            rows.append([*told, f"{one['customers']:,}", escape(one["why"]), *[NOTHING] * 3])
            continue
        numbers = [f"{one['total_error_ratio'] or 0:+.1%}", _money(one["mean_absolute_amount"]), _money(one["loss"])]
        rows.append([*told, f"{one['customers']:,}", *numbers, f"{one['rank'] or 0:.2f}"])
    note = (
        "Sales a customer. Bold serves: its loss is the lowest, and below that of “as much as before”.",
        "以人均销售额计。加粗者被采用：其损失最低，且低于“与上一期相同”。",
    )
    return part(("How estimates fared on past cohorts", "历史客户群上的表现"),
                f"<section>{table(head, rows)}</section>", note=note)  # fmt: skip


def _money(amount: float) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.1f}"
