"""Whom campaigns were planned for, and whom chance kept out: the ledger of treatments, read by whoever learns or tells.

    campaigns/<campaign>/treatments.parquet    TREATMENTS of churn/tables.py, written once, by the room `campaigns`

Training leaves out, weighs or models those who were treated; the report on effects compares both sides. Start reading
at `read_treatments`.
"""

import re
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from churn.errors import DataError
from churn.tables import TREATMENTS, check
from features import parquet
from features.atomic import write_whole

FOLDER, FILE = Path("campaigns"), "treatments.parquet"
MANIFEST, EXPORTS = "manifest.json", "exports.json"
OTHERS: Final = frozenset(
    ("audiences", "audit", "bend", "categories", "due", "learning", "pages", "plan", "segments", "uplift", "value")
)  # what else lies in that folder


class NoName(DataError):
    """What is to be the id of a campaign cannot be one."""

    def __init__(self, campaign: str) -> None:
        super().__init__(
            f"{campaign!r} cannot be the id of a campaign.",
            mend="take at most 60 of a to z, 0 to 9, - and _, beginning with a letter or a digit, as in "
            f"2025-spring; not {', '.join(sorted(OTHERS))}.",
        )


class BrokenTreatments(DataError):
    """A file of treatments cannot be read, or is not what it should be."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} cannot be used: {why}.",
            mend="put it back from a backup; without it nobody can say what that campaign did, nor who was treated.",
        )


def is_id(campaign: str) -> bool:
    """Whether a text can be the id of a campaign: it names a folder."""
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", campaign) is not None and campaign not in OTHERS


def treatments_file(folder: Path, campaign: str) -> Path:
    """Where the treatments of a campaign lie, in the artifacts of a business.

    Raises:
        NoName: this can be the id of no campaign.
    """
    if not is_id(campaign):
        raise NoName(campaign)
    return folder / FOLDER / campaign / FILE


def is_on_paper(folder: Path, campaign: str) -> bool:
    """Whether a campaign was planned here and no list or audience of it was written: nobody worked through it."""
    own = treatments_file(folder, campaign).parent
    if not (own / MANIFEST).exists() or (own / EXPORTS).exists() or any(own.glob("list-*.csv")):
        return False
    audiences = (folder / FOLDER / "audiences").glob(f"*/{MANIFEST}")
    return not any(f'"campaign:{campaign}"' in path.read_text(encoding="utf-8") for path in audiences)


def read_treatments(folder: Path, campaign: str | None = None) -> pd.DataFrame:
    """Everybody who was planned for, by campaign and customer; no row where nothing was planned yet.

    Args:
        folder: the artifacts of a business.
        campaign: this one alone; all where None.

    Returns:
        Columns: those of TREATMENTS.

    Raises:
        BrokenTreatments: a file cannot be read, or has other columns.
    """
    paths = sorted((folder / FOLDER).glob(f"*/{FILE}")) if campaign is None else [treatments_file(folder, campaign)]
    parts = [_read(path) for path in paths if path.exists()]
    return pd.concat(parts, ignore_index=True) if parts else TREATMENTS.empty()


def write_treatments(folder: Path, campaign: str, rows: pd.DataFrame) -> Path:
    """Write what was decided for a campaign, as a whole or not at all.

    Args:
        folder: the artifacts of a business.
        campaign: its id, a file name.
        rows: columns of TREATMENTS.

    Raises:
        WrongColumns: they are others.
    """
    path = treatments_file(folder, campaign)
    table = pa.Table.from_pandas(check(TREATMENTS, rows), preserve_index=False)
    write_whole(path, lambda draft: parquet.write_table(table, draft))
    return path


def _read(path: Path) -> pd.DataFrame:
    try:
        found = parquet.read_frame(path)
    except (OSError, pa.ArrowException) as error:
        raise BrokenTreatments(path, str(error)) from error
    if list(found.columns) != TREATMENTS.names:
        raise BrokenTreatments(path, f"its columns are not {', '.join(TREATMENTS.names)}")
    return found.astype({name: TREATMENTS[name].dtype for name in ("planned_at", "due", "window_end")})
