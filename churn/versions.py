"""From when until when does each row of a log count, where rows are corrected and orders are taken back?

A correction supersedes an older version of an event from the moment we knew it; a refund takes an order back from the
moment we knew that. Both meet where a refund itself is corrected or withdrawn: then its order counts again. So a row
has one *span* in which it counts, seldom none, and more than one only where a correction gave an order back. At any
instant the log reads as if versions superseded by then had never been in it. Start reading at `spans`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array
from churn.orders import TakingBack, taken_back_us

Positions = NDArray[np.intp]
ALWAYS = -NEVER


@dataclass(frozen=True)
class Spans:
    """When rows count: at a cutoff c with `known_us < c <= void_us`, once they have happened.

    Args:
        row: which row of the log; a row may have several spans, or none. Shape (s,).
        known_us: from when on it is known: as the log says, or when a correction gave it back. Shape (s,).
        void_us: from when on it counts no more; `NEVER` while it stands. Shape (s,).
    """

    row: Positions
    known_us: Int64Array
    void_us: Int64Array

    def where(self, chosen: NDArray[np.bool_]) -> "Spans":
        """Some of the spans."""
        return Spans(self.row[chosen], self.known_us[chosen], self.void_us[chosen])


def spans(
    frame: pd.DataFrame,
    *,
    time_us: Int64Array,
    known_us: Int64Array,
    superseded_us: Int64Array,
    taking_back: TakingBack = TakingBack(),
) -> Spans:
    """When each row of a log counts.

    Args:
        frame: EVENTS with customer_id, event_type and, where known, order_id, amount, quantity.
        time_us: when each event happened, microseconds. Shape (n,).
        known_us: when it reached us. Shape (n,).
        superseded_us: when a newer version of it reached us, or its withdrawal; `NEVER` where none did. Shape (n,).
        taking_back: kinds that are orders, and kinds that take back.

    Returns:
        In the order of the rows; exactly one span a row where nothing was superseded.
    """
    seen_us = np.maximum(time_us, known_us)
    taken_us = taken_back_us(frame, known_us=seen_us, taking_back=taking_back)
    alone = Spans(np.arange(len(frame)), known_us, np.minimum(taken_us, superseded_us))
    mixed = _mixed(frame, superseded_us != NEVER, taking_back)
    if not mixed.any():
        return alone
    given = _told_anew(frame[mixed], np.flatnonzero(mixed), seen_us[mixed], superseded_us[mixed], taking_back)
    first = given.known_us == seen_us[given.row]
    given = Spans(given.row, np.where(first, known_us[given.row], given.known_us), given.void_us)
    parts = [alone.where(~mixed), given]
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "known_us", "void_us")]
    order = np.lexsort((joined[1], joined[0]))
    return Spans(joined[0][order], joined[1][order], joined[2][order])


def _mixed(frame: pd.DataFrame, superseded: NDArray[np.bool_], taking_back: TakingBack) -> NDArray[np.bool_]:
    """Lines of orders that something takes back and of which a line was superseded. Shape (n,)."""
    if "order_id" not in frame or not superseded.any():
        return np.zeros(len(frame), dtype=np.bool_)
    named = frame["order_id"].notna().to_numpy(dtype=np.bool_)
    takes = named & frame["event_type"].isin(list(taking_back.by)).to_numpy(dtype=np.bool_)
    if not takes.any():
        return takes
    if taking_back.of is not None:
        named &= takes | frame["event_type"].isin(list(taking_back.of)).to_numpy(dtype=np.bool_)
    order = _orders(frame)
    return np.asarray(named & np.isin(order, order[takes]) & np.isin(order, order[named & superseded]))


def _told_anew(
    lines: pd.DataFrame, row: Positions, seen_us: Int64Array, superseded_us: Int64Array, taking_back: TakingBack
) -> Spans:
    """Spans of the lines of mixed orders: between two supersedings of an order, it is judged by the versions left."""
    order = _orders(lines)
    ends = pd.DataFrame({"order": order, "us": superseded_us}).drop_duplicates().sort_values(["order", "us"])
    ends["nth"] = ends.groupby("order").cumcount()
    by_nth = ends.pivot_table(index="order", columns="nth", values="us", aggfunc="first", fill_value=NEVER)
    until_us = by_nth.reindex(np.arange(order.max() + 1)).to_numpy(dtype=np.int64)
    begin_us = np.full(len(lines), ALWAYS, dtype=np.int64)
    found = []
    for nth in range(until_us.shape[1]):
        end_us = until_us[order, nth]
        left = np.flatnonzero(superseded_us > begin_us)
        taken_us = taken_back_us(lines.iloc[left], known_us=seen_us[left], taking_back=taking_back)
        since_us = np.maximum(seen_us, begin_us)[left]
        void_us = np.minimum(np.minimum(taken_us, superseded_us[left]), end_us[left])
        counts = since_us < void_us
        found.append(Spans(row[left], since_us, void_us).where(counts))
        begin_us = end_us
    return _joined(found)


def _joined(found: list[Spans]) -> Spans:
    """Spans that follow on one another without a pause made one."""
    row, since_us, void_us = (
        np.concatenate([getattr(part, name) for part in found]) for name in ("row", "known_us", "void_us")
    )
    order = np.lexsort((since_us, row))
    row, since_us, void_us = row[order], since_us[order], void_us[order]
    opens = np.ones(len(row), dtype=np.bool_)
    opens[1:] = (row[1:] != row[:-1]) | (since_us[1:] != void_us[:-1])
    closes = np.ones(len(row), dtype=np.bool_)
    closes[:-1] = opens[1:]
    return Spans(row[opens], since_us[opens], void_us[closes])


def _orders(frame: pd.DataFrame) -> Positions:
    """A number for each customer's order; -1 where a row names none."""
    number = frame.groupby(["customer_id", "order_id"], sort=False, observed=True).ngroup().fillna(-1)
    return np.asarray(number.to_numpy(dtype=np.int64), dtype=np.intp)
