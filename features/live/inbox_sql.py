"""The inbox in SQL: tables and statements that SQLite and PostgreSQL share.

    event      every live event in order of commit; (source, event_id) is unique for ever, also after compaction
    pending    customers whose row in the on-line store does not yet know their newest event
    state      one row: last event, instant of the last commit, up to where events were thinned, schema version

One writer at a time: whoever commits holds the row of `state`. Start reading at `SqlLedger.commit`.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from features.live.event import FIELDS, LiveEvent, Receipt, conflict
from features.live.inbox import Reach, Row

SCHEMA_VERSION = 1
IN_ONE = 400  # values in one IN (...)
KEPT = ("source", "event_id", "customer_id")  # of an event that was thinned
NUMBERS = ("amount", "quantity", "discount_amount", "score")
TYPES = {"time_us": "BIGINT"} | dict.fromkeys(NUMBERS, "DOUBLE PRECISION")


def schema(prefix: str) -> list[str]:
    """The statements that make the tables where they are missing."""
    columns = ", ".join(f"{name} {TYPES.get(name, 'TEXT')}" for name in FIELDS)
    event = f"seq BIGINT PRIMARY KEY, ingested_us BIGINT NOT NULL, digest TEXT NOT NULL, {columns}"
    reach = "last_seq BIGINT NOT NULL, last_us BIGINT NOT NULL, thinned_upto BIGINT NOT NULL"
    return [
        f"CREATE TABLE IF NOT EXISTS {prefix}event ({event}, UNIQUE (event_id, source))",
        f"CREATE INDEX IF NOT EXISTS {prefix}event_customer ON {prefix}event (customer_id, seq)",
        f"CREATE INDEX IF NOT EXISTS {prefix}event_ingested ON {prefix}event (ingested_us)",
        f"CREATE TABLE IF NOT EXISTS {prefix}pending (customer_id TEXT PRIMARY KEY, seq BIGINT NOT NULL)",
        f"CREATE TABLE IF NOT EXISTS {prefix}state (id INTEGER PRIMARY KEY, {reach}, schema_version INTEGER NOT NULL)",
        f"INSERT INTO {prefix}state VALUES (1, 0, 0, 0, {SCHEMA_VERSION}) ON CONFLICT (id) DO NOTHING",
    ]


def going_on(prefix: str, begins_after: int) -> str:
    """The statement that has no event come to lie at or before this one, for a transaction of its own."""
    return f"UPDATE {prefix}state SET last_seq = {begins_after} WHERE last_seq < {begins_after}"


class SqlLedger(ABC):
    """A ledger in a database; what differs between databases is left to the classes below it.

    Args:
        prefix: of the tables' names.
        mark: how the database writes a parameter.
        for_update: what holds a row until the transaction ends.
    """

    def __init__(self, prefix: str, mark: str, for_update: str = "") -> None:
        self._prefix, self._mark, self._for_update = prefix, mark, for_update
        self._one_at_a_time = threading.Lock()

    @abstractmethod
    def _session(self, *, writes: bool) -> AbstractContextManager[Any]:
        """A connection inside a transaction, which ends with the block; faults become InboxUnavailable."""

    def commit(
        self, events: Sequence[LiveEvent], *, now_us: int, done: Iterable[tuple[str, int]] = ()
    ) -> tuple[list[Receipt], Reach]:
        """Keep what is new, durably; see Ledger."""
        with self._session(writes=True) as cursor:
            return self._commit(cursor, events, now_us, list(done))

    def reach(self) -> Reach:
        """How far it reaches."""
        with self._session(writes=False) as cursor:
            return self._reach(cursor)

    def after(
        self, seq: int, customer_ids: Sequence[str] | None = None, *, kinds: Sequence[str] | None = None
    ) -> tuple[Reach, list[Row]]:
        """Events after `seq`; see Ledger. One statement, hence one state of the inbox."""
        asked = {"customer_id": customer_ids, "event_type": kinds}
        wanted = {name: some for name, some in asked.items() if some is not None}
        which = "".join(f" AND e.{name} IN ({self._marks(len(some))})" for name, some in wanted.items())
        names = ", ".join(f"e.{name}" for name in FIELDS)
        query = (
            f"SELECT s.last_seq, s.last_us, s.thinned_upto, e.seq, e.ingested_us, {names} FROM {self._prefix}state s "
            f"LEFT JOIN {self._prefix}event e ON e.seq > {self._mark} AND e.event_type IS NOT NULL{which} "
            "WHERE s.id = 1 ORDER BY e.seq"
        )
        with self._session(writes=False) as cursor:
            found = cursor.execute(query, (seq, *(one for some in wanted.values() for one in some))).fetchall()
        return Reach(*found[0][:3]), [row[3:] for row in found if row[3] is not None]

    def held(self, events: Sequence[LiveEvent], before_us: int) -> dict[tuple[str, str], tuple[str, str]]:
        """What was kept before an instant under the ids of these events; see Ledger."""
        with self._session(writes=False) as cursor:
            return {
                (source, event_id): (str(customer_id), digest)
                for source, event_id, digest, customer_id, kept_us in self._kept(cursor, events)
                if kept_us < before_us
            }

    def pending(self, limit: int) -> list[tuple[str, int]]:
        """Customers whose row is to be refreshed; see Ledger."""
        with self._session(writes=False) as cursor:
            query = f"SELECT customer_id, seq FROM {self._prefix}pending ORDER BY seq LIMIT {self._mark}"
            return [(str(customer), int(seq)) for customer, seq in cursor.execute(query, (limit,)).fetchall()]

    def remind(self, since_us: int, now_us: int) -> None:
        """Make everybody pending who had an event since an instant; see Ledger."""
        with self._session(writes=True) as cursor:
            cursor.execute(
                f"INSERT INTO {self._prefix}pending SELECT customer_id, max(seq) FROM {self._prefix}event "
                f"WHERE ingested_us >= {self._mark} GROUP BY customer_id "
                "ON CONFLICT (customer_id) DO UPDATE SET seq = excluded.seq",
                (since_us,),
            )
            cursor.execute(
                f"UPDATE {self._prefix}state SET last_us = {self._mark} WHERE last_us < {self._mark}", (now_us, now_us)
            )

    def touched(self, since_us: int) -> list[tuple[str, int]]:
        """Customers who had an event since an instant; see Ledger."""
        with self._session(writes=False) as cursor:
            query = (
                f"SELECT customer_id, max(ingested_us) FROM {self._prefix}event WHERE ingested_us >= {self._mark} "
                "GROUP BY customer_id ORDER BY 2"
            )
            return [(str(customer), int(at_us)) for customer, at_us in cursor.execute(query, (since_us,)).fetchall()]

    def thin(self, upto: int) -> None:
        """Empty events up to `upto`; see Ledger."""
        emptied = ", ".join(f"{name} = NULL" for name in FIELDS if name not in KEPT)
        with self._session(writes=True) as cursor:
            cursor.execute(
                f"UPDATE {self._prefix}event SET {emptied} WHERE seq <= {self._mark} AND event_type IS NOT NULL",
                (upto,),
            )
            greater = f"CASE WHEN thinned_upto > {self._mark} THEN thinned_upto ELSE {self._mark} END"
            cursor.execute(f"UPDATE {self._prefix}state SET thinned_upto = {greater}", (upto, upto))

    def customers(self) -> set[str]:
        """Whom events here name, as their customer or beside another."""
        with self._session(writes=False) as cursor:
            event = f"{self._prefix}event"
            query = f"SELECT customer_id FROM {event} UNION SELECT related_customer_id FROM {event}"
            return {str(customer) for (customer,) in cursor.execute(query).fetchall() if customer is not None}

    def erase(self, customer_ids: Sequence[str]) -> int:
        """Remove everything of these customers, also where they are named beside another; how many events."""
        removed = 0
        with self._session(writes=True) as cursor:
            for some in _chunks(customer_ids):
                marks = self._marks(len(some))
                cursor.execute(f"DELETE FROM {self._prefix}event WHERE customer_id IN ({marks})", some)
                removed += cursor.rowcount
                cursor.execute(f"DELETE FROM {self._prefix}pending WHERE customer_id IN ({marks})", some)
                cursor.execute(
                    f"UPDATE {self._prefix}event SET related_customer_id = NULL WHERE related_customer_id IN ({marks})",
                    some,
                )
        return removed

    def _commit(
        self, cursor: Any, events: Sequence[LiveEvent], now_us: int, done: list[tuple[str, int]]
    ) -> tuple[list[Receipt], Reach]:
        reach = self._reach(cursor, self._for_update)
        known = self._known(cursor, events)
        new: list[tuple[LiveEvent, str]] = []
        receipts = []
        for event in events:
            key, digest = (event.source, event.event_id), event.digest
            if key not in known:
                known[key] = digest
                new.append((event, digest))
                receipts.append(Receipt("accepted"))
            elif known[key] == digest:
                receipts.append(Receipt("duplicate"))
            else:
                receipts.append(Receipt("rejected", conflict(event)))
        if done:
            gone = f"DELETE FROM {self._prefix}pending WHERE customer_id = {self._mark} AND seq <= {self._mark}"
            cursor.executemany(gone, done)
        return receipts, self._keep(cursor, new, reach, now_us) if new else reach

    def _keep(self, cursor: Any, new: list[tuple[LiveEvent, str]], reach: Reach, now_us: int) -> Reach:
        # later than every commit before, and not before an event of its own: a clock may step back
        moment = max(now_us, reach.last_us + 1, *(event.time_us for event, _ in new))
        rows = [
            (seq, moment, digest, *event.values()) for seq, (event, digest) in enumerate(new, start=reach.last_seq + 1)
        ]
        cursor.executemany(f"INSERT INTO {self._prefix}event VALUES ({self._marks(len(rows[0]))})", rows)
        last = {event.customer_id: row[0] for row, (event, _) in zip(rows, new, strict=True)}
        cursor.executemany(
            f"INSERT INTO {self._prefix}pending VALUES ({self._marks(2)}) "
            "ON CONFLICT (customer_id) DO UPDATE SET seq = excluded.seq",
            list(last.items()),
        )
        told = Reach(reach.last_seq + len(rows), moment, reach.thinned_upto)
        cursor.execute(
            f"UPDATE {self._prefix}state SET last_seq = {self._mark}, last_us = {self._mark}",
            (told.last_seq, told.last_us),
        )
        return told

    def _reach(self, cursor: Any, held: str = "") -> Reach:
        query = f"SELECT last_seq, last_us, thinned_upto FROM {self._prefix}state WHERE id = 1{held}"
        return Reach(*map(int, cursor.execute(query).fetchone()))

    def _known(self, cursor: Any, events: Sequence[LiveEvent]) -> dict[tuple[str, str], str]:
        """The digests of what was kept under the ids of these events."""
        return {(source, event_id): digest for source, event_id, digest, *_ in self._kept(cursor, events)}

    def _kept(self, cursor: Any, events: Sequence[LiveEvent]) -> Iterator[Row]:
        """What was kept under the ids of these events, whatever their source."""
        for some in _chunks(list(dict.fromkeys(event.event_id for event in events))):
            cursor.execute(
                f"SELECT source, event_id, digest, customer_id, ingested_us FROM {self._prefix}event "
                f"WHERE event_id IN ({self._marks(len(some))})",
                some,
            )
            yield from cursor.fetchall()

    def _marks(self, count: int) -> str:
        return ", ".join([self._mark] * count)


def _chunks(values: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for first in range(0, len(values), IN_ONE):
        yield tuple(values[first : first + IN_ONE])
