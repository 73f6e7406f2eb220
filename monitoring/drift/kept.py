"""The quiet past on disk: `monitoring/cache/past-<model>-<weekday>.json`, counts a week and nothing of a customer.

Kept by model, snapshot and day of the week (a Monday is compared with Mondays), so that a run adds the new week only.
A file of another version or model is made anew. Start reading at `read_past`.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from features.atomic import write_text
from monitoring.champion import Champion
from monitoring.drift.weeks import JointWeek, Past, Week

FORMAT_VERSION: Final = 1
SHORT: Final = 12


def place_of(cache: Path, champion: Champion, day: date) -> Path:
    """Where a champion's past lies, as it is seen from such a day."""
    return cache / f"past-{champion.model}-{champion.model_hash[:SHORT]}-{day.weekday()}.json"


def read_past(path: Path, champion: Champion, *, share: float) -> Past:
    """What was kept; an empty past where there is nothing, or nothing that fits.

    Args:
        path: see `place_of`.
        champion: whose.
        share: of the customers that are looked at today: another sample is another past.
    """
    empty = Past(share=share)
    if not path.is_file():
        return empty
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if told["of"] != _identity(champion, share):
            return empty
        return Past(
            tuple(_week(one, told["names"]) for one in told["weeks"]),
            tuple(JointWeek(datetime.fromisoformat(one["at"]), float(one["auc"])) for one in told["joint"]),
            {name: np.array(one, dtype=np.float64) for name, one in told["moves"].items()},
            share,
        )
    except (json.JSONDecodeError, KeyError, TypeError, ValueError):
        return empty  # cut off, or of another hand: it is made anew


def write_past(path: Path, champion: Champion, past: Past) -> None:
    """Keep a past."""
    names = list(past.weeks[-1].counts) if past.weeks else []
    told = {
        "of": _identity(champion, past.share),
        "names": names,
        "weeks": [_told(week, names) for week in past.weeks if set(week.counts) >= set(names)],
        "joint": [{"at": one.at.isoformat(), "auc": round(one.auc, 5)} for one in past.joint],
        "moves": {name: [round(float(at), 6) for at in one] for name, one in past.moves.items()},
    }
    write_text(path, json.dumps(told, separators=(",", ":")))


def _identity(champion: Champion, share: float) -> dict[str, Any]:
    bundle = champion.bundle
    return {
        "format_version": FORMAT_VERSION,
        "model_hash": champion.model_hash,
        "snapshot_hash": bundle.snapshot_hash,
        "feature_set_hash": bundle.feature_set_hash,
        "share": share,
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
