"""Where each answer of the past lies, by its score id, without reading the score log through.

    scores/index/log-<segment>.idx      the ids of a segment, sorted, and the offsets of their lines
    scores/index/batch-<cutoff>.idx     the ids of a batch, sorted, and the numbers of their rows

Each is made when an answer is first looked for, followed as its segment grows, and made anew where its file is another
one; deleting them costs the time to make them again. They hold no customer: 16 bytes an answer. Start reading at
`recall`.
"""

import os
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from features import parquet
from features.atomic import write_whole
from features.cipher_lines import reader_of
from serving import batch, refusals
from serving.score_log import FOLDER, GONE, SHADOW

INDEX = Path("scores") / "index"
SCORE_ID = re.compile(r"[0-9a-f]{32}")
NAMED = b'"score_id":"'
FAR = 64  # so many bytes from the start of a line its id begins at the latest
PREFIX = 16  # hex digits of an id that the index holds; the line has the rest
HEAD = struct.Struct("<8sQQQQ")  # magic, bytes or rows that are indexed, and of the file: inode, mtime or 0
MAGIC = b"churnidx"
YOUNG_S = 60
TAIL_BYTES = 2**20  # so much of a segment may lie beyond its index
Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Recalled:
    """An answer of the past.

    Args:
        row: of SCORES; instants in ISO form. Empty where its line is no JSON any more.
        line: as the score log has it, without its end; None for an answer of a batch.
    """

    row: dict[str, Any]
    line: bytes | None = None


def recall(folder: Path, score_id: str) -> Recalled:
    """One answer of the past; what a challenger said in shadow was no answer.

    Args:
        folder: the artifacts of the business.
        score_id: of the answer.

    Raises:
        UnknownScore: nobody gave it. Erased: whom it spoke of was forgotten.
    """
    if not SCORE_ID.fullmatch(score_id):
        raise refusals.UnknownScore(score_id)
    for segment in sorted((folder / FOLDER).glob("*.jsonl")):
        for line in _lines_of(folder, segment, score_id):
            if line.startswith(GONE):
                raise refusals.Erased(score_id)
            row = _decoded(line)
            if not row.get(SHADOW):
                return Recalled(row, line)
    for path in sorted((folder / batch.FOLDER).glob("*.parquet"), reverse=True):
        for row in _rows_of(folder, path, score_id):
            return Recalled(row)
    raise refusals.UnknownScore(score_id)


def _lines_of(folder: Path, segment: Path, score_id: str) -> Iterator[bytes]:
    """The lines of one id in a segment."""
    try:
        places = _in_segment(folder, segment, score_id)
        found = [_line_at(segment, place) for place in places]
        if not all(line and _names(line, score_id) for line in found):  # another file has come under this name
            _sidecar(folder, segment).unlink(missing_ok=True)
            found = [_line_at(segment, place) for place in _in_segment(folder, segment, score_id)]
    except FileNotFoundError:  # pruned meanwhile
        return
    yield from (line for line in found if line and _names(line, score_id))


def _in_segment(folder: Path, segment: Path, score_id: str) -> list[int]:
    sidecar, stat = _sidecar(folder, segment), segment.stat()
    ids, places, upto = _load(sidecar, stat.st_ino, 0)
    if upto > stat.st_size:
        ids, places, upto = _empty()
    if stat.st_size > upto:
        ids, places, upto = _grown(segment, ids, places, upto)
        if stat.st_size - _load(sidecar, stat.st_ino, 0)[2] > TAIL_BYTES or not _is_young(stat):
            _save(sidecar, ids, places, (upto, stat.st_ino, 0))
    return _places(ids, places, score_id)


def _is_young(stat: os.stat_result) -> bool:
    """Whether a segment may still grow; one that does not is indexed to its end, however small."""
    return time.time() - stat.st_mtime < YOUNG_S


def _grown(segment: Path, ids: Words, places: Words, upto: int) -> tuple[Words, Words, int]:
    """An index that knows a segment's further lines too; a last line without its end is left for later."""
    more: list[tuple[int, int]] = []
    plain_of = reader_of(segment)
    with segment.open("rb") as lines:
        lines.seek(upto)
        for line in lines:
            if not line.endswith(b"\n"):
                break
            told = plain_of(line)
            at = told.find(NAMED, 0, FAR)
            prefix = told[at + len(NAMED) :][:PREFIX]
            if at >= 0 and (word := _word(prefix.decode("ascii", "replace"))) is not None:
                more.append((word, upto))
            upto += len(line)
    new = np.array(more, dtype=np.uint64).reshape(-1, 2)
    every, where = np.concatenate([ids, new[:, 0]]), np.concatenate([places, new[:, 1]])
    order = np.argsort(every, kind="stable")
    return every[order], where[order], upto


