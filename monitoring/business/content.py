"""`business.json` of a run: every figure by period and segment, for machines.

    definition, as_of, periods[] { total { ... }, segments { dimension { figure { cell { ... } } } } }, cohorts { ... }

What cannot be told is null: a rate of nobody, money where orders carry none, referrals that no event tells of, a month
that is not over. Cells of fewer than `min_cell` customers are in `other`. Start reading at `content`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from churn.calendar import EPOCH, from_us
from features.atomic import write_text
from monitoring.business.cohorts import WITHIN_DAYS, Row
from monitoring.business.panel import STAGES
from monitoring.business.retention import retention, stocks
from monitoring.business.segments import TOTAL, Dimension
from monitoring.business.shown import Cell
from monitoring.business.survival import Share
from monitoring.business.taking_stock import EVERYBODY, Stocktaking
from monitoring.business.triangles import triangles
from monitoring.business.words import churn_means

FORMAT_VERSION = 1
FILE = "business.json"
Json = dict[str, Any]


def write(found: Stocktaking, folder: Path) -> None:
    """Write the file into the folder of a run."""
    write_text(folder / FILE, json.dumps(content(found), ensure_ascii=False, allow_nan=False) + "\n")


def content(found: Stocktaking) -> Json:
    """The whole file."""
    english, chinese = churn_means(found.lifecycle)
    return {
        "format_version": FORMAT_VERSION,
        "as_of": from_us(found.edges.now_us).isoformat(),
        "knowledge": "everything as known at as_of: past periods are restated",
        "definition": {"id": found.lifecycle.definition.id, "churn": english, "churn_zh": chinese},
        "currency": found.currency if found.has_money else None,
        "min_cell": found.min_cell,
        "value_thirds": found.segmentation.thirds,
        "dimensions": {one.name: list(one.levels) for one in found.dimensions},
        "flow_states": ["unseen", *(stage.value for stage in STAGES)],
        "periods": [_period(found, nth) for nth in range(len(found.periods))],
        "again_within_days": list(WITHIN_DAYS),
        "cohorts": {one.name: _cohorts(found, one) for one in found.segmentation.dimensions},
    }


def _period(found: Stocktaking, nth: int) -> Json:
    one = found.periods[nth]
    first, last = (EPOCH + timedelta(days=int(found.edges.day[at])) for at in (one.start, one.end))
    return {
        "grain": one.grain, "name": one.name, "is_over": one.is_over,
        "from": first.isoformat(), "until": last.isoformat(),
        "total": {name: give(found, nth, TOTAL, EVERYBODY) for name, (_, give) in FAMILIES.items()},
        "segments": {dimension.name: _segments(found, nth, dimension) for dimension in found.dimensions},
    }  # fmt: skip


def _segments(found: Stocktaking, nth: int, dimension: Dimension) -> Json:
    told: Json = {}
    for name, (size, give) in FAMILIES.items():
        sizes = np.array([size(found, nth, dimension, at) for at in range(len(dimension.levels))], dtype=np.int64)
        cells = found.cells(dimension, sizes)
        told[name] = {cell.name: give(found, nth, dimension.name, cell) for cell in cells}
    return told


def share(one: Share | None) -> Json | None:
    """A share with its 95 % interval."""
    if one is None:
        return None
    return {"value": round(one.value, 6), "low": round(one.low, 6), "high": round(one.high, 6), "n": one.n}


def _retention(found: Stocktaking, nth: int, dimension: str, cell: Cell) -> Json:
    flow = found.flow(nth, dimension, cell)
    one = retention(flow)
    rates: Json = {
        "by_formula": one.by_formula, "by_cohort": share(one.by_cohort), "churn": share(one.churn), "gap": one.gap
    }  # fmt: skip
    if not found.tells_rate(one.start, dimension):
        rates = dict.fromkeys(rates)
    return asdict(one) | rates | {
        "stages": {stock.stage: {k: v for k, v in asdict(stock).items() if k != "stage"} for stock in stocks(flow)},
        "flow": flow.tolist(),
    }  # fmt: skip


def _buying(found: Stocktaking, nth: int, dimension: str, cell: Cell) -> Json:
    one = found.buying(nth, dimension, cell)
    return asdict(one) | {
        "repeat_purchase": share(one.repeat_purchase),
        "money_per_buyer": one.money_per_buyer,
        "known_share": one.known_share,
        "growth": found.growth(nth, dimension, cell),
    }


def _lost(found: Stocktaking, nth: int, dimension: str, cell: Cell) -> Json | None:
    one = found.worth(nth, dimension, cell)
    return {"lapsed": one.lapsed, "money": one.lost, "per_customer": one.lost_per_customer} if one else None


def _won_back(found: Stocktaking, nth: int, dimension: str, cell: Cell) -> Json | None:
    one = found.worth(nth, dimension, cell)
    if one is None:
        return None
    per, is_over = one.back_per_customer, one.is_year_over
    return {"returned": one.returned, "money": one.back, "per_customer": per, "is_year_over": is_over}


def _net(found: Stocktaking, nth: int, dimension: str, cell: Cell) -> Json | None:
    one = found.worth(nth, dimension, cell)
    return {"money": one.net, "is_year_over": one.is_year_over} if one else None


def _referrals(found: Stocktaking, nth: int, dimension: str, cell: Cell) -> Json | None:
    one = found.referrals(nth, dimension, cell)
    if one is None:
        return None
    return asdict(one) | {
        "per_customer": one.per_customer,
        "referrer_share": share(one.referrer_share),
        "referred_share": share(one.referred_share),
    }


Size = Callable[[Stocktaking, int, Dimension, int], int]
Give = Callable[[Stocktaking, int, str, Cell], Json | None]


def _known(found: Stocktaking, nth: int, dimension: Dimension, place: int) -> int:
    return int(found.flow(nth, dimension.name, Cell("", (place,))).sum())


def _buyers(found: Stocktaking, nth: int, dimension: Dimension, place: int) -> int:
    return found.buying(nth, dimension.name, Cell("", (place,))).buyers


def _lapsed(found: Stocktaking, nth: int, dimension: Dimension, place: int) -> int:
    return found.retention(nth, dimension.name, Cell("", (place,))).lapsed


def _returned(found: Stocktaking, nth: int, dimension: Dimension, place: int) -> int:
    return found.retention(nth, dimension.name, Cell("", (place,))).won_back


def _lapsed_and_returned(found: Stocktaking, nth: int, dimension: Dimension, place: int) -> int:
    return min(_lapsed(found, nth, dimension, place), _returned(found, nth, dimension, place))


FAMILIES: Mapping[str, tuple[Size, Give]] = {  # on how many customers a figure rests, and the figure
    "retention": (_known, _retention),
    "buying": (_buyers, _buying),
    "lost": (_lapsed, _lost),
    "won_back": (_returned, _won_back),
    "net": (_lapsed_and_returned, _net),
    "referral": (_known, _referrals),
}


def _cohorts(found: Stocktaking, dimension: Dimension) -> Json:
    return {
        level: {name: [_row(row, may) for row, may in rows] for name, rows in mine.items()}
        for level, mine in triangles(found, dimension).items()
    }


def _row(row: Row, may_be_told: bool) -> Json:
    """A cohort; of one that has to be hidden no more than that it is."""
    if not may_be_told:
        return {"name": row.name, "size": None, "shares": None, "why": "too_few"}
    return {"name": row.name, "size": row.size, "shares": [_rounded(one) for one in row.shares()]}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
