"""Counts that figures can be made from again, also of several cohorts together, when the answers are long gone.

Answers are counted by score (cells of a twentieth in log-odds), by what became of them, and by *group*: a hundredth of
the customers, by a hash of their id, the same in every cohort. Counts of cohorts add up. Intervals come from drawing
whole groups again, so that all answers about a customer go together, over weeks and versions too.

Source: Wolter (2007), Introduction to Variance Estimation, ch. 2 (random groups); Kott (2001), J. Official Statistics
17(4) (delete-a-group). Reads arrays. Start reading at `Counts`.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.events import FloatArray
from churn.metrics import SMALLEST, CalibrationBin
from monitoring.ledger.realised import Interval

GROUPS, CELLS, FARTHEST = 100, 320, 8.0  # log-odds from -8 to 8: probabilities from 0.0003
BINS, TOP_SHARE = 10, 0.1
DRAWS, COVERED = 400, (5.0, 95.0)  # percentiles between which an interval lies: 90 %
SUMS = ("told", "surprise", "squared", "earned")


@dataclass(frozen=True)
class Counts:
    """Judged answers, counted.

    Args:
        table: answers by group, cell and outcome (0, 1). Shape (GROUPS, CELLS, 2).
        told: sum of the scores in each cell. Shape (CELLS,).
        sums: of scores, log loss, squared distance, and money earned by contacting from break-even on, by group; money
            is NaN where no costs are set. Shape (GROUPS, 4).
    """

    table: NDArray[np.int64]
    told: FloatArray
    sums: FloatArray

    @classmethod
    def of(
        cls, outcome: FloatArray, probability: FloatArray, group: NDArray[np.int64], earned: FloatArray | None
    ) -> Self:
        """Count answers.

        Args:
            outcome: 1.0 came true, 0.0 did not. Shape (n,), as are the others.
            probability: what was told.
            group: of the customer, see `groups_of`.
            earned: money that each would have earned; None where no costs are set.
        """
        sure = np.clip(probability, SMALLEST, 1 - SMALLEST)
        log_odds = np.log(sure) - np.log1p(-sure)
        cell = np.clip((log_odds + FARTHEST) * (CELLS / (2 * FARTHEST)), 0, CELLS - 1).astype(np.int64)
        place = (group * CELLS + cell) * 2 + outcome.astype(np.int64)
        surprise = -np.where(outcome > 0, np.log(sure), np.log1p(-sure))
        each = (probability, surprise, (probability - outcome) ** 2)
        sums = [np.bincount(group, weights=one, minlength=GROUPS) for one in each]
        money = np.full(GROUPS, np.nan) if earned is None else np.bincount(group, weights=earned, minlength=GROUPS)
        return cls(
            np.bincount(place, minlength=GROUPS * CELLS * 2).reshape(GROUPS, CELLS, 2).astype(np.int64),
            np.bincount(cell, weights=probability, minlength=CELLS).astype(np.float64),
            np.column_stack([*sums, money]),
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.table + other.table, self.told + other.told, self.sums + other.sums)

    @property
    def n(self) -> int:
        """How many answers."""
        return int(self.table.sum())

    @property
    def positives(self) -> int:
        """How many came true."""
        return int(self.table[:, :, 1].sum())

    def as_json(self) -> dict[str, str]:
        """As a cohort's file keeps them."""
        arrays = {"table": self.table.astype("<i4"), "told": self.told.astype("<f8"), "sums": self.sums.astype("<f8")}
        return {
            name: base64.b64encode(zlib.compress(np.ascontiguousarray(one).tobytes())).decode()
            for name, one in arrays.items()
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`.

        Raises:
            ValueError, KeyError, zlib.error: it is none.
        """

        def array(name: str, kind: str, *shape: int) -> NDArray[Any]:
            return np.frombuffer(zlib.decompress(base64.b64decode(told[name])), dtype=kind).reshape(shape)

        table = array("table", "<i4", GROUPS, CELLS, 2).astype(np.int64)
        sums = array("sums", "<f8", GROUPS, len(SUMS)).astype(np.float64)
        return cls(table, array("told", "<f8", CELLS).astype(np.float64), sums)


def groups_of(customers: NDArray[np.object_]) -> NDArray[np.int64]:
    """The group of each customer id: the same wherever and whenever it is asked."""
    return (pd.util.hash_array(customers, categorize=False) % np.uint64(GROUPS)).astype(np.int64)


def intervals(counts: Counts, seed: int, exact: Mapping[str, float] | None = None) -> dict[str, Interval]:
    """Every figure with its 90 % interval.

    Args:
        counts: of answers of both outcomes.
        seed: of the drawing.
        exact: figures of the answers themselves, where they are at hand; else those of the counts.
    """
    drawn = np.random.default_rng(seed).multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), size=DRAWS)
    blocks = _blocks(counts)
    whole = _measured(counts, np.ones((1, GROUPS)), blocks)
    draws = _measured(counts, drawn.astype(np.float64), blocks)
    found = {}
    for name, about in whole.items():
        value = float(about[0]) if exact is None else exact[name]
        low, high = np.nanpercentile(draws[name], COVERED) + (value - float(about[0]))
        found[name] = Interval(value, float(low), float(high))
    return found


def bins_of(counts: Counts) -> tuple[CalibrationBin, ...]:
    """Calibration in ten bins of equal mass, lowest scores first; cells at an edge count in part."""
    blocks = _blocks(counts)
    by_cell = counts.table.sum(axis=0)
    n, came, told = by_cell.sum(axis=1) @ blocks, by_cell[:, 1] @ blocks, counts.told @ blocks
    return tuple(
        CalibrationBin(round(float(size)), float(said / size), float(true / size))
        for size, said, true in zip(n, told, came, strict=True)
        if size > 0
    )


def _blocks(counts: Counts) -> FloatArray:
    """Which share of each cell lies in each tenth of the answers. Shape (CELLS, BINS)."""
    upto = np.append(0, np.cumsum(counts.table.sum(axis=(0, 2)))).astype(np.float64)
    edges = np.linspace(0, upto[-1], BINS + 1)
    inside = np.minimum(upto[1:, None], edges[None, 1:]) - np.maximum(upto[:-1, None], edges[None, :-1])
    size = np.maximum(upto[1:] - upto[:-1], 1)
    return np.asarray(np.maximum(inside, 0) / size[:, None])


def _measured(counts: Counts, weights: FloatArray, blocks: FloatArray) -> dict[str, FloatArray]:
    """Figures of the groups as often as the weights say. `weights` shape (d, GROUPS); each figure shape (d,)."""
    came, stayed = weights @ counts.table[:, :, 1], weights @ counts.table[:, :, 0]
    both = came + stayed
    n, positives = both.sum(axis=1), came.sum(axis=1)
    mean = counts.told / np.maximum(counts.table.sum(axis=(0, 2)), 1)
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw of a small cohort may hold one outcome, or nobody
        told, surprise, squared, earned = ((weights @ counts.sums) / n[:, None]).T
        below = np.cumsum(stayed, axis=1) - stayed / 2
        found, reached = np.cumsum(came[:, ::-1], axis=1), np.cumsum(both[:, ::-1], axis=1)
        middle = reached - both[:, ::-1] / 2  # of each cell: precision falls from its one end to the other
        precision = (found - came[:, ::-1] / 2) / np.maximum(middle, 0.5)
        figures = {
            "roc_auc": (came * below).sum(axis=1) / (positives * (n - positives)),
            "pr_auc": (came[:, ::-1] * precision).sum(axis=1) / positives,
            "log_loss": surprise,
            "brier": squared,
            "ece": np.abs((both * mean) @ blocks - came @ blocks).sum(axis=1) / n,
            "lift": _lift(found, reached) / (positives / n),
            "expected_rate": told,
            "actual_rate": positives / n,
            "rate_ratio": positives / n / np.maximum(told, 1e-12),
        }
    return figures | ({} if np.isnan(counts.sums[:, 3]).any() else {"profit_per_customer": earned})


def _lift(found: FloatArray, reached: FloatArray) -> FloatArray:
    """Share that came true in the top tenth of each draw; a cell at the edge counts in part. Shape (d,)."""
    shares = [
        np.interp(TOP_SHARE * upto[-1], np.append(0, upto), np.append(0, true)) / (TOP_SHARE * upto[-1])
        for true, upto in zip(found, reached, strict=True)
    ]
    return np.array(shares)
