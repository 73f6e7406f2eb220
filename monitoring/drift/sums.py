"""Features of a sample of customers at past cutoffs, added up bucket by bucket: counts, and some rows for a while.

A customer's past is what was known then (`features.compute`, `churn.cohort`), scored by the champion's own trees. No
more than one bucket's events and a few weeks of its features are held at once. Start reading at `summed`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from churn.calendar import to_us
from churn.cohort import who_is_asked
from churn.definition import Lifecycle
from churn.events import Events, FloatArray
from churn.histogram import IntArray
from churn.treeshap import TreeShap
from features.compute import compute
from features.feature_set import FeatureSet
from features.parts import Part
from monitoring.champion import Champion
from monitoring.drift.reference import Reference
from monitoring.drift.weeks import Week, week_of
from monitoring.reading.customers import UInt64Array, numbers_of

AT_ONCE: Final = 13  # weeks computed together


@dataclass(frozen=True)
class Asked:
    """One champion whose past is wanted; `trees` None where nobody knows them."""

    champion: Champion
    reference: Reference
    trees: TreeShap | None


@dataclass(frozen=True)
class Rows:
    """Some customers' features at one cutoff.

    Args:
        customers: their numbers. Shape (n,).
        vectors: shape (n, f).
    """

    customers: UInt64Array
    vectors: FloatArray


class Sum:
    """One champion's week, added up bucket by bucket."""

    def __init__(self, one: Asked, at: datetime) -> None:
        self._one, self.at = one, at
        self._weeks: list[Week] = []
        self._kept: list[tuple[UInt64Array, NDArray[np.float32]]] = []

    def add(self, vectors: FloatArray, numbers: UInt64Array, keep: float) -> None:
        """One bucket's rows, of which those of a share of the customers are kept."""
        bundle, trees = self._one.champion.bundle, self._one.trees
        if not len(vectors):
            return
        told = bundle.probability(trees.raw(bundle.prepare(vectors))) if trees else None
        frame = pd.DataFrame(vectors, columns=list(bundle.features), copy=False)
        self._weeks = [_added([*self._weeks, week_of(bundle, self._one.reference, frame, told, self.at)])]
        if keep:
            few = numbers <= below(keep)
            self._kept.append((numbers[few], vectors[few].astype(np.float32)))

    @property
    def week(self) -> Week | None:
        """All of it; None where nobody was asked about."""
        return self._weeks[0] if self._weeks else None

    @property
    def rows(self) -> Rows | None:
        """The rows that were kept."""
        if not self._kept:
            return None
        return Rows(
            np.concatenate([numbers for numbers, _ in self._kept]),
            np.concatenate([vectors for _, vectors in self._kept]).astype(np.float64),
        )


def _added(weeks: Sequence[Week]) -> Week:
    """Weeks of other customers as one."""
    first, *others = weeks
    if not others:
        return first
    counts: dict[str, IntArray] = {name: np.sum([one.counts[name] for one in weeks], axis=0) for name in first.counts}
    scored = [int(one.scores.sum()) for one in weeks]
    told = sum(n * one.mean_score for n, one in zip(scored, weeks, strict=True) if n)
    mean = told / sum(scored) if sum(scored) else float("nan")
    scores: IntArray = np.sum([one.scores for one in weeks], axis=0)
    return Week(first.at, sum(one.rows for one in weeks), counts, scores, mean)


def summed(
    asked: Sequence[Asked],
    parts: Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    shares: tuple[float, float],
    wanted: Sequence[datetime],
    held: Sequence[datetime],
) -> dict[str, dict[datetime, Sum]]:
    """Every champion's weeks over all buckets, by model.

    Args:
        asked: the champions.
        parts: of the log.
        features: that they learned from.
        lifecycle: what churn means.
        shares: of the customers that are counted, and of those whose rows are kept.
        wanted: the weeks.
        held: those of them whose rows are kept.
    """
    sums = {one.champion.model: {at: Sum(one, at) for at in wanted} for one in asked}
    places = {one.champion.model: _places(one, features) for one in asked}
    for part in parts:
        events, numbers = _sampled(part.read(), shares[0])
        for chunk in (wanted[first : first + AT_ONCE] for first in range(0, len(wanted), AT_ONCE)):
            if not len(events.customers):
                continue
            cube = compute(events, chunk, features, lifecycle)
            for place, at in enumerate(chunk):
                who = who_is_asked(events, lifecycle, to_us(at))
                for model, mine in sums.items():
                    some = who.customer[who.model == model]
                    vectors = np.ascontiguousarray(cube[some, place][:, places[model]])
                    mine[at].add(vectors, numbers[some], shares[1] if at in held else 0.0)
    return sums


def below(share: float) -> np.uint64:
    """The largest number of a share of the customers."""
    return np.uint64(min(share * 2.0**64, 2.0**64 - 2048))


def _places(one: Asked, features: FeatureSet) -> list[int]:
    return [features.names.index(name) for name in one.champion.bundle.features]


def _sampled(events: Events, share: float) -> tuple[Events, UInt64Array]:
    """The customers with the smallest numbers, and the numbers."""
    numbers = numbers_of(pa.array(events.customers.tolist(), pa.string()))
    if share >= 1:
        return events, numbers
    mine = numbers <= below(share)
    return events.of(events.customers[mine].tolist()), numbers[mine]
