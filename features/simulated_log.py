"""The simulated shop's sightings as an event log: one frame with the EVENTS columns, in order of time.

Answers what the shop's systems recorded: ids, instants, when each event reached the log (a few percent come
late), and the optional columns. Reads sightings day by day, returns a frame. Knows nothing of what moved them.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from churn.tables import EVENTS
from features.simulated_calendar import IntArray, ShopCalendar
from features.simulated_day import Sighting

LATE_SHARE = 0.03
_NUMBERS = frozenset({"amount", "quantity", "discount_amount", "score"})
_MONEY = frozenset({"amount", "discount_amount"})
_LATE_MEAN_SECONDS = 20 * 3600.0


def customer_ids(count: int) -> npt.NDArray[np.object_]:
    """The ids of customers 0 .. count-1."""
    return np.array([f"C{code:06d}" for code in range(count)], dtype=object)


def event_frame(
    days: Iterable[tuple[int, list[Sighting]]], calendar: ShopCalendar, *, customers: int, until: datetime, seed: int
) -> pd.DataFrame:
    """Put sightings into one log of what had reached the shop by `until`.

    Args:
        days: (day index, sightings) pairs.
        calendar: for the instants of the midnights.
        customers: how many customers there are.
        until: the end of the log; later events, and those still on their way, are left out.
        seed: from which the delays follow.

    Returns:
        Columns: those of EVENTS; instants are datetime64[us, UTC]; null where a column does not apply.
    """
    by_kind: dict[str, list[tuple[int, Sighting]]] = defaultdict(list)
    for day, sightings in days:
        for sighting in sightings:
            by_kind[sighting.kind].append((day, sighting))
    ids = customer_ids(customers)
    parts = [_kind_frame(kind, seen, calendar, ids) for kind, seen in by_kind.items()]
    events = _stacked(parts) if parts else pd.DataFrame(columns=[*EVENTS.names, "time_us"])
    events = events.sort_values(["time_us", "customer_id", "event_type"], kind="stable", ignore_index=True)
    time_us = events.pop("time_us").to_numpy(dtype=np.int64)
    known_us = time_us + _delays_us(len(events), seed)
    events["event_timestamp"], events["ingested_at"] = _instants(time_us), _instants(known_us)
    events["event_id"] = [f"E{number:08d}" for number in range(len(events))]
    kept = known_us < int(until.timestamp() * 1_000_000)
    return events.loc[kept, EVENTS.names].reset_index(drop=True)


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same columns one below the other; `concat` would look at every null of every column first."""
    return pd.DataFrame({name: np.concatenate([part[name].to_numpy() for part in parts]) for name in parts[0]})


def _kind_frame(
    kind: str, seen: list[tuple[int, Sighting]], calendar: ShopCalendar, ids: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """All events of one kind, unsorted, with `time_us`."""
    who = np.concatenate([sighting.who for _, sighting in seen])
    time_us = np.concatenate([_time_us(day, sighting, calendar) for day, sighting in seen])
    columns = {name: _column(name, seen) for name in seen[0][1].columns}
    if "nth_order" in columns:
        numbers = columns.pop("nth_order")
        columns["order_id"] = np.array(
            [f"O{code:06d}-{int(number):04d}" for code, number in zip(who, numbers, strict=True)], dtype=object
        )
    if "related" in columns:
        columns["related_customer_id"] = ids[columns.pop("related").astype(np.int64)]
    frame = pd.DataFrame({"customer_id": ids[who], "event_type": kind, "time_us": time_us, **columns})
    for name in EVENTS.names:
        if name not in frame:
            frame[name] = np.full(len(frame), np.nan) if name in _NUMBERS else np.full(len(frame), None, dtype=object)
    return frame


def _time_us(day: int, sighting: Sighting, calendar: ShopCalendar) -> IntArray:
    """Instants of a day's sightings; none falls out of its local day, be it 23 hours long."""
    start, end = calendar.midnight_us[day], calendar.midnight_us[day + 1]
    time_us: IntArray = np.minimum(start + (sighting.second.astype(np.float64) * 1e6).astype(np.int64), end - 1)
    return time_us


def _column(name: str, seen: list[tuple[int, Sighting]]) -> npt.NDArray[np.object_]:
    """One column of one kind; a single value stands for all events of its day."""
    kind = np.float64 if name in _NUMBERS or name in {"nth_order", "related"} else object
    parts = []
    for _, sighting in seen:
        value = sighting.columns[name]
        parts.append(np.broadcast_to(np.asarray(value, dtype=kind), len(sighting.who)))
    column = np.concatenate(parts)
    return column.round(2) if name in _MONEY else column  # a till counts in cents


def _delays_us(count: int, seed: int) -> IntArray:
    """Time between happening and reaching the log: none for most, hours to days for a few."""
    rng = np.random.default_rng([seed, 202])
    late = rng.random(count) < LATE_SHARE
    return np.where(late, (3600 + rng.exponential(_LATE_MEAN_SECONDS, count)) * 1e6, 0).astype(np.int64)


def _instants(time_us: IntArray) -> pd.Series:
    return pd.Series(pd.DatetimeIndex(time_us.astype("datetime64[us]"), tz="UTC"))
