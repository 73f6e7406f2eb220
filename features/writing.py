"""Writing an event log: buckets, rejects and manifest, the same bytes for the same events.

Reads the tables `judged`, `refused`, `unreadable` and the sources' rows in DuckDB. Start reading at `write_log`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from churn.calendar import from_us
from churn.settings import Settings
from churn.stated import SOLVED
from churn.stated_text import KIND
from churn.tables import EVENTS
from features import parquet
from features.birthdays import BIRTHDAY, may_hold_one
from features.judging import REASONS
from features.log import CUSTOMER_NOW, LOG_SCHEMA, MANIFEST, REJECTS, SUPERSEDED, LogManifest, bucket_name
from features.personal_words import personal_by_name
from features.reading import FILE, ROW, Rows
from features.sql_text import literal, quoted
from features.versioning import LOG_ORDER

ROWS_A_GROUP = 65_536  # sorted by customer, so that a reader of one customer skips most groups
ROWS_A_BATCH = 131_072
SOLUTION = f"event_type = '{KIND}_solved' OR (event_type = '{KIND}' AND reason_code IN {SOLVED})"
REJECT_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("reason", pa.string()),
        ("why", pa.string()),
        ("customer_id", pa.string()),
        ("raw", pa.string()),
    ]
)


@dataclass(frozen=True)
class LogFacts:
    """What the manifest says and the events do not: rows read, withdrawn and live, what time it was, the end."""

    rows: int
    now: datetime
    observed_until: datetime
    withdrawn: int
    live: dict[str, int] = field(default_factory=dict)


def write_log(
    connection: duckdb.DuckDBPyConnection, folder: Path, sources: list[Rows], settings: Settings, facts: LogFacts
) -> LogManifest:
    """Write the judged events as an event log into an empty folder.

    Raises:
        OSError: there is no room.
    """
    files = {}
    for bucket, rows in _buckets(connection):
        files[bucket_name(bucket)] = write_file(folder / bucket_name(bucket), rows)
    rejects = _rejects(connection, sources)
    if settings.privacy.pseudonymous_ids:  # what a row held names its customer as the source does
        place = rejects.schema.get_field_index("raw")
        rejects = rejects.set_column(place, rejects.schema.field(place), pa.nulls(len(rejects), pa.string()))
    write_file(folder / REJECTS, rejects)
    manifest = _manifest(connection, sources, settings, facts, files)
    text = json.dumps(manifest.as_json(), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


def _buckets(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, pa.Table]]:
    """The events of each bucket that has any, in the order of the log."""
    reader = (
        connection.cursor()
        .sql(  # a result of its own, read while the connection works on
            f"SELECT bucket, {', '.join(LOG_SCHEMA.names)} FROM judged WHERE reason IS NULL "
            f"ORDER BY bucket, {LOG_ORDER}"
        )
        .to_arrow_reader(ROWS_A_BATCH)
    )
    current, gathered = -1, list[pa.Table]()
    for batch in reader or ():
        buckets = batch.column("bucket").to_numpy()
        rows = pa.Table.from_batches([batch]).drop_columns("bucket").cast(LOG_SCHEMA)
        edges = [0, *(np.flatnonzero(np.diff(buckets)) + 1).tolist(), len(buckets)]
        for start, end in pairwise(edges):
            if start < end and buckets[start] != current:
                if gathered:
                    yield current, pa.concat_tables(gathered)
                current, gathered = int(buckets[start]), []
            gathered.append(rows.slice(start, end - start))
    if gathered:
        yield current, pa.concat_tables(gathered)


def write_file(path: Path, rows: pa.Table) -> dict[str, Any]:
    """Write rows as a file of the log; what the manifest says of it."""
    parquet.write_table(rows.combine_chunks(), path, row_group_size=ROWS_A_GROUP)
    return {"rows": rows.num_rows, "sha256": parquet.digest_of(path, row_group_size=ROWS_A_GROUP)}


def hash_of(files: Mapping[str, Mapping[str, Any]]) -> str:
    """The hash of a log, from what its manifest says of its files."""
    hashed = json.dumps({name: file["sha256"] for name, file in files.items()}, sort_keys=True)
    return hashlib.sha256(hashed.encode()).hexdigest()


def _rejects(connection: duckdb.DuckDBPyConnection, sources: list[Rows]) -> pa.Table:
    """Every refused row with its place, its reason in a word and a sentence, and itself as JSON."""
    parts = [REJECT_SCHEMA.empty_table()]
    for rows in sources:
        names = _tellable(rows)
        raw = "{" + ", ".join(f"{literal(name)}: t.{quoted(name)}" for name in names) + "}"
        files = [origin.get("file") for origin in rows.origins]
        found = connection.execute(
            "SELECT r.file, r.row_no, r.reason, r.customer_id, u.why, "
            "CASE WHEN r.reason IN ('forgotten', 'bad_birthday') THEN NULL "
            f"WHEN u.why IS NULL THEN to_json({raw}) ELSE to_json({{'line': u.line}}) END "
            f"FROM refused r LEFT JOIN {rows.table} t ON t.{FILE} = r.file AND t.{ROW} = r.row_no "
            "LEFT JOIN unreadable u ON u.source = r.source AND u.file = r.file AND u.row_no = r.row_no "
            f"WHERE r.source = {rows.position} ORDER BY r.file, r.row_no"
        ).fetchall()
        lines = [
            (rows.name, files[file], row, reason, why or REASONS[reason], customer, text)
            for file, row, reason, customer, why, text in found
        ]
        columns = [list(column) for column in zip(*lines, strict=True)] or [[] for _ in REJECT_SCHEMA]
        parts.append(pa.table(columns, schema=REJECT_SCHEMA))
    return pa.concat_tables(parts)


def _tellable(rows: Rows) -> list[str]:
    """The columns of a source that a report may show: nobody mends a row by its phone, or needs a year of birth."""
    born = rows.source.attributes.get(BIRTHDAY)
    return [name for name in rows.columns if personal_by_name(name) is None and not may_hold_one(name, born)]


def _manifest(
    connection: duckdb.DuckDBPyConnection,
    sources: list[Rows],
    settings: Settings,
    facts: LogFacts,
    files: dict[str, dict[str, Any]],
) -> LogManifest:
    kinds, columns = _kinds(connection)
    first_us, last_us, customers, superseded, rekeyed, solutions = _one(
        connection,
        f"SELECT min(event_timestamp), max(event_timestamp), count(DISTINCT customer_id), "
        f"count({SUPERSEDED}) FILTER ({CUSTOMER_NOW} IS NULL), count({CUSTOMER_NOW}), count(*) FILTER ({SOLUTION}) "
        "FROM judged WHERE reason IS NULL",
    )
    return LogManifest(
        log_hash=hash_of(files),
        events=sum(kinds.values()),
        customers=customers,
        kinds=kinds,
        columns=columns,
        first_event_at=from_us(first_us),
        last_event_at=from_us(last_us),
        observed_until=facts.observed_until,
        clock=settings.business.clock,
        now=facts.now,
        timezone=settings.business.timezone,
        is_bulk_import=not facts.live and all(rows.source.ingested_at is None for rows in sources),
        rows=facts.rows,
        rejected=dict(connection.execute("SELECT reason, count(*) FROM refused GROUP BY 1 ORDER BY 1").fetchall()),
        buckets=settings.ingest.buckets,
        files=files,
        sources=[_provenance(rows) for rows in sources],
        taken_back_by=list(settings.definition.taking_back.by),
        orders=list(settings.definition.taking_back.of or ()),
        superseded=superseded,
        rekeyed=rekeyed,
        solutions=solutions,
        withdrawn=facts.withdrawn,
        live=facts.live,
    )


def _kinds(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, int], dict[str, list[str]]]:
    """How many events each kind has, and which optional columns are not empty there."""
    optional = [column.name for column in EVENTS if column.nullable]
    rows = connection.execute(
        f"SELECT event_type, count(*), {', '.join(f'count({name})' for name in optional)} "
        "FROM judged WHERE reason IS NULL GROUP BY event_type ORDER BY event_type"
    ).fetchall()
    alive = {kind: [name for name, filled in zip(optional, counts, strict=True) if filled] for kind, _, *counts in rows}
    return {kind: count for kind, count, *_ in rows}, alive


def _provenance(rows: Rows) -> dict[str, Any]:
    mapping = rows.source.model_dump(mode="json", exclude_defaults=True, exclude={"path", "url"})
    return {"source": rows.name, "origins": list(rows.origins), "mapping": mapping}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    return tuple(int(value) for row in connection.execute(query).fetchall() for value in row)
