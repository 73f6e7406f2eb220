"""What tuning found for a model: kept as `tuned/<model>.json`, read by every later training. Start at `read_tuned`."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from churn.errors import DataError
from features.atomic import write_json
from training.recipe import Recipe

FOLDER = "tuned"


class BrokenTuned(DataError):
    """The record of a tuning cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"What tuning found, in {path}, cannot be used: {why}.",
            mend="delete that file to train with the fixed recipe, or tune again with `churn train --tune`.",
        )


@dataclass(frozen=True)
class Tuned:
    """What tuning found.

    Args:
        model: churn or reactivation.
        recipe: the best found, or the fixed one where it did not win.
        definition_id: what churn meant.
        known_until: no label that tuning saw knew anything from here on.
        snapshot_hash: where its folds came from.
        trials: how many were tried.
        found: log losses of the fixed and of the best recipe, where they were searched for and on the fold kept apart.
        used: whether the best won there too; otherwise the fixed recipe stays.
    """

    model: str
    recipe: Recipe
    definition_id: str
    known_until: datetime
    snapshot_hash: str
    trials: int
    found: dict[str, Any]
    used: bool

    def fits(self, definition_id: str, *, known_until: datetime) -> bool:
        """Whether a training may use it: the same question, and labels that know at least as much."""
        return self.used and self.definition_id == definition_id and self.known_until <= known_until

    def write(self, folder: Path) -> Path:
        """Keep it, in place of the one before."""
        path = tuned_path(folder, self.model)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(self) | {"known_until": self.known_until.isoformat()})
        return path


def tuned_path(folder: Path, model: str) -> Path:
    """Where what was found for a model lies, below the artifacts of the business."""
    return folder / FOLDER / f"{model}.json"


def read_tuned(folder: Path, model: str) -> Tuned | None:
    """What tuning found for a model; None where nobody tuned.

    Raises:
        BrokenTuned: the file is of another version, or was changed.
    """
    path = tuned_path(folder, model)
    if not path.exists():
        return None
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        strangers = set(written["recipe"]) ^ {field.name for field in fields(Recipe)}
        if strangers:
            raise BrokenTuned(path, f"its recipe is of another version ({', '.join(sorted(strangers))})")
        known_until = datetime.fromisoformat(written["known_until"])
        return Tuned(**written | {"recipe": Recipe(**written["recipe"]), "known_until": known_until})
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenTuned(path, str(error)) from error
