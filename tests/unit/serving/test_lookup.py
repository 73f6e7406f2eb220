"""A store that fails, hangs or is slow: nobody waits for long, nothing piles up, and it recovers by itself."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from cli.app import assemble
from features.online import MemoryOnlineStore, OnlineRow
from features.store_errors import StoreUnavailable
from serving.app import Counter, Desk
from serving.lookup import PROBE, READS_LONG, Lookup
from serving.score_log import ScoreLog, read
from tests import tiny_service


class Moody(MemoryOnlineStore):
    """A store that fails or takes its time while it is told to, and counts who asks."""

    def __init__(self, rows: Sequence[OnlineRow]) -> None:
        super().__init__()
        self.fails, self.fails_next, self.takes_s = False, False, 0.0
        self.asked: list[str] = []
        self.write(rows)

    def rows(self, customer_ids: Sequence[str]) -> list[OnlineRow | None]:
        self.asked += customer_ids
        time.sleep(self.takes_s)
        if self.fails:
            raise StoreUnavailable("a store", reason="it is in a mood", mend="start the server")
        self.fails = self.fails_next
        return super().rows(customer_ids)


@pytest.fixture
def store() -> Moody:
    return Moody(tiny_service.rows())


@pytest.fixture
def lookup(store: Moody) -> Iterator[Lookup]:
    made = Lookup(store, timeout_s=0.1, retry_s=0.05)
    yield made
    made.close()


def until(condition: object, seconds: float = 5.0) -> None:
    """Wait for something that comes by itself."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_while_all_is_well_it_is_the_store(lookup: Lookup) -> None:
    found = lookup.read(["C1", "nobody", "C2"])
    assert [row and row.customer_id for row in found.rows] == ["C1", None, "C2"]
    assert found.unread == found.last_good == frozenset()
    assert lookup.failure is None
    lookup.check()


def test_a_store_that_failed_is_left_alone_until_it_answers_again(lookup: Lookup, store: Moody) -> None:
    store.fails = True
    assert lookup.read(["C1", "C2"]).unread == {"C1", "C2"}
    store.asked.clear()
    for _ in range(100):
        assert lookup.read(["C1"]).unread == {"C1"}
        with pytest.raises(StoreUnavailable) as told:
            lookup.check()
    assert "start the server" in told.value.mend
    assert set(store.asked) <= {PROBE}
    store.fails = False
    until(lambda: lookup.failure is None)
    found = lookup.read(["C1"])
    assert found.rows[0] is not None
    assert not found.unread


