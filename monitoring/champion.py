"""Who serves? The champions of a business, as `churn promote` wrote them to `champion/<model>.json`.

Reads those files and the bundle inside; knows no registry and no booster. Start reading at `champions`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from churn.bundle import Bundle
from churn.cohort import MODELS
from churn.errors import DataError, NoChampion


class BrokenChampion(DataError):
    """A champion's file cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The champion's file {path} cannot be used: {why}",
            mend="let a model serve again with `churn promote`, or go back with `churn rollback`.",
        )


@dataclass(frozen=True)
class Champion:
    """The model that serves.

    Args:
        model: churn or reactivation.
        version: registry name and version, name/3, as the score log has it.
        model_hash: hash of booster and bundle.
        bundle: what it answers with: features, percentiles, definition.
        snapshot: folder of the snapshot it learned from.
    """

    model: str
    version: str
    model_hash: str
    bundle: Bundle
    snapshot: Path

    @property
    def backtest(self) -> dict[str, float]:
        """What the back-test promised of it: roc_auc, log_loss, base_rate, n ...; empty where nobody wrote it down."""
        told = self.bundle.metrics.get(self.bundle.learner, self.bundle.metrics)
        if not isinstance(told, Mapping):
            return {}
        return {name: float(value) for name, value in told.items() if isinstance(value, int | float)}


def champions(folder: Path, business: str) -> list[Champion]:
    """The champions of a business, churn first.

    Args:
        folder: the artifacts of the business.
        business: its slug, for the message.

    Raises:
        NoChampion: there is none.
        BrokenChampion, BundleError: a file is not what promote writes.
    """
    paths = [path_of(folder, model) for model in MODELS]
    found = [read_champion(path, folder) for path in paths if path.is_file()]
    if not found:
        raise NoChampion(business)
    return found


def path_of(folder: Path, model: str) -> Path:
    """Where promotion writes who serves for a model."""
    return folder / "champion" / f"{model}.json"


def read_champion(path: Path, folder: Path) -> Champion:
    """One champion's file.

    Raises:
        BrokenChampion, BundleError: it is not what promote writes.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        return Champion(
            model=written["model"],
            version=f"{written['name']}/{written['version']}",
            model_hash=written["model_hash"],
            bundle=Bundle.from_json(json.dumps(written["bundle"])),
            snapshot=folder / written["snapshot_path"],
        )
    except (ValueError, TypeError) as error:  # no JSON, or no text
        raise BrokenChampion(path, f"{error}.") from error
    except KeyError as error:
        raise BrokenChampion(path, f"it has no {error}.") from error
