"""What every on-line store keeps, the one in memory as well as the real ones behind Feast."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from churn.sections import Store
from features.online import MemoryOnlineStore, OnlineRow, RowStore, packed
from features.store import FeatureStore, OnlineStore
from serving.lookup import Lookup
from tests import small_shop, tiny_service

AS_OF = datetime(2024, 11, 3, 5, 30, 0, 123457, tzinfo=UTC)  # New York's clock went back half an hour ago
AWKWARD = np.array([np.nan, -0.0, 0.0, np.inf, -np.inf, 5e-324, 0.1 + 0.2, 2.0**53 + 1, -1e300])


def row(customer_id: str, **changed: object) -> OnlineRow:
    """A row whose numbers are easily lost on the way."""
    usual = OnlineRow(customer_id, AWKWARD, "lapsing", "churn", AS_OF, AS_OF + timedelta(hours=1), "0123456789ab")
    return replace(usual, **changed)  # type: ignore[arg-type]


SERVERS = [pytest.param(kind, marks=pytest.mark.server) for kind in ("redis", "postgres")]


@pytest.fixture(scope="module", params=["memory", "sqlite", *SERVERS])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RowStore]]:
    """Two clients of one store, each as another process would open it."""
    if request.param == "memory":
        memory = MemoryOnlineStore()
        yield [memory, memory]
        return
    url = None if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    folder, slug = tmp_path_factory.mktemp(request.param), f"contract-{uuid.uuid4().hex[:8]}"
    settings = small_shop.settings(folder, Store(online=request.param, url=url, batch_size=100), slug)
    snapshot = small_shop.frozen(settings.folder)
    registered = FeatureStore(settings)
    registered.apply(small_shop.features(), snapshot.rows_path)
    clients = [OnlineStore(settings, timeout_s=5.0) for _ in range(2)]
    yield [*clients]
    for client in clients:
        client.close()
    registered._open().teardown()


@pytest.fixture
def store(opened: list[RowStore]) -> RowStore:
    return opened[0]


@pytest.fixture
def ids() -> list[str]:
    """Customers nobody else asks about."""
    return [f"{name} {uuid.uuid4().hex}" for name in ("客户", "00042", 'o\'brien "x"')]


def same(one: OnlineRow | None, other: OnlineRow | None) -> bool:
    return one is not None and other is not None and one.is_same(other)


def test_the_unknown_are_none_and_order_is_kept(store: RowStore, ids: list[str]) -> None:
    assert store.write([row(ids[0]), row(ids[2])]) == 2
    found = store.rows([ids[2], ids[1], ids[0], ids[2]])
    assert [one and one.customer_id for one in found] == [ids[2], None, ids[0], ids[2]]
    assert store.rows([]) == []
    assert store.write([]) == 0


def test_a_row_comes_back_bit_by_bit(store: RowStore, ids: list[str]) -> None:
    prospect = row(ids[1], stage="prospect", model=None)
    store.write([row(ids[0]), prospect])
    found = store.rows(ids[:2])
    assert same(found[0], row(ids[0]))
    assert same(found[1], prospect)
    assert found[0] is not None
    assert found[0].vector.tobytes() == AWKWARD.tobytes()
    assert found[0].as_of == AS_OF


def test_an_older_row_never_overwrites_a_newer_one(store: RowStore, ids: list[str]) -> None:
    newer = row(ids[0], vector=np.array([2.0]), as_of=AS_OF + timedelta(microseconds=1))
    older = row(ids[0], vector=np.array([1.0]))
    assert store.write([newer]) == 1
    assert store.write([older]) == 0
    assert same(store.rows(ids[:1])[0], newer)
    newest = row(ids[0], as_of=AS_OF + timedelta(days=1))
    assert store.write([older, newest, newer]) == 1
    assert same(store.rows(ids[:1])[0], newest)


def test_of_one_cutoff_the_row_that_knows_more_stays(store: RowStore, ids: list[str]) -> None:
    knows_more = row(ids[0], stage="active", known_at=AS_OF + timedelta(hours=2))
    assert store.write([row(ids[0]), knows_more]) == 1
    assert store.write([row(ids[0])]) == 0
    assert same(store.rows(ids[:1])[0], knows_more)


def test_the_same_instant_again_takes_effect(store: RowStore, ids: list[str]) -> None:
    """A restated row, and one of another feature set: shorter, and nothing of the former is left."""
    restated = row(ids[0], vector=np.array([np.nan, 1.0]), feature_set_hash="ba9876543210")
    assert store.write([row(ids[0])]) == 1
    assert store.write([restated]) == 1
    assert same(store.rows(ids[:1])[0], restated)


SAID = '{"reasons":[["service","late_delivery","complaint",1730000000000000]]}'
ANSWER = '{"text":"' + "距上次下单天数 — " * 40 + '"}'


def test_what_was_stated_comes_back_and_goes_with_the_next_row(store: RowStore, ids: list[str]) -> None:
    store.write([row(ids[0], stated=SAID), row(ids[1])])
    assert [found and found.stated for found in store.rows(ids[:2])] == [SAID, None]
    store.write([row(ids[0], as_of=AS_OF + timedelta(hours=2))])
    assert [found and found.stated for found in store.rows(ids[:1])] == [None]


def test_an_answer_is_attached_to_exactly_the_row_it_was_made_from(store: RowStore, ids: list[str]) -> None:
    moved, unmoved, nobody = ids
    store.write([row(moved, stated=SAID), row(unmoved, stated=SAID)])
    made = [replace(found, nightly=ANSWER) for found in store.rows([moved, unmoved]) if found]
    event_came = row(moved, vector=np.array([1.0]), known_at=AS_OF + timedelta(hours=2))
    store.write([event_came])
    assert store.attach([*made, row(nobody, nightly=ANSWER)]) == 1
    found = store.rows(ids)
    assert [one and one.nightly for one in found] == [None, ANSWER, None]
    assert same(found[0], event_came)
    assert same(found[1], row(unmoved))
    assert found[1] is not None
    assert found[1].stated == SAID
    assert found[2] is None


def test_a_row_written_anew_has_no_answer_yet(opened: list[RowStore], ids: list[str]) -> None:
    """Also the same row of the same instant, and one that comes with an answer: that may be of another vector."""
    store, other = opened
    store.write([row(ids[0], nightly=ANSWER)])
    assert [found and found.nightly for found in other.rows(ids[:1])] == [None]
    assert store.attach([row(ids[0], nightly=ANSWER)]) == 1
    assert [found and found.nightly for found in other.rows(ids[:1])] == [ANSWER]
    assert store.write([row(ids[0], vector=np.array([7.0]))]) == 1
    assert [found and found.nightly for found in other.rows(ids[:1])] == [None]


def test_a_row_of_the_first_form_says_nothing_beside_its_features(store: RowStore, ids: list[str]) -> None:
    if not isinstance(store, OnlineStore):
        return  # it holds rows, and no fields
    old = {
        name: value for name, value in packed(row(ids[0], known_at=AS_OF)).items() if name not in ("stated", "nightly")
    }
    store._session.write([(ids[0], old, AS_OF, AS_OF)])
    (found,) = store.rows(ids[:1])
    assert same(found, row(ids[0], known_at=AS_OF))
    assert (found and found.stated, found and found.nightly) == (None, None)
    assert store.attach([row(ids[0], known_at=AS_OF, nightly=ANSWER)]) == 1
    assert [one and one.nightly for one in store.rows(ids[:1])] == [ANSWER]


def test_nothing_of_an_answer_is_left_of_the_removed(opened: list[RowStore], ids: list[str]) -> None:
    store = opened[0]
    store.write([row(ids[0], stated=SAID)])
    store.attach([row(ids[0], nightly=ANSWER)])
    store.remove(ids[:1])
    store.write([row(ids[0], as_of=AS_OF - timedelta(days=9))])
    (found,) = store.rows(ids[:1])
    assert found is not None
    assert (found.stated, found.nightly) == (None, None)


def test_batches_are_written_whole(store: RowStore) -> None:
    run = uuid.uuid4().hex
    rows = [row(f"{run}-{number}", vector=np.array([float(number), np.nan])) for number in range(250)]
    assert store.write(iter(rows)) == 250
    found = store.rows([one.customer_id for one in rows])
    assert all(same(one, other) for one, other in zip(found, rows, strict=True))


def test_the_clock_of_the_process_does_not_matter(
    store: RowStore, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written where it is UTC, read and judged in New York, in the hour that comes twice there."""
    hour_later = row(ids[0], as_of=AS_OF + timedelta(hours=1))
    store.write([hour_later])
    try:
        monkeypatch.setitem(os.environ, "TZ", "America/New_York")
        time.tzset()
        assert same(store.rows(ids[:1])[0], hour_later)
        assert store.write([row(ids[0])]) == 0
        assert store.write([row(ids[1])]) == 1
    finally:
        monkeypatch.undo()
        time.tzset()
    assert same(store.rows(ids[1:2])[0], row(ids[1]))


