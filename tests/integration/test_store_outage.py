"""A server that is gone, frozen or back again: answers come at once, say how to mend it, and recover."""

import contextlib
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from churn.sections import Store
from features.live.inbox import InboxUnavailable
from features.live.inbox_postgres import PostgresLedger
from features.snapshots import current
from features.store import FeatureStore, OnlineStore
from features.store_errors import StoreUnavailable
from tests import small_shop

pytestmark = pytest.mark.server
CUSTOMER = "00000"


class Wire:
    """A TCP connection to a server that can be cut or frozen."""

    def __init__(self, host: str, port: int) -> None:
        self._target, self._frozen = (host, port), threading.Event()
        self._ends: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._door.accept()
            except OSError:
                return
            there = socket.create_connection(self._target)
            self._ends += [here, there]
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while content := one.recv(65_536):
                while self._frozen.is_set():
                    time.sleep(0.01)
                other.sendall(content)
        except OSError:
            return

    def freeze(self, *, frozen: bool) -> None:
        if frozen:
            self._frozen.set()
        else:
            self._frozen.clear()

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes who waits at it
        self._door.close()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def mend(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()


@pytest.fixture
def wired(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Wire, OnlineStore]]:
    """A filled store, reached through a wire."""
    kind = request.param
    url = urlsplit(request.getfixturevalue(f"{kind}_url"))
    wire = Wire(url.hostname or "", url.port or {"redis": 6379, "postgres": 5432}[kind])
    user = url.netloc.rpartition("@")[0]
    through = url._replace(netloc=f"{user}@127.0.0.1:{wire.port}" if user else f"127.0.0.1:{wire.port}").geturl()
    settings = small_shop.settings(tmp_path, Store(online=kind, url=through), f"outage-{uuid.uuid4().hex[:8]}")
    events, features = small_shop.events(), small_shop.features()
    filled = FeatureStore(settings)
    filled.apply(features, small_shop.frozen(settings.folder).rows_path)
    filled.materialise(current(events, features, small_shop.LIFECYCLE, small_shop.CUTOFFS[-1]), features)
    store = OnlineStore(settings)
    assert store.rows([CUSTOMER])[0]
    yield wire, store
    filled._open().teardown()
    store.close()
    wire.cut()


@pytest.mark.parametrize("wired", ["redis", "postgres"], indirect=True)
def test_an_outage_is_told_at_once_and_over_when_it_is_over(wired: tuple[Wire, OnlineStore]) -> None:
    wire, store = wired
    (row,) = store.rows([CUSTOMER])
    assert row
    wire.cut()
    for act in (lambda: store.rows([CUSTOMER]), lambda: store.write([row]), lambda: store.rows([CUSTOMER])):
        began = time.perf_counter()
        with pytest.raises(StoreUnavailable, match=r"at 127\.0\.0\.1") as told:
            act()
        assert time.perf_counter() - began < 2.0
        assert "start the server" in told.value.mend
    wire.mend()
    (again,) = store.rows([CUSTOMER])
    assert again
    assert again.is_same(row)
    assert store.write([row]) == 1


@pytest.mark.parametrize("wired", ["redis", "postgres"], indirect=True)
def test_the_first_write_after_a_restart_is_written(wired: tuple[Wire, OnlineStore]) -> None:
    """Reader's and writer's connections are dead; nobody had asked meanwhile."""
    wire, store = wired
    (row,) = store.rows([CUSTOMER])
    assert row
    assert store.write([row]) == 1
    wire.cut()
    wire.mend()
    assert store.write([row]) == 1
    assert store.remove([CUSTOMER]) == 1


@pytest.mark.parametrize("wired", ["redis", "postgres"], indirect=True)
def test_a_frozen_server_is_not_waited_for(wired: tuple[Wire, OnlineStore]) -> None:
    wire, store = wired
    wire.freeze(frozen=True)
    began = time.perf_counter()
    with pytest.raises(StoreUnavailable):
        store.rows([CUSTOMER])
    assert time.perf_counter() - began < 0.8
    wire.freeze(frozen=False)
    assert store.rows([CUSTOMER])[0]


@pytest.mark.parametrize("wired", ["redis", "postgres"], indirect=True)
def test_writers_do_not_queue_up_behind_a_frozen_server(wired: tuple[Wire, OnlineStore]) -> None:
    """Live events go on coming in: each request is told soon that its row has to wait."""
    wire, store = wired
    (row,) = store.rows([CUSTOMER])
    assert row
    assert store.write([row]) == 1
    wire.freeze(frozen=True)
    took: list[float] = []

    def write() -> None:
        began = time.perf_counter()
        with pytest.raises(StoreUnavailable):
            store.write([row])
        took.append(time.perf_counter() - began)

    writers = [threading.Thread(target=write, daemon=True) for _ in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(10)
    wire.freeze(frozen=False)
    assert len(took) == len(writers)
    assert max(took) < 3.0
    for _ in range(3):  # also where the server, awake, gave its lock to a writer who had given up
        began = time.perf_counter()
        assert store.write([row]) == 1
        assert time.perf_counter() - began < 5
        time.sleep(0.05)


def test_an_inbox_on_a_frozen_server_gives_up(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders keep their events and send them again; nobody waits for ever."""
    monkeypatch.setattr("features.live.inbox_postgres.ANSWER_S", 0.5)
    url = urlsplit(postgres_url)
    wire = Wire(url.hostname or "", url.port or 5432)
    user, slug = url.netloc.rpartition("@")[0], f"frozen-{uuid.uuid4().hex[:8]}"
    ledger = PostgresLedger(url._replace(netloc=f"{user}@127.0.0.1:{wire.port}").geturl(), slug)
    assert ledger.reach().last_seq == 0
    wire.freeze(frozen=True)
    began = time.perf_counter()
    with pytest.raises(InboxUnavailable):
        ledger.reach()
    assert time.perf_counter() - began < 5
    wire.freeze(frozen=False)
    assert ledger.reach().last_seq == 0
    with psycopg.connect(postgres_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        for table in ("event", "pending", "state"):
            connection.execute(f"DROP TABLE churn_live_{slug.replace('-', '_')}_{table}")
    ledger.close()
    wire.cut()
