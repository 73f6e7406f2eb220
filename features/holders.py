"""Who holds an id of a source: now, at an instant, and what became of those whose ids went to somebody else.

Reads the id map that the log was made with (`log/id_map.parquet`, features/rekeying.py). Where there is none, every id
stands for itself. `resolve` is for events that come in live; `heirs` says whose outcome tells what became of a customer
who is somebody else by now. Knows nothing of events. Start reading at `read_holders`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from churn.calendar import NEVER
from features import parquet
from features.log import ID_MAP_FILE, BrokenLog, NoLog, log_folder

COLUMNS = ("source", "source_id", "customer_id", "since_us", "until_us")


@dataclass(frozen=True)
class Holders:
    """The id map of a log.

    Args:
        stretches: one row for each time in which an id was one customer's, sorted by source, id and time.
            Columns: source, source_id, customer_id, since_us, until_us (int64; `NEVER`: to this day).
    """

    stretches: pd.DataFrame

    @cached_property
    def _now(self) -> dict[tuple[str, str], str]:
        held = self.stretches[self.stretches["until_us"] == NEVER]
        return dict(zip(zip(held["source"], held["source_id"], strict=True), held["customer_id"], strict=True))

    def resolve(self, source: str, source_id: str) -> str:
        """Whose an id of a source is today; its own where the map does not know it."""
        return self._now.get((source, source_id), source_id)

    def heirs(self, *, cutoff_us: int, observed_us: int) -> pd.DataFrame:
        """Who, by what was known before `observed_us`, holds an id that somebody else held at a cutoff.

        Returns:
            Columns: former, heir; distinct, sorted.
        """
        known = self.stretches[self.stretches["since_us"] < observed_us]
        last = known.groupby(["source", "source_id"], sort=False)["customer_id"].transform("last")
        then = (known["since_us"] < cutoff_us) & (cutoff_us <= known["until_us"]) & (known["customer_id"] != last)
        pairs = pd.DataFrame({"former": known["customer_id"][then], "heir": last[then]})
        return pairs.drop_duplicates().sort_values(["former", "heir"], ignore_index=True)

    def heirs_ever(self, customer_ids: Iterable[str]) -> set[str]:
        """All customers who ever held an id that one of these held."""
        theirs = self.stretches.loc[self.stretches["customer_id"].isin(set(customer_ids)), ["source", "source_id"]]
        return set(self.stretches.merge(theirs.drop_duplicates())["customer_id"])

    def changed(self) -> set[str]:
        """Customers who ever lost an id to somebody else."""
        return set(self.stretches.loc[self.stretches["until_us"] != NEVER, "customer_id"])


def read_holders(folder: Path) -> Holders:
    """The id map that the log of a business was made with; an empty one where there is none.

    Args:
        folder: the artifacts of the business.

    Raises:
        BrokenLog: it cannot be read.
    """
    try:
        path = log_folder(folder) / ID_MAP_FILE
        stat = path.stat()
    except (NoLog, FileNotFoundError):
        return NOBODY
    return _read(path, stat.st_mtime_ns, stat.st_ino)


def resolve(folder: Path, source: str, source_id: str) -> str:
    """Whose an id of a source is today; its own where no map knows it.

    Args:
        folder: the artifacts of the business.
        source: the `name` of the source.
        source_id: the customer as this source names them.
    """
    return read_holders(folder).resolve(source, source_id)


@lru_cache(maxsize=4)
def _read(path: Path, _mtime_ns: int, _inode: int) -> Holders:
    """The map as the file had it at this time; asked on every request, read when it has changed."""
    try:
        table = parquet.read_table(path, columns=list(COLUMNS))
    except (OSError, pa.ArrowInvalid) as error:
        raise BrokenLog(path, str(error)) from error
    ends = table.column_names.index("until_us")
    table = table.set_column(ends, "until_us", table["until_us"].fill_null(NEVER))
    return Holders(table.to_pandas())


NOBODY = Holders(pd.DataFrame({name: pd.Series(dtype="int64" if name.endswith("_us") else object) for name in COLUMNS}))
