"""Features of a sample of customers at past cutoffs, added up bucket by bucket: counts, and some rows for a while.

A customer's past is what was known then (`features.compute`, `churn.cohort`), scored by the champion's own trees. No
more than one bucket's events and a few weeks of its features are held at once. Start reading at `summed`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from churn.calendar import to_us
from churn.cohort import who_is_asked
from churn.definition import Lifecycle
from churn.events import Events, FloatArray
from churn.histogram import Binning, IntArray
from churn.treeshap import TreeShap
from features.compute import compute
from features.feature_set import FeatureSet
from features.parts import Part
from monitoring.champion import Champion
from monitoring.drift.reference import Reference
from monitoring.drift.weeks import Week, score_histogram
from monitoring.reading.customers import Sample, UInt64Array, below, numbers_of

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


class Watcher(Protocol):
    """Looks at the same customers in passing, so that their features are computed once. `missing`: weeks it lacks."""

    missing: Sequence[datetime]

    def add(self, events: Events, at: datetime, customers: NDArray[np.intp], told: FloatArray) -> None:
        """Some customers' week.

        Args:
            events: all that is known of them, and of others.
            at: the cutoff.
            customers: whom the champion was asked about: indices into `events.customers`. Shape (n,).
            told: its scores. Shape (n,).
        """
        ...


class Sums:
    """One champion's weeks, added up bucket by bucket.

    Args:
        one: the champion. wanted: the weeks.
    """

    def __init__(self, one: Asked, wanted: Sequence[datetime]) -> None:
        self._one, self._wanted = one, list(wanted)
        self._bins = score_histogram(one.champion.bundle, max(one.reference.rows, 1)).binning
        self._rows, self._told = np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted))
        self._scores = np.zeros((len(wanted), self._bins.bins), dtype=np.int64)
        self._counts: dict[str, IntArray] = {
            name: np.zeros((len(wanted), then.histogram.binning.bins), dtype=np.int64)
            for name, then in one.reference.features.items()
        }
        self._kept: dict[datetime, list[tuple[UInt64Array, NDArray[np.float32]]]] = {}

    def add(self, vectors: FloatArray, week: NDArray[np.intp]) -> FloatArray | None:
        """One bucket's rows of several weeks; their scores, where the trees are known.

        Args:
            vectors: packed features. Shape (n, f).
            week: place of each row's week among those wanted. Shape (n,).
        """
        bundle, trees, weeks = self._one.champion.bundle, self._one.trees, len(self._wanted)
        if not len(vectors):
            return None
        self._rows += np.bincount(week, minlength=weeks)
        for place, name in enumerate(bundle.features):
            binning = self._one.reference.features[name].histogram.binning
            self._counts[name] += _counted(bin_of(binning, vectors[:, place]), week, (weeks, binning.bins))
        if trees is None:
            return None
        told = bundle.probability(trees.raw(bundle.prepare(vectors)))
        self._scores += _counted(bin_of(self._bins, told), week, (weeks, self._bins.bins))
        self._told += np.bincount(week, told, minlength=weeks)
        return told

    def keep(self, at: datetime, customers: UInt64Array, vectors: FloatArray) -> None:
        """Keep rows of a week, to be told apart from those of the next."""
        self._kept.setdefault(at, []).append((customers, vectors.astype(np.float32)))

    def week(self, at: datetime) -> Week | None:
        """All of a week; None where nobody was asked about."""
        place = self._wanted.index(at)
        if not self._rows[place]:
            return None
        counts = {name: each[place] for name, each in self._counts.items()}
        scored = int(self._scores[place].sum())
        mean = float(self._told[place] / scored) if scored else float("nan")
        scores = self._scores[place] if scored else np.zeros(0, dtype=np.int64)
        return Week(at, int(self._rows[place]), counts, scores, mean)

    def rows(self, at: datetime) -> Rows | None:
        """The rows of a week that were kept."""
        kept = self._kept.get(at)
        if not kept:
            return None
        return Rows(
            np.concatenate([numbers for numbers, _ in kept]),
            np.concatenate([vectors for _, vectors in kept]).astype(np.float64),
        )


def bin_of(binning: Binning, values: FloatArray) -> NDArray[np.intp]:
    """The bin of each value, as `Binning.count` counts them. Shape (n,)."""
    unseen, null = binning.bins - 2, binning.bins - 1
    if binning.kind == "number":
        place = np.searchsorted(binning.edges, values, side="right")
        place = np.where(np.isinf(values), unseen, place)
    else:
        codes = np.array([*binning.codes, np.inf])
        place = np.searchsorted(codes[:-1], values)
        place = np.where(codes[place] == values, place, unseen)
    return np.where(np.isnan(values), null, place).astype(np.intp)


def _counted(bins: NDArray[np.intp], week: NDArray[np.intp], shape: tuple[int, int]) -> IntArray:
    return np.bincount(week * shape[1] + bins, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def summed(
    asked: Sequence[Asked],
    parts: Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    sample: tuple[Sample, float],
    wanted: Sequence[datetime],
    held: Sequence[datetime],
    watchers: Mapping[str, Watcher],
) -> tuple[dict[str, Sums], UInt64Array]:
    """Every champion's weeks over all buckets, by model; and the numbers of the customers that were looked at.

    Args:
        asked: the champions.
        parts: of the log.
        features: that they learned from.
        lifecycle: what churn means.
        sample: the customers that are counted, and the share of them whose rows are kept.
        wanted: the weeks.
        held: those of them whose rows are kept.
        watchers: of a model, who looks on.
    """
    (chosen, kept_share), seen = sample, [np.empty(0, dtype=np.uint64)]
    sums = {one.champion.model: Sums(one, wanted) for one in asked}
    places = {one.champion.model: _places(one, features) for one in asked}
    for part in parts[: chosen.buckets]:
        events, numbers = sampled(part.read(), chosen.share)
        few = numbers <= below(kept_share)
        seen.append(numbers)
        for first in range(0, len(wanted) if len(events.customers) else 0, AT_ONCE):
            chunk = wanted[first : first + AT_ONCE]
            cube = compute(events, chunk, features, lifecycle)
            who = [who_is_asked(events, lifecycle, to_us(at)) for at in chunk]
            for model, mine in sums.items():
                some = [each.customer[each.model == model] for each in who]
                week = np.repeat(np.arange(len(chunk)), [len(each) for each in some])
                vectors = cube[np.concatenate(some), week][:, places[model]]
                told = mine.add(vectors, week + first)
                for place, at in enumerate(chunk):
                    if told is not None and model in watchers:
                        watchers[model].add(events, at, some[place], told[week == place])
                    if at in held:
                        kept = few[some[place]]
                        mine.keep(at, numbers[some[place]][kept], vectors[week == place][kept])
    return sums, np.sort(np.concatenate(seen))


def _places(one: Asked, features: FeatureSet) -> list[int]:
    return [features.names.index(name) for name in one.champion.bundle.features]


def sampled(events: Events, share: float) -> tuple[Events, UInt64Array]:
    """The customers with the smallest numbers, and the numbers."""
    numbers = numbers_of(pa.array(events.customers.tolist(), pa.string()))
    if share >= 1:
        return events, numbers
    mine = numbers <= below(share)
    return events.of(events.customers[mine].tolist()), numbers[mine]
