"""What became of everybody a campaign was planned for, treated or held out: read from the log, the same way for both.

    TREATMENTS + log/bucket=*.parquet --[planned_at, window_end)--> came, orders, revenue, contacted, responded
                                      --before planned_at---------> orders, money, days since the last order, tenure

Read bucket by bucket, so that the log may be larger than memory. An order counts as the definition counts it; one that
was taken back by now never was. What a person did under any of their ids is theirs (people_planned.py); known of them
before is what stood under the id that was planned for. What was known before `planned_at` is what chance could not have
followed: the two sides are compared on it. Start reading at `outcomes`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.ledger.people_planned import whose
from churn.calendar import DAY_US, Int64Array, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import BoolArray, Events, FloatArray, before, micros
from features.contacts_table import CONTACT
from features.parts import Part
from features.persons import ALONE, Persons

RESPONSE = "campaign_response"
COLUMNS: Final = (
    "came", "order_count", "revenue_amount", "contacted", "responded",
    "orders_before_count", "spend_before_amount", "days_since_last_order", "tenure_days",
)  # fmt: skip
PAST: Final = COLUMNS[5:]
JOINED: Final[dict[str, np.ufunc]] = {"days_since_last_order": np.fmin, "tenure_days": np.fmax}


def outcomes(
    parts: Sequence[Part],
    planned: Sequence[pd.DataFrame],
    lifecycle: Lifecycle,
    known_before: datetime,
    people: Persons = ALONE,
) -> list[pd.DataFrame]:
    """What became of the customers of some campaigns; the log is read once for all of them.

    Args:
        parts: of the log.
        planned: TREATMENTS of one campaign each, a person once.
        lifecycle: whose definition says what counts.
        known_before: what reached us later is left out.
        people: which ids are one person's, as known then.

    Returns:
        One frame a campaign, index that of its rows. Columns: came (bool: a qualifying event in the window),
        order_count and revenue_amount of these (money that the events name, 0 where there is none), contacted and
        responded (bool: the log tells of a contact, or a response, of this campaign from its day on);
        orders_before_count, spend_before_amount, days_since_last_order, tenure_days as known at planned_at (the last
        two NaN where there was no order).
    """
    found = [pd.DataFrame(0.0, rows.index, list(COLUMNS)) for rows in planned]
    asked = [whose(rows, people) for rows in planned]
    for one in found:
        one[["days_since_last_order", "tenure_days"]] = np.nan
    for part in parts:
        whole = part.read()
        for rows, ids, one in zip(planned, asked, found, strict=True):
            events = whole.of(ids.customer_ids)
            if len(events.customers):
                place, is_own = ids.of(events.customers)
                _add(one, place, _of_part(events, rows.iloc[place], lifecycle, known_before), is_own)
    for one in found:
        one["came"] = one["order_count"] > 0
    return [one.astype({"came": bool, "contacted": bool, "responded": bool}) for one in found]


def _add(found: pd.DataFrame, place: NDArray[np.intp], told: FloatArray, is_own: BoolArray) -> None:
    """Add what was told of some ids to the rows of their persons: sums, the latest order, the longest time.

    Args:
        found: columns `COLUMNS`, written.
        place: the row of each id. Shape (c,).
        told: columns `COLUMNS`. Shape (c, 9).
        is_own: planned under this id, so that what was known before counts. Shape (c,).
    """
    columns = {name: found[name].to_numpy(dtype=np.float64, copy=True) for name in COLUMNS}
    for number, name in enumerate(COLUMNS):
        rows = is_own if name in PAST else np.ones_like(is_own)
        add = JOINED.get(name, np.add)
        add.at(columns[name], place[rows], told[rows, number])
    found[list(COLUMNS)] = np.column_stack(list(columns.values()))


def _of_part(events: Events, rows: pd.DataFrame, lifecycle: Lifecycle, known_before: datetime) -> FloatArray:
    """The columns of the customers of a part, in their order. Shape (c, columns)."""
    start, end = (micros(rows[name]) for name in ("planned_at", "window_end"))
    known = before(events, to_us(known_before))
    counts = qualifies(known, lifecycle.definition, lifecycle.calendar)
    inside = (known.time_us >= start[known.customer]) & (known.time_us < end[known.customer])
    of_campaign = known.category.is_any([str(rows["campaign"].iloc[0])])
    told = [_any(known, known.is_kind(kind) & of_campaign & inside) for kind in (CONTACT, RESPONSE)]
    after = _count(known, counts & inside), _money(known, counts & inside)
    return np.column_stack([after[0] > 0, *after, *told, *_past(events, start, lifecycle)])


def _past(events: Events, start: Int64Array, lifecycle: Lifecycle) -> list[FloatArray]:
    """What was known when chance decided: orders, money, days since the last and the first. Each of shape (c,)."""
    found = [np.zeros(len(start)), np.zeros(len(start)), np.full(len(start), np.nan), np.full(len(start), np.nan)]
    for instant in np.unique(start):  # one in most campaigns
        then = before(events, int(instant))
        counts = qualifies(then, lifecycle.definition, lifecycle.calendar)
        here, customer, time_us = start == instant, then.customer[counts], then.time_us[counts]
        last, first = np.full(len(start), np.nan), np.full(len(start), np.nan)
        last[customer] = time_us  # the last of several assignments stays
        first[customer[::-1]] = time_us[::-1]
        told = [_count(then, counts), _money(then, counts), (instant - last) / DAY_US, (instant - first) / DAY_US]
        for column, values in zip(found, told, strict=True):
            column[here] = values[here]
    return found


def _count(events: Events, rows: BoolArray) -> FloatArray:
    return np.bincount(events.customer[rows], minlength=len(events.customers)).astype(np.float64)


def _money(events: Events, rows: BoolArray) -> FloatArray:
    amount = np.nan_to_num(events.amount[rows])
    summed = np.bincount(events.customer[rows], weights=amount, minlength=len(events.customers))
    return summed.astype(np.float64)


def _any(events: Events, rows: BoolArray) -> BoolArray:
    return np.bincount(events.customer[rows], minlength=len(events.customers)) > 0
