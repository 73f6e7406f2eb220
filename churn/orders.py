"""Orders that were taken back: from which instant on does an order count no more?

A cancellation or refund that names an `order_id` takes that order back, in part or in full. Only an order taken back
in full stops counting, and only from the moment at which we knew it: before that, whoever looked saw an order.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array

TAKEN_BACK_BY = ("return", "refund", "cancellation", "cancel")


class TakingBack(NamedTuple):
    """What can be taken back, and by what.

    Args:
        by: kinds of event that take back the order which they name.
        of: kinds of event that are orders; None: every kind but those. A ticket or a review that names an order is
            about it and stands, whatever becomes of the order.
    """

    by: tuple[str, ...] = TAKEN_BACK_BY
    of: tuple[str, ...] | None = None


CENT = 0.005  # sums of money are compared to half a cent


def taken_back_us(frame: pd.DataFrame, *, known_us: Int64Array, taking_back: TakingBack = TakingBack()) -> Int64Array:
    """From when on each event counts no more.

    An order is all events of one customer, of kinds that are orders, that name one order. It is taken back in full
    once what was returned reaches its amount or, where an amount is missing on either side, its quantity; a taking back
    that gives neither is a full one. A line that reaches us later is judged from then on, together with what the
    order was by then; a line once taken back stays so.

    Args:
        frame: EVENTS with customer_id, event_type and, where known, order_id, amount, quantity.
        known_us: when each event had both happened and reached us, microseconds. Shape (n,).
        taking_back: kinds that are orders, and kinds that take back.

    Returns:
        Microseconds since 1970 UTC, `NEVER` where the event stands. Shape (n,).
    """
    void = np.full(len(frame), NEVER, dtype=np.int64)
    if "order_id" not in frame:
        return void
    named = frame["order_id"].notna().to_numpy()
    takes = named & frame["event_type"].isin(list(taking_back.by)).to_numpy()
    if not takes.any():
        return void
    if taking_back.of is not None:
        named &= takes | frame["event_type"].isin(list(taking_back.of)).to_numpy()
    order = frame.groupby(["customer_id", "order_id"], sort=False, observed=True, dropna=True).ngroup().to_numpy()
    touched = named & np.isin(order, order[takes])
    lines = pd.DataFrame(
        {"order": order[touched], "takes": takes[touched], "known_us": known_us[touched]}
        | {name: _magnitude(frame, name)[touched] for name in ("amount", "quantity")}
    )
    void[touched] = np.where(lines["takes"], NEVER, _taken_back_since(lines))
    return void


def _magnitude(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Sizes without signs: some logs write a refund as a negative amount."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(np.abs(frame[name].to_numpy(dtype=np.float64, na_value=np.nan)))


def _taken_back_since(lines: pd.DataFrame) -> Int64Array:
    """The first instant, not before a line itself was known, at which its order was taken back in full.

    Every instant is judged by what was known then: a line that reached us later changes nothing before.
    """
    order = np.lexsort((lines["known_us"], lines["order"]))
    told = lines.iloc[order].reset_index(drop=True)
    same_order = told["order"].eq(told["order"].shift(-1))
    full = _is_full(told) & ~(same_order & told["known_us"].eq(told["known_us"].shift(-1)))  # once a moment is complete
    row = pd.Series(np.where(full, np.arange(len(told)), np.nan))
    row = row.groupby(told["order"]).bfill()
    since = np.full(len(told), NEVER, dtype=np.int64)
    found = row.notna().to_numpy()
    since[found] = told["known_us"].to_numpy()[row[found].to_numpy(dtype=np.int64)]
    unsorted = np.empty_like(since)
    unsorted[order] = since
    return unsorted


def _is_full(told: pd.DataFrame) -> pd.Series:
    """Whether the order is taken back in full by what had been told up to each row, rows sorted by order and time."""
    takes, by_order = told["takes"], told["order"]
    totals = {
        (name, taken): told[name].where(takes == taken).fillna(0.0).groupby(by_order).cumsum()
        for name in ("amount", "quantity")
        for taken in (True, False)
    }
    with_amount = takes & told["amount"].notna()
    with_quantity = takes & told["quantity"].notna()

    def any_so_far(rows: pd.Series) -> pd.Series:
        return rows.groupby(by_order).cummax()

    priced, counted = totals["amount", False] > 0, totals["quantity", False] > 0
    by_amount = priced & any_so_far(with_amount) & (totals["amount", True] >= totals["amount", False] - CENT)
    asks_quantity = any_so_far(with_quantity & ~with_amount) | (any_so_far(with_quantity) & ~priced)
    by_quantity = counted & asks_quantity & (totals["quantity", True] >= totals["quantity", False])
    speechless = (
        any_so_far(takes & ~with_amount & ~with_quantity)
        | (any_so_far(with_amount & ~with_quantity) & ~priced)
        | (any_so_far(with_quantity & ~with_amount) & ~counted)
        | (any_so_far(with_amount & with_quantity) & ~priced & ~counted)
    )
    return by_amount | by_quantity | speechless
