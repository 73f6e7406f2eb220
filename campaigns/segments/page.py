"""The page of segments, `campaigns/segments/report.html`: who is in them, the RFM grid, and what changed.

One file, no script, nothing from outside; English and Chinese by a switch. Start reading at `page`.
"""

from collections.abc import Callable
from html import escape
from typing import Any, Final

import pandas as pd

from campaigns.segments.drift_page import drift_parts
from campaigns.segments.grid import TYPES
from campaigns.segments.intervals import NOTHING, share, share_of
from campaigns.segments.outcomes import EVERYBODY
from campaigns.segments.pictures import STYLE, heat
from campaigns.segments.report import Report
from campaigns.segments.rfm import Rfm
from churn.calendar import Calendar
from churn.page import Two, both, frame, part, table
from churn.segment_sections import KINDS

FOOTER: Final = (
    "Whoever is in a segment may not be contacted for that alone: churn campaign plan asks. See docs/segments.md.",
    "属于某分群不代表可以联系：churn campaign plan 会核查。见 docs/segments.md。",
)
NONE: Final = ("None is saved: add a [[segment]] to churn.toml.", "尚未保存：请在 churn.toml 中加入 [[segment]]。")
TYPED: Final = (
    "Each of the three is parted at its median: silence, orders, money. Layers of money are in report.json.",
    "三项指标均以中位数划分；金额分层见 report.json。",
)
WHY: Final = {
    "no_scores": ("Nobody was scored yet, so there is no mean probability.", "尚未评分，故无平均概率。"),
    "scores_of_another_instant": (
        "The newest scores are of another instant, so there is no mean probability.",
        "最新评分属于另一时点，故无平均概率。",
    ),
}  # fmt: skip


def page(report: Report) -> str:
    """The page."""
    business = report.settings.business
    calendar = report.settings.lifecycle.calendar
    as_of = f"{report.as_of.astimezone(calendar.zone):%Y-%m-%d %H:%M}, {calendar.timezone}"
    body = [_segments(report)]
    if report.grid is not None:
        body += _grid(report.grid, business.currency, calendar)
    if report.drift is not None:
        body += drift_parts(report.drift, {one.name: (one.en, one.zh) for one in report.settings.segment}, calendar)
    return frame(
        f"{business.name}: segments", language=business.language, heading=escape(business.name),
        says=both("Segments of customers, and how they change.", "客户分群及其变化。"),
        as_of=both(f"As of {as_of}, by what was known then; {report.customers:,} customers.",
                   f"截至 {as_of}，仅用当时已知信息；客户 {report.customers:,} 名。"),
        body=body, footer=FOOTER, style=STYLE,
    )  # fmt: skip


def _segments(report: Report) -> str:
    rows = []
    for one in report.settings.segment:
        told = NOTHING, NOTHING
        if one.name in report.sizes:
            found = share_of(report.sizes[one.name], report.customers, report.settings.segments.confidence)
            told = f"{report.sizes[one.name]:,}", share(found)
        more = _outcomes(report, one.name)
        rows.append([both(one.en, one.zh), both(*KINDS[one.kind]), f"<code>{escape(one.where)}</code>", *told, *more])
    if not rows:
        return part(("Saved segments", "已保存的分群"), f"<p>{both(*NONE)}</p>")
    head = [both("segment", "分群"), both("kind", "类型"), both("condition", "条件"), both("customers", "客户数"),
            both("share, with its interval", "占比及区间")]  # fmt: skip
    if report.outcomes is None:
        return part(("Saved segments", "已保存的分群"), f"<section>{table(head, rows)}</section>")
    currency = report.settings.business.currency
    head += [both("left then, of so many", "彼时流失率/人数"), both("mean probability", "平均概率"),
             both(f"margin expected each, {currency}", f"人均预期毛利（{currency}）")]  # fmt: skip
    rows.append([f"<b>{both('everybody', '全部客户')}</b>", "", "", f"{report.customers:,}", "",
                 *_outcomes(report, EVERYBODY)])  # fmt: skip
    return part(("Saved segments", "已保存的分群"), f"<section>{table(head, rows)}</section>", note=_then(report))


def _then(report: Report) -> Two | None:
    """Of which instant it is told who left."""
    at = report.outcomes.matured_at if report.outcomes else None
    if at is None:
        return None
    day = f"{report.settings.lifecycle.calendar.day_of(at):%Y-%m-%d}"
    return (f"Left then: of those who were in it on {day} and whom the model is asked about.",
            f"彼时流失率：{day} 属于该分群且由模型评分的客户。")  # fmt: skip


