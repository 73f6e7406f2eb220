"""The letters that wait, the dead ones, and how far each receiver has been told: one file for all processes.

    serving/webhooks.db    receiver: how far its letters reach in the journal, whether it fails or is gone
                           letter: one row a receiver and customer, the newest change of theirs that is not yet told

What waits lies on disk alone. A letter gets its id, and what goes out with it, before it is sent for the first time,
and keeps both; that is how a receiver knows one that comes again. Start reading at `Letters.take_up`.
"""

import secrets
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from features.online import batches
from serving.changes.state import Change
from serving.webhooks.file import QueueFile
from serving.webhooks.words import News, merged

FAILING = 3  # letters in a row after which a receiver counts as down
MOST_WAITING = 100_000  # letters of a receiver; further changes wait in the journal


class Place(NamedTuple):
    """How far a receiver has been told, and how it does.

    Args:
        journal: the journal that `seq` is of. seq: changes up to it are letters, or were.
        failing: letters in a row that it did not take. open_us: it is left alone until then.
        gone: it said that it wants no more. taken_us: when it took its last letter; 0: never.
    """

    journal: str
    seq: int
    failing: int
    open_us: int
    gone: bool
    taken_us: int
    problem: str | None


class Letter(NamedTuple):
    """What goes out at once: an id, and the changes of some customers."""

    id: str
    attempts: int
    news: tuple[News, ...]


class Counts(NamedTuple):
    """Letters of a receiver: how many wait and how many are dead; since when the oldest waits, 0 where none does."""

    waiting: int
    dead: int
    since_us: int


class Letters(QueueFile):
    """The queue of one business, as who sends uses it. Every call may raise LettersUnavailable."""

    def place(self, receiver: str, journal: str, last_seq: int) -> Place:
        """How far a receiver has been told; a new one is told from now on, one of another journal from its beginning.

        Args:
            receiver: its id.
            journal: the name of the journal that stands there now.
            last_seq: its last number.
        """
        with self.session() as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO receiver VALUES (?, ?, ?, 0, 0, 0, 0, NULL)", (receiver, journal, last_seq)
            )
            anew = "UPDATE receiver SET journal = ?, seq = 0 WHERE id = ? AND journal != ?"
            cursor.execute(anew, (journal, receiver, journal))
            return _place(cursor, receiver)

    def take_up(
        self, receiver: str, changes: Sequence[Change], upto: int, what: Collection[str], now_us: int
    ) -> list[str]:
        """Let changes become letters; what waits of the same customers becomes part of them. The customers.

        Args:
            receiver: its id.
            changes: of the journal, in order.
            upto: the number up to which they are all.
            what: parts that are worth a letter.
            now_us: the instant, by the wall clock.
        """
        with self.session() as cursor:
            touched = [
                change.now.customer_id
                for change in changes
                if _taken_up(cursor, receiver, News.of(change), what, now_us)
            ]
            cursor.execute("UPDATE receiver SET seq = ? WHERE id = ?", (upto, receiver))
        return touched

    def room(self, receiver: str) -> int:
        """How many more letters may wait."""
        with self.session() as cursor:
            query = "SELECT COUNT(*) FROM letter WHERE receiver = ? AND dead = 0"
            return max(0, MOST_WAITING - int(cursor.execute(query, (receiver,)).fetchone()[0]))

    def due(self, receiver: str, now_us: int, most: int, together: int) -> list[Letter]:
        """Letters that are to go out now, first those that were tried; new ones get their id.

        Args:
            receiver: its id.
            now_us: the instant.
            most: letters at most.
            together: changes in one.
        """
        where = "receiver = ? AND dead = 0 AND due_us <= ?"
        with self.session() as cursor:
            known = cursor.execute(
                f"SELECT id FROM letter WHERE {where} AND id IS NOT NULL GROUP BY id ORDER BY MIN(due_us) LIMIT ?",
                (receiver, now_us, most),
            ).fetchall()
            ids = [str(one) for (one,) in known]
            rows = cursor.execute(
                f"SELECT customer_id FROM letter WHERE {where} AND id IS NULL ORDER BY seq LIMIT ?",
                (receiver, now_us, (most - len(ids)) * together),
            ).fetchall()
            for some in batches(rows, together):
                ids.append(secrets.token_hex(16))  # of chance: numbers of a journal come again where it was put back
                cursor.executemany(
                    "UPDATE letter SET id = ? WHERE receiver = ? AND customer_id = ?",
                    [(ids[-1], receiver, customer_id) for (customer_id,) in some],
                )
            return [_letter(cursor, receiver, one) for one in ids]

    def taken(self, receiver: str, letters: Iterable[Letter], now_us: int) -> None:
        """The receiver has these; where it was down before, whatever waited for its return is due."""
        with self.session() as cursor:
            for letter in letters:
                cursor.executemany(
                    "DELETE FROM letter WHERE receiver = ? AND customer_id = ? AND id = ?",
                    [(receiver, one.now.customer_id, letter.id) for one in letter.news],
                )
            if _place(cursor, receiver).failing >= FAILING:
                query = "UPDATE letter SET due_us = ? WHERE receiver = ? AND dead = 0 AND problem NOT LIKE 'status 4%'"
                cursor.execute(query, (now_us, receiver))
            cursor.execute(
                "UPDATE receiver SET failing = 0, open_us = 0, problem = NULL, taken_us = ? WHERE id = ?",
                (now_us, receiver),
            )

    def failed(self, receiver: str, letter: Letter, problem: str, due_us: int | None) -> None:
        """The receiver did not take a letter; it is due again, or dead where `due_us` is None."""
        with self.session() as cursor:
            cursor.execute(
                "UPDATE letter SET attempts = attempts + 1, problem = ?, due_us = ?, dead = ? "
                "WHERE receiver = ? AND id = ?",
                (problem, due_us or 0, due_us is None, receiver, letter.id),
            )
            cursor.execute("UPDATE receiver SET failing = failing + 1, problem = ? WHERE id = ?", (problem, receiver))

    def leave_alone(self, receiver: str, until_us: int, *, gone: bool = False) -> None:
        """Send it nothing until an instant, or nothing any more."""
        with self.session() as cursor:
            cursor.execute("UPDATE receiver SET open_us = ?, gone = ? WHERE id = ?", (until_us, gone, receiver))

    def hasten(self, receiver: str, latest_us: int) -> None:
        """Let nothing wait beyond an instant: what was to wait longer was told so by a clock that has stepped back."""
        with self.session() as cursor:
            for table, whose, when in (("letter", "receiver", "due_us"), ("receiver", "id", "open_us")):
                query = f"UPDATE {table} SET {when} = ? WHERE {whose} = ? AND {when} > ?"
                cursor.execute(query, (latest_us, receiver, latest_us))

    def counts(self, receiver: str) -> Counts:
        """How many letters wait and are dead."""
        with self.session() as cursor:
            query = "SELECT dead, COUNT(*), MIN(queued_us) FROM letter WHERE receiver = ? GROUP BY dead"
            found = {dead: (count, since) for dead, count, since in cursor.execute(query, (receiver,)).fetchall()}
        waiting, since_us = found.get(0, (0, 0))
        return Counts(int(waiting), int(found.get(1, (0, 0))[0]), int(since_us))


