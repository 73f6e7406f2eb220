"""Have the scores moved? Everybody's scores before and after, in numbers that name nobody.

Source of the bars: monitoring's own ([monitoring] psi_watch). Start reading at `standing`, then `moved`.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from churn.settings import Settings

COLUMNS = ["model", "probability", "band", "model_version"]


def standing(settings: "Settings") -> dict[str, dict[str, Any]]:
    """How the newest batch of scores lies, by model: count, mean, share in band high, versions, histogram."""
    frame = _newest(settings)
    if frame is None:
        return {}
    return {str(model): _told(rows) for model, rows in frame.groupby("model")}


def moved(before: Mapping[str, Any], settings: "Settings") -> dict[str, dict[str, Any]]:
    """What has become of the scores since, by model: before and now, and how far they moved (PSI); null: no before."""
    frame, told = _newest(settings), {}
    if frame is None:
        return {}
    from churn.histogram import Histogram

    for model, rows in frame.groupby("model"):
        was = before.get(str(model))
        psi = None
        if was is not None:
            reference = Histogram.from_json(json.dumps(was["histogram"]))
            psi = round(reference.psi(rows["probability"].to_numpy()), 4)
        told[str(model)] = {"before": _figures(was), "now": _figures(_told(rows)), "psi": psi}
    return told


def _newest(settings: "Settings") -> "pd.DataFrame | None":

    from features import parquet

    files = sorted((settings.folder / "scores" / "batch").glob("*.parquet"), key=lambda path: path.stat().st_mtime)
    if not files:
        return None
    frame = parquet.read_frame(files[-1], columns=COLUMNS)
    return frame[frame["probability"].notna()]


def _told(rows: "pd.DataFrame") -> dict[str, Any]:
    from churn.histogram import Histogram

    probabilities = rows["probability"].to_numpy()
    return {
        "customers": len(rows),
        "mean": round(float(probabilities.mean()), 4),
        "high": round(float((rows["band"] == "high").mean()), 4),
        "versions": sorted(rows["model_version"].dropna().unique().tolist()),
        "histogram": json.loads(Histogram.of_numbers(probabilities).to_json()),
    }


def _figures(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if told is None else {key: value for key, value in told.items() if key != "histogram"}
