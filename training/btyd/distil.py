"""BG/NBD written as trees, so that it is served, explained and copied as every other model is.

Trees are boosted to the log-odds that BG/NBD gives tens of thousands of made-up customers: those of the training rows,
some as they will stand up to two horizons later if they keep silent, some with other counts and reaches. How far the
trees stray is measured on another draw of such customers and said. A second speaker of LightGBM beside training/fit.py.
Start reading at `distilled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from churn.events import FloatArray
from training.btyd.histories import histories
from training.btyd.rival import Btyd
from training.rows import Columns, Rows
from training.step_trees import blocks_of, model_text

POINTS = 20_000
FARTHEST = 8.0  # log-odds; beyond, nobody can tell
SPREAD = 0.5  # of the logarithms of counts and reaches that are made up
PARAMS: dict[str, Any] = {
    "objective": "regression",
    "min_data_in_leaf": 5,
    "max_bin": 1023,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True)
class Size:
    """How many trees, of how many leaves at most, and which part of each is taken."""

    trees: int = 200
    leaves: int = 31
    rate: float = 0.15

    @property
    def params(self) -> dict[str, Any]:
        """LightGBM's."""
        return {**PARAMS, "num_leaves": self.leaves, "learning_rate": self.rate}


FULL = Size()  # for BG/NBD that serves alone


@dataclass(frozen=True)
class Distilled:
    """BG/NBD as trees.

    Args:
        booster: LightGBM's text, over all features of the rows.
        mean_deviation: of probabilities from BG/NBD's own, on customers the trees had not seen.
        most_deviation: that which 99% of them stay within.
    """

    booster: str
    mean_deviation: float
    most_deviation: float


def distilled(fitted: Btyd, rows: Rows, *, seed: int, size: Size = FULL) -> Distilled:
    """Write a fitted model as trees.

    Args:
        fitted: BG/NBD (or Pareto/NBD), without calibrator.
        rows: training rows: around whom the trees must be exact.
        seed: of the customers that are made up.
        size: of the trees.
    """
    random = np.random.default_rng(seed)
    days = fitted.gap_days + 2 * fitted.horizon_days
    X, unseen = (_made_up(rows.X[:, list(fitted.places)], days, random) for _ in range(2))
    learn = lightgbm.Dataset(X, _target(fitted, X), params=size.params)
    trees = lightgbm.train({**size.params, "seed": seed}, learn, size.trees)
    strays = np.abs(_sigmoid(trees.predict(unseen)) - _sigmoid(_target(fitted, unseen)))
    text = _widened(trees.model_to_string(), rows.columns, fitted.places)
    return Distilled(text, float(strays.mean()), float(np.quantile(strays, 0.99)))


def _made_up(known: FloatArray, days: int, random: np.random.Generator) -> FloatArray:
    """Customers like these, later and otherwise. Shape (POINTS, 3)."""
    drawn = known[random.integers(0, len(known), POINTS)]
    of, later = histories(drawn), random.uniform(0, days, POINTS) * (random.random(POINTS) < 0.5)
    other = random.random(POINTS) < 0.5
    again = of.repeats > 0
    wide = np.exp(random.normal(0, SPREAD, (2, POINTS)) * other)
    repeats = np.where(again, np.maximum(np.round(of.repeats * wide[0]), 1.0), 0.0)
    reach = of.last_days * wide[1]
    since = np.where(again, np.nan_to_num(drawn[:, 0]), of.known_days) + later
    pause = np.where(again, np.maximum(reach, repeats) / np.maximum(repeats, 1.0), np.nan)
    return np.column_stack([since, since + np.where(again, np.maximum(reach, repeats), 0.0), pause])


def _target(fitted: Btyd, X: FloatArray) -> FloatArray:
    return np.clip(fitted.of_histories(histories(X)), -FARTHEST, FARTHEST)


def _sigmoid(raw: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-raw))


def _widened(text: str, columns: Columns, places: Sequence[int]) -> str:
    """The trees over three columns as trees over all of them."""
    return model_text(columns.names, [_renumbered(block, places) for block in blocks_of(text)])


def _renumbered(block: str, places: Sequence[int]) -> str:
    key, lines = "split_feature=", block.rstrip().split("\n")
    for at, line in enumerate(lines):
        if line.startswith(key):
            lines[at] = key + " ".join(str(places[int(one)]) for one in line.removeprefix(key).split())
    return "\n".join(lines)
