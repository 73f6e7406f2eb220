"""A table that a person hands over, CSV or Parquet, as text; and in words what is wrong with a file that is none.

    path  -->  header_of(path)  -->  text_of(path, columns)  -->  a frame of text, nothing null

Knows neither settings nor what the columns mean, and repeats no value. Start reading at `text_of`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

T = TypeVar("T")
TRUE: Final = frozenset({"1", "true", "yes", "y", "是"})
FALSE: Final = frozenset({"0", "false", "no", "n", "否"})
PLAIN: Final = 'save it as "CSV UTF-8 (comma delimited)"'


class NoTable(ValueError):
    """A file is no table. Args: why, and how to mend it."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(f"{why}; {mend}")
        self.why, self.mend = why, mend


def header_of(path: Path) -> list[str]:
    """Names of the columns, in order.

    Raises:
        NoTable: it is no such file.
    """
    names = _told(path, lambda: _names(path))
    if len(names) == 1 and (parted := next((one for one in ";\t|" if one in names[0]), None)):
        by = "a tab" if parted == "\t" else parted
        raise NoTable(f"its columns are parted by {by}, not by a comma", PLAIN)
    return names


def text_of(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """These columns as text, stripped; empty where nothing stands. No other column is kept.

    Args:
        path: of a CSV or Parquet file.
        columns: names of its header.

    Raises:
        NoTable: it is no such file, or its rows are broken.
    """
    wanted = list(dict.fromkeys(columns))
    found = _told(path, lambda: _rows(path, wanted))[wanted].astype("string").fillna("")
    stripped: pd.DataFrame = found.apply(lambda column: column.str.strip())
    return stripped


def _names(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return [str(one) for one in pq.read_schema(path).names]
    names = pd.read_csv(path, dtype="string", nrows=0, encoding="utf-8-sig").columns
    return [str(one).strip() for one in names]


def _rows(path: Path, columns: list[str]) -> pd.DataFrame:
    if path.suffix == ".parquet":
        rows: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
        return rows
    found = pd.read_csv(
        path, dtype="string", keep_default_na=False, encoding="utf-8-sig",
        usecols=lambda one: str(one).strip() in columns,
    ).rename(columns=lambda one: str(one).strip())  # fmt: skip
    if not isinstance(found.index, pd.RangeIndex):
        raise pd.errors.ParserError  # more cells than the header: pandas took the first for names of rows
    return found


def _told(path: Path, read: Callable[[], T]) -> T:
    """What reading gives; what stands in its way in words."""
    if path.is_dir():
        raise NoTable("it is a folder", "name the file in it")
    if not path.exists():
        raise NoTable("there is no such file", "see how its name is written, and in which folder it lies")
    if path.suffix.lower() in (".xlsx", ".xls", ".et"):
        raise NoTable("it is a workbook", PLAIN)
    try:
        return read()
    except UnicodeDecodeError as error:
        raise NoTable("it is not written in UTF-8, perhaps in GBK", PLAIN) from error
    except pd.errors.EmptyDataError as error:
        raise NoTable("it is empty", "give it a header and a row each") from error
    except pd.errors.ParserError as error:
        mend = f"put cells with a comma in quotes, or {PLAIN}"
        raise NoTable("its rows have not all as many cells as its header", mend) from error
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        raise NoTable(f"it is no CSV or Parquet file ({type(error).__name__})", PLAIN) from error