def _rows_of(folder: Path, path: Path, score_id: str) -> Iterator[dict[str, Any]]:
    """The rows of one id in a batch."""
    sidecar, stat = _sidecar(folder, path), path.stat()
    ids, places, rows = _load(sidecar, stat.st_ino, stat.st_mtime_ns)
    with parquet.opened(path) as file:
        if not rows and file.metadata.num_rows:
            every = [_word(one[:PREFIX]) or 0 for one in file.read(["score_id"])["score_id"].to_pylist()]
            ids, order = np.sort(words := np.array(every, dtype=np.uint64)), np.argsort(words, kind="stable")
            places = order.astype(np.uint64)
            _save(sidecar, ids, places, (len(every), stat.st_ino, stat.st_mtime_ns))
        ends = list(accumulate(file.metadata.row_group(one).num_rows for one in range(file.num_row_groups)))
        for place in _places(ids, places, score_id):
            group = next(number for number, end in enumerate(ends) if place < end)
            first = ends[group - 1] if group else 0
            (row,) = file.read_row_group(group).slice(place - first, 1).to_pylist()
            if row["score_id"] == score_id:
                yield {name: one.isoformat() if isinstance(one, datetime) else one for name, one in row.items()}


def _line_at(segment: Path, offset: int) -> bytes:
    with segment.open("rb") as file:
        file.seek(max(0, offset - 1))
        begins = offset == 0 or file.read(1) == b"\n"
        return reader_of(segment)(file.readline()).rstrip() if begins else b""


def _names(line: bytes, score_id: str) -> bool:
    return NAMED + score_id.encode() in line[: FAR + len(score_id)]


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _places(ids: Words, places: Words, score_id: str) -> list[int]:
    word = np.uint64(int(score_id[:PREFIX], 16))
    first, last = np.searchsorted(ids, word, "left"), np.searchsorted(ids, word, "right")
    return [int(one) for one in places[first:last]]


def _word(prefix: str) -> int | None:
    try:
        return int(prefix, 16)
    except ValueError:
        return None


def _sidecar(folder: Path, path: Path) -> Path:
    return folder / INDEX / f"{path.parent.name}-{path.stem}.idx"


def _empty() -> tuple[Words, Words, int]:
    none = np.empty(0, dtype=np.uint64)
    return none, none, 0


def _load(sidecar: Path, inode: int, mtime_ns: int) -> tuple[Words, Words, int]:
    """What is indexed of a file: ids, places, and how far; nothing where it is of another file, or broken."""
    try:
        with sidecar.open("rb") as file:
            magic, upto, count, of_inode, of_mtime = HEAD.unpack(file.read(HEAD.size))
    except (FileNotFoundError, struct.error):
        return _empty()
    whole = sidecar.stat().st_size == HEAD.size + 16 * count
    if magic != MAGIC or (of_inode, of_mtime) != (inode, mtime_ns) or not whole or not count:
        return _empty()
    both = np.memmap(sidecar, dtype="<u8", mode="r", offset=HEAD.size, shape=(2, count))
    return both[0], both[1], upto


def _save(sidecar: Path, ids: Words, places: Words, of: tuple[int, int, int]) -> None:
    upto, inode, mtime_ns = of

    def fill(draft: Path) -> None:
        head = HEAD.pack(MAGIC, upto, len(ids), inode, mtime_ns)
        draft.write_bytes(head + ids.astype("<u8").tobytes() + places.astype("<u8").tobytes())

    write_whole(sidecar, fill)


def sweep(folder: Path) -> None:
    """Drop the indexes of files that are gone."""
    there = {_sidecar(folder, path) for path in (folder / FOLDER).glob("*.jsonl")}
    there |= {_sidecar(folder, path) for path in (folder / batch.FOLDER).glob("*.parquet")}
    for sidecar in (folder / INDEX).glob("*.idx"):
        if sidecar not in there:
            sidecar.unlink(missing_ok=True)
