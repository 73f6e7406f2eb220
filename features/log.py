"""The event log on disk: what is in the folder `log/` of a business, and what it says of itself.

    log/bucket=003.parquet    EVENTS of the customers whose hash falls there, sorted by customer, time and the rest
    log/rejects.parquet       rows that are no events: source, file, row, reason, customer_id, the row itself as JSON
    log/manifest.json         `LogManifest`: hash, counts, first and last event, how far it reaches, where it is from

Columns are those of `churn.tables.EVENTS` in order; `event_timestamp` and `ingested_at` are int64 microseconds since
1970 UTC. A row is a version of an event: `superseded_at` says from when on a newer one, or a withdrawal, was known
(null: it stands); `customer_now` who holds the id that it came with, where an id map has given that id to somebody
else since (features/rekeying.py). Logs of format 1 lack both. `log/id_map.parquet` is the map, if there is one.
A customer lives in bucket `md5(customer_id)[:8] % buckets`, whatever library reads it. The folder is only ever
replaced as a whole (features/shelf.py). features/log_reading.py reads it back. Start at `LogManifest`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from churn.errors import DataError
from churn.orders import TakingBack
from churn.tables import EVENTS

FORMAT_VERSION = 2
MANIFEST, REJECTS, ID_MAP_FILE = "manifest.json", "rejects.parquet", "id_map.parquet"
LOG, LOG_BEFORE = "log", "log.before"  # the folder, and where the old one stands for a moment while it is replaced
ARROW_TYPES = {"str": pa.string(), "float64": pa.float64()}
SUPERSEDED, CUSTOMER_NOW = "superseded_at", "customer_now"
SCHEMA = pa.schema([(column.name, ARROW_TYPES.get(column.dtype, pa.int64())) for column in EVENTS])  # of an event
LOG_SCHEMA = SCHEMA.append(pa.field(SUPERSEDED, pa.int64())).append(pa.field(CUSTOMER_NOW, pa.string()))  # of a file


class NoLog(DataError):
    """A business has no event log yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"There is no event log in {folder}.", mend="run `churn ingest` with the settings of this business first."
        )


class BrokenLog(DataError):
    """A file of the event log is missing, or not as its manifest says."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The event log is broken at {path}: {why}", mend="run `churn ingest` again; it replaces it.")


@dataclass(frozen=True)
class LogManifest:
    """What an event log says of itself.

    Args:
        log_hash: sha256 of all its files; equal hashes, equal logs.
        events: how many rows, each a version of an event. customers: how many, likewise.
        kinds: events by kind. columns: by kind, the columns of EVENTS that are not empty.
        first_event_at: the earliest event. last_event_at: the latest.
        observed_until: the log is complete up to here.
        clock: wall or log. now: what time it was by that clock; what lay later was refused.
        timezone: where the business has its days.
        is_bulk_import: no source said when an event reached us, so every `ingested_at` is the event's own time.
        rows: rows read. rejected: rows refused, by reason.
        buckets: files by hash of the customer. files: their names, rows, sha256. sources: what was read, and mapping.
        taken_back_by: kinds of event that take back the order which they name. orders: kinds that are orders.
        superseded: versions that a newer one or a withdrawal has replaced. withdrawn: rows that withdraw an event.
        live: events that came over the service (`events`), and up to which one of the inbox (`upto`); empty: none.
        rekeyed: versions under a customer whose id somebody else holds by now.
        solutions: events that said that a complaint was solved, as they came in; 0 in logs of before.
    """

    log_hash: str
    events: int
    customers: int
    kinds: dict[str, int]
    columns: dict[str, list[str]]
    first_event_at: datetime
    last_event_at: datetime
    observed_until: datetime
    clock: str
    now: datetime
    timezone: str
    is_bulk_import: bool
    rows: int
    rejected: dict[str, int]
    buckets: int
    files: dict[str, dict[str, Any]]
    sources: list[dict[str, Any]]
    taken_back_by: list[str]
    orders: list[str]
    superseded: int = 0
    withdrawn: int = 0
    live: dict[str, int] = field(default_factory=dict)
    rekeyed: int = 0
    solutions: int = 0
    format_version: int = FORMAT_VERSION

    @property
    def taking_back(self) -> TakingBack:
        """What can be taken back here, and by what."""
        return TakingBack(tuple(self.taken_back_by), tuple(self.orders))

    def restated(self) -> Iterator[str]:
        """For people: what was told in more than one version."""
        if self.superseded:
            yield f"{self.superseded:,} versions were replaced later: each counts until the newer one was known."
        if self.withdrawn:
            yield f"{self.withdrawn:,} rows withdraw an event: it counts until they were known."
        if self.rekeyed:
            yield f"{self.rekeyed:,} versions stand under the id that their customer had before a merge or split."

    def as_json(self) -> dict[str, Any]:
        """The manifest as it is written; instants in ISO form."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The inverse of `as_json`."""
        instants = {one.name for one in fields(cls) if one.type is datetime}
        typed: dict[str, Any] = {
            name: datetime.fromisoformat(value) if name in instants else value for name, value in values.items()
        }
        return cls(**typed)


def bucket_of(customer_id: str, buckets: int) -> int:
    """The bucket in which a customer lives."""
    return int(hashlib.md5(customer_id.encode(), usedforsecurity=False).hexdigest()[:8], 16) % buckets


def bucket_sql(customer_id: str, buckets: int) -> str:
    """`bucket_of` as DuckDB SQL of an expression."""
    return f"CAST(CAST('0x' || substr(md5({customer_id}), 1, 8) AS UBIGINT) % {buckets} AS INTEGER)"


def bucket_name(bucket: int) -> str:
    """The file of a bucket."""
    return f"bucket={bucket:03d}.parquet"


def log_folder(folder: Path) -> Path:
    """Where the log of a business stands: also when a machine went down in the moment of replacing it.

    Raises:
        NoLog: there is none.
    """
    for name in (LOG, LOG_BEFORE):
        if (folder / name / MANIFEST).is_file():
            return folder / name
    raise NoLog(folder)


def read_log_manifest(folder: Path) -> LogManifest:
    """The manifest of the log in the artifacts folder of a business.

    Raises:
        NoLog: there is none. BrokenLog: it is no manifest, or of another format.
    """
    path = log_folder(folder) / MANIFEST
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.get("format_version", 1) > FORMAT_VERSION:
            raise BrokenLog(path, f"a newer version of this program wrote it (form {told['format_version']})")
        return LogManifest.from_json(told)
    except (ValueError, TypeError) as error:
        raise BrokenLog(path, str(error)) from error
