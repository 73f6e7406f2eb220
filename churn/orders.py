"""Orders that were taken back: from which instant on does an order count no more?

A cancellation or refund that names an `order_id` takes that order back, in part or in full. Only an order taken back
in full stops counting, and only from the moment at which we knew it: before that, whoever looked saw an order.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array

TAKEN_BACK_BY = ("return", "refund", "cancellation", "cancel")
CENT = 0.005  # sums of money are compared to half a cent


def taken_back_us(frame: pd.DataFrame, *, known_us: Int64Array, kinds: Sequence[str] = TAKEN_BACK_BY) -> Int64Array:
    """From when on each event counts no more.

    An order is all events of one customer that name one order and do not take it back. It is taken back in full once
    what was returned reaches its amount or, where an amount is missing on either side, its quantity; a taking back
    that gives neither is a full one.

    Args:
        frame: EVENTS with customer_id, event_type and, where known, order_id, amount, quantity.
        known_us: when each event had both happened and reached us, microseconds. Shape (n,).
        kinds: kinds of event that take back.

    Returns:
        Microseconds since 1970 UTC, `NEVER` where the event stands. Shape (n,).
    """
    void = np.full(len(frame), NEVER, dtype=np.int64)
    if "order_id" not in frame:
        return void
    named = frame["order_id"].notna().to_numpy()
    takes = named & frame["event_type"].isin(list(kinds)).to_numpy()
    if not takes.any():
        return void
    order = frame.groupby(["customer_id", "order_id"], sort=False, observed=True, dropna=True).ngroup().to_numpy()
    touched = named & np.isin(order, order[takes])
    lines = pd.DataFrame(
        {"order": order[touched], "takes": takes[touched], "known_us": known_us[touched]}
        | {name: _magnitude(frame, name)[touched] for name in ("amount", "quantity")}
    )
    since = _taken_back_since(lines)
    stands = touched & ~takes
    void[stands] = pd.Series(order[stands]).map(since).fillna(NEVER).to_numpy(dtype=np.int64)
    return void


def _magnitude(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Sizes without signs: some logs write a refund as a negative amount."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(np.abs(frame[name].to_numpy(dtype=np.float64, na_value=np.nan)))


def _taken_back_since(lines: pd.DataFrame) -> pd.Series:
    """The instant at which each order was taken back in full; orders that were not are left out."""
    bought = lines[~lines["takes"]].groupby("order")[["amount", "quantity"]].sum(min_count=1)
    taken = lines[lines["takes"]].sort_values(["order", "known_us"], kind="stable")
    by_order = taken.groupby("order")
    ordered = bought.reindex(taken["order"]).reset_index(drop=True)
    taken = taken.reset_index(drop=True)
    full = pd.Series(data=False, index=taken.index)
    speechless = pd.Series(data=True, index=taken.index)  # neither amount nor quantity to compare
    for name, slack in (("amount", CENT), ("quantity", 0.0)):
        total = by_order[name].cumsum().reset_index(drop=True)
        known = speechless & taken[name].notna() & ordered[name].gt(0)
        full |= known & (total >= ordered[name] - slack)
        speechless &= ~known
    return taken[full | speechless].groupby("order")["known_us"].min()
