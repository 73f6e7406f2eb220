"""Does the log arrive as ever? Events by kind and week, as they were known at the end of each week.

    fell     the newest week has fewer events than the weeks before it; likewise rose
    silent   no event of a kind for longer than it is silent at other times
    late     events of a kind reach us days after they happened, more of them than before

Weeks are counted back from where the log ends, so that each has the same weekdays, and a week of the past is seen with
what had reached us by its end: today's last events may be missing, and so were theirs. Counted bucket by bucket, kept
in `monitoring/cache/` under the log's hash: aggregates only. Start reading at `arrivals`.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from churn.calendar import Calendar, Int64Array, from_us, to_us
from churn.events import BoolArray
from features import parquet
from features.atomic import keep_text
from features.log import SUPERSEDED, BrokenLog, LogManifest, log_folder

FORMAT_VERSION: Final = 1
MOST_WEEKS: Final = 160
SLOT_US: Final = 900_000_000  # zones have their midnights on quarters of an hour
LATE_DAYS: Final = 2  # calendar days; one is what a night's file takes
HOUR_US: Final = 3_600_000_000
NEVER_US: Final = -(2**62)
COUNTED: Final = ("events", "in_all", "arrived", "late", "corrected")
NEEDED: Final = ("event_type", "event_timestamp", "ingested_at", SUPERSEDED)


class KindWeeks(BaseModel):
    """One kind of event, week by week, the newest first; all lists are as long as the log has whole weeks.

    `events` happened in the week and were known by its end; `in_all` are known by now. `silent_hours` is how long
    nothing had been known to happen at its end, None before the first event. `arrived` reached us in the week, `late`
    of them two calendar days or more after they happened; of `corrected` events a newer version reached us in the
    week, which is among those that arrived.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: list[int]
    in_all: list[int]
    silent_hours: list[float | None]
    arrived: list[int]
    late: list[int]
    corrected: list[int]
    newest_at: datetime


