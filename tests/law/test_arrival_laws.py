"""Arrivals: counted in parts as by a plain reading of the rows, whatever came late, was corrected or lies outside."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from monitoring.data.arrivals import COUNTED, HOUR_US, KindWeeks, Tally

DAY_US = 24 * HOUR_US
WEEKS = 3
EDGES_US = np.array([day * DAY_US - (day > 9) * HOUR_US for day in range(7 * WEEKS + 1)], dtype=np.int64)  # a short day
END_US = int(EDGES_US[-1])
INSTANTS = st.integers(-2 * DAY_US, END_US + DAY_US)
ROW = st.tuples(st.sampled_from(["order", "visit"]), INSTANTS, st.integers(0, 4 * DAY_US), st.none() | INSTANTS)
Rows = list[tuple[str, int, int, int | None]]


def table(rows: Rows) -> pa.Table:
    told = [(kind, time, time + delay, gone) for kind, time, delay, gone in rows]
    columns = list(zip(*told, strict=True)) if told else [(), (), (), ()]
    names = ("event_type", "event_timestamp", "ingested_at", "superseded_at")
    types = (pa.string(), pa.int64(), pa.int64(), pa.int64())
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, types, strict=True)})


def tallied(*parts: Rows) -> Mapping[str, KindWeeks]:
    tally = Tally(["order", "visit"], EDGES_US)
    for rows in parts:
        tally.add(table(rows))
    return tally.result()


def plainly(rows: Rows, kind: str, week: int) -> dict[str, float | None]:
    """The same of one kind and week, row by row."""
    ends = [int(EDGES_US[7 * (WEEKS - back)]) for back in range(WEEKS + 1)]
    start, end = ends[week + 1], ends[week]

    def back(instant: int) -> int:
        return 7 * WEEKS - int(np.searchsorted(EDGES_US, instant, side="right"))

    mine = [(time, time + delay, gone) for name, time, delay, gone in rows if name == kind]
    inside = [one for one in mine if start <= one[0] < end]
    then = [one for one in inside if one[1] < end and (one[2] is None or one[2] >= end)]
    came = [one for one in mine if start <= one[1] < end]
    seen = [time for time, known, _ in mine if time < end and known < end]
    return {
        "events": len(then),
        "in_all": sum(one[1] < END_US and (one[2] is None or one[2] >= END_US) for one in inside),
        "arrived": len(came), "late": sum(back(one[0]) - back(one[1]) >= 2 for one in came),
        "corrected": sum(one[2] is not None and start <= one[2] < end for one in mine),
        "silent_hours": round((end - max(seen)) / HOUR_US, 3) if seen else None,
    }  # fmt: skip


@given(st.lists(ROW, max_size=40))
def test_weeks_are_counted_as_they_were_known_then(rows: Rows) -> None:
    found = tallied(rows)
    for kind in ("order", "visit"):
        told = [plainly(rows, kind, week) for week in range(WEEKS)]
        if kind not in found:
            assert all(one["silent_hours"] is None for one in told)
            continue
        for name in (*COUNTED, "silent_hours"):
            assert getattr(found[kind], name) == [one[name] for one in told], name


@given(st.lists(ROW, max_size=40), st.integers(0, 40))
def test_parts_of_the_log_add_up(rows: Rows, cut: int) -> None:
    assert tallied(rows[:cut], rows[cut:]) == tallied(rows)
