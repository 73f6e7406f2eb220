"""What happens to live events in the background: rows that are pending are refreshed, the index follows the log.

A thread of each worker of the service; of all of them one at a time does the work. It picks up what a kill, a store
that was down or a new log left behind, at start and then every second. Start reading at `Keeper.step`.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from churn.calendar import from_us, to_us
from churn.definition import Lifecycle
from churn.errors import ChurnError
from features.file_lock import alone
from features.live.inbox import Inbox
from features.live.index import Index, build
from features.live.refresh import AT_ONCE, Refresher
from features.snapshots import last_midnight

EVERY_S = 1.0
LOCK = Path("live") / ".keeper.lock"
log = structlog.get_logger("live")


class Keeper:
    """Keeps rows and index up to date.

    Args:
        folder: the artifacts of the business.
        inbox: where live events lie.
        index: followed, and made anew where the log has changed.
        refresher: writes rows.
        lifecycle: whose midnights count.
        now_us: the business's clock.
    """

    def __init__(
        self,
        folder: Path,
        inbox: Inbox,
        index: Index,
        refresher: Refresher,
        lifecycle: Lifecycle,
        now_us: Callable[[], int],
    ) -> None:
        self._folder, self._inbox, self._index, self._refresher = folder, inbox, index, refresher
        self._lifecycle, self._now_us = lifecycle, now_us
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-keeper", daemon=True)

    def start(self) -> None:
        """Begin to keep."""
        self._thread.start()

    def close(self) -> None:
        """End, after the step under way."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def step(self) -> int:
        """Do what there is to do; how many customers were refreshed.

        Raises:
            ChurnError: something cannot be reached; what is pending stays so.
        """
        with alone(self._folder / LOCK) as mine:
            if not mine:
                return 0
            if not self._index.is_current():
                build(self._folder)
                self.remind()
            refreshed = 0
            while not self._ending.is_set() and (pending := self._inbox.ledger.pending(AT_ONCE)):
                if not self._refresher.refresh([customer_id for customer_id, _ in pending]):
                    break  # the log was replaced this very moment: the next step makes the index anew
                self._inbox.settle()
                refreshed += len(pending)
            return refreshed

    def remind(self) -> None:
        """Let the rows of customers who had events since midnight be made again.

        Raises:
            InboxUnavailable: the inbox does not answer.
        """
        self._inbox.ledger.remind(self._since_us(), self._now_us())

    def _since_us(self) -> int:
        """Rows that are newer than the newest batch can be: they do not know what came with the new log."""
        return to_us(last_midnight(self._lifecycle, from_us(self._now_us())))

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self.step()
            except ChurnError as error:
                log.warning("live.waiting", problem=error.code)
            except Exception as error:  # noqa: BLE001  # the edge of this thread: it has to go on for all others
                log.warning("live.failed", problem=type(error).__name__)
            self._ending.wait(EVERY_S)
