"""What does a training spend around LightGBM's own fit? One million rows of 80 features at twelve cutoffs.

Counted as LightGBM's own: `lightgbm.train`, which builds the binned data sets too. Everything else that turns the rows
of a snapshot into a model's text is around it: the rows as arrays, the line, levels and starts, what stops and
calibrates, the line's step trees, the merged text.
"""

import resource
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.learners.stopwatch import Spent, watched
from churn.calendar import DAY_US, from_us
from training.fit import fit
from training.rows import Columns, Rows

FEATURES, CUTOFFS, BEGINS_US = 80, 12, 1_700_006_400_000_000
NULL_SHARE = 0.1


def made(rows: int, *, seed: int) -> tuple[pd.DataFrame, Columns]:
    """A snapshot's frame: skewed features, some null, an outcome that a line tells in part."""
    random = np.random.default_rng(seed)
    X = np.exp(random.normal(size=(rows, FEATURES)))
    X[:, FEATURES // 2 :] = np.floor(2 * X[:, FEATURES // 2 :])
    line = np.log1p(X) @ random.normal(scale=0.2, size=FEATURES)
    raw = line - line.mean() + 0.8 * np.sin(2 * X[:, 0]) - 0.5
    X[random.random(X.shape) < NULL_SHARE] = np.nan
    columns = Columns(tuple(f"feature_{place}" for place in range(FEATURES)))
    at = np.arange(rows) % CUTOFFS
    key = {
        "customer_id": np.array([f"c{one:07d}" for one in range(-(-rows // CUTOFFS))], dtype=object)[
            np.arange(rows) // CUTOFFS
        ],
        "event_timestamp": pd.DatetimeIndex([from_us(BEGINS_US + 30 * DAY_US * one) for one in range(CUTOFFS)])[at],
        "model": "churn",
        "stage": "active",
        "label": pd.array(random.random(rows) < 1 / (1 + np.exp(-raw)), dtype="boolean"),
    }
    return pd.concat([pd.DataFrame(key), pd.DataFrame(X, columns=list(columns.names), copy=False)], axis=1), columns


def overhead(rows: int, *, seed: int = 7, threads: int = 1) -> dict[str, Any]:
    """CPU and wall of a training and of what is LightGBM's own in it; the shares around it; the peak of memory."""
    frame, columns = made(rows, seed=seed)
    before = _peak_gb()
    whole, own = Spent(), Spent()
    with watched(lightgbm, "train", own), whole.counted():
        fitted = fit(Rows.of(frame, columns, "churn"), whole_from_us=BEGINS_US, seed=seed, threads=threads)
    return {
        "rows": rows,
        "features": FEATURES,
        "trees": fitted.trees,
        "cpu_s": whole.cpu_s,
        "wall_s": whole.wall_s,
        "lightgbm_cpu_s": own.cpu_s,
        "lightgbm_wall_s": own.wall_s,
        "around_share_cpu": 1 - own.cpu_s / whole.cpu_s,
        "around_share_wall": 1 - own.wall_s / whole.wall_s,
        "peak_gb": _peak_gb(),
        "peak_before_gb": before,
    }


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
