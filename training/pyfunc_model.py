"""The model as MLflow runs it: this file is copied into each registered model (models-from-code; nothing is pickled).

It stands alone, so that a model can be loaded where this project is not installed: Spark, a notebook, another team.
The arithmetic is that of churn/bundle.py, churn/calibration.py and churn/outlook.py; a test holds them together.
"""

import json
from pathlib import Path
from typing import Any

import lightgbm
import mlflow
import numpy as np
import pandas as pd

SMALLEST = 1e-6


class ChurnModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # mlflow has no types
    """Features in, calibrated probability and its interval out."""

    def load_context(self, context: Any) -> None:
        """Read booster and bundle."""
        self.booster = lightgbm.Booster(model_str=Path(context.artifacts["booster"]).read_text(encoding="utf-8"))
        self.bundle = json.loads(Path(context.artifacts["bundle"]).read_text(encoding="utf-8"))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002
        """Score rows.

        Args:
            context: MLflow's; the argument names are fixed, it passes them by keyword.
            model_input: one column a feature, all double, NaN where null; category features as hash codes.
            params: none are read.

        Returns:
            Columns: probability, probability_low, probability_high (NaN: no interval was learned), in the order of
            the rows.
        """
        names = self.bundle["features"]
        X = model_input[names].to_numpy(dtype=np.float64, na_value=np.nan).copy()
        for name, codes in self.bundle["categories"].items():
            place = names.index(name)
            numbers = {float(code): float(number) for number, code in enumerate(codes)}
            X[:, place] = [numbers.get(value, np.nan) for value in X[:, place]]
        raw = self.booster.predict(X, raw_score=True, num_threads=1)
        told = _calibrated(self.bundle["calibrator"], raw)
        low, high = _interval((self.bundle.get("outlook") or {}).get("band"), told)
        columns = {"probability": told, "probability_low": low, "probability_high": high}
        return pd.DataFrame(columns, index=model_input.index)


def _calibrated(calibrator: dict[str, Any], raw: Any) -> Any:
    kind, params = calibrator["kind"], calibrator["params"]
    if kind == "isotonic":
        knots = np.array(calibrator["knots"])
        return np.clip(np.interp(raw, knots[:, 0], knots[:, 1]), SMALLEST, 1 - SMALLEST)
    log_odds = raw
    if kind == "platt":
        log_odds = params["a"] * raw + params["b"]
    elif kind == "beta":
        log_odds = -params["a"] * np.logaddexp(0, -raw) + params["b"] * np.logaddexp(0, raw) + params["c"]
    return np.clip(1 / (1 + np.exp(-log_odds)), SMALLEST, 1 - SMALLEST)


def _interval(band: dict[str, Any] | None, told: Any) -> tuple[Any, Any]:
    if band is None:
        return np.full(len(told), np.nan), np.full(len(told), np.nan)
    log_odds = np.log(told / (1 - told))
    half = np.interp(log_odds, band["knots"], band["halves"])
    return 1 / (1 + np.exp(half - log_odds)), 1 / (1 + np.exp(-half - log_odds))


mlflow.models.set_model(ChurnModel())
