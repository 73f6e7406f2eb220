"""What a worker of the service holds to take live events: inbox, index, refresher and keeper, opened together.

    judge -> append (durable) -> refresh        refresh may fail: the event stays, and the keeper tries again

Start reading at `Intake`.
"""

from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from churn.calendar import to_us
from churn.clock import Clock
from churn.errors import ChurnError
from churn.settings import Settings
from features import birthdays
from features.erasure.forgotten import is_forgotten
from features.feature_set import FeatureSet
from features.holders import resolve
from features.live.event import (
    LATE,
    LATE_BY_LOG,
    LATE_IMAGINED,
    LiveEvent,
    Reason,
    birthday_reason,
    judge,
    told_day,
)
from features.live.inbox import Committed, Inbox
from features.live.index import Index
from features.live.keeper import Keeper
from features.live.opening import ledger_of, move
from features.live.opted_out import heeded, says
from features.live.personal import personal_reason
from features.live.refresh import Refresher
from features.live.what_if import Imagined, imagine
from features.online import OnlineRow, RowStore

HOUR_US = 3_600_000_000
log = structlog.get_logger("live")


class Intake:
    """Takes live events for a business. Threads may share it.

    Args:
        settings: of the business.
        store: where fresh rows go.
        features: those that the champions learned from.
        clock: what time it is for the business.
        observe: told how many seconds each refresh took.
        refreshed: told whose rows are fresh.
    """

    def __init__(
        self,
        settings: Settings,
        store: RowStore,
        features: FeatureSet,
        clock: Clock,
        *,
        observe: Callable[[float], None] = lambda _: None,
        refreshed: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self._settings, self._clock, self._folder = settings, clock, settings.folder
        self._taking_back = set(settings.definition.taken_back_by)
        self.inbox = Inbox(ledger_of(settings), self._now_us)
        self._index = Index(settings.folder)
        gone = partial(is_forgotten, self._folder)
        kernel = (features, settings.lifecycle)
        self.refresher = Refresher(
            self.inbox, self._index, *kernel, store, forgotten=gone, observe=observe, refreshed=refreshed
        )
        self.keeper = Keeper(settings.folder, self.inbox, self._index, self.refresher, settings.lifecycle, self._now_us)

    @property
    def folder(self) -> Path:
        """The artifacts of the business."""
        return self._folder

    def start(self) -> None:
        """Begin: where the clock is that of the log, take up how far it had been moved; pending rows are refreshed."""
        try:
            self._moved(self.inbox.ledger.reach().last_us)
        except ChurnError as error:
            log.warning("live.waiting", problem=error.code)
        self.keeper.start()

    def use(self, features: FeatureSet) -> None:
        """Rows have other features from now on; those that were refreshed since midnight are made again.

        Raises:
            InboxUnavailable: the inbox does not answer; rows of today stay as they are until their next event.
        """
        if self.refresher.use(features):
            self.keeper.remind()

    def close(self) -> None:
        """End; what was acknowledged is on disk."""
        self.keeper.close()
        self.inbox.close()
        self._index.close()

    def resolve(self, source: str, source_id: str) -> str:
        """The customer whom a source names so: the name itself, where no id map says otherwise."""
        return resolve(self._folder, source, source_id)

    def judge(self, events: Sequence[LiveEvent]) -> list[Reason | None]:
        """Why each event cannot be one; None where it can."""
        end_us, late = self._now_us(), LATE
        if self._settings.business.clock == "log":
            end_us, late = end_us + int(self._settings.live.max_ahead_hours * HOUR_US), LATE_BY_LOG
        forgotten = is_forgotten(self._folder, {event.customer_id for event in events})
        allowed = self._settings.ingest.allow_personal
        return [
            judge(one, end_us=end_us, forgotten=forgotten, late=late) or _told_wrongly(one, allowed) for one in events
        ]

    def instant_us(self) -> int:
        """Now, and after the last commit: a row as of it knows all that was acknowledged."""
        return max(self._now_us(), self.inbox.ledger.reach().last_us + 1)

    def judge_imagined(self, events: Sequence[LiveEvent], cutoff_us: int) -> list[Reason | None]:
        """Why each event cannot even be imagined as of an instant; None where it can."""
        allowed = self._settings.ingest.allow_personal
        return [judge(one, end_us=cutoff_us, late=LATE_IMAGINED) or _told_wrongly(one, allowed) for one in events]

    def held(self, customer_id: str, events: Sequence[LiveEvent], cutoff_us: int) -> list[bool | None]:
        """Whether a customer has each of these imagined events already, as of an instant; None: another of its id.

        Raises:
            InboxUnavailable: it cannot be asked.
        """
        kept, told = self.inbox.ledger.held(events, cutoff_us), []
        for event in events:
            whose, digest = kept.get((event.source, event.event_id), ("", ""))
            same = self._plain(event).digest == digest
            told.append(False if whose != customer_id else True if same else None)
        return told

    def imagine(self, customers: Sequence[Imagined], cutoff_us: int) -> list[OnlineRow | None]:
        """Rows of customers with events that are only imagined; nothing is stored.

        Raises:
            IndexUnavailable: the index does not reach far enough yet. InboxUnavailable: it does not answer.
        """
        plain = [replace(one, events=[self._plain(event) for event in one.events]) for one in customers]
        return imagine(
            plain, cutoff_us, inbox=self.inbox, index=self._index, features=self.refresher.features,
            lifecycle=self._settings.lifecycle,
        )  # fmt: skip

    def append(self, events: Sequence[LiveEvent]) -> Future[Committed]:
        """Promise that these events are on disk; the promise breaks with InboxUnavailable where they are not."""
        named = {event.related_customer_id for event in events if event.related_customer_id}
        gone = is_forgotten(self._folder, named) if named else named
        promise = self.inbox.append([self._plain(_unrelated(event, gone)) for event in events])
        return heeded(promise, self._folder) if says(events) else promise

    def refresh(self, committed: Committed, customer_ids: Sequence[str]) -> bool:
        """Write the rows of these customers; False where that has to wait for the keeper."""
        try:
            self._moved(committed.last_us)
            return self.refresher.refresh(customer_ids)
        except ChurnError as error:
            log.warning("live.waiting", problem=error.code, customers=len(customer_ids))
            return False

    def touched(self, hours: float) -> list[tuple[str, int]]:
        """Customers with events of the last hours, and the instant under which their newest was committed.

        Raises:
            InboxUnavailable: it does not answer.
        """
        return self.inbox.ledger.touched(self._now_us() - int(hours * HOUR_US))

    def _plain(self, event: LiveEvent) -> LiveEvent:
        """As ingest keeps it: what takes back an order has no sign, a birthday no year."""
        if event.event_type == birthdays.KIND:
            return replace(event, amount=None, category=birthdays.month_day(told_day(event) or ""))
        if event.amount is None or event.event_type not in self._taking_back:
            return event
        return replace(event, amount=abs(event.amount))

    def _moved(self, last_us: int) -> None:
        if last_us and self._settings.business.clock == "log":
            move(self._folder, last_us + 1)

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _told_wrongly(event: LiveEvent, allowed: Container[str]) -> Reason | None:
    return birthday_reason(event) or personal_reason(event, allowed)


def _unrelated(event: LiveEvent, forgotten: set[str]) -> LiveEvent:
    """An event that names nobody who was forgotten as related."""
    return replace(event, related_customer_id=None) if event.related_customer_id in forgotten else event
