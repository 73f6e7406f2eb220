"""Who ordered of which category, and how long before an instant: what categories to offer are made from.

    log, part by part --before(instant), qualifying, with a category--> Orders
    the same, [instant, instant + horizon)                          --> what they ordered later

Start reading at `orders_at`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from churn.calendar import DAY_US, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import Events, FloatArray, before, between
from features.parts import HERE, Engine, Part

MOST = 1000  # categories, those of most customers: pairs of more do not fit into memory


@dataclass(frozen=True)
class Orders:
    """Categorised orders before an instant, and after it.

    Args:
        customer_ids: everybody of whom anything was known. Shape (c,).
        categories: names, those of most customers first. Shape (k,).
        customer: index of the customer of each order before. Shape (n,).
        category: likewise of the category. Shape (n,).
        days_ago: likewise. Shape (n,).
        later: who ordered what in the window after. Shape (c, k), of zeros and ones.
        left_out: categories beyond `MOST`.
    """

    customer_ids: NDArray[np.object_]
    categories: tuple[str, ...]
    customer: NDArray[np.int64]
    category: NDArray[np.int64]
    days_ago: FloatArray
    later: sparse.csr_matrix
    left_out: int

    def weights(self, half_life_days: float) -> sparse.csr_matrix:
        """Orders by customer and category, each worth half as much after so many days. Shape (c, k)."""
        worth = 0.5 ** (self.days_ago / half_life_days)
        shape = (len(self.customer_ids), len(self.categories))
        return sparse.csr_matrix((worth, (self.customer, self.category)), shape=shape)


@dataclass(frozen=True)
class PartOrders:
    """The same of one part, categories as texts."""

    customer_ids: NDArray[np.object_]
    levels: tuple[str, ...]
    customer: NDArray[np.int64]
    category: NDArray[np.int64]
    days_ago: FloatArray
    later_customer: NDArray[np.int64]
    later_category: NDArray[np.int64]


def orders_at(
    parts: Sequence[Part], lifecycle: Lifecycle, instant: datetime, until: datetime | None = None, *,
    engine: Engine = HERE,
) -> Orders:  # fmt: skip
    """Categorised orders of everybody.

    Args:
        parts: of the log.
        lifecycle: whose orders count.
        instant: what had happened and had reached us before it is history.
        until: end of the window after it; no window where None.
        engine: where parts are read.
    """
    work = partial(part_orders, lifecycle=lifecycle, instant=instant, until=until)
    return _together(list(engine.map(work, parts)))


def part_orders(part: Part, *, lifecycle: Lifecycle, instant: datetime, until: datetime | None) -> PartOrders:
    """Categorised orders of one part's customers; what an engine maps over the parts."""
    events, cutoff_us = part.read(), to_us(instant)
    visible = before(events, cutoff_us)
    seen = np.unique(visible.customer)
    place = np.full(len(events.customers), -1, dtype=np.int64)
    place[seen] = np.arange(len(seen))
    past = _categorised(visible, lifecycle)
    end_us = cutoff_us if until is None else to_us(until)
    later = _categorised(between(events, cutoff_us, end_us, known_before_us=max(end_us, cutoff_us)), lifecycle)
    later = later.take(place[later.customer] >= 0)
    return PartOrders(
        customer_ids=events.customers[seen], levels=past.category.levels, customer=place[past.customer],
        category=past.category.codes.astype(np.int64), days_ago=(cutoff_us - past.time_us) / DAY_US,
        later_customer=place[later.customer], later_category=later.category.codes.astype(np.int64),
    )  # fmt: skip


def _categorised(events: Events, lifecycle: Lifecycle) -> Events:
    return events.take(qualifies(events, lifecycle.definition, lifecycle.calendar) & (events.category.codes >= 0))


def _together(parts: list[PartOrders]) -> Orders:
    names = sorted({level for part in parts for level in part.levels})
    code = {name: place for place, name in enumerate(names)}
    firsts = np.cumsum([0, *(len(part.customer_ids) for part in parts)])
    maps = [np.array([code[level] for level in part.levels], dtype=np.int64) for part in parts]
    rows = list(zip(parts, maps, firsts[:-1], strict=True))
    customer = _joined([part.customer + first for part, _, first in rows])
    category = _joined([to[part.category] for part, to, _ in rows])
    people = np.bincount(np.unique(customer * max(len(names), 1) + category) % max(len(names), 1), minlength=len(names))
    kept = [place for place in np.argsort(-people, kind="stable") if people[place]]
    left_out, kept = max(len(kept) - MOST, 0), kept[:MOST]
    to_kept = np.full(len(names), -1, dtype=np.int64)
    to_kept[kept] = np.arange(len(kept))
    stays = to_kept[category] >= 0
    later_customer = _joined([part.later_customer + first for part, _, first in rows])
    later_category = to_kept[_joined([to[part.later_category] for part, to, _ in rows])]
    known, shape = later_category >= 0, (int(firsts[-1]), len(kept))
    later = sparse.csr_matrix((np.ones(known.sum()), (later_customer[known], later_category[known])), shape=shape)
    ids = np.concatenate([np.zeros(0, dtype=object), *(part.customer_ids for part in parts)])
    days = np.concatenate([np.zeros(0), *(part.days_ago for part in parts)])[stays]
    named = tuple(names[place] for place in kept)
    return Orders(ids, named, customer[stays], to_kept[category][stays], days, _binary(later), left_out)


def _binary(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    found = sparse.csr_matrix(counts)
    found.sum_duplicates()
    found.data[:] = 1.0
    return found


def _joined(arrays: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrays])
