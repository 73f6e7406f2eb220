"""The learner's fixed parameters. They were found on earlier cutoffs than any test's: docs/adr/0004."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """The learner's fixed parameters; why these: docs/adr/0004.

    Args:
        penalty: of the line's squared weights.
        learning_rate: share of each tree that is taken.
        num_leaves: leaves of a tree, at most.
        min_data_in_leaf: rows in a leaf, at least.
        feature_fraction: share of the features a tree may look at.
        bagging_fraction: share of the rows a tree learns from.
        lambda_l2: shrinks leaves.
        max_trees: boosted trees, at most.
        patience: trees without gain on held-out customers before boosting stops.
        folds: customer folds for stopping and calibration.
        held_out_rows: rows that stopping and calibration look at, at most; whole customers, by hash.
        calibration_cutoffs: so many of the newest cutoffs calibrate where fewer have a whole lookback.
        calibration_rows: fewer such rows, or a tenth of that of either outcome, are not enough.
        repeat_power: a row counts by how many rows its customer has, to the power of minus this; 0: all count alike.
        half_life_days: a row counts half of one that is so much newer; 0: all count alike.
        season_days: cutoffs must span so many days before a feature that all customers share may be used.
    """

    penalty: float = 1000.0
    learning_rate: float = 0.05
    num_leaves: int = 8
    min_data_in_leaf: int = 200
    feature_fraction: float = 0.2
    bagging_fraction: float = 0.8
    lambda_l2: float = 50.0
    max_trees: int = 400
    patience: int = 25
    folds: int = 4
    held_out_rows: int = 40_000
    calibration_cutoffs: int = 3
    calibration_rows: int = 1_000
    season_days: int = 700
    repeat_power: float = 0.0
    half_life_days: float = 0.0

    def lightgbm(self, *, seed: int, threads: int) -> dict[str, Any]:
        """LightGBM's parameters. No class weights: they would break the probabilities."""
        return {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_data_in_leaf,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1,
            "lambda_l2": self.lambda_l2,
            "min_data_per_group": 100,
            "cat_smooth": 50.0,
            "feature_pre_filter": False,
            "num_threads": threads,
            "seed": seed,
            "deterministic": True,
            "force_col_wise": True,
            "verbose": -1,
        }
