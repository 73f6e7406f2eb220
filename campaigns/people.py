"""PEOPLE: everybody of the newest scores, with what their model said and what they are worth.

    scores/batch/<cutoff>.parquet + tables/values.parquet --> PEOPLE, one row a customer

Scores that hold no longer are refused: a plan made on them would speak of other people. Columns of features are read on
demand (`features_of`), so that a million customers take what they need and no more. Start reading at `people_of`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from churn.errors import DataError
from churn.settings import Settings
from churn.tables import SCORES, VALUES
from features import parquet
from features.current_file import ROWS_FILE, NoCurrent

BATCH: Final = Path("scores") / "batch"
VALUES_FILE: Final = Path("tables") / "values.parquet"
READ: Final = (
    "customer_id", "model", "stage", "probability", "probability_low", "probability_high", "band", "abstention",
    "value_expected_amount", "reason_codes", "cutoff", "horizon_days", "valid_until", "model_version",
)  # fmt: skip
TEXTS: Final = ("customer_id", "model", "stage", "band", "abstention", "reason_codes", "model_version", "value_tier")


class NoScores(DataError):
    """Nobody has scored everybody yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"There are no scores of everybody in {folder}.", mend="run `churn score --all`.")


class BrokenScores(DataError):
    """The scores of everybody, or the table of values, cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be used: {why}.", mend="write it anew: `churn score --all`.")


class OldScores(DataError):
    """The scores of everybody hold no longer."""

    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(
            f"The scores of everybody held until {until:%Y-%m-%d %H:%M} UTC, and it is {now:%Y-%m-%d %H:%M} UTC.",
            mend="run `churn features materialise` and `churn score --all`, then this again.",
        )


@dataclass(frozen=True)
class People:
    """Everybody of one batch.

    Args:
        rows: sorted by customer_id, which is unique. Columns: customer_id, model (churn, reactivation or None), stage,
            probability (that they leave, or come back; NaN where nothing was told), probability_low, probability_high,
            band, abstention, reason_codes (parted by blanks), spend_amount (expected within the horizon if they come;
            NaN where not told), expected_value_amount (margin, as VALUES has it; NaN where not), value_tier.
        cutoff: up to which the features knew.
        horizon_days: of the probabilities, by model.
        batch: the name of the file.
    """

    rows: pd.DataFrame
    cutoff: datetime
    horizon_days: dict[str, int]
    batch: str

    def __len__(self) -> int:
        return len(self.rows)


def people_of(settings: Settings, now: datetime | None = None) -> People:
    """Everybody, by the newest batch of scores.

    Args:
        settings: whose.
        now: scores that do not hold at this instant are refused; any do where None.

    Raises:
        NoScores: there is no batch. OldScores: it holds no longer. BrokenScores: it cannot be read.
    """
    return _people(settings, newest_batch(settings.folder), now)


def people_then(settings: Settings, at: datetime) -> People | None:
    """Everybody as they were when something was planned: by the newest batch of scores before an instant.

    Args:
        settings: whose.
        at: aware; its second counts.

    Returns:
        None where no batch is as old, or it was pruned. Values are those of today, which are not kept by day.

    Raises:
        BrokenScores: the batch cannot be read.
    """
    name = f"{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    found = [path for path in sorted((settings.folder / BATCH).glob("*.parquet")) if path.stem <= name]
    return _people(settings, found[-1], None) if found else None


def _people(settings: Settings, path: Path, now: datetime | None) -> People:
    rows = _read(path, READ, SCORES.names)
    told = rows[rows["valid_until"].notna()]
    if (
        now is not None and len(told) and (until := told["valid_until"].min()) <= now
    ):  # one that still holds excuses no other
        raise OldScores(until.to_pydatetime(), now)
    horizons = told.groupby("model")["horizon_days"].max()
    cutoff = rows["cutoff"].max()
    named = rows.rename(columns={"value_expected_amount": "spend_amount"})
    kept = named.drop(columns=["cutoff", "horizon_days", "valid_until"]).merge(
        _values(settings.folder), on="customer_id", how="left", validate="one_to_one"
    )
    for name in TEXTS:
        kept[name] = kept[name].astype(object).where(kept[name].notna(), None)
    kept = kept.sort_values("customer_id", kind="stable", ignore_index=True)
    as_of = cutoff.to_pydatetime() if cutoff is not pd.NaT else datetime.fromisoformat(f"{path.stem[:10]}T00:00:00Z")
    return People(kept, as_of, {str(model): int(days) for model, days in horizons.items()}, path.stem)


def newest_batch(folder: Path) -> Path:
    """The newest scores of everybody.

    Raises:
        NoScores: there are none.
    """
    found = sorted((folder / BATCH).glob("*.parquet"))
    if not found:
        raise NoScores(folder)
    return found[-1]


def features_of(folder: Path, people: People, names: Sequence[str]) -> pd.DataFrame:
    """Columns of the rows of now, in the order of `people`; NaN where the row, or the column, is not there.

    Args:
        folder: the artifacts of a business.
        people: whose.
        names: of features.

    Returns:
        One row a customer, one float column a name. Shape (n, len(names)).

    Raises:
        NoCurrent: nothing was materialised.
    """
    path = folder / "features" / ROWS_FILE
    if not path.exists():
        raise NoCurrent(path.parent)
    held = set(parquet.names_of(path))
    found = parquet.read_frame(path, ["customer_id", *(name for name in names if name in held)])
    found = found.set_index("customer_id").reindex(people.rows["customer_id"])
    return found.reindex(columns=list(names)).astype(np.float64).reset_index(drop=True)


def _read(path: Path, wanted: Sequence[str], promised: Sequence[str]) -> pd.DataFrame:
    """Columns of a file; those that files of before have not are null."""
    try:
        held = parquet.names_of(path)
        found = parquet.read_frame(path, [name for name in wanted if name in held])
    except (OSError, pa.ArrowException) as error:
        raise BrokenScores(path, str(error)) from error
    if missing := [name for name in wanted if name not in held and name in promised and name != "reason_codes"]:
        raise BrokenScores(path, f"it lacks {', '.join(missing)}")
    return found.reindex(columns=list(wanted))


def _values(folder: Path) -> pd.DataFrame:
    path, wanted = folder / VALUES_FILE, ("customer_id", "expected_value_amount", "value_tier")
    if not path.exists():
        return VALUES.empty()[list(wanted)]
    return _read(path, wanted, VALUES.names)
