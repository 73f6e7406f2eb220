"""Whom a campaign was planned for, as persons: ids that were merged since are one row, and what they did is followed.

    TREATMENTS  a coupon, b held out  --a and b are one person by now-->  one row, treated, with the chance of that
                c                     --c is d by now----------------->  one row, c; what d does is theirs

A person is treated if one of their ids was to be contacted: with chance 1 less the product of the chances that each was
held out. Chance decided that as it did for each id, so that both sides stay comparable. Start reading at `joined`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.events import BoolArray
from features.persons import Persons

Ids = NDArray[np.object_]


def joined(rows: pd.DataFrame, people: Persons) -> pd.DataFrame:
    """Treatments of one campaign, a person once.

    Args:
        rows: TREATMENTS of one campaign.
        people: which ids are one person's.

    Returns:
        The very rows where nobody is in them twice. Else columns as given; of several rows of a person the first that
        was treated stays, or the first, with the chance that one of them is treated, and their values and costs added.
    """
    name = pd.Series(people.name(rows["customer_id"]), index=rows.index)
    if not name.duplicated().any():
        return rows
    first = rows.assign(person=name).sort_values("is_treated", ascending=False, kind="stable").groupby("person")
    kept = first.head(1).set_index("person")
    by = rows.groupby(name.to_numpy())
    kept["propensity"] = 1 - (1 - rows["propensity"]).groupby(name.to_numpy()).prod()
    for amount in ("value_amount", "cost_amount", "expected_profit_amount"):
        kept[amount] = by[amount].sum(min_count=1)
    return kept.reset_index(drop=True)[list(rows.columns)]


@dataclass(frozen=True)
class Whose:
    """Whose rows of a campaign some ids are.

    Args:
        customer_ids: all ids of those planned for. Shape (m,).
        place: the row of each. Shape (m,). is_own: it is the id, or one of those, that were planned for. Shape (m,).
    """

    customer_ids: Ids
    place: NDArray[np.intp]
    is_own: BoolArray

    def of(self, customers: Ids) -> tuple[NDArray[np.intp], BoolArray]:
        """Rows of these ids, and whether they were planned under them. Each of shape (c,)."""
        at = pd.Index(self.customer_ids).get_indexer(pd.Index(customers))
        return self.place[at], self.is_own[at]


def whose(rows: pd.DataFrame, people: Persons) -> Whose:
    """Every id whose doings belong to a row.

    Args:
        rows: TREATMENTS of one campaign, a person once.
        people: which ids are one person's.
    """
    ids = rows["customer_id"].to_numpy(dtype=object)
    place, own = np.arange(len(ids)), np.ones(len(ids), dtype=np.bool_)
    rows_of_several = np.flatnonzero(pd.Index(ids).isin(list(people.first)))
    more = [(one, row) for row in rows_of_several for one in people.all_ids(ids[row]) if one != ids[row]]
    if not more:
        return Whose(ids, place, own)
    others = np.array([other for other, _ in more], dtype=object)
    rows_of_others = np.array([row for _, row in more], dtype=np.intp)
    return Whose(np.concatenate([ids, others]), np.concatenate([place, rows_of_others]),
                 np.concatenate([own, np.zeros(len(more), dtype=np.bool_)]))  # fmt: skip
