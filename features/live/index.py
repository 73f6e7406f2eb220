"""The index: every customer's rows of the log under one key, so that one row is computed without reading the log.

    live/index.db    customer_id -> their rows of the log, in its order

It is made from the event log, names that log by its hash and says up to which live event the log reaches (`upto`);
what the inbox holds beyond that is read from the inbox. It is replaced as a whole and never changed but by `erase`:
deleting it costs the time to make it anew, and nothing else. Start reading at `build`.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from churn.errors import DataError
from features.atomic import flush
from features.file_lock import alone
from features.log import BrokenLog, LogManifest, log_folder, read_log_manifest
from features.log_reading import rows_of, solutions_in

FORMAT = 2
INDEX, DRAFT = Path("live") / "index.db", Path("live") / ".index.draft"
LOCK = ".index.lock"
IN_ONE = 400  # customers in one IN (...)
BROKEN = (sqlite3.Error, pa.ArrowException, EOFError, OSError)  # what reading a broken file raises


class IndexUnavailable(DataError):
    """The index cannot be read or made, so rows have to wait."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The index of customers {path} cannot be read or made: {why}.",
            mend="free some space or mend the folder's rights. The service tries again by itself, and makes it anew.",
        )


class Facts(NamedTuple):
    """Which log an index was made from, and up to which live event that log reaches."""

    log_hash: str
    upto: int


class Found(NamedTuple):
    """Rows of the log of some customers, up to which live event that log reaches, and whether it tells solutions."""

    upto: int
    rows: pa.Table
    tells_solutions: bool


class Index:
    """The index of a business, for reading. Threads may share it.

    Args:
        folder: the artifacts of the business.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / INDEX
        self._one_at_a_time = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        self._facts: Facts | None = None
        self._tells_solutions = False
        self._schema: pa.Schema = pa.schema([])

    def facts(self) -> Facts | None:
        """What stands there now; None where there is no index yet."""
        with self._one_at_a_time:
            self._follow()
            return self._facts

    def is_current(self) -> bool:
        """Whether it was made from the log that stands there now.

        Raises:
            NoLog: there is no log.
        """
        return self.facts() == facts_of(read_log_manifest(self._folder))

    def rows(self, customer_ids: Sequence[str]) -> Found | None:
        """What the log says of these customers; None where there is no index yet."""
        with self._one_at_a_time:
            self._follow()
            if self._connection is None or self._facts is None:
                return None
            packed: list[tuple[bytes]] = []
            try:
                for first in range(0, len(customer_ids), IN_ONE):
                    some = tuple(customer_ids[first : first + IN_ONE])
                    query = f"SELECT rows FROM history WHERE customer_id IN ({', '.join('?' * len(some))})"
                    packed += self._connection.execute(query, some).fetchall()
                batches = [pa.ipc.read_record_batch(pa.py_buffer(one), self._schema) for (one,) in packed]
            except BROKEN as error:
                self._end()
                self._path.unlink(missing_ok=True)  # it is broken; another one is made
                raise IndexUnavailable(self._path, str(error)) from error
            rows = pa.Table.from_batches(batches, self._schema)
            return Found(self._facts.upto, rows, self._tells_solutions)

    def close(self) -> None:
        """End the connection; the next call opens it anew."""
        with self._one_at_a_time:
            self._end()

    def _end(self) -> None:
        connection, self._connection, self._seen, self._facts = self._connection, None, None, None
        if connection is not None:
            connection.close()

    def _follow(self) -> None:
        """Open the file that stands there now: another process may have replaced it."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._end()
            return
        if (stat.st_ino, stat.st_mtime_ns) == self._seen:
            return
        self._end()
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, check_same_thread=False)
        with suppress(TypeError, *BROKEN):  # none, or of another format: as good as missing
            query = "SELECT log_hash, upto, format, columns, tells_solutions FROM facts"
            log_hash, upto, form, columns, tells = connection.execute(query).fetchone()
            if form == FORMAT:
                self._facts, self._schema = Facts(log_hash, upto), pa.ipc.read_schema(pa.py_buffer(columns))
                self._tells_solutions = bool(tells)
        self._connection, self._seen = connection, (stat.st_ino, stat.st_mtime_ns)


