"""A business by hand for the ledger: a log in memory, batches of answers on disk, and the books over both.

The log is a frame of EVENTS; each of its buckets is a part in memory. Nothing here reads a clock.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa

from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import Events
from features import parquet
from features.holders import NOBODY
from features.parts import InMemory
from monitoring.ledger.answers import COLUMNS
from monitoring.ledger.books import books_at
from monitoring.ledger.cohort import Books, Cohort
from monitoring.ledger.desk import Desk
from monitoring.ledger.judging import Rules
from monitoring.ledger.outcomes import Known

WEEK = Lifecycle(ChurnDefinition(horizon_days=7), calendar=Calendar("Asia/Shanghai"))
MONDAY = datetime(2025, 3, 2, 16, tzinfo=UTC)  # 3 March 2025 in Shanghai, a Monday
BUCKETS = 3
Row = tuple[str, str, datetime]  # customer, kind, when; reached us at once
Told = tuple[str, float]  # customer, probability


def log_of(rows: Iterable[Row]) -> pd.DataFrame:
    """A frame of EVENTS."""
    frame = pd.DataFrame(list(rows), columns=["customer_id", "event_type", "event_timestamp"])
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).astype("datetime64[us, UTC]")
    return frame.assign(ingested_at=frame["event_timestamp"])


def known_of(frame: pd.DataFrame, until: datetime, lifecycle: Lifecycle = WEEK) -> Known:
    """The log in parts of whole customers."""
    bucket = frame["customer_id"].map(lambda one: sum(one.encode()) % BUCKETS).astype("int64")
    parts = [
        InMemory(Events.from_frame(frame[bucket == one], taking_back=lifecycle.definition.taking_back))
        for one in range(BUCKETS)
    ]
    return Known(parts, lifecycle, until, NOBODY)


def desk_of(
    folder: Path, frame: pd.DataFrame, until: datetime, lifecycle: Lifecycle = WEEK, week_rows: int = 1
) -> Desk:
    """The desk of a business whose floors are as low as they can be."""
    told = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
    rules = Rules(lifecycle.definition.id, min_rows=2, min_positives=1, seed=7)
    return Desk(folder, known_of(frame, until, lifecycle), told, rules, until, week_rows=week_rows)


def opened(
    folder: Path, frame: pd.DataFrame, until: datetime, lifecycle: Lifecycle = WEEK, week_rows: int = 1
) -> tuple[Books, list[str]]:
    """The books, and what was told on the way: which cohorts were judged."""
    said: list[str] = []
    return books_at(desk_of(folder, frame, until, lifecycle, week_rows), said.append), said


def batch(
    folder: Path, cutoff: datetime, told: Sequence[Told], *, name: str = "", version: str = "churn/1",
    lifecycle: Lifecycle = WEEK, model: str = "churn",
) -> Path:  # fmt: skip
    """A batch of answers at one cutoff."""
    rows = [
        (customer, model, version, lifecycle.definition.id, cutoff, cutoff, probability)
        for customer, probability in told
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in ("cutoff", "scored_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    path = folder / "scores" / "batch" / f"{name or f'{cutoff:%Y-%m-%dT%H%M%S}'}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    return path


def days(number: float) -> datetime:
    """So many days after the Monday."""
    return MONDAY + timedelta(days=number)


def plain(books: Books) -> list[Cohort]:
    """The cohorts without their history of corrections."""
    return [replace(one, corrections=()) for ledger in books.ledgers.values() for one in ledger.cohorts]