def _place(cursor: sqlite3.Cursor, receiver: str) -> Place:
    columns = "journal, seq, failing, open_us, gone, taken_us, problem"
    row = cursor.execute(f"SELECT {columns} FROM receiver WHERE id = ?", (receiver,)).fetchone()
    return Place(str(row[0]), int(row[1]), int(row[2]), int(row[3]), bool(row[4]), int(row[5]), row[6])


def _letter(cursor: sqlite3.Cursor, receiver: str, letter_id: str) -> Letter:
    query = "SELECT news, attempts FROM letter WHERE receiver = ? AND id = ? ORDER BY seq"
    rows = cursor.execute(query, (receiver, letter_id)).fetchall()
    return Letter(letter_id, max(int(one) for _, one in rows), tuple(News.from_text(news) for news, _ in rows))


def _taken_up(cursor: sqlite3.Cursor, receiver: str, change: News, what: Collection[str], now_us: int) -> bool:
    """Whether there is a letter of the customer afterwards."""
    whose = receiver, change.now.customer_id
    query = "SELECT news, attempts > 0 OR id IS NOT NULL, queued_us FROM letter WHERE receiver = ? AND customer_id = ?"
    held = cursor.execute(query, whose).fetchone()
    waiting, was_tried = (None, False) if held is None else (News.from_text(held[0]), bool(held[1]))
    news = merged(waiting, change)
    if not news.is_wanted(what) and not was_tried:  # back to what they were before anybody can have been told
        cursor.execute("DELETE FROM letter WHERE receiver = ? AND customer_id = ?", whose)
        return False
    row = (*whose, change.seq, news.as_text(), None, int(was_tried), now_us, held[2] if held else now_us, 0, None)
    cursor.execute("INSERT OR REPLACE INTO letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return True
