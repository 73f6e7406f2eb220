"""Answers of forgotten customers leave the score log and the batches; an answer asked for again says so.

    scores/log/*.jsonl           their lines become, in place, lines of the same length that hold no more than the
                                 score_id: a service that is writing the same file goes on without a pause
    scores/batch/*.parquet, csv  written anew without them; the score_ids go to scores/log/erased-*.jsonl

Start reading at `erase_from_score_log`; serving/score_index.py tells who asks for one of them.
"""

import os
import time
from pathlib import Path

import msgspec
import pyarrow as pa

from churn.tables import ERASED_LINE
from features import parquet
from features.atomic import write_text
from features.cipher_lines import stored_lines
from features.erasure.rewriting import csv_without, customers_of, parquet_without, rows_of
from features.erasure.store import NOTHING, Erased, Whom
from serving import batch
from serving.score_log import FOLDER, GONE

SHORTEST = len(ERASED_LINE) + 1


class Line(msgspec.Struct):
    """What of a line of the score log tells whose it is."""

    customer_id: str
    score_id: str
    scored_at: str


decode = msgspec.json.Decoder(Line).decode


def erase_from_score_log(folder: Path, whom: Whom) -> Erased:
    """Overwrite the lines of customers in every segment.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    segments = sorted((folder / FOLDER).glob("*.jsonl"))
    return sum((_overwrite(segment, whom) for segment in segments), NOTHING)


def _overwrite(segment: Path, whom: Whom) -> Erased:
    """Overwrite lines where they stand. A last line without its end belongs to whoever is writing it."""
    erased = NOTHING
    with segment.open("r+b", buffering=0) as file:
        for line in stored_lines(segment):
            size, ended = len(line.stored) - 1, line.stored.endswith(b"\n")
            if ended and not line.plain.startswith(GONE) and size >= SHORTEST:
                left, found = _left_of(line.plain[:-1], whom)
                if left is not None:
                    os.pwrite(file.fileno(), left.ljust(size), line.offset)
                    erased += Erased(1, 0, size, found)
        if erased.rows:
            os.fdatasync(file.fileno())
    return erased + Erased(files=bool(erased.rows))


def _left_of(body: bytes, whom: Whom) -> tuple[bytes | None, frozenset[str]]:
    """What stays of a line; None for a line that stays as it is. Half a line is what a kill left of this very act."""
    try:
        told = decode(body)
    except msgspec.DecodeError:
        return (ERASED_LINE + "}").encode(), frozenset()
    found = whom.among([told.customer_id])
    return (_stub(told.score_id, told.scored_at).encode(), frozenset(found)) if found else (None, frozenset())


def _stub(score_id: str, scored_at: str) -> str:
    return f'{ERASED_LINE},"score_id":"{score_id}","scored_at":"{scored_at}"}}'


def erase_from_batches(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the files of every batch.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    erased = NOTHING
    for path in sorted((folder / batch.FOLDER).glob("*.parquet")):
        found = whom.among(customers_of(path))
        if found:
            with parquet.opened(path) as file:
                table = file.read(["customer_id", "score_id", "scored_at"])
            _remember(folder, table.filter(rows_of(table, found)))
            erased += parquet_without(path, whom)
    for path in sorted((folder / batch.FOLDER).glob("*.csv")):
        erased += csv_without(path, whom)
    return erased


def _remember(folder: Path, rows: pa.Table) -> None:
    """Keep the ids of answers that are about to go, so that nobody who asks for one thinks it never was."""
    stubs = [_stub(row["score_id"], row["scored_at"].isoformat()) for row in rows.to_pylist()]
    write_text(folder / FOLDER / f"erased-{time.time_ns() // 1000}.jsonl", "\n".join(stubs) + "\n")
