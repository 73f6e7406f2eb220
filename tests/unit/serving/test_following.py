"""Fresh rows become changes in the background: logged, once a customer, and never at a request's cost."""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from churn.calendar import to_us
from churn.errors import ChurnError
from features.live.inbox import InboxUnavailable
from features.online import MemoryOnlineStore, OnlineRow
from features.store_errors import StoreUnavailable
from serving.app import Counter
from serving.changes import following
from serving.changes.file import ChangesUnavailable
from serving.changes.following import Follower
from serving.changes.journal import Counts, Journal
from serving.changes.state import State
from serving.lookup import Lookup
from serving.metrics import Metrics
from serving.refusals import NotReady
from serving.score_log import ScoreLog, read
from serving.scorer import Answer
from tests import tiny_service
from tests.tiny_service import AS_OF, row


class Shop:
    """A follower, and what it stands on."""

    def __init__(self, folder: Path) -> None:
        self.store, self.metrics, self.gone = MemoryOnlineStore(), Metrics(), set[str]()
        self.log, self.journal = ScoreLog(folder), Journal(folder)
        self.journal.begin()
        self.counter = Counter(tiny_service.scorer(), Lookup(self.store), self.log, lambda ids: self.gone & set(ids))
        self.follower = Follower(folder, lambda: self.counter, least_change=0.05, meter=self.metrics)

    def fresh(self, *customer_ids: str, **changed: object) -> None:
        self.store.write([row(one, **changed) for one in customer_ids])
        self.follower.offer(customer_ids)

    def counted(self, what: str) -> float:
        lines = self.metrics.text().decode().splitlines()
        return next((float(line.split()[1]) for line in lines if f'churn_changes_total{{what="{what}"}}' in line), 0.0)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(following, "PAUSE_S", 0.01)
    made = Shop(tmp_path)
    yield made
    made.follower.close()
    made.log.close()


def test_a_fresh_row_is_scored_logged_and_told(shop: Shop, tmp_path: Path) -> None:
    shop.fresh("C1")
    assert shop.follower.settle()
    shop.fresh("C1", stage="lapsing", as_of=AS_OF + timedelta(hours=1))
    assert shop.follower.settle()
    first, second = shop.journal.after(0, 10)
    assert (first.what, second.what) == (("first",), ("stage",))
    assert second.before is not None
    assert (second.before["stage"], second.now.stage) == ("active", "lapsing")
    logged = read(tmp_path)
    assert list(logged["score_id"]) == [first.now.score_id, second.now.score_id]
    assert (shop.counted("news"), shop.counted("changes"), shop.counted("left_out")) == (2, 2, 0)


def test_of_customers_whom_nothing_is_known_of_nothing_is_told(shop: Shop, tmp_path: Path) -> None:
    shop.gone = {"forgotten"}
    shop.store.write([row("forgotten")])
    shop.follower.offer(["nobody", "forgotten"])
    assert shop.follower.settle()
    assert shop.journal.after(0, 10) == []
    assert read(tmp_path).empty


def test_who_is_forgotten_meanwhile_does_not_stay(shop: Shop, tmp_path: Path) -> None:
    asked = iter([set[str](), {"C1"}])
    shop.counter = Counter(shop.counter.scorer, shop.counter.lookup, shop.log, lambda _: next(asked))
    shop.fresh("C1", "C2")
    assert shop.follower.settle()
    assert [one.now.customer_id for one in shop.journal.after(0, 10)] == ["C2"]


def test_more_than_it_keeps_are_counted_and_left_to_the_batch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_WAITING", 3)
    monkeypatch.setattr(following, "AT_ONCE", 1)
    held, answers = threading.Event(), shop.counter.answers

    class Slow:
        """What answers only when it is let."""

        log, forgotten = shop.counter.log, shop.counter.forgotten

        def answers(self, customer_ids: Sequence[str], language: str, top: int) -> list[Answer]:
            held.wait(10)
            return answers(customer_ids, language, top)

    shop.counter = Slow()  # type: ignore[assignment]
    shop.fresh("first")
    while shop.follower._waiting:  # until it is being scored
        pass
    shop.fresh("a", "b", "a")
    shop.fresh("a", "c", "d", "e")
    assert shop.counted("left_out") == 2
    held.set()
    assert shop.follower.settle()
    assert {one.now.customer_id for one in shop.journal.after(0, 10)} == {"first", "a", "b", "c"}


