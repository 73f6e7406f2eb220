"""What people and other rooms do with the queue: look at dead letters, try them again, drop a customer's.

Start reading at `Kept`.
"""

from collections.abc import Collection
from pathlib import Path

from features.erasure.store import NOTHING, Erased, Whom
from serving.webhooks.file import FILE, QueueFile
from serving.webhooks.words import News


class Kept(QueueFile):
    """The queue of one business, between letters. Every call may raise LettersUnavailable."""

    def dead(self, receiver: str, limit: int) -> list[tuple[News, int, str]]:
        """Dead letters, oldest first: what they tell, how often they were tried, and what came of it."""
        with self.session() as cursor:
            query = "SELECT news, attempts, problem FROM letter WHERE receiver = ? AND dead = 1 ORDER BY seq LIMIT ?"
            rows = cursor.execute(query, (receiver, limit)).fetchall()
            return [(News.from_text(news), int(attempts), str(problem)) for news, attempts, problem in rows]

    def retry(self, receiver: str) -> int:
        """Let dead letters wait again, with all their tries, and send to a receiver that was left alone; how many."""
        with self.session() as cursor:
            cursor.execute("UPDATE receiver SET failing = 0, open_us = 0, gone = 0 WHERE id = ?", (receiver,))
            query = "UPDATE letter SET dead = 0, attempts = 0, due_us = 0 WHERE receiver = ?"
            return int(cursor.execute(f"{query} AND (dead = 1 OR attempts > 0)", (receiver,)).rowcount)

    def keep_only(self, receivers: Collection[str]) -> int:
        """Drop what there is of receivers that are no longer named; how many letters."""
        with self.session() as cursor:
            every = [str(one) for (one,) in cursor.execute("SELECT id FROM receiver").fetchall()]
            gone = [(one,) for one in every if one not in receivers]
            cursor.executemany("DELETE FROM receiver WHERE id = ?", gone)
            return int(cursor.executemany("DELETE FROM letter WHERE receiver = ?", gone).rowcount) if gone else 0

    def prune(self, before_us: int) -> int:
        """Drop dead letters that were queued before an instant; how many."""
        with self.session() as cursor:
            return int(cursor.execute("DELETE FROM letter WHERE dead = 1 AND queued_us < ?", (before_us,)).rowcount)

    def customers(self) -> set[str]:
        """Whom letters are about."""
        with self.session() as cursor:
            return {str(one) for (one,) in cursor.execute("SELECT DISTINCT customer_id FROM letter").fetchall()}


def erase_from_letters(folder: Path, whom: Whom) -> Erased:
    """Drop letters about customers, dead ones too.

    Args:
        folder: the artifacts of the business.
        whom: who goes.

    Raises:
        LettersUnavailable: the queue cannot be written; forget again when it can.
    """
    if not (folder / FILE).exists():
        return NOTHING
    kept = Kept(folder)
    try:
        found = whom.among(kept.customers())
        letters = kept.erase(sorted(found))
        kept.scrub()  # without letters too: one that was taken may lie in what is still to be written back
        return Erased(letters, 1, kept.path.stat().st_size, frozenset(found)) if letters else NOTHING
    finally:
        kept.close()