def test_a_hundred_requests_make_one_probe(lookup: Lookup, store: Moody) -> None:
    store.fails, store.takes_s = True, 0.02
    before = threading.active_count()
    readers = [threading.Thread(target=lookup.read, args=(["C1"],)) for _ in range(100)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert threading.active_count() <= before + 1
    store.fails = False
    until(lambda: lookup.failure is None)
    until(lambda: threading.active_count() == before)


def test_a_slow_store_is_not_asked_beyond_the_time_of_a_request(lookup: Lookup, store: Moody) -> None:
    store.takes_s = 0.08
    ids = [f"other {number}" for number in range(999)]
    began = time.monotonic()
    found = lookup.read(["C1", *ids])
    assert time.monotonic() - began < READS_LONG * 0.1 + 0.08 + 0.2
    assert len(found.rows) == 1000
    assert found.rows[0] is not None
    assert 0 < len(found.unread) < 1000
    assert lookup.failure is None  # slow is not down


def test_of_a_request_the_store_answered_in_part_that_part_is_told(lookup: Lookup, store: Moody) -> None:
    store.write([tiny_service.row(f"other {number}") for number in range(100)])
    ids = [f"other {number}" for number in range(100)]
    store.fails_next = True
    found = lookup.read(ids)
    assert [row is not None for row in found.rows] == [True] * 64 + [False] * 36
    assert found.unread == set(ids[64:])


def test_rows_are_kept_only_as_many_as_allowed(store: Moody) -> None:
    lookup = Lookup(store, last_good_rows=2, retry_s=60)
    for one in ("C1", "C2", "客户-3", "C1", "nobody"):
        lookup.read([one])
    lookup.forget(["nobody"])
    store.fails = True
    found = lookup.read(["C1", "C2", "客户-3", "nobody"])
    assert found.last_good == {"C1", "客户-3"}
    assert found.unread == {"C2", "nobody"}
    assert [row and row.customer_id for row in found.rows] == ["C1", None, "客户-3", None]
    lookup.forget(["C1"])
    assert lookup.read(["C1"]).unread == {"C1"}
    lookup.close()


def test_who_became_unknown_has_no_last_good_row(store: Moody) -> None:
    lookup = Lookup(store, last_good_rows=9, retry_s=60)
    lookup.read(["C1"])
    store.remove(["C1"])
    lookup.read(["C1"])
    store.fails = True
    assert lookup.read(["C1"]).unread == {"C1"}
    lookup.close()


class TestWire:
    """What a caller sees of it."""

    @pytest.fixture
    def desk(self, store: Moody, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
        settings = tiny_service.settings(tmp_path)
        desk = Desk(settings)
        lookup = Lookup(store, last_good_rows=getattr(request, "param", 0), retry_s=0.05)
        desk.open(Counter(tiny_service.scorer(), lookup, ScoreLog(settings.folder)))
        return desk

    @pytest.fixture
    def asked(self, desk: Desk) -> Iterator[TestClient]:
        with TestClient(assemble(desk), base_url="http://127.0.0.1") as client:
            yield client
        desk.close()

    def test_an_outage_is_an_abstention_and_no_error(self, asked: TestClient, store: Moody, desk: Desk) -> None:
        store.fails = True
        answer = asked.post("/v1/score", json={"customer_ids": ["C1", "nobody"]})
        assert answer.status_code == 200
        for score in answer.json()["scores"]:
            assert score["probability"] is None
            assert score["abstention"]["code"] == "store_unavailable"
            assert "ask again" in score["abstention"]["mend"]
            assert score["from_last_good"] is False
        ready = asked.get("/readyz")
        assert (ready.status_code, ready.json()["error"]["code"]) == (503, "store_unavailable")
        metrics = asked.get("/metrics").text
        assert 'churn_answers_total{answer="store_unavailable",model="none"} 2.0' in metrics
        assert "churn_store_up 0.0" in metrics
        assert list(read(desk.settings.folder)["abstention"]) == ["store_unavailable"] * 2
        store.fails = False
        until(lambda: asked.get("/readyz").status_code == 200)
        (score,) = asked.post("/v1/score", json={"customer_ids": ["C1"]}).json()["scores"]
        assert score["probability"] is not None
        assert "churn_store_up 1.0" in asked.get("/metrics").text

    @pytest.mark.parametrize("desk", [10], indirect=True)
    def test_from_the_last_good_row_where_allowed_and_its_age_is_told(self, asked: TestClient, store: Moody) -> None:
        ids = ["C1", "stale", "C2"]
        (first, stale) = asked.post("/v1/score", json={"customer_ids": ids[:2]}).json()["scores"]
        store.write([tiny_service.row("C1", vector=np.zeros(4))])
        store.fails = True
        again, old, unread = asked.post("/v1/score", json={"customer_ids": ids}).json()["scores"]
        assert again["from_last_good"] is old["from_last_good"] is True
        assert first["from_last_good"] is stale["from_last_good"] is unread["from_last_good"] is False
        same = ("probability", "features_as_of", "features_age_hours", "reasons")
        assert [again[name] for name in same] == [first[name] for name in same]
        assert old["abstention"]["code"] == "stale_features"  # what is too old stays too old
        assert unread["abstention"]["code"] == "store_unavailable"
        assert "churn_answers_from_last_good_total 2.0" in asked.get("/metrics").text
