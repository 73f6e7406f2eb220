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


FIXED = 10_000  # numbers are held to a ten-thousandth, so that sums are exact
CENT = FIXED // 200  # sums of money are compared to half a cent
LARGEST = 1e12  # of a number, by size: nine hundred of them still sum exactly in 64 bits of ten-thousandths
NONE = -1  # no size is negative


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
    amount, quantity = (_numbers(frame, name)[touched] for name in ("amount", "quantity"))
    void[touched] = void_since_us(
        order[touched].astype(np.int64), takes[touched], known_us[touched], amount=amount, quantity=quantity
    )
    return void


def void_since_us(
    order: NDArray[np.int64],
    takes: NDArray[np.bool_],
    known_us: Int64Array,
    *,
    amount: NDArray[np.float64],
    quantity: NDArray[np.float64],
) -> Int64Array:
    """`taken_back_us` of the lines of orders that something takes back, as arrays.

    Args:
        order: a number for each customer's order. Shape (n,).
        takes: whether the line takes back. Shape (n,).
        known_us: when it had both happened and reached us. Shape (n,).
        amount: with or without a sign, NaN where there is none. Shape (n,).
        quantity: likewise. Shape (n,).
    """
    sort = np.lexsort((known_us, order))
    lines = _Lines(order[sort], takes[sort], known_us[sort], _fixed(amount[sort]), _fixed(quantity[sort]))
    unsorted = np.empty_like(known_us)
    unsorted[sort] = np.where(lines.takes, NEVER, _since_us(lines))
    return unsorted


class _Lines(NamedTuple):
    """Lines of orders, sorted by order and time; numbers in ten-thousandths, `NONE` where there is none."""

    order: NDArray[np.int64]
    takes: NDArray[np.bool_]
    known_us: Int64Array
    amount: Int64Array
    quantity: Int64Array

    def so_far(self, values: NDArray[np.int64] | NDArray[np.bool_]) -> Int64Array:
        """The sum of each order's values up to each line: of whole numbers, so that no other order matters."""
        sums = np.cumsum(values, dtype=np.int64)
        first = np.searchsorted(self.order, self.order)
        return np.asarray(sums - (sums - values)[first])


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))


def _fixed(numbers: NDArray[np.float64]) -> Int64Array:
    """Sizes without signs, since some logs write a refund as a negative amount, in ten-thousandths."""
    sizes = np.minimum(np.abs(np.where(np.isnan(numbers), 0.0, numbers)), LARGEST)
    return np.where(np.isnan(numbers), NONE, np.rint(sizes * FIXED).astype(np.int64))


def _since_us(lines: _Lines) -> Int64Array:
    """The first instant, not before a line itself was known, at which its order was taken back in full.

    Every instant is judged by what was known then: a line that reached us later changes nothing before.
    """
    size = len(lines.order)
    last = np.ones(size, dtype=np.bool_)  # once a moment is complete
    last[:-1] = (lines.order[1:] != lines.order[:-1]) | (lines.known_us[1:] != lines.known_us[:-1])
    at = np.where(_is_full(lines) & last, np.arange(size), size)
    at = np.minimum.accumulate(at[::-1])[::-1]
    found = at < np.searchsorted(lines.order, lines.order, side="right")
    return np.where(found, lines.known_us[np.minimum(at, size - 1)], NEVER)


def _is_full(lines: _Lines) -> NDArray[np.bool_]:
    """Whether the order is taken back in full by what had been told up to each line."""
    takes, so_far = lines.takes, lines.so_far
    with_amount, with_quantity = takes & (lines.amount != NONE), takes & (lines.quantity != NONE)
    amount, quantity = (np.where(column == NONE, 0, column) for column in (lines.amount, lines.quantity))
    ordered, returned = so_far(np.where(takes, 0, amount)), so_far(np.where(takes, amount, 0))
    items, items_back = so_far(np.where(takes, 0, quantity)), so_far(np.where(takes, quantity, 0))

    def any_so_far(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(so_far(chosen) > 0)

    priced, counted = ordered > 0, items > 0
    by_amount = priced & any_so_far(with_amount) & (returned >= ordered - CENT)
    asks_quantity = any_so_far(with_quantity & ~with_amount) | (any_so_far(with_quantity) & ~priced)
    by_quantity = counted & asks_quantity & (items_back >= items)
    speechless = (
        any_so_far(takes & ~with_amount & ~with_quantity)
        | (any_so_far(with_amount & ~with_quantity) & ~priced)
        | (any_so_far(with_quantity & ~with_amount) & ~counted)
        | (any_so_far(with_amount & with_quantity) & ~priced & ~counted)
    )
    return np.asarray(by_amount | by_quantity | speechless)
