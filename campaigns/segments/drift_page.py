"""On the page of segments: what changed over months, of segments, types and single cells. Start at `drift_parts`."""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape
from typing import Any, Final

from campaigns.segments.drift import TYPE, Drift
from campaigns.segments.grid import OUTSIDE, TYPES
from campaigns.segments.intervals import NOTHING, share
from campaigns.segments.pictures import heat, way
from churn.calendar import Calendar
from churn.page import Two, both, part, table

MOST_CELLS: Final = 20  # told on the page


def drift_parts(drift: Drift, names: dict[str, Two], calendar: Calendar) -> list[str]:
    """The parts of the page that tell what changed.

    Args:
        drift: over months.
        names: of segments, in two languages.
        calendar: of the business.
    """
    days = [calendar.day_of(one) for one in drift.instants]
    first, last = (f"{days[at]:%Y-%m-%d}" for at in (0, -1))
    level = f"{1 - drift.confidence:.0%}"
    many = f"{drift.tested + drift.cells.tested:,}"
    en = f"{first} to {last}. Marked: beyond chance; the chance of any false mark among all {many} changes is "
    zh = f"{first} 至 {last}。带标记者超出偶然：全部 {many} 项变化整体误标概率不超过 {level}；仅供参考，不告警。"
    note = (f"{en}{level} at most. A report, no alarm.", zh)
    told = f"<section>{_changes(drift, names, days)}</section>"
    if drift.untold:
        text = ", ".join(drift.untold)
        told += (
            f"<p>{both(f'Without a past, as they go by the value tier: {text}.', f'按价值等级，无历史：{text}。')}</p>"
        )
    moves = ("Rows: where they stood. Columns: where they stand.", "行：原类型。列：现类型。")
    return [
        part(("What changed", "变化"), told, note=note),
        part((f"Who moved, {first} to {last}", f"{first} 至 {last} 的流动"), f"<section>{_moves(drift)}</section>",
             note=moves),
        _cells(drift, calendar, (first, last)),
    ]  # fmt: skip


def _changes(drift: Drift, names: dict[str, Two], days: list[date]) -> str:
    head = [both("group", "分群"), both("share by month", "每月占比"), both("first", "起"), both("last", "止"),
            both("change, with its interval", "变化及区间"), both("came", "转入"), both("went", "转出"),
            both("new customers", "新客户"), both("marked months", "带标记月份")]  # fmt: skip
    rows = []
    told = drift.as_json()["groups"]
    for (kind, name), group in zip(drift.groups, told, strict=True):
        months, moved = group["months"], group["first_to_last"]
        shares = [None if one["share"] is None else (one["share"], one["low"], one["high"]) for one in months]
        marks = [f"{days[at + 1]:%Y-%m}" for at, one in enumerate(group["changes"]) if one["is_marked"]]
        rows.append([
            both(*(TYPES[name] if kind == TYPE else names[name])), way(shares, title=name),
            *(share(months[at]).split(" ")[0] for at in (0, -1)), _change(moved),
            *(f"{moved[one]:,}" for one in ("came", "went", "fresh")), _marked(marks),
        ])  # fmt: skip
    return table(head, rows)


def _marked(months: list[str]) -> str:
    return f'<span class="mark">{"<br>".join(months)}</span>' if months else NOTHING


def _change(moved: dict[str, Any]) -> str:
    if moved["change"] is None:
        return NOTHING
    told = f"{100 * moved['change']:+.1f} ({100 * moved['low']:+.1f} – {100 * moved['high']:+.1f})"
    return f'<span class="mark">{told}</span>' if moved["is_marked"] else told


def _moves(drift: Drift) -> str:
    first = drift.groups.index((TYPE, next(iter(TYPES))))
    kinds = list(TYPES)
    rows = []
    for before, (name, words) in enumerate(TYPES.items()):
        stayed = [int(drift.flows.stayed[-1, first + now]) for now in range(len(kinds))]
        came = [int(drift.flows.came_from[-1, first + now, before]) for now in range(len(kinds))]
        rows.append([both(*words), *(f"{stayed[at] if kinds[at] == name else came[at]:,}" for at in range(len(kinds)))])
    fresh = [f"{int(drift.flows.fresh[-1, first + now]):,}" for now in range(len(kinds))]
    rows.append([both("not known before", "此前未知"), *fresh])
    short = [both(en.partition(": ")[2] or en.partition(" in ")[0], zh if one == OUTSIDE else zh.removesuffix("客户"))
             for one, (en, zh) in TYPES.items()]  # fmt: skip
    return table([both("before", "之前"), *short], rows)


def _cells(drift: Drift, calendar: Calendar, days: tuple[str, str]) -> str:
    """The change of each cell of silence and orders, and a table of the cells that are marked."""
    rows = drift.cells.rows([one.isoformat() for one in drift.instants])
    found = [one for one in rows if one["first_to_last"]["is_marked"] or one["marked_steps"]]
    silence, orders, _ = drift.edges.ranges
    cells = [[_change_of(rows, row, column) for column in range(len(orders))] for row in range(len(silence))]
    drawn = f"<figure>{heat(cells, silence, orders, title='change of the share of customers, in points')}</figure>"
    en = "Change of the share of customers, in points. Rows: days since the last order; columns: orders. Star: a cell "
    zh = "客户占比变化（百分点）。行：距上次下单天数；列：订单数。星号：其中某金额层被标记；共检验"
    tested = f"{drift.cells.tested:,}"
    note = f"{en}is marked; {tested} changes in which enough moved were tested.", f"{zh} {tested} 项流动足够的变化。"
    listed = f"<section>{_marked_cells(found, calendar)}</section>"
    if not found:
        listed = f"<p>{both('No cell changed beyond chance.', '没有超出偶然的单格变化。')}</p>"
    title = f"The cells of the grid, {days[0]} to {days[1]}", f"网格各格，{days[0]} 至 {days[1]}"
    return part(title, f'<div class="grid">{drawn}</div>{listed}', note=note)


def _change_of(rows: Sequence[dict[str, Any]], row: int, column: int) -> tuple[float | None, str]:
    mine = [one for one in rows if (one["row"], one["column"]) == (row, column)]
    if not mine:
        return None, NOTHING
    points = 100 * sum(one["first_to_last"]["change"] or 0.0 for one in mine)
    star = "*" if any(one["first_to_last"]["is_marked"] for one in mine) else ""
    return points, f"{points:+.1f}{star}"


def _marked_cells(found: Sequence[dict[str, Any]], calendar: Calendar) -> str:
    head = [both("days since the last order", "距上次下单天数"), both("orders", "订单数"), both("money", "金额"),
            both("first", "起"), both("last", "止"), both("change, with its interval", "变化及区间"),
            both("marked months", "带标记月份")]  # fmt: skip
    rows = []
    for one in found[:MOST_CELLS]:
        months = [f"{calendar.day_of(datetime.fromisoformat(step['until'])):%Y-%m}" for step in one["marked_steps"]]
        where = [escape(one[name]) for name in ("days_since_last_order", "orders", "amount")]
        shares = [share(one[at]).split(" ")[0] for at in ("first", "last")]
        rows.append([*where, *shares, _change(one["first_to_last"]), _marked(months)])
    more = len(found) - MOST_CELLS
    left = both(f"{more} more in report.json.", f"另有 {more} 格见 report.json。") if more > 0 else ""
    return f"{table(head, rows)}<p>{left}</p>"
