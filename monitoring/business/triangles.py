"""Triangles of cohorts by level of a segment, and which of their rows may be told.

A row is told where its level may be shown by itself among the levels of that cohort (monitoring/business/shown.py):
who is left when all rows that are told are subtracted from the total is nobody, or as many as `min_cell`.
Start reading at `triangles`.
"""

from collections.abc import Sequence

import numpy as np

from churn.calendar import Int64Array
from churn.events import BoolArray
from monitoring.business.cohorts import Row, again_of, rows_of, since_of
from monitoring.business.segments import OTHER, TOTAL, Dimension
from monitoring.business.taking_stock import Stocktaking

Triangle = list[tuple[Row, bool]]  # cohorts, and whether each may be told


def triangles(found: Stocktaking, dimension: Dimension) -> dict[str, dict[str, Triangle]]:
    """By level: active_since; of levels that say nothing of what was bought since, by month of joining too."""
    name, edges = dimension.name, found.edges
    months = np.arange(len(edges.months))
    since, joined = found.since[name], found.joined.get(name)
    active = _alone(found, dimension, since[months, :, months])
    told = {
        level: {"active_since": _with(since_of(edges, since[:, place]), active[:, place])}
        for place, level in enumerate(dimension.levels)
    }
    if joined is None:
        return told
    new = _alone(found, dimension, joined.joined)
    for place, level in enumerate(dimension.levels):
        size = joined.joined[:, place]
        rows = {
            "joined_active": rows_of(edges, size, joined.active[:, place]),
            "joined_bought": rows_of(edges, size, joined.bought[:, place]),
            "again_within_days": again_of(edges, joined, place),
        }
        told[level] |= {triangle: _with(mine, new[:, place]) for triangle, mine in rows.items()}
    return told


def _with(rows: Sequence[Row], may: BoolArray) -> Triangle:
    return [(row, bool(one)) for row, one in zip(rows, may, strict=True) if row.size]


def _alone(found: Stocktaking, dimension: Dimension, sizes: Int64Array) -> BoolArray:
    """Whether a level of a cohort may be told by itself. sizes: customers. Both of shape (m, l)."""
    if dimension.name == TOTAL:
        return np.ones(sizes.shape, dtype=np.bool_)
    may = np.zeros(sizes.shape, dtype=np.bool_)
    for nth, row in enumerate(sizes):
        for cell in found.cells(dimension, row):
            for place in cell.places:
                level = dimension.levels[place]
                may[nth, place] = cell.places == (place,) or (cell.name == level and level != OTHER)
    return may
