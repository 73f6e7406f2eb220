"""Which customers at which cutoffs a campaign could have touched before their outcome was decided.

    TREATMENTS [planned_at, window_end)  x  rows [cutoff, end of the outcome window)  -->  treated, held out, weight

A treatment touches a row where the two overlap: planned after the cutoff and before the outcome is decided, or planned
before the cutoff with a window that reaches past it. Being treated and being held out are told apart; of several
campaigns one that treated is enough. Who was held out stands for those who were treated beside them: for 1 / (1 -
propensity) customers, multiplied over the campaigns. What was planned for one id of a person touches the rows of their
other ids too, where that was known by the time the outcome was decided. Reads arrays and frames; knows no learner.
Start at `touched`.

Source: Robins and Finkelstein (2000), Biometrics 56, 779-788: who leaves the course that is asked about is censored,
and who stays on it is weighted by one over the chance of staying.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import from_us, to_us
from churn.definition import Lifecycle
from churn.events import BoolArray, FloatArray, micros
from features.holders import NOBODY, Holders
from features.persons import persons

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Touched:
    """What campaigns did to rows.

    Args:
        is_treated: some campaign was to contact the customer within reach of the outcome. Shape (n,).
        is_held_out: chance kept the customer out of each campaign that was planned within reach. Shape (n,).
        weight: for how many customers a row stands that was not treated; 1 where nothing was planned. Shape (n,).
        stands_for_nobody: treated where nobody could be held out: propensity 1. Shape (n,).
    """

    is_treated: BoolArray
    is_held_out: BoolArray
    weight: FloatArray
    stands_for_nobody: BoolArray

    @property
    def is_any(self) -> bool:
        """Whether anything was planned for anybody within reach."""
        return bool(self.is_treated.any() or self.is_held_out.any())


def touched(
    customer: NDArray[np.object_],
    cutoff_us: IntArray,
    treatments: pd.DataFrame,
    lifecycle: Lifecycle,
    holders: Holders = NOBODY,
) -> Touched:
    """Which rows campaigns touched.

    Args:
        customer: ids. Shape (n,).
        cutoff_us: microseconds since 1970 UTC. Shape (n,).
        treatments: TREATMENTS, of all campaigns.
        lifecycle: when an outcome is decided.
        holders: whose an id is, as far as it was known when.
    """
    n = len(customer)
    found = Touched(np.zeros(n, bool), np.zeros(n, bool), np.ones(n), np.zeros(n, bool))
    if not len(treatments):
        return found
    places = _Places(customer, treatments["customer_id"].to_numpy(dtype=object), holders)
    begins, ends = micros(treatments["planned_at"]), micros(treatments["window_end"])
    propensity = treatments["propensity"].to_numpy(dtype=np.float64)
    was_treated = treatments["is_treated"].to_numpy(dtype=bool)
    for cutoff in np.unique(cutoff_us):
        decided = to_us(lifecycle.outcome_window(from_us(int(cutoff))).end)
        codes, mine, count = places.known_before(decided)
        here = np.flatnonzero((cutoff_us == cutoff) & (mine >= 0))
        reach = np.flatnonzero((begins < decided) & (ends > cutoff))
        treated, held, alone = (np.zeros(count, bool) for _ in range(3))
        stands = np.ones(count)
        treated[codes[reach[was_treated[reach]]]] = True
        alone[codes[reach[propensity[reach] >= 1]]] = True
        out = reach[~was_treated[reach]]
        held[codes[out]] = True
        np.multiply.at(stands, codes[out], 1 / (1 - np.minimum(propensity[out], 1 - 1e-9)))
        found.is_treated[here] = treated[mine[here]]
        found.is_held_out[here] = (held & ~treated)[mine[here]]
        found.weight[here] = np.where(treated, 1.0, stands)[mine[here]]
        found.stands_for_nobody[here] = (treated & alone)[mine[here]]
    return found


@dataclass(frozen=True)
class _Places:
    """Which treatments are about the person of which row: one place a person."""

    customer: NDArray[np.object_]
    planned_for: NDArray[np.object_]
    holders: Holders

    def known_before(self, instant_us: int) -> tuple[IntArray, IntArray, int]:
        """Places of treatments and of rows (-1: nothing was planned), as ids were known; and how many there are."""
        people = persons(self.holders, known_before_us=instant_us)
        return self._by(people.name(self.planned_for), people.name(self.customer)) if people else self._by_id

    @cached_property
    def _by_id(self) -> tuple[IntArray, IntArray, int]:
        return self._by(self.planned_for, self.customer)

    @staticmethod
    def _by(planned_for: NDArray[np.object_], customer: NDArray[np.object_]) -> tuple[IntArray, IntArray, int]:
        codes, known = pd.factorize(planned_for)
        return codes, pd.Index(known).get_indexer(pd.Index(customer)), len(known)
