"""What the site shows of leaving: survival, critical moments, median lifetimes, by segment.

Start reading at `sections`.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from churn.page import Two, both, table
from monitoring.business.critical_months import MONTH_DAYS, Month, Peak, monthly, peaks
from monitoring.business.hazards import Hazards, cells_of
from monitoring.business.lifetimes import Lifetimes
from monitoring.business.returning_sections import bar_of
from monitoring.business.segments import TOTAL, Dimension
from monitoring.business.survival import Curve, Share, Spells, curve, median
from monitoring.business.words import dimension_word, level_word
from monitoring.section import Section
from monitoring.site.plots import Bar, Mark, Series, bars, line, steps

MOST_POINTS = 120
SURVIVAL_NOTE: Two = (
    (
        "From the first order to the lapse, by Kaplan and Meier, with a band of 95 %. Who has not lapsed is "
        "watched until "
        "today and counts as gone nowhere."
    ),
    "自首单至流失的时间，按 Kaplan–Meier 法估计，附 95% 区间。尚未流失的客户观察至今，不计为流失。",
)


def sections(found: Hazards) -> Iterator[Section]:
    """The part of the business page."""
    lives = found.lifetimes.lives.get((TOTAL, TOTAL))
    if lives is None or not lives.count:
        return
    title = ("How long customers stay", "客户留存多久")
    yield Section("business", "survival", title, _survival(found, lives), SURVIVAL_NOTE)


def _survival(found: Hazards, lives: Spells) -> str:
    told, months = curve(lives), monthly(lives, least=found.min_cell)
    high = peaks(months)
    marks = [Mark((one.top + 0.5) * MONTH_DAYS, _month_of(one.top)) for one in high[:3]]
    series = [_series(("still customers", "仍为客户"), told)]
    survival = steps(
        series, _days(told), title=("Still customers after so many days", "若干天后仍为客户的比例"), marks=marks
    )
    hazard = line(
        [_hazards(months)],
        [str(one.number + 1) for one in months],
        title=("Share that lapses in each 30 days of the relationship", "关系存续每 30 天内的流失比例"),
        as_percent=True,
        from_zero=True,
    )
    after = bars(
        [bar_of(_after_nth(nth), share) for nth, share in enumerate(found.lifetimes.after_order())],
        title=("Share that lapses before the next order", "下一单之前流失的比例"),
    )
    return (
        f"{_half(told)}{_critical(found, high)}"
        f'<div class="grid">{survival}{hazard}{after}{_quarters(found)}</div>{_by_segment(found)}'
    )


def _days(told: Curve) -> list[float]:
    """Days at which the curve is drawn: not all of them, and never beyond what was watched."""
    end = max(told.watched_days, 1)
    return [float(day) for day in np.unique(np.linspace(0, end, min(end + 1, MOST_POINTS)).astype(int))]


def _series(name: Two, told: Curve) -> Series:
    at = [int(day) for day in _days(told)]
    kept, low, high = ([float(one[day]) for day in at] for one in (told.survival, told.low, told.high))
    return Series(name, kept, low, high)


def _hazards(months: Sequence[Month]) -> Series:
    rows = [one.hazard for one in months]
    name = ("lapse", "流失")
    return Series(name, [one.value for one in rows], [one.low for one in rows], [one.high for one in rows])


def _half(told: Curve) -> str:
    half, low, high = median(told)
    if half is None:
        said = (
            (
                f"Fewer than half have lapsed within the {told.watched_days:,} days that were watched: how "
                "long half of "
                "them stay is immature."
            ),
            f"在所观察的 {told.watched_days:,} 天内流失者不足一半，中位寿命尚未成熟。",
        )
    else:
        ends = _between(low, high)
        said = (
            f"Half of all customers have lapsed {half:,.0f} days after their first order{ends[0]}.",
            f"首单之后 {half:,.0f} 天，已有一半客户流失{ends[1]}。",
        )
    return f"<p>{both(*said)}</p>"


def _between(low: float | None, high: float | None) -> Two:
    if low == high or low is None:
        return "", ""
    if high is None:
        return f" (95 %: from {low:,.0f})", f"（95%：{low:,.0f} 天起）"
    return f" (95 %: {low:,.0f} to {high:,.0f})", f"（95%：{low:,.0f} 至 {high:,.0f} 天）"


def _month_of(number: int) -> Two:
    start, end = number * MONTH_DAYS, (number + 1) * MONTH_DAYS - 1
    return f"days {start}–{end}", f"第 {start}–{end} 天"


def _after_nth(nth: int) -> Two:
    last = "+" if nth == 9 else ""
    return f"after order {nth + 1}{last}", f"第 {nth + 1}{last} 单之后"


def _critical(found: Hazards, high: Sequence[Peak]) -> str:
    """The critical moments in words."""
    told = [_peak(found.lifetimes, one) for one in high]
    after = _worst_order(found.lifetimes.after_order(), found.min_cell)
    told += [after] if after else []
    if not told:
        said = ("No month stands out: customers leave evenly.", "没有特别突出的月份：客户的流失较为均匀。")
        return f"<p>{both(*said)}</p>"
    items = "".join(f"<li>{both(*one)}</li>" for one in told)
    return f"<h3>{both('Critical moments', '关键时刻')}</h3><ul>{items}</ul>"


def _peak(lifetimes: Lifetimes, one: Peak) -> Two:
    start, end = one.first * MONTH_DAYS, (one.last + 1) * MONTH_DAYS - 1
    alone = int(lifetimes.alone[start : end + 1].sum()) / max(one.ended, 1)
    ratio = "" if one.ratio == float("inf") else f", {one.ratio:.1f} times the other months"
    times = "" if one.ratio == float("inf") else f"，为其他月份的 {one.ratio:.1f} 倍"
    return (
        (
            f"Days {start} to {end} after the first order: {one.hazard:.0%} of those still there lapse in "
            "their worst 30 "
            f"days{ratio}; {alone:.0%} of these {one.ended:,} customers had ordered once and never again."
        ),
        (
            f"首单后第 {start} 至 {end} 天：最严重的 30 天内有 {one.hazard:.0%} 的在册客户流失{times}；"
            f"这 {one.ended:,} 位客户中 {alone:.0%} 仅下过一单。"
        ),
    )


def _worst_order(shares: Sequence[Share | None], least: int) -> Two | None:
    """After which order most leave, where it stands out from the next one beyond both intervals."""
    known = [(nth, one) for nth, one in enumerate(shares) if one is not None and one.n >= least]
    if len(known) < 2:
        return None
    nth, worst = max(known, key=lambda pair: pair[1].low)
    rest = [one for place, one in known if place != nth]
    if worst.low <= max(one.high for one in rest):
        return None
    usual = max(rest, key=lambda one: one.value)
    return (
        (
            f"After order {nth + 1}: {worst.value:.0%} lapse before the next one; after no other order more than "
            f"{usual.value:.0%}."
        ),
        f"第 {nth + 1} 单之后：{worst.value:.0%} 的客户在下一单之前流失；其余各单之后均不超过 {usual.value:.0%}。",
    )


def _quarters(found: Hazards) -> str:
    """Median lifetime by the quarter of the first order; immature where fewer than half have lapsed."""
    quarters = {
        name: curve(one) for name, one in sorted(found.lifetimes.quarters.items()) if one.count >= found.min_cell
    }
    if not quarters:
        return ""
    halves = {name: median(told) for name, told in quarters.items()}
    rows = [
        Bar((name, name), half, low, high, told=None if half is not None else ("immature", "尚未成熟"))
        for name, (half, low, high) in halves.items()
    ]
    title = ("Median lifetime in days, by quarter of the first order", "中位寿命（天），按首单季度")
    return bars(rows, title=title, as_percent=False)


def _by_segment(found: Hazards) -> str:
    """Median lifetime and survival to half a year and a year, by every segment."""
    dimensions = found.lifetimes.segmentation.dimensions[1:]
    rows = [row for dimension in dimensions for row in _levels(found, dimension)]
    if not rows:
        return ""
    head = [
        both("segment", "细分"), both("level", "取值"), both("customers", "客户数"), both("median days", "中位天数"),
        both("after 180 days", "180 天后仍在"), both("after 365 days", "365 天后仍在"),
        both("critical days", "关键天数"),
    ]  # fmt: skip
    said = (
        ("By segment", "按细分"),
        (
            "Levels that may change are those of the first month that the customer reached; watched from then on.",
            "可变的取值以客户经历的首个月初为准，并自此开始观察。",
        ),
    )
    return (
        f"<details><summary>{both(*said[0])}</summary>"
        f'<p class="quiet">{both(*said[1])}</p><div class="scroll">{table(head, rows)}</div></details>'
    )


def _levels(found: Hazards, dimension: Dimension) -> Iterator[list[str]]:
    for name, spells in cells_of(found, dimension, found.lifetimes.lives):
        told = curve(spells)
        half, _, _ = median(told)
        days = both("immature", "尚未成熟") if half is None else f"{half:,.0f}"
        word = level_word(dimension.name, name, found.lifetimes.segmentation, found.currency)
        kept = [_kept(told, day) for day in (180, 365)]
        high = [_moment(one) for one in peaks(monthly(spells, least=found.min_cell))]
        yield [
            both(*dimension_word(dimension.name)),
            both(*word),
            f"{spells.count:,}",
            days,
            *kept,
            ", ".join(high) or "–",
        ]


def _moment(one: Peak) -> str:
    return f"{one.top * MONTH_DAYS}–{(one.top + 1) * MONTH_DAYS - 1}: {one.hazard:.0%}"


def _kept(told: Curve, day: int) -> str:
    if day > told.watched_days:
        return both("immature", "尚未成熟")
    return f"{told.survival[day]:.0%} ({told.low[day]:.0%}–{told.high[day]:.0%})"
