"""Which points and tiers lapse, and when, by the last notice of each customer.

    points_expiring     quantity: in how many days; amount: how many points, if the programme says so
    tier_status         quantity: in how many days the tier is lost, unless it is earned again

Goes by events and not by features: those of a champion that was trained before the first notice know none. The newest
notice that names its days counts; one of no points takes back what was told before. Start reading at `lapses_in`.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from churn.calendar import DAY_US
from churn.events import Events

NOTICES: Final[Mapping[str, str]] = {"points_lapsing": "points_expiring", "tier_lapsing": "tier_status"}
FARTHEST_DAYS: Final = 36_500
COLUMNS: Final = ("customer_id", "lapse_us", "amount")


def lapses_in(known: Events, kind: str) -> pd.DataFrame:
    """What lapses of the customers of some events, past or to come.

    Args:
        known: what is known now; sorted by customer and time.
        kind: of action, one of `NOTICES`.

    Returns:
        One row a customer. Columns: customer_id, lapse_us (microseconds since 1970 UTC), amount (points; NaN where the
        notice does not say, and of tiers).
    """
    found = known.take(known.kind.is_any([NOTICES[kind]]) & ~np.isnan(known.quantity))
    last = np.append(np.diff(found.customer) != 0, True)[: len(found)]
    newest = found.take(last)
    days = np.clip(newest.quantity, -FARTHEST_DAYS, FARTHEST_DAYS)
    amount = newest.amount if kind == "points_lapsing" else np.full(len(newest), np.nan)
    rows = pd.DataFrame(
        {
            "customer_id": newest.customers[newest.customer],
            "lapse_us": newest.time_us + (days * DAY_US).astype(np.int64),
            "amount": amount,
        },
        columns=list(COLUMNS),
    )
    return rows[~(amount <= 0)].reset_index(drop=True)
