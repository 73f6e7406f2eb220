"""A model that was stopped stays stopped until a person lets one serve again: `churn promote` or `churn rollback`.

A verdict that got better by itself would let a model answer, stop and answer again while nobody knows why. Reads and
writes `monitoring/verdict.json`. Start reading at `stopped`.
"""

import json
from pathlib import Path
from typing import Any

from features.atomic import write_json

VERDICT = Path("monitoring") / "verdict.json"


def stopped(folder: Path) -> dict[str, str]:
    """Versions that the last verdict stopped, and since when.

    Args:
        folder: the artifacts of the business.
    """
    return {
        str(told["version"]): str(told.get("stopped_at"))
        for told in _models(folder).values()
        if told.get("verdict") == "stop"
    }


def lift(folder: Path, model: str) -> None:
    """Forget the stop of a model, whose champion a person has just chosen."""
    content = _read(folder)
    if content.get("models", {}).pop(model, None) is not None:
        write_json(folder / VERDICT, content)


def _models(folder: Path) -> dict[str, dict[str, Any]]:
    return dict(_read(folder).get("models", {}))


def _read(folder: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # nothing was judged yet, or half of it was written: nobody is stopped
        return {}
    return content
