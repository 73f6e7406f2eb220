"""The champion's trees, for rows of the past and for what moves a score: read from the archive of who served.

`models/<model_hash>/booster.txt` is LightGBM's own text; `churn.treeshap` reads it, so no LightGBM is loaded. The text
is held to the model's hash. Start reading at `trees_of`.
"""

import json
from pathlib import Path

from churn.bundle import model_hash
from churn.errors import DataError
from churn.treeshap import TreeShap
from monitoring.champion import Champion

BOOSTER = "booster.txt"


class ChangedTrees(DataError):
    """The archived trees are not those of the champion."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The trees in {path} are not those that the champion was promoted with.",
            mend="delete that folder; `churn serve` or `churn score --all` puts the champion's own there again.",
        )


def trees_of(folder: Path, champion: Champion) -> TreeShap | None:
    """A champion's trees; None where the archive has none, because it has never been asked.

    Args:
        folder: the artifacts of the business.
        champion: whose.

    Raises:
        ChangedTrees: they are of another model. UnreadableTrees: they are no text of LightGBM's.
    """
    path = folder / "models" / champion.model_hash / BOOSTER
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    if model_hash(json.dumps(json.loads(champion.bundle.to_json())), text) != champion.model_hash:
        raise ChangedTrees(path)
    return TreeShap.from_text(text)