class Arrivals(BaseModel):
    """What came in, by kind. `end` is the instant from which weeks are counted back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    log_hash: str
    end: datetime
    tells_arrival: bool
    kinds: dict[str, KindWeeks]

    @classmethod
    def kept(cls, path: Path) -> Self | None:
        """What was kept; None where nothing was, or another version wrote it."""
        try:
            found = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # a ValidationError is one
            return None
        return found if found.format_version == FORMAT_VERSION else None

    @property
    def weeks(self) -> int:
        """How many whole weeks the log has."""
        return max((len(one.events) for one in self.kinds.values()), default=0)


def arrivals(folder: Path, manifest: LogManifest, calendar: Calendar, *, cache: Path) -> Arrivals:
    """What came in, from the cache or from the log.

    Args:
        folder: the artifacts of the business.
        manifest: of its log.
        calendar: where it has its days.
        cache: folder of what is kept.

    Raises:
        BrokenLog: a file of the log cannot be read.
    """
    path = cache / f"arrivals-{manifest.log_hash[:12]}.json"
    kept = Arrivals.kept(path)
    if kept is not None and kept.log_hash == manifest.log_hash and kept.end == manifest.observed_until:
        return kept
    made = count(folder, manifest, calendar)
    with suppress(OSError):
        for old in cache.glob("arrivals-*.json"):
            old.unlink()
    keep_text(path, made.model_dump_json())
    return made


def count(folder: Path, manifest: LogManifest, calendar: Calendar) -> Arrivals:
    """What came in, from the log, bucket by bucket; see `arrivals`."""
    end, kinds = manifest.observed_until, sorted(manifest.kinds)
    days = max((end - manifest.first_event_at).days // 7, 1) * 7
    days = min(days, MOST_WEEKS * 7)
    edges = [to_us(calendar.plus_days(end, -back)) for back in range(days, -1, -1)]
    tally = Tally(kinds, np.array(edges, dtype=np.int64))
    for name in sorted(manifest.files):
        tally.add(_rows(log_folder(folder) / name))
    tells = not manifest.is_bulk_import
    return Arrivals(log_hash=manifest.log_hash, end=end, tells_arrival=tells, kinds=tally.result())


def _rows(path: Path) -> pa.Table:
    """The columns that are counted, of one file of the log.

    Raises:
        BrokenLog: it cannot be read.
    """
    try:
        with parquet.opened(path, read_dictionary=["event_type"]) as file:
            return file.read([name for name in NEEDED if name in file.schema_arrow.names])
    except (OSError, pa.ArrowException) as error:
        raise BrokenLog(path, str(error)) from error


class Tally:
    """Adds up rows by kind and week.

    An instant's *days back* are the whole local days from it to the end: 0 on the last day, below 0 after the end.

    Args:
        kinds: sorted. edges_us: where the days begin, ascending, the last one the end. Shape (7 w + 1,).
    """

    def __init__(self, kinds: Sequence[str], edges_us: Int64Array) -> None:
        self._kinds, self._edges_us, self._weeks = list(kinds), edges_us, (len(edges_us) - 1) // 7
        self._slots = _slots(edges_us)
        shape = (len(kinds), self._weeks)
        self._counts = {name: np.zeros(shape, dtype=np.int64) for name in COUNTED}
        self._newest_us = np.full((len(kinds), self._weeks + 1), NEVER_US, dtype=np.int64)  # the last: before all weeks

    def add(self, rows: pa.Table) -> None:
        """Count rows of the log."""
        kind = self._places(rows["event_type"])
        time_us = np.asarray(rows["event_timestamp"].to_numpy(), dtype=np.int64)
        happened, known = self.days_back(time_us), self.days_back(rows["ingested_at"].to_numpy())
        gone = self._gone(rows)
        week, reached = happened // 7, known // 7
        self._sum("in_all", kind, week, (known >= 0) & (gone < 0))
        then = (known >= 7 * week) & (gone < 7 * week)  # as it was known at the end of the week
        self._sum("events", kind, week, then)
        self._sum("arrived", kind, reached, known >= 0)
        self._sum("late", kind, reached, happened - known >= LATE_DAYS)
        self._sum("corrected", kind, gone // 7, gone >= 0)
        seen = np.minimum(happened, known)  # visible at the end of each week up to this one
        rows_seen = np.flatnonzero(seen >= 0)
        place = np.minimum(seen[rows_seen] // 7, self._weeks)
        np.maximum.at(self._newest_us, (kind[rows_seen], place), time_us[rows_seen])

    def result(self) -> dict[str, KindWeeks]:
        """What was added up, of the kinds that have an event."""
        ends_us = self._edges_us[::-7][: self._weeks]
        newest_us = np.maximum.accumulate(self._newest_us[:, ::-1], axis=1)[:, ::-1]
        silent = (ends_us - newest_us[:, :-1]) / HOUR_US
        found = {}
        for place, kind in enumerate(self._kinds):
            if newest_us[place, 0] == NEVER_US:
                continue
            lists = {name: self._counts[name][place].tolist() for name in COUNTED}
            known = newest_us[place, :-1] != NEVER_US
            hours = [
                round(float(one), 3) if is_known else None for one, is_known in zip(silent[place], known, strict=True)
            ]
            found[kind] = KindWeeks(**lists, silent_hours=hours, newest_at=from_us(int(newest_us[place, 0])))
        return found

    def _places(self, column: pa.ChunkedArray) -> Int64Array:
        kinds, found = pa.array(self._kinds, pa.string()), [np.zeros(0, dtype=np.int64)]
        for chunk in column.dictionary_encode().chunks:  # a few words a chunk are looked up, not one a row
            places = pc.index_in(chunk.dictionary.cast(pa.string()), kinds).fill_null(0)
            found.append(np.asarray(places.to_numpy(zero_copy_only=False), np.int64)[chunk.indices.to_numpy()])
        return np.concatenate(found)

    def days_back(self, instants_us: Int64Array) -> Int64Array:
        """Whole local days from each instant to the end."""
        days = len(self._edges_us) - 1
        if self._slots is None:
            return days - np.searchsorted(self._edges_us, instants_us, side="right").astype(np.int64)
        slot = (np.asarray(instants_us, dtype=np.int64) - self._edges_us[0]) // SLOT_US + 1
        passed: Int64Array = self._slots[np.clip(slot, 0, len(self._slots) - 1, out=slot)]
        return days - passed

    def _gone(self, rows: pa.Table) -> Int64Array:
        """Days back that a newer version was known; -1 where none was by the end."""
        if SUPERSEDED not in rows.column_names or rows[SUPERSEDED].null_count == len(rows):
            return np.full(len(rows), -1, dtype=np.int64)
        return self.days_back(rows[SUPERSEDED].fill_null(2**62).to_numpy())

    def _sum(self, name: str, kind: Int64Array, week: Int64Array, wanted: BoolArray) -> None:
        wanted = wanted & (week >= 0) & (week < self._weeks)
        shape = self._counts[name].shape
        flat = np.bincount(kind[wanted] * self._weeks + week[wanted], minlength=shape[0] * shape[1])
        self._counts[name] += flat.reshape(shape)


def _slots(edges_us: Int64Array) -> Int64Array | None:
    """How many edges lie at or before each quarter of an hour, one before the first and one after the last beside.

    None where a zone has its midnights at other minutes. Ten times as fast to look up as to search the edges.
    """
    apart = edges_us - edges_us[0]
    if (apart % SLOT_US).any():
        return None
    starts = np.arange(-1, apart[-1] // SLOT_US + 1) * SLOT_US
    return np.searchsorted(apart, starts, side="right").astype(np.int64)
