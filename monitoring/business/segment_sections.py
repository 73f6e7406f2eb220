"""What the page of the business shows by segment, and of cohorts. Start reading at `sections`."""

from collections.abc import Iterator

import numpy as np

from churn.page import Two, both, table
from monitoring.business.cohorts import Row, rows_of, since_of
from monitoring.business.content import FAMILIES
from monitoring.business.page_words import BOUGHT, COHORTS_NOTE, NO_MONTH, NOT_OVER, SINCE, STILL, segments_note
from monitoring.business.retention import Retention
from monitoring.business.segments import TOTAL, Dimension
from monitoring.business.shown import AND_OTHER
from monitoring.business.shown import Cell as Level
from monitoring.business.taking_stock import Stocktaking
from monitoring.business.triangles import triangles
from monitoring.business.words import amount, count, dimension_word, interval, level_word, percent
from monitoring.section import Section
from monitoring.site.plots import Bar, Cell, bars, heat

PAGE = "business"
MOST_ROWS, LEVEL_ROWS = 24, 12
JOINED: Two = ("first order in", "首单月份")
ACTIVE_ON: Two = ("active on", "基准日")


def sections(found: Stocktaking) -> Iterator[Section]:
    """Segments, then cohorts."""
    note = segments_note(found.min_cell)
    yield Section(PAGE, "segments", ("By segment", "按细分群体"), _segments(found), note)
    yield Section(PAGE, "cohorts", ("Cohorts", "群组留存"), _cohorts(found), COHORTS_NOTE)


def _segments(found: Stocktaking) -> str:
    nth = found.latest("quarter")
    nth = found.latest("month") if nth is None else nth
    if nth is None:
        return f"<p>{both(*NO_MONTH)}</p>"
    said = both(f"Figures of {found.periods[nth].name}.", f"时期：{found.periods[nth].name}。")
    return f"<p>{said}</p>" + "".join(_dimension(found, nth, one) for one in found.dimensions)


def _dimension(found: Stocktaking, nth: int, dimension: Dimension) -> str:
    cells = {name: _cells(found, nth, dimension, name) for name in FAMILIES}
    title, levels = dimension_word(dimension.name), cells["retention"]
    if not levels:
        return f"<h3>{both(*title)}</h3><p>{both('Too few customers to tell apart.', '客户太少，无法区分。')}</p>"
    words = [level_word(dimension.name, level.name, found.segmentation, found.currency) for level in levels]
    kept = [found.retention(nth, dimension.name, level) for level in levels]
    drawn = [
        Bar(name, one.by_cohort.value, one.by_cohort.low, one.by_cohort.high)
        for name, one in zip(words, kept, strict=True)
        if one.by_cohort and found.tells_rate(one.start, dimension.name)
    ]
    names = [both(*name) for name in words]
    moves = [[name, *_moves(found, dimension.name, one)] for name, one in zip(names, kept, strict=True)]
    money = [
        [name, *_money(found, nth, dimension.name, {key: _holding(mine, level) for key, mine in cells.items()})]
        for name, level in zip(names, levels, strict=True)
    ]
    picture = bars(drawn, title=title, caption=("Retention by cohort, 95 % interval", "群组留存率，95% 区间"))
    return f'<div class="grid">{picture}</div>{table(MOVES, moves)}{table(MONEY, money)}'


MOVES = [
    both("segment", "群体"), both("at the start", "期初活跃"), both("acquired", "新获客"), both("lapsed", "流失"),
    both("won back", "赢回"), both("at the end", "期末活跃"), both("retention by cohort", "群组留存率"),
    both("by formula", "公式留存率"),
]  # fmt: skip
MONEY = [
    both("segment", "群体"), both("repeat purchase", "复购率"), both("per buyer", "人均消费"),
    both("from known", "老客收入占比"), both("lost, each", "流失价值人均"), both("won back, each", "赢回价值人均"),
    both("referrals per active", "人均推荐"),
]  # fmt: skip


def _moves(found: Stocktaking, dimension: str, one: Retention) -> list[str]:
    told = found.tells_rate(one.start, dimension)
    rates = [interval(one.by_cohort), percent(one.by_formula)] if told else ["–", "–"]
    return [*map(count, (one.start, one.acquired, one.lapsed, one.won_back, one.end)), *rates]


