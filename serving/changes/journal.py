"""The journal of changes: the newest state of each customer and what it was before, in one file for all workers.

    serving/changes.db    told: one row a customer, with the `seq` at which the feed last had something new of them
                          change: one row a change of stage, model, band or abstention; only ever appended to

SQLite in WAL with `synchronous=FULL`. One transaction gives out the numbers and writes what bears them, so whoever has
read up to a number has missed nothing below it. A state whose features are older than those of the one told changes
nothing, whichever worker or batch comes with it. Start reading at `Journal.tell`.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from features.online import batches
from serving.changes.file import File
from serving.changes.state import FIRST, Change, State, difference, has_moved
from serving.refusals import CursorGone

LAST = "\U0010ffff"  # no letter comes after it
AT_ONCE = 5000  # states a transaction; others who write wait for it
IN_ONE = 400  # customers in one IN (...)
BEFORE = ("stage", "model", "band", "code", "probability")
FIELDS = tuple(field.name for field in fields(State))
STATE, VALUES = ", ".join(FIELDS), attrgetter(*FIELDS)
NEWER = ", ".join(f"{name} = excluded.{name}" for name in (*FIELDS[1:], "fed", "seq", "band_seq"))
PUT = f"INSERT INTO told VALUES ({', '.join('?' * 14)}) ON CONFLICT (customer_id) DO UPDATE SET {NEWER}"
NOTE = "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
CHANGE = f"seq, what, was_stage, was_model, was_band, was_code, was_probability, {STATE}"


class Page(NamedTuple):
    """Some customers of whom there is something new, in the order in which it was told.

    Args:
        customer_ids: each once.
        cursor: go on after it. more: whether there is more now.
    """

    customer_ids: list[str]
    cursor: str
    more: bool


class Counts(NamedTuple):
    """What telling brought: customers of whom the feed has news, and entries of the journal."""

    news: int
    changes: int

    @property
    def told(self) -> str:
        """A sentence for people."""
        return f"{self.news:,} customers are news for readers of changes, {self.changes:,} of them by stage or band."


class Journal:
    """The journal of one business. Threads may share it; every call may raise ChangesUnavailable.

    Args:
        folder: the artifacts of the business.
    """

    def __init__(self, folder: Path) -> None:
        self._file = File(folder)

    def tell(self, states: Iterable[State], *, least_change: float) -> Counts:
        """Take in what was told of customers.

        Args:
            states: each of another customer.
            least_change: of the probability, below which the feed has no news.
        """
        news = changes = 0
        for some in batches(states, AT_ONCE):
            with self._file.session(writes=True) as cursor:
                put, noted = _judged(cursor, some, least_change)
            news, changes = news + put, changes + noted
        return Counts(news, changes)

    def begun(self) -> bool:
        """Whether everybody was told of once: before that nobody is noted as new, or all of them would be."""
        with self._file.session(writes=False) as cursor:
            return bool(cursor.execute("SELECT begun FROM state").fetchone()[0])

    def begin(self) -> None:
        """From now on a customer nobody was told of before is an entry of the journal."""
        with self._file.session(writes=True) as cursor:
            cursor.execute("UPDATE state SET begun = 1")

    def page(self, since: str | None, limit: int, *, band_only: bool = False) -> Page:
        """Customers of whom there is something new.

        Args:
            since: the cursor of an earlier page; None: from the beginning.
            limit: at most so many customers.
            band_only: a change of the probability alone is nothing new.

        Raises:
            CursorGone: no page of this file gave that cursor.
        """
        column = "band_seq" if band_only else "seq"
        with self._file.session(writes=False) as cursor:
            name, last = cursor.execute("SELECT name, last_seq FROM state").fetchone()
            after = _after(since, name, last)
            query = f"SELECT customer_id, {column} FROM told WHERE {column} > ? ORDER BY {column} LIMIT ?"
            rows = cursor.execute(query, (after, limit + 1)).fetchall()
        more, rows = len(rows) > limit, rows[:limit]
        return Page([one for one, _ in rows], f"{name}-{rows[-1][1] if more else last}", more)

    def name(self) -> str:
        """What tells this file from one that is made anew, whose numbers begin again."""
        with self._file.session(writes=False) as cursor:
            return str(cursor.execute("SELECT name FROM state").fetchone()[0])

    def last_seq(self) -> int:
        """The number that was given out last."""
        with self._file.session(writes=False) as cursor:
            return int(cursor.execute("SELECT last_seq FROM state").fetchone()[0])

    def after(self, seq: int, limit: int) -> list[Change]:
        """The entries of the journal after a number, in order; those that were pruned are not there."""
        with self._file.session(writes=False) as cursor:
            query = f"SELECT {CHANGE} FROM change WHERE seq > ? ORDER BY seq LIMIT ?"
            return [_change(row) for row in cursor.execute(query, (seq, limit)).fetchall()]

    def history(self, customer_id: str, limit: int) -> list[Change]:
        """The entries of one customer, newest first."""
        with self._file.session(writes=False) as cursor:
            query = f"SELECT {CHANGE} FROM change WHERE customer_id = ? ORDER BY seq DESC LIMIT ?"
            return [_change(row) for row in cursor.execute(query, (customer_id, limit)).fetchall()]

    def newest(self, customer_ids: Sequence[str]) -> dict[str, State]:
        """What was told last of these customers, of whom anything was."""
        with self._file.session(writes=False) as cursor:
            return {name: one for name, (one, *_) in _told(cursor, customer_ids).items()}

    def at_risk(
        self,
        limit: int,
        *,
        model: str | None = None,
        band: str | None = None,
        stage: str | None = None,
        least_probability: float = 0.0,
        offset: int = 0,
    ) -> list[State]:
        """Customers with most at risk first: by value at risk, and by probability where nobody knows a value."""
        wanted = {name: one for name, one in (("model", model), ("band", band), ("stage", stage)) if one is not None}
        where = "".join(f" AND {name} = ?" for name in wanted)
        order = "ORDER BY value_at_risk DESC, probability DESC, customer_id"  # SQLite puts nulls last when it descends
        query = f"SELECT {STATE} FROM told WHERE probability >= ?{where} {order} LIMIT ? OFFSET ?"
        asked = (least_probability, *wanted.values(), limit, offset)
        with self._file.session(writes=False) as cursor:
            return [State(*row) for row in cursor.execute(query, asked).fetchall()]

    def beginning(self, letters: str, limit: int) -> list[str]:
        """Ids of customers who were told of and whose id begins so, in order."""
        query = "SELECT customer_id FROM told WHERE customer_id >= ? AND customer_id < ? ORDER BY 1 LIMIT ?"
        with self._file.session(writes=False) as cursor:
            return [str(one) for (one,) in cursor.execute(query, (letters, letters + LAST, limit)).fetchall()]

    def prune(self, before_us: int) -> int:
        """Drop entries that were told before an instant; how many. What was told last stays."""
        with self._file.session(writes=True) as cursor:
            return int(cursor.execute("DELETE FROM change WHERE told_us < ?", (before_us,)).rowcount)

    def customers(self) -> set[str]:
        """Whom it names."""
        with self._file.session(writes=False) as cursor:
            query = "SELECT customer_id FROM told UNION SELECT customer_id FROM change"
            return {str(one) for (one,) in cursor.execute(query).fetchall()}

    def erase(self, customer_ids: Iterable[str]) -> int:
        """Remove everything of these customers; how many rows."""
        removed, whom = 0, [(one,) for one in customer_ids]
        with self._file.session(writes=True) as cursor:
            for table in ("told", "change"):
                removed += cursor.executemany(f"DELETE FROM {table} WHERE customer_id = ?", whom).rowcount
        return removed

    def close(self) -> None:
        """End the connections; the next call opens them anew."""
        self._file.close()


def _judged(cursor: sqlite3.Cursor, states: Sequence[State], least_change: float) -> tuple[int, int]:
    """Write states that are no older than those told; customers with news, and entries of the journal."""
    begun, seq = cursor.execute("SELECT begun, last_seq FROM state").fetchone()
    told, first_seq = _told(cursor, [one.customer_id for one in states]), seq
    rows: list[tuple[Any, ...]] = []
    notes: list[tuple[Any, ...]] = []
    for now in states:
        before, fed, fed_seq, band_seq = told.get(now.customer_id, (None, None, 0, 0))
        if before is not None and now.as_of_us < before.as_of_us:
            continue
        what = difference(before, now)
        if what or has_moved(fed, now.probability, least_change):
            seq, fed, fed_seq = seq + 1, now.probability, seq + 1
        if what:
            band_seq = seq
            if begun or before is not None:
                was = (None,) * 5 if before is None else tuple(getattr(before, name) for name in BEFORE)
                notes.append((seq, ",".join(what), *was, *VALUES(now)))
        rows.append((*VALUES(now), fed, fed_seq, band_seq))
    cursor.executemany(PUT, rows)
    cursor.executemany(NOTE, notes)
    cursor.execute("UPDATE state SET last_seq = ?", (seq,))
    return seq - first_seq, len(notes)


def _told(cursor: sqlite3.Cursor, customer_ids: Sequence[str]) -> dict[str, tuple[State, float | None, int, int]]:
    """What was told of these customers: the state, the probability the feed told, and the numbers of the news."""
    found: dict[str, tuple[State, float | None, int, int]] = {}
    for some in batches(customer_ids, IN_ONE):
        query = f"SELECT {STATE}, fed, seq, band_seq FROM told WHERE customer_id IN ({', '.join('?' * len(some))})"
        for *state, fed, seq, band_seq in cursor.execute(query, some).fetchall():
            found[state[0]] = (State(*state), fed, seq, band_seq)
    return found


def _change(row: Sequence[Any]) -> Change:
    seq, what, *rest = row
    parts = tuple(str(what).split(","))
    before = None if FIRST in parts else dict(zip(BEFORE, rest[: len(BEFORE)], strict=True))
    return Change(int(seq), parts, before, State(*rest[len(BEFORE) :]))


def _after(since: str | None, name: str, last: int) -> int:
    """The number that a cursor stands for."""
    if since is None:
        return 0
    of, _, number = since.partition("-")
    if of != name or not number.isdigit() or int(number) > last:
        raise CursorGone
    return int(number)
