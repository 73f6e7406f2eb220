"""What became new or better in each category, and since when: the table of products, as it was known at an instant.

    [products] path (CSV or Parquet)  --known, and there, before now-->  the newest change of each category

A row that is no product is refused with its number, since a letter about it would go to many. Start at `newest`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churn.errors import DataError
from churn.events import micros
from churn.settings import Settings, expand

CHANGES: Final = {"new": ("new", "上新"), "improved": ("better", "升级")}


class BrokenProducts(DataError):
    """The table of products cannot be used."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"The table of products {name} cannot be used: {why}.",
            mend="name a CSV or Parquet file and its columns in [products] of churn.toml (docs/actions.md); dates are "
            "written as 2025-03-01 or 2025-03-01T09:00, `what` is new or improved.",
        )


@dataclass(frozen=True)
class News:
    """The newest change of one category.

    Args:
        time_us: since when it is there, microseconds since 1970 UTC.
        name: of the product, as people call it.
        what: new or improved.
        category: as the log calls it.
    """

    time_us: int
    name: str
    what: str
    category: str

    def in_words(self, language: str) -> str:
        """What is new, for people to read."""
        en, zh = CHANGES[self.what]
        return f"{self.category}品类{zh}：{self.name}" if language == "zh" else f"{en} in {self.category}: {self.name}"


def newest(settings: Settings, now: datetime, environ: Mapping[str, str]) -> dict[str, News]:
    """The newest change of each category that was there, and known, before an instant; none where no table is named.

    Args:
        settings: whose `[products]` names the file and its columns.
        now: the instant.
        environ: what `${VARIABLES}` in its path stand for.

    Raises:
        BrokenProducts: the file cannot be read, lacks a column, or holds a row that is no product.
    """
    given = settings.products
    if given.path is None:
        return {}
    path = settings.root / expand(given.path, environ)
    rows = _read(path, [name for name in given.model_dump(exclude={"path"}).values() if name])
    at = _instants(rows[given.changed_at], settings, path.name)
    known = _instants(rows[given.known_at], settings, path.name) if given.known_at else at
    what = rows[given.what].str.strip().str.lower() if given.what else pd.Series("new", rows.index)
    faulty = ~what.isin(list(CHANGES)) | rows[given.category].str.strip().eq("") | rows[given.product_id].eq("")
    if faulty.any():
        raise BrokenProducts(path.name, f"row {int(faulty.to_numpy().argmax()) + 1} is no product that changed")
    there = pd.DataFrame(
        {"time_us": micros(at), "name": rows[given.name or given.product_id], "what": what,
         "category": rows[given.category].str.strip(), "order": rows[given.product_id]}
    )[(at < now) & (known < now)].sort_values(["category", "time_us", "order"])  # fmt: skip
    last = there.drop_duplicates("category", keep="last")
    told = zip(last["time_us"], last["name"], last["what"], last["category"], strict=True)
    return {str(one[-1]): News(int(one[0]), str(one[1]), str(one[2]), str(one[3])) for one in told}


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            rows: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
            return rows.astype("string").fillna("")
        return pd.read_csv(path, usecols=columns, dtype="string", keep_default_na=False)
    except (OSError, ValueError, KeyError, pa.ArrowInvalid) as error:
        raise BrokenProducts(path.name, f"columns {', '.join(columns)} ({type(error).__name__})") from error


def _instants(told: pd.Series, settings: Settings, name: str) -> pd.Series:
    """Instants; a text without a zone is local time of the business."""
    found = []
    for row, text in enumerate(told, start=1):
        try:
            at = datetime.fromisoformat(str(text).strip())
        except ValueError as error:
            raise BrokenProducts(name, f"row {row} has no date, but {str(text)[:20]!r}") from error
        zone = settings.lifecycle.calendar.zone
        found.append(pd.Timestamp(at if at.tzinfo else at.replace(tzinfo=zone)).tz_convert("UTC"))
    return pd.Series(found, told.index, dtype="datetime64[us, UTC]")
