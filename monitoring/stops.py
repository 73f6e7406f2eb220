"""A model that was stopped stays stopped until a person lets one serve again: `churn promote` or `churn rollback`.

A verdict that got better by itself would let a model answer, stop and answer again while nobody knows why. Reads and
writes `monitoring/verdict.json`; where that is lost or broken, the history of runs knows. Start reading at `stopped`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from churn.clock import WallClock
from features.atomic import write_json
from monitoring import history

VERDICT = Path("monitoring") / "verdict.json"


def stopped(folder: Path) -> dict[str, str]:
    """Versions that the last verdict stopped, and since when.

    Args:
        folder: the artifacts of the business.
    """
    return {
        str(told.get("version")): str(told.get("stopped_at"))
        for told in standing(folder).values()
        if told.get("verdict") == "stop"
    }


def standing(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """What the last verdict said of each model; of a verdict that is lost or broken, the stops that history knows."""
    content = _read(folder)
    if content is not None:
        return dict(content.get("models", {}))
    try:
        return history.read(folder).stopped
    except OSError:  # neither can be read: nobody is known to be stopped
        return {}


def lift(folder: Path, model: str) -> None:
    """Forget the stop of a model, whose champion a person has just chosen."""
    content = _read(folder)
    if content is not None and content.get("models", {}).pop(model, None) is not None:
        write_json(folder / VERDICT, content)
    history.append_lift(folder, model, WallClock().now())


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        content = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # nothing was judged yet, or half of it was written
        return None
    models = content.get("models", {}) if isinstance(content, dict) else None
    is_ours = isinstance(models, dict) and all(isinstance(one, dict) for one in models.values())
    return content if is_ours else None
