"""Which customer ids are, or may be, one person, because an id of a source went from one of them to another.

A merge makes two customers one from an instant on, a split parts them again. Whatever must not get lost by that (who
was treated, who is never contacted, who objected) is asked of the *person*: all customers who ever held one id, and all
who ever held another id that one of these held. After a split that is one too many, which is the safe side. Without an
id map everybody is alone. Start reading at `persons_of`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import NEVER
from churn.events import BoolArray
from features.holders import Holders, read_holders

Ids = NDArray[np.object_]


@dataclass(frozen=True)
class Persons:
    """Customers who are one person with others.

    Args:
        first: the first id of the person, in order of the ids, of each customer who has more than one.
        ids: all ids of each such person, sorted, by that first one.
        now: who holds the ids of the map today that each held; only where that is one other customer.
    """

    first: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    now: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.first)

    def name(self, customer_ids: Iterable[str]) -> Ids:
        """One name a person, the same for all their ids. Shape (n,)."""
        return np.array([self.first.get(one, one) for one in customer_ids], dtype=object)

    def all_ids(self, customer_id: str) -> tuple[str, ...]:
        """Every id of the person behind one."""
        return self.ids.get(self.first.get(customer_id, ""), (customer_id,))

    def today(self, customer_ids: Iterable[str]) -> Ids:
        """Under which id customers who have gone are known today; their own where that is not one. Shape (n,)."""
        return np.array([self.now.get(one, one) for one in customer_ids], dtype=object)

    def among(self, customer_ids: Iterable[str], some: Iterable[str]) -> BoolArray:
        """Which of these are a person of whom one id is among some. Shape (n,)."""
        named = pd.Series(self.name(customer_ids), dtype=object)
        return named.isin(self.name(some)).to_numpy(dtype=np.bool_)  # by hash: np.isin compares objects one by one

    def spread(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows once for every id of their person. Columns as given, customer_id among them."""
        if not self or not rows["customer_id"].isin(list(self.first)).any():
            return rows
        every = rows.assign(customer_id=rows["customer_id"].map(self.all_ids))
        return every.explode("customer_id", ignore_index=True)


ALONE = Persons()


def persons_of(folder: Path, *, known_before_us: int = NEVER) -> Persons:
    """Who is one person with whom, by the id map of the log of a business.

    Args:
        folder: its artifacts.
        known_before_us: what was known before this instant, microseconds since 1970 UTC.

    Raises:
        BrokenLog: the map cannot be read.
    """
    return persons(read_holders(folder), known_before_us=known_before_us)


def persons(holders: Holders, *, known_before_us: int = NEVER) -> Persons:
    """Who is one person with whom.

    Args:
        holders: the id map.
        known_before_us: what was known before this instant, microseconds since 1970 UTC.
    """
    told = holders.stretches[holders.stretches["since_us"] < known_before_us]
    shared = told[told.groupby(["source", "source_id"])["customer_id"].transform("nunique") > 1]
    if shared.empty:
        return ALONE
    codes, customers = pd.factorize(shared["customer_id"], sort=True)
    held = pd.factorize(pd.MultiIndex.from_frame(shared[["source", "source_id"]]))[0]
    person = _together(codes, held, len(customers))
    whose = pd.Series(np.asarray(customers, dtype=object)).groupby(person)
    ids = {str(mine.iloc[0]): tuple(mine) for _, mine in whose}
    return Persons({one: first for first, mine in ids.items() for one in mine}, ids, _today(told, set(customers)))


def _together(customer: NDArray[np.intp], held: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Who is one person: customers who held the same id, and whoever shares one with any of those. Shape (count,).

    Args:
        customer: of each stretch, below `count`. Shape (n,).
        held: the id that it is of. Shape (n,).
        count: of customers.
    """
    of = np.arange(count)

    def top(one: int) -> int:
        while of[one] != one:
            of[one] = one = of[of[one]]
        return one

    order = np.argsort(held, kind="stable")
    before, after = customer[order[:-1]], customer[order[1:]]
    same = held[order[:-1]] == held[order[1:]]
    for one, other in zip(before[same].tolist(), after[same].tolist(), strict=True):
        of[top(other)] = top(one)
    return np.array([top(one) for one in range(count)], dtype=np.intp)


def _today(told: pd.DataFrame, changed: set[str]) -> dict[str, str]:
    """Whose ids of the map are all held by one and the same other customer today."""
    last = told.assign(heir=told.groupby(["source", "source_id"], sort=False)["customer_id"].transform("last"))
    heirs = last[last["customer_id"].isin(changed)].groupby("customer_id")["heir"].agg(["nunique", "first"])
    alone = heirs[(heirs["nunique"] == 1) & (heirs["first"] != heirs.index)]
    return {str(one): str(heir) for one, heir in alone["first"].items()}
