"""Every event of a few kinds, of everybody: what is rare in a log of millions, such as contacts and opt-outs.

    log/bucket=*.parquet --these kinds, still standing--> rows  <-- what the inbox holds beyond the log

Skips what the log's manifest says it has not, and groups of rows that hold no such kind. Rows that were corrected or
withdrawn are left out. A row under an id that somebody else holds by now is there for both: who wished to be left alone
under one id is left alone under the other. Start reading at `rows_of_kinds`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churn.calendar import to_us
from churn.settings import Settings
from churn.tables import EVENTS
from features import parquet
from features.live.opening import has_inbox, inbox_of
from features.live.pieces import rows_of_log
from features.log import CUSTOMER_NOW, LOG_SCHEMA, SUPERSEDED, BrokenLog, NoLog, log_folder, read_log_manifest
from features.one_customer import TRIES, LogBehind

TIMES = ("event_timestamp", "ingested_at")


def rows_of_kinds(settings: Settings, kinds: Sequence[str], *, known_before: datetime | None = None) -> pd.DataFrame:
    """Events of these kinds that stand, from the log and from the inbox.

    Args:
        settings: whose.
        kinds: of event.
        known_before: only what had happened and had reached us before this instant; all where None.

    Returns:
        Columns: those of EVENTS, in order; sorted by customer_id and event_timestamp.

    Raises:
        NoLog, BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox. LogBehind: they do not meet.
    """
    read_log_manifest(settings.folder)  # NoLog: of no log, not of nobody
    return _framed(known_rows(settings, kinds), known_before)


def known_rows(settings: Settings, kinds: Sequence[str]) -> pa.Table:
    """Every row of these kinds, of the log and of the inbox beyond it: also what was corrected since.

    Args:
        settings: whose.
        kinds: of event.

    Returns:
        Columns: LOG_SCHEMA; instants as int64 µs. A row under an id that somebody else holds by now is there for both.
        No row where there is no log and nothing live.

    Raises:
        BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox. LogBehind: they do not meet.
    """
    for _ in range(TRIES):
        upto, rows = of_log(settings.folder, kinds)
        if not has_inbox(settings):
            return rows
        with inbox_of(settings) as ledger:
            reach, live = ledger.after(upto, kinds=kinds)
        if reach.thinned_upto <= upto:
            return pa.concat_tables([rows, rows_of_log(live)])
        # else a compaction put its log in place between the two looks
    raise LogBehind


def of_log(folder: Path, kinds: Sequence[str]) -> tuple[int, pa.Table]:
    """Up to which live event the log reaches, and `known_rows` of the log alone; (0, no row) where there is none.

    Raises:
        BrokenLog: the log cannot be read.
    """
    try:
        upto, parts = int(read_log_manifest(folder).live.get("upto", 0)), [*log_rows(folder, kinds)]
    except NoLog:
        return 0, LOG_SCHEMA.empty_table()
    rows = pa.concat_tables(parts) if parts else LOG_SCHEMA.empty_table()
    heirs = rows.filter(pc.is_valid(rows[CUSTOMER_NOW]))
    return upto, pa.concat_tables([rows, heirs.set_column(0, "customer_id", heirs[CUSTOMER_NOW])]).cast(LOG_SCHEMA)


def log_rows(folder: Path, kinds: Sequence[str]) -> Iterator[pa.Table]:
    """Every row of the log of these kinds, file by file: also what was corrected, or went to another id.

    Args:
        folder: the artifacts of a business.
        kinds: of event.

    Raises:
        NoLog, BrokenLog: the log cannot be read.
    """
    manifest, log = read_log_manifest(folder), log_folder(folder)
    for name in sorted(manifest.files) if any(kind in manifest.kinds for kind in kinds) else []:
        path = log / name
        try:
            held = parquet.names_of(path)
            columns = [column for column in LOG_SCHEMA.names if column in held]  # logs of old know no corrections
            rows = parquet.read_table(path, columns, filters=[("event_type", "in", list(kinds))], use_threads=False)
        except (OSError, pa.ArrowInvalid) as error:
            raise BrokenLog(path, str(error)) from error
        for column in LOG_SCHEMA.names:
            if column not in columns:
                rows = rows.append_column(column, pa.nulls(len(rows), LOG_SCHEMA.field(column).type))
        yield rows.select(LOG_SCHEMA.names).cast(LOG_SCHEMA)


def _framed(rows: pa.Table, known_before: datetime | None) -> pd.DataFrame:
    rows = rows.filter(pc.is_null(rows[SUPERSEDED]))
    if known_before is not None:
        before = pa.scalar(to_us(known_before), pa.int64())
        rows = rows.filter(pc.and_(*(pc.less(rows[name], before) for name in TIMES)))
    found: pd.DataFrame = rows.select(EVENTS.names).to_pandas()
    for name in TIMES:
        found[name] = pd.to_datetime(found[name], unit="us", utc=True).dt.as_unit("us")
    return found.sort_values(["customer_id", "event_timestamp"], kind="stable", ignore_index=True)
