"""A hunt on disk, `leaks/report.json` and `.html`, and what it says of a model: for the gate and the card.

Start reading at `standing_of`.
"""

import json
from pathlib import Path
from typing import Any, Literal

from churn.settings import Settings
from features.atomic import write_json, write_text
from training.leaks.hunt import Hunt
from training.leaks.page import page

FOLDER, REPORT = "leaks", "report.json"
State = Literal["passed", "failed", "not_required"]


def keep_hunt(found: Hunt, settings: Settings) -> Path:
    """Write a hunt; returns the page."""
    folder = settings.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / REPORT, found.as_json())
    write_text(folder / "report.html", page(found, settings))
    return folder / "report.html"


def read_hunt(folder: Path) -> dict[str, Any] | None:
    """The newest hunt in the artifacts of a business; None where none was made."""
    path = folder / FOLDER / REPORT
    if not path.exists():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def standing_of(folder: Path, *, feature_set_hash: str, definition_id: str, features: tuple[str, ...]) -> (
    tuple[State, str]
):  # fmt: skip
    """What the newest hunt says of a model, for a condition of the gate.

    Args:
        folder: the artifacts of the business.
        feature_set_hash: the features that the model learned from.
        definition_id: what churn meant to it.
        features: that it reads; a suspicious feature that it does not read is no fault of it.

    Returns:
        passed, failed or not_required (no hunt was made of these features), and why.
    """
    told = read_hunt(folder)
    if told is None or (told["feature_set_hash"], told["definition_id"]) != (feature_set_hash, definition_id):
        return "not_required", "no hunt for leaks was made of its features: `churn leaks`"
    named = [name for name in told["suspicious_features"] if name in features]
    if not named:
        return "passed", f"a hunt for leaks at {len(told['cutoffs'])} cutoffs found none of its features suspicious"
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return "failed", f"it learned from features that know too much: {', '.join(named[:3])}{more} (leaks/report.html)"
