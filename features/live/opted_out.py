"""Who may not be scored, at once and in every worker: opt-outs as they stand now, asked on every request.

    POST /v1/events --committed--> live/opt_outs (a mark that names nobody) --seen by--> OptedOut.among

The mark is written after an event is on disk and before it is acknowledged, so that whoever is told `accepted` is
heeded from then on by every process that shares the folder. A new log is taken up aside, within moments, while the old
one and the inbox go on to count; an inbox on a server is asked every few seconds too, for machines that share no
folder. Start reading at `OptedOut.among`.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import structlog

from churn.errors import ChurnError
from churn.settings import Settings
from features.atomic import write_text
from features.live.event import LiveEvent
from features.live.inbox import Committed, InboxUnavailable
from features.live.opening import has_inbox, inbox_of
from features.log import LOG, MANIFEST
from features.opt_outs import KINDS, ROWS, SCORING, of_inbox, of_log, standing

MARK = Path("live") / "opt_outs"
EVERY_S = 5.0  # how often an inbox on a server is asked
AGAIN_S = 1.0  # after what failed
Stamp = tuple[int, int]
log = structlog.get_logger("live")


class Objections(Protocol):
    """Something that knows who may not be scored."""

    def among(self, customer_ids: Iterable[str], category: str = SCORING) -> set[str]:
        """Those of these customers who opted out of a category of features/opt_outs.py."""
        ...


class Nobody:
    """Nobody objected."""

    def among(self, customer_ids: Iterable[str], category: str = SCORING) -> set[str]:
        """None of these."""
        del customer_ids, category
        return set()


NOBODY = Nobody()


@dataclass(frozen=True)
class Known:
    """Opt-outs as they were read.

    Args:
        of_log: rows of the log, which reaches up to live event `upto`. live: rows of the inbox beyond it, up to `seq`.
        who: the customers who object, by what they object to.
        log_stamp, mark_stamp: the files as they were before anything was read.
    """

    log_stamp: Stamp
    mark_stamp: Stamp
    upto: int
    seq: int
    of_log: pa.Table
    live: pa.Table = field(default_factory=ROWS.empty_table)
    who: Mapping[str, frozenset[str]] = field(default_factory=dict)


class OptedOut:
    """Who opted out by now. Threads may share it.

    Args:
        settings: of the business.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log, self._mark = (os.fspath(settings.folder / one) for one in (Path(LOG) / MANIFEST, MARK))
        self._known: Known | None = None
        self._one_at_a_time, self._aside = threading.Lock(), threading.Lock()
        self._asks_every_s = EVERY_S if settings.live.inbox != "sqlite" else None
        self._asked_at, self._failed_at = time.monotonic(), -AGAIN_S

    def among(self, customer_ids: Iterable[str], category: str = SCORING) -> set[str]:
        """Those of these customers who object to something, by everything that was acknowledged.

        Raises:
            BrokenLog, InboxUnavailable: nothing could be read yet; what was read once stands until it can be again.
        """
        who = self._current().who.get(category)
        return {one for one in customer_ids if one in who} if who else set()

    def settle(self) -> None:
        """Wait until a log that is taken up aside is taken up."""
        with self._aside:
            pass

    def _current(self) -> Known:
        known = self._known
        if known is None:
            with self._one_at_a_time:
                self._known = known = self._known or self._anew()
        if _stamp(self._mark) != known.mark_stamp and time.monotonic() - self._failed_at >= AGAIN_S:
            known = self._caught_up(known)
        if _stamp(self._log) != known.log_stamp or self._is_due():
            self._take_up_aside()
        return known

    def _is_due(self) -> bool:
        return self._asks_every_s is not None and time.monotonic() - self._asked_at >= self._asks_every_s

    def _caught_up(self, known: Known) -> Known:
        """With what came into the inbox since."""
        with self._one_at_a_time:
            known = self._known or known
            try:
                self._known = known = self._with_live(replace(known, mark_stamp=_stamp(self._mark)))
            except ChurnError as error:  # what was known stands; asked again soon
                self._failed_at = time.monotonic()
                log.warning("opt_outs.unread", problem=error.code)
            return known

    def _take_up_aside(self) -> None:
        if time.monotonic() - self._failed_at >= AGAIN_S and self._aside.acquire(blocking=False):
            self._asked_at = time.monotonic()
            threading.Thread(target=self._take_up, name="opt-outs", daemon=True).start()

    def _take_up(self) -> None:
        try:
            fresh = self._anew()
            with self._one_at_a_time:
                before = self._known
                self._known = fresh if before is None or fresh.seq >= before.seq else self._with_live(fresh)
        except ChurnError as error:
            self._failed_at = time.monotonic()
            log.warning("opt_outs.unread", problem=error.code)
        finally:
            self._aside.release()

    def _anew(self) -> Known:
        stamps = _stamp(self._log), _stamp(self._mark)
        upto, rows = of_log(self._settings.folder)
        return self._with_live(Known(*stamps, upto, upto, rows))

    def _with_live(self, known: Known) -> Known:
        """What the inbox has beyond what was read of it."""
        seq, live = known.seq, known.live
        if has_inbox(self._settings):
            with inbox_of(self._settings) as ledger:
                reach, rows = ledger.after(seq, kinds=KINDS)
            if reach.thinned_upto > seq:  # the log has them by now
                return self._anew()
            seq, live = reach.last_seq, pa.concat_tables([live, of_inbox(rows)])
        found = standing(pa.concat_tables([known.of_log, live]))
        who = {str(category): frozenset(some) for category, some in found.groupby("category")["customer_id"]}
        return replace(known, seq=seq, live=live, who=who)


def says(events: Sequence[LiveEvent]) -> bool:
    """Whether one of these events is an objection, or lifts one."""
    return any(event.event_type in KINDS for event in events)


def heeded(promise: Future[Committed], folder: Path) -> Future[Committed]:
    """The same promise, kept once every worker will see that somebody objected.

    Args:
        promise: that events are on disk.
        folder: the artifacts of the business.
    """
    told: Future[Committed] = Future()
    told.set_running_or_notify_cancel()
    promise.add_done_callback(partial(_mark, told, partial(mark, folder)))
    return told


def mark(folder: Path) -> None:
    """Let every process of a business look into the inbox again."""
    (folder / MARK).parent.mkdir(parents=True, exist_ok=True)
    write_text(folder / MARK, f"{time.time_ns()}\n")


def _mark(told: Future[Committed], mark: Callable[[], None], done: Future[Committed]) -> None:
    error = done.exception()
    if error is None:
        try:
            mark()
        except OSError as fault:
            error = InboxUnavailable(str(MARK), str(fault))
    if error is None:
        told.set_result(done.result())
    else:
        told.set_exception(error)


def _stamp(path: str) -> Stamp:
    try:
        stat = os.stat(path)  # noqa: PTH116  # asked on every request
    except FileNotFoundError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_ino
