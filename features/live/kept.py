"""Accepted live events beside the log, so that an ingest, which makes the log anew from its sources, has them too.

    live/events/bucket=003.parquet    seq, source, source_id and EVENTS of the customers whose hash falls there
    live/events/reach.json            up to which event of the inbox they are all here

Adding may be repeated, and be cut off anywhere: what is here already is not added again. Start reading at `keep`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features import parquet
from features.atomic import flush, write_json, write_whole
from features.live.inbox import Ledger, Row
from features.live.pieces import AT, rows_of_log
from features.log import SCHEMA, bucket_name, bucket_of

KEPT = Path("live") / "events"
REACH = "reach.json"
BUCKETS = 16
FORMAT = 1
KEPT_SCHEMA = pa.schema([("seq", pa.int64()), ("source", pa.string()), ("source_id", pa.string()), *SCHEMA])
SEQ = 0


def reach(folder: Path) -> int:
    """Up to which event of the inbox all are kept."""
    try:
        return int(json.loads((folder / KEPT / REACH).read_text(encoding="utf-8"))["upto"])
    except FileNotFoundError:
        return 0


def keep(folder: Path, ledger: Ledger) -> int:
    """Keep what the inbox has that is not kept yet; up to which event all are kept now.

    Args:
        folder: the artifacts of the business.
        ledger: its inbox.

    Raises:
        InboxUnavailable: it cannot be read. OSError: the disk is full; nothing is lost.
    """
    before = reach(folder)
    found, rows = ledger.after(before)
    if found.last_seq <= before:
        return before
    by_bucket: dict[int, list[Row]] = {}
    for row in rows:
        by_bucket.setdefault(bucket_of(row[AT["customer_id"]], BUCKETS), []).append(row)
    for bucket, mine in by_bucket.items():
        _add(folder / KEPT / bucket_name(bucket), mine)
    write_json(folder / KEPT / REACH, {"format": FORMAT, "upto": found.last_seq})
    flush(folder / KEPT / REACH)
    flush(folder / KEPT)
    return found.last_seq


def kept_events(folder: Path, after: int = 0) -> pa.Table:
    """Live events that are kept, in the order in which they came.

    Args:
        folder: the artifacts of the business.
        after: those later than this event of the inbox.

    Returns:
        Columns: seq, source, source_id (null where it gave the customer), EVENTS; instants as int64 µs.
    """
    upto, tables = reach(folder), [KEPT_SCHEMA.empty_table()]
    for path in sorted((folder / KEPT).glob("bucket=*.parquet")):
        table = _read(path)
        tables.append(table.filter((pc.field("seq") > after) & (pc.field("seq") <= upto)))
    return pa.concat_tables(tables).sort_by("seq")


def _add(path: Path, rows: Sequence[Row]) -> None:
    there = _read(path) if path.exists() else KEPT_SCHEMA.empty_table()
    known = set(there["seq"].to_pylist())
    new = [row for row in rows if row[SEQ] not in known]
    if not new:
        return
    seqs = pa.array([row[SEQ] for row in new], type=pa.int64())
    told = [pa.array([row[AT[name]] for row in new], type=pa.string()) for name in ("source", "source_id")]
    columns = [seqs, *told, *rows_of_log(new, SCHEMA).columns]
    table = pa.concat_tables([there, pa.table(columns, schema=KEPT_SCHEMA)])
    write_whole(path, lambda draft: _fill(draft, table))


def _fill(draft: Path, table: pa.Table) -> None:
    parquet.write_table(table.combine_chunks(), draft)
    flush(draft)


def _read(path: Path) -> pa.Table:
    with parquet.opened(path) as file:
        return file.read()
