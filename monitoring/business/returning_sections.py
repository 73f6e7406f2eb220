"""What the site shows of returning, and of what follows events: silence, hazard ratios. Start reading at `sections`."""

from collections.abc import Iterator, Sequence
from html import escape

from churn.page import Two, both, table
from monitoring.business.after_event import KINDS, OUTCOMES, WINDOWS_DAYS, Ratio
from monitoring.business.hazards import Hazards, after_by_segment, cells_of
from monitoring.business.lifetimes import ORDERS, returns
from monitoring.business.survival import Share, Spells, curve, within
from monitoring.business.words import dimension_word, level_word
from monitoring.section import Section
from monitoring.site.plots import Bar, bars

SILENT_DAYS = (7, 14, 30, 45, 60, 90, 120, 180, 270, 365)
WITHIN_DAYS = 30
SEGMENT_DAYS = (14, 30, 60, 90, 180)
KIND_WORDS: dict[str, Two] = {
    "complaint": ("a complaint", "投诉"),
    "support_ticket": ("a support ticket", "客服工单"),
    "return": ("a return or refund", "退货或退款"),
    "price_change": ("a price change", "价格变动"),
    "campaign_contact": ("a campaign contact", "营销触达"),
}
assert set(KIND_WORDS) == set(KINDS)
SILENCE_NOTE: Two = (
    (
        "Of customers who have been silent for so many days, the share that orders within the next. The "
        "interval of 95 % "
        "leaves out random groups of customers in turn, since pauses of one customer resemble one another."
    ),
    (
        "沉默达到该天数的客户中，在其后若干天内再次下单的比例。同一客户的多次间隔彼此相似，"
        "故 95% 区间按随机分组逐一剔除计算。"
    ),
)
AFTER_NOTE: Two = (
    (
        "Active customers who had the event in the 30 days before a month began, against customers of the same month, "
        "stage, days of silence and number of orders without it: how many times their rate, with the interval "
        "of 95 %. An "
        "association, not the cause."
    ),
    (
        "月初前 30 天内发生该事件的活跃客户，与同月、同阶段、同沉默天数、同订单数而未发生者相比的风险比及 95% 区间。"
        "这是关联，并非因果。"
    ),
)


def sections(found: Hazards, horizon_days: int) -> Iterator[Section]:
    """Parts of the business page.

    Args:
        found: what the walk through the log told.
        horizon_days: of the definition.
    """
    if not found.lifetimes.pauses:
        return
    title = ("Silence, and who returns", "沉默与回归")
    yield Section("business", "silence", title, _silence(found, horizon_days), SILENCE_NOTE)
    title = ("What follows an event", "事件之后")
    yield Section("business", "after-event", title, _after(found), AFTER_NOTE)


def _silence(found: Hazards, horizon_days: int) -> str:
    every = found.lifetimes.silence()
    pictures = [_returning(every, days) for days in dict.fromkeys((WITHIN_DAYS, horizon_days))]
    by_orders = [(name, found.lifetimes.silence(name)) for _, name in ORDERS]
    head = [
        both("days of silence", "沉默天数"),
        *(both(f"{name} orders so far", f"累计 {name} 单") for name, _ in by_orders),
    ]
    rows = [[str(days), *(_chance(groups, days, found.min_cell) for _, groups in by_orders)] for days in SILENT_DAYS]
    said = (
        f"Chance of an order within {WITHIN_DAYS} days, by orders so far",
        f"{WITHIN_DAYS} 天内再次下单的概率，按累计订单数",
    )
    told = f'<h3>{both(*said)}</h3><div class="scroll">{table(head, rows)}</div>'
    return f'<div class="grid">{"".join(pictures)}</div>{told}{_by_segment(found)}'


def _by_segment(found: Hazards) -> str:
    """Return within 30 days, by days of silence and segment."""
    rows = []
    for dimension in found.lifetimes.segmentation.dimensions[1:]:
        for name, spells in cells_of(found, dimension, found.lifetimes.silent):
            word = level_word(dimension.name, name, found.lifetimes.segmentation, found.currency)
            shares = [within(curve(spells), days, WITHIN_DAYS) for days in SEGMENT_DAYS]
            chances = [f"{one.value:.0%}" if one and one.n >= found.min_cell else "–" for one in shares]
            rows.append([both(*dimension_word(dimension.name)), both(*word), *chances])
    if not rows:
        return ""
    head = [both("segment", "细分"), both("level", "取值")]
    head += [both(f"silent {days} days", f"沉默 {days} 天") for days in SEGMENT_DAYS]
    heading = both(f"Order within {WITHIN_DAYS} days, by segment", f"{WITHIN_DAYS} 天内再次下单，按细分")
    return f'<details><summary>{heading}</summary><div class="scroll">{table(head, rows)}</div></details>'