def test_a_service_that_is_ending_leaves_the_rest_to_the_batch(shop: Shop) -> None:
    def closed() -> Counter:
        raise NotReady

    shop.follower._answering = closed
    shop.fresh("C1", "C2")
    assert shop.follower.settle()
    assert shop.counted("left_out") == 2


def us(hours: float) -> int:
    """The instant so many hours after that of the rows."""
    return to_us(AS_OF + timedelta(hours=hours))


def told(shop: Shop) -> list[str]:
    return [one.now.customer_id for one in shop.journal.after(0, 10)]


def test_whom_a_killed_worker_had_not_told_of_is_told_at_the_next_start(shop: Shop, tmp_path: Path) -> None:
    """Their row is fresh and no longer pending, and nobody ever offered them."""
    shop.fresh("told")
    assert shop.follower.settle()
    shop.store.write([row("untold"), row("told")])
    shop.follower.mind(lambda: [("told", us(-1)), ("untold", us(-1))])
    assert shop.follower.settle()
    assert told(shop) == ["told", "untold"]
    assert len(read(tmp_path)) == 2, "who was told of is not scored again"
    shop.store.write([row("told", as_of=AS_OF + timedelta(hours=2), stage="lapsing")])
    shop.follower.mind(lambda: [("told", us(1)), ("untold", us(-1))])
    assert shop.follower.settle()
    assert told(shop) == ["told", "untold", "told"], "an event after what was told"


def test_whom_a_full_disk_left_out_is_told_once_it_has_room(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 1)
    monkeypatch.setattr(following, "AGAIN_S", 0.05)
    shop.follower._patience_s = 0.05
    shop.follower.mind(lambda: [(one, us(-1)) for one in ("C1", "C2", "C3")])
    assert shop.follower.settle()
    tell, tries = shop.follower._journal.tell, list[int]()

    def full(states: Sequence[State], *, least_change: float) -> Counts:
        tries.append(1)
        if len(tries) < 4:
            raise ChangesUnavailable("the disk is full")
        return tell(states, least_change=least_change)

    monkeypatch.setattr(shop.follower._journal, "tell", full)
    shop.fresh("C1", "C2", "C3")
    deadline = time.monotonic() + 10
    while set(told(shop)) != {"C1", "C2", "C3"}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(tries) == 6, "once at a time, not for everybody who waits"


def test_whom_a_store_that_was_down_left_out_is_told_once_it_is_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "AGAIN_S", 0.05)
    shop.follower._patience_s, rows, down = 0.05, shop.store.rows, threading.Event()

    def asked(customer_ids: Sequence[str]) -> list[OnlineRow | None]:
        if down.is_set():
            raise StoreUnavailable("here", reason="no answer", mend="start it.")
        return rows(customer_ids)

    monkeypatch.setattr(shop.store, "rows", asked)
    shop.store.write([row("C1")])
    down.set()
    shop.follower.mind(lambda: [("C1", us(-1))])
    time.sleep(0.3)
    assert told(shop) == []
    down.clear()
    deadline = time.monotonic() + 10
    while told(shop) != ["C1"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_inbox_that_does_not_answer_is_asked_again(shop: Shop) -> None:
    shop.follower._patience_s = 0.01
    shop.store.write([row("C1")])
    answers = iter([InboxUnavailable("x", "y"), InboxUnavailable("x", "y"), [("C1", us(-1))]])

    def touched() -> Sequence[tuple[str, int]]:
        answer = next(answers)
        if isinstance(answer, ChurnError):
            raise answer
        return answer

    shop.follower.mind(touched)
    deadline = time.monotonic() + 10
    while told(shop) != ["C1"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
