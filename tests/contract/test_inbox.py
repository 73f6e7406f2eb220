"""What every inbox keeps, in a file of SQLite and in PostgreSQL."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from features.live.event import FIELDS, LiveEvent
from features.live.inbox import Inbox, InboxUnavailable, Ledger
from features.live.inbox_postgres import PostgresLedger
from features.live.inbox_sqlite import SqliteLedger

SERVER = pytest.param("postgres", marks=pytest.mark.server)
EVENT = LiveEvent("live", "1", "客 1", "order", 1_000, amount=0.1 + 0.2, text='o\'brien "x"\n', score=-0.5)


def numbered(*numbers: int, **changed: object) -> list[LiveEvent]:
    return [replace(EVENT, event_id=str(number), **changed) for number in numbers]  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", SERVER])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Ledger]]:
    """Two clients of one empty inbox, each as another process would open it."""
    if request.param == "sqlite":
        yield (clients := [SqliteLedger(tmp_path / "live" / "inbox.db") for _ in range(2)])  # type: ignore[misc]
        for client in clients:
            client.close()
        return
    url, slug = request.getfixturevalue("postgres_url"), f"inbox-{uuid.uuid4().hex[:8]}"
    servers = [PostgresLedger(url, slug) for _ in range(2)]
    yield [*servers]
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for table in ("event", "pending", "state"):
            connection.execute(f"DROP TABLE IF EXISTS churn_live_{slug.replace('-', '_')}_{table}")
    for server in servers:
        server.close()


@pytest.fixture
def ledger(opened: list[Ledger]) -> Ledger:
    return opened[0]


def statuses(ledger: Ledger, events: list[LiveEvent], now_us: int = 5_000) -> list[str]:
    return [receipt.status for receipt in ledger.commit(events, now_us=now_us)[0]]


def test_what_was_committed_comes_back_as_it_was(opened: list[Ledger]) -> None:
    receipts, reach = opened[0].commit([EVENT], now_us=5_000)
    assert [receipt.status for receipt in receipts] == ["accepted"]
    assert (reach.last_seq, reach.last_us, reach.thinned_upto) == (1, 5_000, 0)
    again, rows = opened[1].after(0)
    assert again == reach
    assert rows == [(1, 5_000, *EVENT.values())]
    assert len(rows[0]) == len(FIELDS) + 2


def test_an_id_counts_once_and_for_ever(opened: list[Ledger]) -> None:
    assert statuses(opened[0], [*numbered(1, 2), *numbered(1)]) == ["accepted", "accepted", "duplicate"]
    assert statuses(opened[1], [*numbered(2, 3)]) == ["duplicate", "accepted"]
    receipts, _ = opened[1].commit(numbered(1, amount=7.0), now_us=5_000)
    assert receipts[0].status == "rejected"
    assert receipts[0].reason is not None
    assert "id of its own" in receipts[0].reason.mend
    assert statuses(opened[0], numbered(1, source="till")) == ["accepted"]
    assert opened[0].reach().last_seq == 4


def test_each_commit_has_an_instant_of_its_own(opened: list[Ledger]) -> None:
    """Later than that of every commit before, also where a clock steps back; never before an event."""
    instants = [
        opened[number % 2].commit(numbered(number, **changed), now_us=now_us)[1].last_us
        for number, (now_us, changed) in enumerate(
            [(5_000, {}), (5_000, {}), (100, {}), (9_000, {}), (9_500, {"time_us": 20_000})]
        )
    ]
    assert instants == [5_000, 5_001, 5_002, 9_000, 20_000]
    assert opened[0].commit(numbered(0), now_us=99_000)[1].last_us == 20_000, "nothing new, no new instant"


def test_the_customers_of_new_events_are_pending_until_done(ledger: Ledger) -> None:
    ledger.commit([*numbered(1), *numbered(2, customer_id="b")], now_us=1)
    assert ledger.pending(10) == [("客 1", 1), ("b", 2)]
    assert ledger.pending(1) == [("客 1", 1)]
    ledger.commit(numbered(3), now_us=2, done=[("客 1", 1), ("b", 2)])
    assert ledger.pending(10) == [("客 1", 3)], "what came later still has to be done"
    ledger.commit([], now_us=3, done=[("客 1", 3)])
    assert ledger.pending(10) == []


def test_reminded_are_those_with_events_since(ledger: Ledger) -> None:
    ledger.commit(numbered(1), now_us=1_000)
    ledger.commit(numbered(2, customer_id="b"), now_us=2_000)
    ledger.commit([], now_us=3_000, done=[("客 1", 1), ("b", 2)])
    ledger.remind(1_500, 8_000)
    assert ledger.pending(10) == [("b", 2)]
    assert ledger.reach().last_us == 8_000
    ledger.remind(0, 10)
    assert ledger.reach().last_us == 8_000, "never back"


def test_events_of_some_customers_after_some_event(ledger: Ledger) -> None:
    ledger.commit([*numbered(1), *numbered(2, customer_id="b"), *numbered(3)], now_us=1)
    assert [row[0] for row in ledger.after(0, ["客 1"])[1]] == [1, 3]
    assert [row[0] for row in ledger.after(1)[1]] == [2, 3]
    reach, rows = ledger.after(3, ["nobody"])
    assert (reach.last_seq, rows) == (3, [])


def test_thinned_events_still_tell_duplicates(ledger: Ledger) -> None:
    ledger.commit(numbered(1, 2, 3), now_us=1)
    ledger.thin(2)
    reach, rows = ledger.after(0)
    assert (reach.thinned_upto, [row[0] for row in rows]) == (2, [3])
    assert statuses(ledger, numbered(1, 3)) == ["duplicate", "duplicate"]
    ledger.thin(1)
    assert ledger.reach().thinned_upto == 2


def test_what_is_held_under_an_id_as_of_an_instant(ledger: Ledger) -> None:
    one, two = numbered(1, 2)
    ledger.commit([one], now_us=5_000)
    ledger.commit([two], now_us=6_000)
    asked = [one, replace(one, source="till"), replace(two, amount=7.0), *numbered(3)]
    first, second = {("live", "1"): ("客 1", one.digest)}, {("live", "2"): ("客 1", two.digest)}
    assert [ledger.held(asked, at) for at in (5_000, 5_001, 6_001)] == [{}, first, first | second]
    ledger.thin(2)
    assert ledger.held(asked, 6_001) == first | second
    assert ledger.held([], 6_001) == {}


def test_a_customer_leaves_and_nobody_else(ledger: Ledger) -> None:
    ledger.commit([*numbered(1, related_customer_id="b"), *numbered(2, customer_id="b")], now_us=1)
    assert ledger.customers() == {"客 1", "b"}
    assert ledger.erase(["b"]) == 1
    assert ledger.customers() == {"客 1"}
    assert ledger.pending(10) == [("客 1", 1)]
    assert ledger.after(0)[1][0][2 + FIELDS.index("related_customer_id")] is None


def test_writers_at_once_lose_nothing_and_double_nothing(opened: list[Ledger]) -> None:
    inboxes = [Inbox(ledger, lambda: 1) for ledger in opened]
    answers: list[str] = []

    def write(inbox: Inbox, first: int) -> None:
        for number in range(first, first + 40):
            answers.extend(receipt.status for receipt in inbox.append(numbered(number)).result().receipts)

    writers = [threading.Thread(target=write, args=(inboxes[n % 2], first)) for n, first in enumerate((0, 20, 40, 0))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (answers.count("accepted"), answers.count("duplicate")) == (80, 80)
    _, rows = opened[0].after(0)
    assert [row[0] for row in rows] == list(range(1, 81))
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    for inbox in inboxes:
        inbox.close()


def test_a_thousand_in_one_commit(ledger: Ledger) -> None:
    assert statuses(ledger, numbered(*range(1000))) == ["accepted"] * 1000
    assert statuses(ledger, numbered(*range(500, 1500))) == ["duplicate"] * 500 + ["accepted"] * 500


def test_a_file_that_cannot_be_written_says_so_and_recovers(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("no folder")
    ledger = SqliteLedger(tmp_path / "live" / "inbox.db")
    with pytest.raises(InboxUnavailable, match="same event ids"):
        ledger.commit([EVENT], now_us=1)
    (tmp_path / "live").unlink()
    assert statuses(ledger, [EVENT]) == ["accepted"]
    ledger.close()


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    ledger = PostgresLedger("postgresql+psycopg://churn@127.0.0.1:1/none", "x")
    with pytest.raises(InboxUnavailable, match="starts the database"):
        ledger.reach()


def test_who_stops_waiting_stops_alone(tmp_path: Path) -> None:
    """A request that is cut off by its time limit cancels its promise; the inbox goes on for all others."""
    ledger, inbox = SqliteLedger(tmp_path / "inbox.db"), Inbox(SqliteLedger(tmp_path / "inbox.db"), lambda: 1)
    with ledger._session(writes=True):  # the writer has to wait
        cut_off = inbox.append(numbered(1))
        cut_off.cancel()
    assert inbox.append(numbered(2)).result(timeout=10).receipts[0].status == "accepted"
    assert [row[0] for row in ledger.after(0)[1]] == [1, 2], "what was taken is kept: sent again, it is a duplicate"
    inbox.close()
    ledger.close()


def test_no_event_comes_to_lie_before_the_end_of_the_log(ledger: Ledger) -> None:
    for begins_after, number in ((7, 8), (7, 9), (3, 10)):
        ledger.close()
        ledger._begins_after = begins_after  # type: ignore[attr-defined]  # as another process would open it
        ledger.commit(numbered(number), now_us=1)
        assert ledger.reach().last_seq == number


def test_an_inbox_that_ends_takes_nothing_more(tmp_path: Path) -> None:
    inbox = Inbox(SqliteLedger(tmp_path / "inbox.db"), lambda: 1)
    inbox.close()
    with pytest.raises(InboxUnavailable, match="ending"):
        inbox.append([EVENT]).result()


def test_who_had_events_of_late_and_when_their_newest_was_committed(ledger: Ledger) -> None:
    ledger.commit(numbered(1), now_us=5_000)
    ledger.commit(numbered(2, customer_id="b"), now_us=6_000)
    ledger.commit(numbered(3, 4), now_us=7_000)
    assert ledger.touched(0) == [("b", 6_000), ("客 1", 7_000)]
    assert ledger.touched(6_001) == [("客 1", 7_000)]
    ledger.thin(4)
    assert ledger.touched(0) == [("b", 6_000), ("客 1", 7_000)], "also where they lie in the log"