def facts_of(manifest: LogManifest) -> Facts:
    """What an index made from a log says of itself."""
    return Facts(manifest.log_hash, int(manifest.live.get("upto", 0)))


def build(folder: Path) -> bool:
    """Make the index anew from the log; False where another process is at it.

    Args:
        folder: the artifacts of the business.

    Raises:
        NoLog: there is no log. BrokenLog: it cannot be read, or was replaced meanwhile: try again.
        IndexUnavailable: the disk is full, or the folder cannot be written.
    """
    with alone(folder / INDEX.parent / LOCK) as mine:
        if not mine:
            return False
        draft = folder / DRAFT
        draft.unlink(missing_ok=True)
        with _told(folder / INDEX), closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "BEGIN"):
                connection.execute(statement)
            connection.execute("CREATE TABLE history (customer_id TEXT PRIMARY KEY, rows BLOB)")
            connection.execute(
                "CREATE TABLE facts (log_hash, upto INTEGER, format INTEGER, columns BLOB, tells_solutions)"
            )
            _fill(connection, folder)
            connection.execute("COMMIT")
            flush(draft)  # a power cut leaves no index that lacks half of its pages
        draft.replace(folder / INDEX)
    return True


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Translate what SQLite says."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise IndexUnavailable(path, str(error)) from error


def customers(folder: Path) -> set[str]:
    """Whom the index holds."""
    if not (folder / INDEX).exists():
        return set()
    with closing(sqlite3.connect(folder / INDEX)) as connection:
        return {str(customer_id) for (customer_id,) in connection.execute("SELECT customer_id FROM history")}


def drop_draft(folder: Path) -> None:
    """Remove what a build that was killed left; a build that is under way goes on."""
    draft = folder / DRAFT
    if draft.exists():
        with alone(draft.parent / LOCK) as mine:
            if mine:
                draft.unlink(missing_ok=True)


def erase(folder: Path, customer_ids: Sequence[str]) -> int:
    """Remove these customers from the index, and nobody else; how many it held.

    The rows of others may name them as `related_customer_id`: the index does not keep that column.
    """
    if not (folder / INDEX).exists():
        return 0
    removed = 0
    with closing(sqlite3.connect(folder / INDEX, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        for customer_id in customer_ids:
            removed += connection.execute("DELETE FROM history WHERE customer_id = ?", (customer_id,)).rowcount
    return removed


def _fill(connection: sqlite3.Connection, folder: Path) -> None:
    manifest, log = read_log_manifest(folder), log_folder(folder)
    schema, tells = pa.schema([]), False
    for name in sorted(manifest.files):
        rows = rows_of(log / name).combine_chunks()
        schema, tells = rows.schema, tells or solutions_in(rows) > 0
        connection.executemany("INSERT INTO history VALUES (?, ?)", _by_customer(rows))
    if facts_of(read_log_manifest(folder)) != facts_of(manifest):
        raise BrokenLog(log, "it was replaced while the index was made")
    facts = (*facts_of(manifest), FORMAT, schema.serialize().to_pybytes(), tells)
    connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", facts)


def _by_customer(rows: pa.Table) -> Iterator[tuple[str, bytes]]:
    """Each customer of a file of the log with their rows, which lie together there."""
    if not rows.num_rows:
        return
    batch = rows.to_batches()[0]
    ids = batch.column("customer_id").to_numpy(zero_copy_only=False)
    nobody = batch.slice(0, 0)
    edges = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), len(ids)]
    for start, end in pairwise(edges):
        mine = pa.concat_batches(
            [batch.slice(start, end - start), nobody]
        )  # a copy: a slice takes its neighbours along
        yield ids[start], mine.serialize().to_pybytes()
