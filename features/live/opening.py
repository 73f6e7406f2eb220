"""Which inbox a business has, by its settings, and how far its live events have moved the clock of a log."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churn.errors import SettingsError
from churn.settings import Settings
from features.atomic import write_text
from features.live.inbox import Ledger
from features.live.inbox_postgres import PostgresLedger
from features.live.inbox_sqlite import SqliteLedger
from features.live.kept import reach

INBOX = Path("live") / "inbox.db"
CLOCK = Path("live") / "clock"  # with clock = log: now, as live events have moved it; microseconds since 1970


def ledger_of(settings: Settings) -> Ledger:
    """The inbox of a business; it is made where it is missing.

    Raises:
        SettingsError: it is to lie in PostgreSQL, and no URL is set.
    """
    begins_after = reach(settings.folder)  # an inbox that is new, or older, goes on where the log ends
    if settings.live.inbox == "sqlite":
        return SqliteLedger(settings.folder / INBOX, begins_after)
    if not settings.live.url:
        raise SettingsError(
            '[live] inbox = "postgres" needs a url.', mend='set `[live] url = "postgresql://user@host/db"`.'
        )
    return PostgresLedger(settings.live.url, settings.business.slug, begins_after)


@contextmanager
def inbox_of(settings: Settings) -> Iterator[Ledger]:
    """The inbox of a business, closed at the end."""
    ledger = ledger_of(settings)
    try:
        yield ledger
    finally:
        ledger.close()


def has_inbox(settings: Settings) -> bool:
    """Whether there can be live events: a file that nobody made holds none."""
    return settings.live.inbox != "sqlite" or (settings.folder / INBOX).exists()


def moved_to(folder: Path) -> int:
    """To which instant live events have moved the clock of a log, microseconds since 1970; 0 where they have not."""
    try:
        return int((folder / CLOCK).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return 0


def move(folder: Path, now_us: int) -> None:
    """Move the clock of a log on, for all processes; it never goes back."""
    path = folder / CLOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(".clock.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if now_us > moved_to(folder):
            write_text(path, f"{now_us}\n")