def _money(found: Stocktaking, nth: int, dimension: str, cells: dict[str, Level | None]) -> list[str]:
    """One level in what was bought, lost, won back and recommended; a dash where a figure rests on too few."""
    told = ["–"] * 6
    if cells["buying"] is not None:
        bought = found.buying(nth, dimension, cells["buying"])
        told[:3] = [interval(bought.repeat_purchase), amount(bought.money_per_buyer), percent(bought.known_share)]
    lost = found.worth(nth, dimension, cells["lost"]) if cells["lost"] else None
    back = found.worth(nth, dimension, cells["won_back"]) if cells["won_back"] else None
    referred = found.referrals(nth, dimension, cells["referral"]) if cells["referral"] else None
    told[3] = amount(lost.lost_per_customer) if lost else "–"
    told[4] = amount(back.back_per_customer) if back else "–"
    told[5] = percent(referred.per_customer) if referred and found.tells_rate(referred.active, dimension) else "–"
    return told


def _holding(cells: list[Level], level: Level) -> Level | None:
    """The cell that tells a level: its own, or the one that others have joined; not one in which it is but a part."""
    own = level.name.removesuffix(AND_OTHER)
    return next((cell for cell in cells if cell.name.removesuffix(AND_OTHER) == own), None)


def _cells(found: Stocktaking, nth: int, dimension: Dimension, family: str) -> list[Level]:
    size = FAMILIES[family][0]
    sizes = [size(found, nth, dimension, place) for place in range(len(dimension.levels))]
    return found.cells(dimension, np.array(sizes, dtype=np.int64))


def _cohorts(found: Stocktaking) -> str:
    joined, edges = found.joined[TOTAL], found.edges
    size = joined.joined[:, 0]
    every: list[tuple[list[Row], Two, Two, int]] = [
        (rows_of(edges, size, joined.bought[:, 0]), BOUGHT, JOINED, 0),
        (rows_of(edges, size, joined.active[:, 0]), STILL, JOINED, 0),
        (since_of(edges, found.since[TOTAL][:, 0]), SINCE, ACTIVE_ON, 1),
    ]
    told = "".join(_triangle(*one) for one in every)
    return told + "".join(_by_level(found, one) for one in found.dimensions)


def _by_level(found: Stocktaking, dimension: Dimension) -> str:
    """One triangle a level, folded: by month of joining; of what was bought since, by month alone."""
    title, pictures = dimension_word(dimension.name), ""
    for level, mine in triangles(found, dimension).items():
        rows, first = (mine["joined_active"], 0) if "joined_active" in mine else (mine["active_since"], 1)
        what, corner = (STILL, JOINED) if first == 0 else (SINCE, ACTIVE_ON)
        word = level_word(dimension.name, level, found.segmentation, found.currency)
        heading = (f"{title[0]}, {word[0]}: {what[0]}", f"{title[1]}，{word[1]}：{what[1]}")
        pictures += _triangle([row for row, may in rows[-LEVEL_ROWS:] if may], heading, corner, first)
    if not pictures:
        return ""
    said = both(f"Cohorts by {title[0]}", f"按{title[1]}的群组")
    return f"<details><summary>{said}</summary>{pictures}</details>"


def _triangle(rows: list[Row], title: Two, corner: Two, first: int) -> str:
    some = [row for row in rows if row.size][-MOST_ROWS:]
    if not some:
        return ""
    columns = [str(first + age) for age in range(max(len(row.counts) for row in some))]
    cells = [(row.name, [_cell(row, n) for n in row.counts]) for row in some]
    beside = [(("customers", "客户数"), [count(row.size) for row in some])]
    later = [
        share for row in some for share in row.shares()[1 - first :] if share is not None
    ]  # the first is all of them
    return heat(cells, columns, title=title, corner=corner, beside=beside, top=max(later, default=None))


def _cell(row: Row, n: int | None) -> Cell:
    if n is None:
        return Cell(None, is_mature=False, told=" / ".join(NOT_OVER))
    return Cell(n / row.size, told=f"{n:,} / {row.size:,}")
