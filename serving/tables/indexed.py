"""A table of customers in Parquet, found by id in microseconds, however large, and followed when it is replaced.

    tables/actions.parquet --checked, sorted--> serving/tables/actions-<stamp>.arrow --mapped--> rows of a customer

One worker sorts, in a thread that holds no lock of Python's; all workers map the same file, so it costs memory once.
Until a new file is sorted the one before it answers. A file that is not as churn/tables.py has it answers nothing, and
`fault` says why. Start reading at `Indexed.rows`.
"""

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from pyarrow import ipc

from churn.errors import ChurnError, DataError
from churn.tables import INSTANT, Table
from features import parquet
from features.atomic import write_whole
from features.encryption import is_encrypting
from features.file_lock import alone

SOURCES, SORTED = Path("tables"), Path("serving") / "tables"
TYPES = {"str": pa.string(), INSTANT: pa.timestamp("us", tz="UTC"), "float64": pa.float64()}
EVERY_S = 1.0  # so often a file is looked at
WAIT_S = 30.0  # for another worker that sorts, at the start
MOST_ROWS = 50  # of one customer
READING = (pa.ArrowException, OSError, EOFError, ValueError)
log = structlog.get_logger("tables")

Stamp = tuple[int, int, int]
NONE: Stamp = (0, 0, 0)


class UnreadableTable(DataError):
    """A table of customers cannot be used, so what it says is missing from answers."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{SOURCES / name} cannot be used: {why}.",
            mend="write it anew with the columns that churn/tables.py has, in their order, and put it there in one "
            "step (write beside it, then rename). No restart is needed.",
        )


class Indexed:
    """One table of a business. Threads may share it.

    Args:
        folder: the artifacts of the business.
        table: what it promises.
        order: further columns to sort by, each ascending or descending; rows of a customer come so.
    """

    def __init__(self, folder: Path, table: Table, order: tuple[tuple[str, str], ...] = ()) -> None:
        self._name, self._table = table.name.lower(), table
        self._order = [("customer_id", "ascending"), *order]
        self._source, self._sorted = folder / SOURCES / f"{self._name}.parquet", folder / SORTED
        self._held: pa.Table | None = None
        self._seen, self._looked = NONE, 0.0
        self._busy = threading.Lock()
        self.fault: UnreadableTable | None = None
        self._open()

    @property
    def code(self) -> str | None:
        """Why there is nothing; None where there is a table."""
        if self.fault:
            return self.fault.code
        return "not_configured" if self._held is None else None

    def rows(self, customer_id: str) -> list[dict[str, Any]]:
        """The rows of a customer, in order, at most 50; empty where there is none, or no table."""
        self.follow()
        held = self._held
        if held is None or not len(held):
            return []
        ids = held.column("customer_id").chunk(0)
        first = _bisected(ids, customer_id)
        last = first
        while last < len(ids) and last - first < MOST_ROWS and ids[last].as_py() == customer_id:
            last += 1
        return [{name: held[name][place].as_py() for name in held.column_names} for place in range(first, last)]

    def follow(self) -> None:
        """Take notice of a file that was replaced; it is sorted elsewhere."""
        if time.monotonic() - self._looked < EVERY_S:
            return
        self._looked = time.monotonic()
        if _stamp(self._source) != self._seen and self._busy.acquire(blocking=False):
            threading.Thread(target=self._again, name=f"table-{self._name}", daemon=True).start()

    def _open(self) -> None:
        until = time.monotonic() + WAIT_S
        while not self._take() and time.monotonic() < until:
            time.sleep(0.1)

    def _again(self) -> None:
        try:
            self._take()
        except Exception as error:  # noqa: BLE001  # the edge of this thread
            log.warning("table.failed", table=self._name, problem=type(error).__name__)
        finally:
            self._busy.release()

    def _take(self) -> bool:
        """Hold what stands there now; False while another process sorts it."""
        stamp = _stamp(self._source)
        if stamp == NONE:
            self._held, self.fault, self._seen = None, None, NONE
            return True
        path = self._sorted / f"{self._name}-{'-'.join(map(str, stamp))}.arrow"
        try:
            if is_encrypting(self._sorted):  # a file that is mapped cannot be encrypted: each worker holds the table
                self._held, self.fault, self._seen = self._laid_out(), None, stamp
                return True
            if not path.exists():
                with alone(self._sorted / f".{self._name}.lock") as mine:
                    if not mine:
                        return False
                    self._sort(path)
            self._held, self.fault = _mapped(path), None
        except ChurnError as error:
            self._unusable(error.problem.partition(": ")[2].rstrip("."))
        except READING as error:
            self._unusable(type(error).__name__)
        self._seen = stamp
        return True

    def _unusable(self, why: str) -> None:
        self._held, self.fault = None, UnreadableTable(f"{self._name}.parquet", why)
        log.warning("table.unreadable", table=self._name, problem=self.fault.problem)

    def _laid_out(self) -> pa.Table:
        """The table as it is looked up in: checked and sorted."""
        with parquet.opened(self._source) as file:
            table = checked(file.read(), self._table).sort_by(self._order).combine_chunks()
        if self._table.key == ("customer_id",) and len(table) > 1:
            ids = table["customer_id"]
            if pc.any(pc.equal(ids.slice(1), ids.slice(0, len(ids) - 1))).as_py():
                raise UnreadableTable(self._source.name, "a customer is there twice")
        return table

    def _sort(self, path: Path) -> None:
        table = self._laid_out()

        def fill(draft: Path) -> None:
            with ipc.new_file(str(draft), table.schema) as writer:
                writer.write_table(table)

        write_whole(path, fill)
        for older in self._sorted.glob(f"{self._name}-*.arrow"):
            if older != path:
                older.unlink(missing_ok=True)  # who has mapped it keeps it until it looks again


def checked(found: pa.Table, table: Table) -> pa.Table:
    """A table as it was promised: columns, types, nothing missing, every number finite.

    Columns at the end that may be null may be missing: a file from before they were appended has them not.

    Raises:
        UnreadableTable: it is not so.
    """
    name = f"{table.name.lower()}.parquet"
    for column in table.columns[len(found.column_names) :]:  # of a file from before these were appended
        if column.nullable and found.column_names == table.names[: len(found.column_names)]:
            found = found.append_column(column.name, pa.nulls(len(found), TYPES[column.dtype]))
    if found.column_names != table.names:
        raise UnreadableTable(name, f"its columns are not {', '.join(table.names)}")
    try:
        cast = found.cast(pa.schema([(column.name, TYPES[column.dtype]) for column in table]))
    except READING as error:
        raise UnreadableTable(name, "a column has another type") from error
    for column in table:
        values = cast[column.name]
        if values.null_count and not column.nullable:
            raise UnreadableTable(name, f"{column.name} is null somewhere")
        if column.dtype == "float64" and pc.all(pc.is_finite(values)).as_py() is False:  # None: all of it is null
            raise UnreadableTable(name, f"{column.name} is no finite number somewhere")
    return cast


def _mapped(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return ipc.open_file(source).read_all()


def _bisected(ids: pa.StringArray, wanted: str) -> int:
    """The place of the first id that is not before the wanted one. Texts are in the order of their code points."""
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        if ids[middle].as_py() < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _stamp(path: Path) -> Stamp:
    with suppress(OSError):
        stat = path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
    return NONE


def read_ids(path: Path) -> set[str]:
    """Whom a sorted table names; nobody where it cannot be read."""
    try:
        return set(_mapped(path)["customer_id"].unique().to_pylist())
    except READING:
        return set()
