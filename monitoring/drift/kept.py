"""The quiet past on disk: `monitoring/cache/past-<model>-<hash>.json`, counts a week and nothing of a customer.

Mondays, and the days of the last month, so that a run adds the new week only. A file of another version, model or
sample of customers is made anew. Start reading at `read_past`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from features.atomic import keep_text
from monitoring.champion import Champion
from monitoring.drift.weeks import JointWeek, Past, Week
from monitoring.reading.customers import Sample

FORMAT_VERSION: Final = 2
SHORT: Final = 12


def place_of(cache: Path, champion: Champion) -> Path:
    """Where a champion's past lies."""
    return cache / f"past-{champion.model}-{champion.model_hash[:SHORT]}.json"


def read_past(path: Path, champion: Champion, sample: Sample) -> Past:
    """What was kept; an empty past where there is nothing, or nothing that fits.

    Args:
        path: see `place_of`.
        champion: whose.
        sample: the customers that are looked at today: another sample is another past.
    """
    empty = Past()
    if not path.is_file():
        return empty
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if told["of"] != _identity(champion, sample):
            return empty
        return Past(
            tuple(_week(one, told["names"]) for one in told["weeks"]),
            tuple(JointWeek(datetime.fromisoformat(one["at"]), float(one["auc"])) for one in told["joint"]),
            {name: np.array(one, dtype=np.float64) for name, one in told["moves"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return empty  # cut off, or of another hand: it is made anew


def write_past(path: Path, champion: Champion, past: Past, sample: Sample) -> None:
    """Keep a past of some customers."""
    names = list(past.weeks[-1].counts) if past.weeks else []
    told = {
        "of": _identity(champion, sample),
        "names": names,
        "weeks": [_told(week, names) for week in past.weeks if set(week.counts) >= set(names)],
        "joint": [{"at": one.at.isoformat(), "auc": round(one.auc, 5)} for one in past.joint],
        "moves": {name: [round(float(at), 6) for at in one] for name, one in past.moves.items()},
    }
    keep_text(path, json.dumps(told, separators=(",", ":")))


def _identity(champion: Champion, sample: Sample) -> dict[str, Any]:
    bundle = champion.bundle
    return {
        "format_version": FORMAT_VERSION,
        "model_hash": champion.model_hash,
        "snapshot_hash": bundle.snapshot_hash,
        "feature_set_hash": bundle.feature_set_hash,
        "buckets": sample.buckets,
        "share": sample.share,
    }


def _told(week: Week, names: list[str]) -> dict[str, Any]:
    mean = week.mean_score if np.isfinite(week.mean_score) else None
    return {
        "at": week.at.isoformat(),
        "rows": week.rows,
        "counts": [np.asarray(week.counts[name]).tolist() for name in names],
        "scores": np.asarray(week.scores).tolist(),
        "mean_score": mean,
    }


def _week(told: Mapping[str, Any], names: list[str]) -> Week:
    counts = {name: np.array(one, dtype=np.int64) for name, one in zip(names, told["counts"], strict=True)}
    mean = float("nan") if told["mean_score"] is None else float(told["mean_score"])
    scores = np.array(told["scores"], dtype=np.int64)
    return Week(datetime.fromisoformat(told["at"]), int(told["rows"]), counts, scores, mean)
