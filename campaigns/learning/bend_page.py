"""The page of how far campaigns bend the labels: campaigns/learning/bend.html, English and Chinese.

Start reading at `bend_page`.
"""

from collections.abc import Sequence
from datetime import datetime

from campaigns.learning.advice import WORDS as WORDS_OF_RULES
from campaigns.learning.advice import advised
from campaigns.learning.bend import WORDS, Bend
from campaigns.ledger.effect_pictures import STYLE, Interval, intervals
from churn.calendar import Calendar
from churn.page import both, frame, part, table
from churn.settings import Settings

HEAD = (
    ("model", "模型"), ("cutoff", "时点"), ("rows", "行数"), ("treated", "被触达占比"), ("rate, treated", "触达者比率"),
    ("rate, held out", "对照组比率"), ("naive rate", "直接统计的比率"), ("without campaigns", "若无活动"),
    ("bend", "偏移"),
)  # fmt: skip


def bend_page(found: Sequence[Bend], settings: Settings, now: datetime) -> str:
    """The page, HTML.

    Args:
        found: of each model and cutoff.
        settings: whose; which rule is in force.
        now: by the business's clock.
    """
    calendar, rule = Calendar(settings.business.timezone), settings.training.treated_rows
    rows = [_cells(one, calendar) for one in found]
    en = (
        "Bend: the naive rate less the rate had nobody been contacted; below zero, campaigns make customers look safer "
        "to a model that learns from everybody. 95 % intervals, customers drawn as a whole."
    )
    note = (
        en,
        "偏移 = 直接统计的比率 − 若无活动的比率；为负表示活动使客户在模型眼中显得更安全。95% 区间，按客户整体抽取。",
    )
    return frame(
        f"Bend: {settings.business.name}", language=settings.business.language,
        heading=both("How far campaigns bend the labels", "活动使标签偏移多少"),
        as_of=both(f"As of {now:%Y-%m-%d %H:%M} UTC. Retraining rule in force: {rule}.",
                   f"截至 {now:%Y-%m-%d %H:%M} UTC。当前的再训练规则：{rule}。"),
        body=[*_pictures(found, calendar),
              part(("By model and cutoff", "按模型与时点"), table([both(*one) for one in HEAD], rows), note=note)],
        style=STYLE,
        footer=("How to read it: docs/learning-from-campaigns.md.", "说明见 docs/learning-from-campaigns.md。"),
    )  # fmt: skip


def _pictures(found: Sequence[Bend], calendar: Calendar) -> list[str]:
    """By model: the bend of each cutoff and of all, with intervals, and the rule that it asks for."""
    told = []
    for model in dict.fromkeys(one.model for one in found):
        mine = [one for one in found if one.model == model and one.bend is not None]
        title = (f"Bend in points: {model}", f"偏移（百分点）：{model}")
        why = sorted({one.why_not for one in found if one.model == model and one.why_not})
        said = [both(*WORDS[code]) for code in why] + [both(*WORDS_OF_RULES[advised(found, model)])]
        says = "".join(f"<p>{one}</p>" for one in said)
        told.append(part(title, (intervals(title, [_line(one, calendar) for one in mine]) if mine else "") + says))
    return told


def _line(one: Bend, calendar: Calendar) -> Interval:
    value, low, high = (100 * (number or 0.0) for number in (one.bend, one.low, one.high))
    day = "" if one.cutoff is None else f"{calendar.day_of(one.cutoff):%Y-%m-%d}"
    name = (day, day) if day else ("all cutoffs", "全部时点")
    return Interval(name, value, low, high, f"{value:+.2f} ({low:+.2f} … {high:+.2f})", is_beside=bool(day))


def _cells(one: Bend, calendar: Calendar) -> list[str]:
    when = both("all", "全部") if one.cutoff is None else f"{calendar.day_of(one.cutoff):%Y-%m-%d}"
    bend = "–"
    if one.bend is not None:
        bend = f"{100 * one.bend:+.2f} ({100 * (one.low or 0):+.2f} … {100 * (one.high or 0):+.2f})"
    rates = [_rate(rate) for rate in (one.treated_rate, one.held_out_rate, one.naive_rate, one.untreated_rate)]
    return [one.model, when, f"{one.rows:,}", _rate(one.treated / one.rows), *rates, bend]


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f}%"
