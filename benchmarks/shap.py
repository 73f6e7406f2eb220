"""Exact reasons against LightGBM's own `pred_contrib`: CPU a row in batch and for one row, distance, top five.

    python benchmarks/shap.py                       the fixed model (benchmarks/fixed_model.py), one CPU-minute
    python benchmarks/shap.py --quick
    python benchmarks/shap.py --config churn.toml   and a business's champions, on its customers of now
    python benchmarks/shap.py --json                prints {"figures": {...}} alone

One thread each. Rounds take turns, and a ratio is the median of the rounds' own, so that other work on the machine
meets both sides; CPU is the process's. Distances are in log-odds, over all rows that LightGBM explains here.
"""

import argparse
import ctypes
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before benchmarks/features.py, which hides the package

from benchmarks.fixed_model import texts, vectors
from churn.bundle import Bundle
from churn.settings import load
from churn.treeshap import FAST_NODES, TreeShap
from features.current_file import BESIDE, ROWS_FILE
from features.snapshot_file import matrix, row_groups
from serving.archive import BOOSTER, BUNDLE, folder_of
from serving.champion import appointed

FloatArray = NDArray[np.float64]
TIE = 1e-5  # log-odds; of two features as near as that either may come first
US = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    booster, bundle = texts()
    prepared = Bundle.from_json(bundle).prepare(vectors(4096))
    figures = raced(booster, prepared, quick=asked.quick)
    if asked.config:
        artifacts = load(asked.config).folder
        for model, held in appointed(artifacts).items():
            folder = folder_of(artifacts, held.model_hash)
            own = Bundle.from_json((folder / BUNDLE).read_text(encoding="utf-8"))
            now = own.prepare(customers(artifacts, own))
            text = (folder / BOOSTER).read_text(encoding="utf-8")
            figures |= {f"{model}_{name}": value for name, value in raced(text, now, quick=asked.quick).items()}
    print(json.dumps({"figures": figures}, indent=None if asked.json else 1))


def customers(artifacts: Path, bundle: Bundle) -> FloatArray:
    """The first customers of now that the model is asked about."""
    (frame,) = row_groups(artifacts / "features" / ROWS_FILE, bundle.features, *BESIDE, groups=[0])
    return matrix(frame[frame["model"] == bundle.model].head(4096), bundle.features)


def raced(booster_text: str, rows: FloatArray, *, quick: bool) -> dict[str, Any]:
    """The figures of one model."""
    theirs = lightgbm.Booster(model_str=booster_text)
    modes = {"": TreeShap.from_text(booster_text, nodes=FAST_NODES), "exact_": TreeShap.from_text(booster_text)}
    few, alone, rounds = (64, 12, 3) if quick else (256, 40, 7)
    seconds: dict[str, list[float]] = {}

    def timed(name: str, rows_done: int, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        result = work()
        seconds.setdefault(name, []).append((time.process_time() - began) / rows_done)
        return result

    for ours in modes.values():
        ours.explained(rows[:9])
        ours.raw(rows[:1])
    fast = SingleRowFast(theirs, rows.shape[1])
    for _ in range(rounds):
        told = timed("theirs", few, lambda: contrib(theirs, rows[:few]))
        timed("theirs_row", alone, lambda: [contrib(theirs, rows[i : i + 1]) for i in range(alone)])
        for prefix, ours in modes.items():
            timed(f"{prefix}batch", len(rows), lambda ours=ours: ours.explained(rows))
            timed(f"{prefix}row", 10 * alone, lambda ours=ours: each(ours.explained, rows[: 10 * alone]))
        timed("raw_row", 50 * alone, lambda: each(modes[""].raw, rows[: 50 * alone]))
        timed("fast_row", 50 * alone, lambda: [fast.raw(row) for row in rows[: 50 * alone]])
    figures: dict[str, Any] = {"rows": len(rows), "exact_nodes": modes["exact_"].nodes}
    for prefix, ours in modes.items():
        figures |= ratios(prefix, seconds) | distances(prefix, ours, rows[:few], told, theirs)
    us = {"pred_contrib_us": "theirs", "raw_row_us": "raw_row", "lightgbm_single_row_fast_us": "fast_row"}
    return figures | {name: round(US * float(np.median(seconds[key])), 1) for name, key in us.items()}


def ratios(prefix: str, seconds: dict[str, list[float]]) -> dict[str, float]:
    """How many times longer LightGBM takes, and what we take; medians of the rounds."""
    found = {}
    for ours, theirs in (("batch", "theirs"), ("row", "theirs_row")):
        mine = np.array(seconds[f"{prefix}{ours}"])
        found[f"{prefix}shap_{ours}_vs_pred_contrib"] = round(float(np.median(np.array(seconds[theirs]) / mine)), 1)
        found[f"{prefix}shap_{ours}_us"] = round(US * float(np.median(mine)), 1)
    return found


def distances(
    prefix: str, ours: TreeShap, rows: FloatArray, told: FloatArray, theirs: lightgbm.Booster
) -> dict[str, Any]:
    """How far apart the contributions are, and whether the five strongest features are the same up to ties."""
    raw, mine = ours.explained(rows)
    sizes, places = np.abs(told[:, :-1]), np.argsort(-np.abs(mine[:, :-1]), axis=1, kind="stable")[:, :5]
    off = np.abs(np.take_along_axis(sizes, places, axis=1) - -np.sort(-sizes, axis=1)[:, :5]).max(axis=1)
    return {
        f"{prefix}max_abs_difference": float(np.abs(mine - told).max()),
        f"{prefix}same_top_five": float((off <= TIE).mean()),
        f"{prefix}raw_scores_equal_bits": bool(np.array_equal(raw, theirs.predict(rows, raw_score=True))),
    }


def contrib(booster: lightgbm.Booster, rows: FloatArray) -> FloatArray:
    """LightGBM's own exact reasons."""
    return np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1))


def each(work: Callable[[FloatArray], Any], rows: FloatArray) -> None:
    """One row after the other."""
    for i in range(len(rows)):
        work(rows[i : i + 1])


class SingleRowFast:
    """LightGBM's quickest way to score one row, which its Python package does not offer."""

    def __init__(self, booster: lightgbm.Booster, width: int) -> None:
        self._booster, self._config = booster, ctypes.c_void_p()
        self._out, self._length = np.zeros(1), ctypes.c_int64()
        self._library = lightgbm.basic._LIB  # noqa: SLF001
        raw_score, float64 = 1, 1
        lightgbm.basic._safe_call(  # noqa: SLF001
            self._library.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle, raw_score, 0, -1, float64, ctypes.c_int32(width), b"num_threads=1",  # noqa: SLF001
                ctypes.byref(self._config),
            )
        )  # fmt: skip

    def raw(self, row: FloatArray) -> float:
        """The raw log-odds of one row."""
        self._library.LGBM_BoosterPredictForMatSingleRowFast(
            self._config, row.ctypes.data_as(ctypes.c_void_p), ctypes.byref(self._length),
            self._out.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        )  # fmt: skip
        return float(self._out[0])


if __name__ == "__main__":
    main()