def _returning(groups: Sequence[Spells], within_days: int) -> str:
    told = [(days, returns(groups, days, within_days)) for days in SILENT_DAYS]
    title = (f"Order within {within_days} days, by days of silence", f"{within_days} 天内再次下单，按沉默天数")
    rows = [bar_of((f"{days} days", f"{days} 天"), share) for days, share in told]
    return bars(rows, title=title)


def _chance(groups: Sequence[Spells], days: int, least: int) -> str:
    share = returns(groups, days, WITHIN_DAYS)
    if share is None:
        return both("immature", "尚未成熟")
    if share.n < least:
        return both("too few", "样本过少")
    return f"{share.value:.0%} ({share.low:.0%}–{share.high:.0%})"


def _after(found: Hazards) -> str:
    head = [
        both("after", "事件"), both("within", "时间"), both("lapse, times as often", "流失风险比"),
        both("next order, times as often", "再次下单比"), both("with the event", "发生该事件的客户月"),
    ]  # fmt: skip
    rows, missing = [], []
    for kind, words in KIND_WORDS.items():
        told = {
            (days, outcome): found.after.ratio(kind, outcome, window_days=days)
            for days in WINDOWS_DAYS
            for outcome in ("lapse", "order")
        }
        if not any(told.values()):
            missing.append(words)
            continue
        for days in WINDOWS_DAYS:
            lapse, order = told[days, "lapse"], told[days, "order"]
            exposed = next((one.exposed for one in (lapse, order) if one), 0)
            rows.append(
                [both(*words), both(f"{days} days", f"{days} 天"), _ratio(lapse), _ratio(order), f"{exposed:,}"]
            )
    said = ("The log tells too little to say anything of: ", "日志中信息不足、无法判断：")
    names = ", ".join(one[0] for one in missing), "、".join(one[1] for one in missing)
    rest = f'<p class="quiet">{both(said[0] + names[0], said[1] + names[1])}</p>' if missing else ""
    return f'<div class="scroll">{table(head, rows)}</div>{_after_by_segment(found)}{rest}' if rows else rest


def _after_by_segment(found: Hazards) -> str:
    """Both ratios of each level with enough to tell, by kind of event."""
    told: dict[str, dict[tuple[str, str], dict[str, Ratio]]] = {}
    for kind, outcome, dimension, level, ratio in after_by_segment(found):
        told.setdefault(kind, {}).setdefault((dimension, level), {})[outcome] = ratio
    parts, days = [], WINDOWS_DAYS[-1]
    for kind, levels in told.items():
        words, rows = KIND_WORDS[kind], []
        head = [
            both(f"after {words[0]}, within {days} days", f"{words[1]}之后 {days} 天内"), both("level", "取值"),
            both("lapse, times as often", "流失风险比"), both("next order, times as often", "再次下单比"),
            both("with the event", "发生该事件的客户月"),
        ]  # fmt: skip
        for (dimension, level), ratios in levels.items():
            word = level_word(dimension, level, found.after.segmentation, found.currency)
            each = [_ratio(ratios.get(outcome)) for outcome in OUTCOMES]
            exposed = next(iter(ratios.values())).exposed
            rows.append([both(*dimension_word(dimension)), both(*word), *each, f"{exposed:,}"])
        heading = both(f"After {words[0]}, within {days} days, by segment", f"{words[1]}之后 {days} 天内，按细分")
        parts.append(f'<details><summary>{heading}</summary><div class="scroll">{table(head, rows)}</div></details>')
    return "".join(parts)


def _ratio(told: Ratio | None) -> str:
    if told is None:
        return both("too few", "样本过少")
    return escape(f"{told.value:.2f} ({told.low:.2f}–{told.high:.2f})")


def bar_of(name: Two, share: Share | None) -> Bar:
    """A share as a bar; immature where there is none."""
    if share is None:
        return Bar(name, None, told=("immature", "尚未成熟"))
    return Bar(name, share.value, share.low, share.high)
