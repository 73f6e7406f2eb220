"""Categories in the order in which a customer may want them: by their own orders, by look-alikes', by everybody's.

    own           the customer's orders by category, older ones worth less, as shares
    look-alikes   for each category of theirs, what customers of that category also order (cosine of who ordered what)
    popularity    everybody's orders by category, older ones worth less

A simple ranking is a mixture of the first two; popularity breaks ties and stands in where nothing is known. Nothing is
learnt but the half-life and the mixture, on orders of before. Start reading at `Ranking.top`.

Source: Sarwar et al. (2001), "Item-based collaborative filtering", WWW10, sect. 3.1.1 (cosine between items).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from campaigns.categories.orders import Orders
from churn.events import FloatArray

AT_ONCE = 8_192  # customers whose scores of all categories are held together
TIE = 1e-9  # what popularity adds: less than any order
OWN, LOOK_ALIKES, POPULARITY = "own", "look_alikes", "popularity"
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How a simple ranking is mixed.

    Args:
        half_life_days: after which an order is worth half.
        own_share: of the customer's own orders in the mixture; the rest is look-alikes'.
    """

    half_life_days: float
    own_share: float


def popular(orders: Orders, half_life_days: float) -> FloatArray:
    """Everybody's orders by category, as shares. Shape (k,)."""
    total = np.asarray(orders.weights(half_life_days).sum(axis=0)).ravel()
    return np.asarray(total / (total.sum() or 1.0))


@dataclass(frozen=True)
class Ranking:
    """Scores of categories, made block by block.

    Args:
        own: orders by customer and category, as shares. Shape (c, k).
        near: from a category to those that its customers order too, as shares. Shape (k, k).
        popularity: shares. Shape (k,).
        own_share: of the mixture.
    """

    own: sparse.csr_matrix
    near: FloatArray
    popularity: FloatArray
    own_share: float

    @classmethod
    def of(cls, orders: Orders, recipe: Recipe) -> "Ranking":
        """The ranking of a recipe."""
        weights = orders.weights(recipe.half_life_days)
        own = _shares(weights)
        has = sparse.csr_matrix((np.ones(len(weights.data)), weights.indices, weights.indptr), shape=weights.shape)
        together = np.asarray((has.T @ has).todense(), dtype=np.float64)
        people = np.sqrt(np.diag(together))
        near = together / np.maximum(np.outer(people, people), 1e-12)
        np.fill_diagonal(near, 0.0)
        near /= np.maximum(near.sum(axis=1, keepdims=True), 1e-12)
        return cls(own, near, popular(orders, recipe.half_life_days), recipe.own_share)

    def top(self, most: int) -> Iterator[tuple[Places, NDArray[np.object_]]]:
        """The best categories of each customer, a block of customers at a time, and what each is there by.

        Args:
            most: categories a customer, if there are so many.
        """
        for first in range(0, self.own.shape[0], AT_ONCE):
            mine = np.asarray(self.own[first : first + AT_ONCE].todense(), dtype=np.float64)
            own, theirs = self.own_share * mine, (1 - self.own_share) * (mine @ self.near)
            places = first_of(own + theirs + TIE * self.popularity, most)
            by_own, by_others = (np.take_along_axis(part, places, axis=1) for part in (own, theirs))
            why = np.where(by_own >= by_others, OWN, LOOK_ALIKES).astype(object)
            why[(by_own == 0) & (by_others == 0)] = POPULARITY
            yield places, why


def first_of(scores: FloatArray, most: int) -> Places:
    """The columns of the highest scores of each row, highest first; equal ones in their order. Shape (n, most)."""
    return np.asarray(np.argsort(-scores, axis=1, kind="stable")[:, :most])


def _shares(weights: sparse.csr_matrix) -> sparse.csr_matrix:
    total = np.asarray(weights.sum(axis=1)).ravel()
    return sparse.csr_matrix(sparse.diags(1 / np.where(total > 0, total, 1.0)) @ weights)