def test_of_many_writers_the_newest_row_wins(opened: list[RowStore], ids: list[str]) -> None:
    """Two clients write at once, one going up in time and one going down."""
    steps = [AS_OF + timedelta(seconds=second) for second in range(12)]

    def write(store: RowStore, instants: list[datetime]) -> None:
        for instant in instants:
            store.write([row(customer_id, as_of=instant) for customer_id in ids])

    writers = [
        threading.Thread(target=write, args=(opened[0], steps)),
        threading.Thread(target=write, args=(opened[1], steps[::-1])),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert [found and found.as_of for found in opened[0].rows(ids)] == [steps[-1]] * 3


def test_the_removed_are_unknown_and_nobody_else_is(opened: list[RowStore], ids: list[str]) -> None:
    store, other = opened
    store.write([row(one) for one in ids])
    assert store.remove([ids[0], ids[2], ids[2], "nobody"]) == 2
    assert store.rows(ids)[::2] == other.rows(ids)[::2] == [None, None]
    assert same(other.rows(ids)[1], row(ids[1]))
    assert store.remove(ids[:1]) == store.remove([]) == 0
    assert store.write([row(ids[0])]) == 1  # who comes back is a new customer
    assert same(other.rows(ids[:1])[0], row(ids[0]))


def test_what_is_older_than_the_settings_allow_is_read_and_not_scored(store: RowStore, ids: list[str]) -> None:
    """No store enforces a time to live on line, so the read path does: to the microsecond."""
    scorer = tiny_service.scorer()
    limit = tiny_service.NOW - scorer.max_age
    ages = [limit, limit - timedelta(microseconds=1), limit - timedelta(days=900)]
    store.write(tiny_service.row(one, as_of=age, known_at=age) for one, age in zip(ids, ages, strict=True))
    found = Lookup(store).read(ids)
    assert [row and row.as_of for row in found.rows] == ages
    answers = [answer.score for answer in scorer.score(ids, found.rows, language="en", top=0)]
    assert [score.probability is not None for score in answers] == [True, False, False]
    assert {score.abstention and score.abstention.code for score in answers[1:]} == {"stale_features"}
