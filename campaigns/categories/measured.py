"""Whether the simple ranking beats popularity, on orders that it has not seen.

    ... history | choose the recipe | test ...      each window as long as the horizon, one after the other

Half-life and mixture are chosen on the window before the test, for popularity its half-life too, so that it is as good
as it can be. Counted are customers with a categorised order before and after: a hit is one of the offered categories
among those they ordered in the window. Start reading at `measure`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from campaigns.categories.orders import Orders, orders_at
from campaigns.categories.ranking import Ranking, Recipe, first_of, popular
from campaigns.segments.intervals import share_of
from churn.definition import Lifecycle
from features.parts import HERE, Engine, Part
from features.snapshots import last_midnight

HALF_LIVES = (30.0, 120.0, 480.0, 1e6)  # what is tried; at the last all orders count alike
OWN_SHARES = (0.99, 0.9, 0.7, 0.4)  # likewise; at the first look-alikes fill up what own orders leave
SIMPLE, POPULAR = "simple", "popularity"
TOO_FEW, NOT_BETTER = "too_few_to_measure", "not_better_than_popularity"


@dataclass(frozen=True)
class Measured:
    """What was found, and what is offered therefore.

    Args:
        method: simple, or popularity where the simple ranking was not better beyond chance.
        why: code why it is popularity; None where it is not.
        recipe: of the simple ranking, chosen on orders before the test.
        popular_half_life_days: likewise of popularity.
        cutoff: of the test; None where there was none.
        horizon_days: of its window.
        rates: by number of categories offered: hit rate of simple, own alone and popularity, and the gain, with
            intervals.
    """

    method: str
    why: str | None
    recipe: Recipe
    popular_half_life_days: float
    cutoff: datetime | None
    horizon_days: int
    rates: tuple[dict[str, Any], ...]

    @property
    def told_rates(self) -> tuple[float | None, float | None]:
        """Hit rates of what is offered and of popularity, of all categories offered; null where not measured."""
        if not self.rates:
            return None, None
        last = self.rates[-1]
        mine = last["simple" if self.method == SIMPLE else "popularity"]["share"]
        return mine, last["popularity"]["share"]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "method": self.method, "why": self.why, "cutoff": self.cutoff and self.cutoff.isoformat(),
            "horizon_days": self.horizon_days, "half_life_days": self.recipe.half_life_days,
            "own_share": self.recipe.own_share, "popularity_half_life_days": self.popular_half_life_days,
            "hit_rates": list(self.rates),
        }  # fmt: skip


def measure(
    parts: Sequence[Part], lifecycle: Lifecycle, until: datetime, first: datetime, *, top: int, confidence: float,
    engine: Engine = HERE,
) -> Measured:  # fmt: skip
    """Compare the simple ranking with popularity on the newest window that is over.

    Args:
        parts: of the log.
        lifecycle: definition, whose horizon is the window, and calendar.
        until: the log is complete up to here.
        first: the log's first event.
        top: categories offered.
        confidence: of intervals, and that decides.
        engine: where parts are read.
    """
    days, calendar = lifecycle.definition.horizon_days, lifecycle.calendar
    test = last_midnight(lifecycle, calendar.plus_days(until, -days))
    chosen = calendar.midnight(calendar.day_of(test) - timedelta(days=days))
    plain = Recipe(HALF_LIVES[-1], OWN_SHARES[0])
    if chosen <= first:
        return Measured(POPULAR, TOO_FEW, plain, HALF_LIVES[-1], None, days, ())
    recipe, half_life = _chosen(orders_at(parts, lifecycle, chosen, test, engine=engine), top)
    orders = orders_at(parts, lifecycle, test, calendar.plus_days(test, days), engine=engine)
    asked = _asked(orders)
    if not asked.any() or len(orders.categories) < 2:
        return Measured(POPULAR, TOO_FEW, recipe, half_life, test, days, ())
    rates = tuple(_rates(orders, asked, recipe, half_life, k, confidence) for k in range(1, top + 1))
    is_better = rates[-1]["gain"]["low"] > 0
    return Measured(
        SIMPLE if is_better else POPULAR, None if is_better else NOT_BETTER, recipe, half_life, test, days, rates
    )


def _asked(orders: Orders) -> NDArray[np.bool_]:
    """Who has a categorised order before and after."""
    has = np.bincount(orders.customer, minlength=len(orders.customer_ids)) > 0
    return np.asarray(has & (np.asarray(orders.later.sum(axis=1)).ravel() > 0))


def _chosen(orders: Orders, top: int) -> tuple[Recipe, float]:
    """The recipe and popularity's half-life with most hits; the first of equal ones."""
    asked = _asked(orders)
    recipes = [Recipe(*one) for one in product(HALF_LIVES, OWN_SHARES)]
    hits = [int(hits_of(orders, one, top)[asked].sum()) for one in recipes]
    most = [int(_popular_hits(orders, one, top)[asked].sum()) for one in HALF_LIVES]
    return recipes[int(np.argmax(hits))], HALF_LIVES[int(np.argmax(most))]


def _rates(
    orders: Orders, asked: NDArray[np.bool_], recipe: Recipe, half_life: float, top: int, confidence: float
) -> dict[str, Any]:
    simple = hits_of(orders, recipe, top)[asked]
    own = hits_of(orders, Recipe(recipe.half_life_days, 1.0), top)[asked]
    everybody = _popular_hits(orders, half_life, top)[asked]
    n = len(simple)
    gain = simple.astype(float) - everybody.astype(float)
    half = float(stats.norm.isf((1 - confidence) / 2) * gain.std(ddof=1) / np.sqrt(n)) if n > 1 else 1.0
    mean = float(gain.mean())
    return {
        "offered": top, "customers": n, "simple": share_of(int(simple.sum()), n, confidence),
        "own_alone": share_of(int(own.sum()), n, confidence),
        "popularity": share_of(int(everybody.sum()), n, confidence),
        "gain": {"share": mean, "low": mean - half, "high": mean + half},
    }  # fmt: skip


def hits_of(orders: Orders, recipe: Recipe, top: int) -> NDArray[np.bool_]:
    """Whom the simple ranking hits: one of the categories it offers is among those of the window. Shape (c,)."""
    found, first = [np.zeros(0, dtype=np.bool_)], 0
    for places, _ in Ranking.of(orders, recipe).top(top):
        found.append(_hit(orders.later[first : first + len(places)], places))
        first += len(places)
    return np.concatenate(found)


def _popular_hits(orders: Orders, half_life_days: float, top: int) -> NDArray[np.bool_]:
    (best,) = first_of(popular(orders, half_life_days)[None, :], top)
    return np.asarray(np.asarray(orders.later[:, best].sum(axis=1)).ravel() > 0)


def _hit(later: sparse.csr_matrix, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    ordered = np.asarray(later.todense()) > 0
    return np.asarray(np.take_along_axis(ordered, places, axis=1).any(axis=1))