def _outcomes(report: Report, name: str) -> list[str]:
    """What became of a segment; nothing where nobody asked."""
    if report.outcomes is None:
        return []
    one = report.outcomes.rows.get(name)
    if one is None:
        return [NOTHING] * 3
    left, mean, worth = one["left"], one["mean_probability"], one["mean_clv_amount"]
    return [f"{share(left)} / {left['n']:,}" if left and left["n"] else NOTHING,
            NOTHING if mean is None else f"{mean:.1%}", NOTHING if worth is None else f"{worth:,.0f}"]  # fmt: skip


def _grid(grid: Rfm, currency: str, calendar: Calendar) -> list[str]:
    days = grid.edges.days
    note = (
        f"Rows: days since the last order. Columns: orders of the last {days} days. Equal numbers share a cell.",
        f"行：距上次下单天数。列：近 {days} 天订单数。数值相同者在同一格。",
    )
    pictures: list[tuple[Two, Callable[[pd.DataFrame], tuple[float | None, str]]]] = [
        (("customers", "客户数"), lambda rows: (float(rows["customers"].sum()), f"{rows['customers'].sum():,}")),
        ((f"mean spend ({currency})", f"人均消费（{currency}）"), _spend),
    ]
    if grid.matured_at is not None:
        day = f"{calendar.day_of(grid.matured_at):%Y-%m-%d}"
        pictures.append(((f"left, of those there on {day}", f"{day} 在此格者的流失率"), _left))
    if grid.why_unscored is None:
        pictures.append((("mean probability of leaving", "平均流失概率"), _scored))
    drawn = "".join(f"<figure><h3>{both(*name)}</h3>{_heat(grid, told, name[0])}</figure>" for name, told in pictures)
    why = f'<p class="quiet">{both(*WHY[grid.why_unscored])}</p>' if grid.why_unscored else ""
    return [
        part(("The RFM grid", "RFM 网格"), f'<div class="grid">{drawn}</div>{why}', note=note),
        part(("Its eight types", "八类客户"), f"<section>{_types(grid)}</section>", note=TYPED),
    ]  # fmt: skip


def _heat(grid: Rfm, told: Callable[[pd.DataFrame], tuple[float | None, str]], title: str) -> str:
    silence, orders, _ = grid.ranges
    cells = [[_cell(grid.cells, row, column, told) for column in range(len(orders))] for row in range(len(silence))]
    return heat(cells, silence, orders, title=title)


def _cell(cells: pd.DataFrame, row: int, column: int, told: Callable[[pd.DataFrame], Any]) -> tuple[float | None, str]:
    rows = cells[(cells["silence"] == row) & (cells["orders"] == column)]
    found: tuple[float | None, str] = told(rows) if len(rows) else (None, NOTHING)
    return found


def _spend(rows: pd.DataFrame) -> tuple[float | None, str]:
    mean = float(rows["amount_total"].sum() / rows["customers"].sum())
    return mean, f"{mean:,.0f}"


def _left(rows: pd.DataFrame) -> tuple[float | None, str]:
    count, n = (sum(one[name] for one in rows["realised"]) for name in ("count", "n"))
    return (count / n, f"{count / n:.0%} /{n}") if n else (None, NOTHING)


def _scored(rows: pd.DataFrame) -> tuple[float | None, str]:
    n = int(rows["scored"].sum())
    mean = float((rows["mean_probability"].fillna(0) * rows["scored"]).sum() / n) if n else None
    return mean, NOTHING if mean is None else f"{mean:.0%}"


def _types(grid: Rfm) -> str:
    head = [both("type", "类型"), both("customers", "客户数"), both("money", "金额"),
            both("left then, of so many", "彼时流失率/人数"), both("mean probability", "平均概率")]  # fmt: skip
    rows = []
    for one in grid.types.to_dict("records"):
        left, mean = one["realised"], one["mean_probability"]
        told = f"{share(left)} / {left['n']:,}" if left["n"] else NOTHING
        name = both(*TYPES[one["type"]])
        rows.append([name, f"{one['customers']:,}", f"{one['amount_total']:,.0f}", told,
                     NOTHING if pd.isna(mean) else f"{mean:.1%}"])  # fmt: skip
    return table(head, rows)
