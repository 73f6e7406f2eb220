"""The lists of a day on disk: what each was told to do, for staff, and for the next days to know.

    campaigns/due/<day>/tasks.parquet    everybody who was due, with the occasion
    campaigns/due/<day>/tasks-<channel>.csv    the same for who works through it; not where files are encrypted

A day's list is written anew by each run of that day. Start reading at `write`.
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from churn.cells import harmless
from features import parquet
from features.atomic import write_text, write_whole
from features.encryption import is_encrypting
from features.erasure.due import DUE as FOLDER
from features.erasure.due import TASKS as FILE

SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("customer_id", "action", "kind", "channel", "occasion", "text_en", "text_zh",
                                      "why_en", "why_zh", "owner", "first", "due")]
    + [("is_overdue", pa.bool_())]
)  # fmt: skip
OF_STAFF: Final = ("customer_id", "action", "text", "text_zh", "why", "why_zh", "due", "owner")
REMEMBERED_DAYS: Final = 400  # an occasion of before is another one


def write(folder: Path, day: date, tasks: pd.DataFrame, language: str) -> list[Path]:
    """Write the list of a day.

    Args:
        folder: the artifacts of a business.
        day: which.
        tasks: columns of SCHEMA, in the order in which they are to be done.
        language: en or zh: in which `text` and `why` are; the other one stands beside it where it is Chinese.

    Returns:
        What was written, the table first.

    Raises:
        OSError: the disk is full.
    """
    place = folder / FOLDER / day.isoformat()
    place.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(tasks[SCHEMA.names], schema=SCHEMA, preserve_index=False)
    write_whole(place / FILE, lambda draft: parquet.write_table(table, draft))
    for old in place.glob("tasks-*.csv"):
        old.unlink()
    if is_encrypting(place):
        return [place / FILE]
    lists = [_list(place, str(channel), rows, language) for channel, rows in tasks.groupby("channel", sort=True)]
    return [place / FILE, *lists]


def told_before(folder: Path, day: date, *, first: date | None = None) -> pd.DataFrame:
    """What the lists of the days before a day told, each occasion once.

    Args:
        folder: the artifacts of a business.
        day: the first that is not looked at.
        first: the first that is; `REMEMBERED_DAYS` before where None.

    Returns:
        Columns: customer_id, action, channel, occasion, told_on (ISO day of the last time).
    """
    first = first or day - timedelta(days=REMEMBERED_DAYS)
    parts = []
    for path in sorted((folder / FOLDER).glob(f"*/{FILE}")):
        if first.isoformat() <= path.parent.name < day.isoformat():
            rows = parquet.read_frame(path, ["customer_id", "action", "channel", "occasion"])
            parts.append(rows.assign(told_on=path.parent.name))
    if not parts:
        return pd.DataFrame(columns=["customer_id", "action", "channel", "occasion", "told_on"])
    return pd.concat(parts, ignore_index=True).drop_duplicates(["customer_id", "action", "occasion"], keep="last")


def _list(place: Path, channel: str, rows: pd.DataFrame, language: str) -> Path:
    """The list of one channel, for people."""
    main, other = ("text_zh", "why_zh") if language == "zh" else ("text_en", "why_en"), ("text_zh", "why_zh")
    columns = ("customer_id", "action", main[0], other[0], main[1], other[1], "due", "owner")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(OF_STAFF)
    writer.writerows(_cells(row) for row in rows[list(columns)].itertuples(index=False))
    path = place / f"tasks-{channel}.csv"
    write_text(path, "\ufeff" + text.getvalue())  # the mark lets spreadsheets read Chinese
    return path


def _cells(row: Sequence[object]) -> list[str]:
    return ["" if pd.isna(one) else harmless(str(one)) for one in row]  # type: ignore[call-overload]
