"""Real servers that are stopped, frozen, started anew, guarded by passwords: what the service answers meanwhile."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from churn.sections import Store
from churn.settings import Settings
from cli.app import assemble
from features.store import FeatureStore, OnlineStore
from features.store_errors import NothingMaterialised, StoreUnavailable
from serving.app import Counter, Desk
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from tests import small_shop, tiny_service
from tests.servers import KINDS, Server

pytestmark = [pytest.mark.server, pytest.mark.slow]
WITHIN_S = 0.25 + 0.75  # [serving] store_timeout_ms, and room for a loaded machine
KEPT = ("C1", "stale")


@pytest.fixture(scope="module", params=list(KINDS))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to the user who runs PostgreSQL
        made = KINDS[request.param](Path(folder))
        made.start()
        yield made
        made.stop()


def settings_of(server: Server, folder: Path, **store: object) -> Settings:
    kind = "redis" if server.url.startswith("redis") else "postgres"
    return small_shop.settings(folder, Store.model_validate({"online": kind, "url": server.url} | store), "guarded")


@pytest.fixture(scope="module")
def settings(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A business whose view is registered and holds the eight customers of the tiny service."""
    made = settings_of(server, tmp_path_factory.mktemp("business"))
    FeatureStore(made).apply(small_shop.features(), small_shop.frozen(made.folder).rows_path)
    with closing(OnlineStore(made, timeout_s=5.0)) as store:
        store.write(tiny_service.rows())
    return made


@pytest.fixture
def desk(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    desk = Desk(tiny_service.settings(tmp_path))
    store = OnlineStore(settings)
    lookup = Lookup(store, last_good_rows=getattr(request, "param", 0), retry_s=0.1)
    desk.open(Counter(tiny_service.scorer(), lookup, ScoreLog(desk.settings.folder)))
    yield desk
    desk.close()
    store.close()


@pytest.fixture
def asked(desk: Desk) -> Iterator[TestClient]:
    with TestClient(assemble(desk), base_url="http://127.0.0.1") as client:
        yield client


def score(asked: TestClient, *ids: str) -> list[dict[str, object]]:
    """The answers, within the time of a request."""
    began = time.monotonic()
    answer = asked.post("/v1/score", json={"customer_ids": list(ids)})
    assert time.monotonic() - began < WITHIN_S
    assert answer.status_code == 200
    return list(answer.json()["scores"])


def code(answer: dict[str, object]) -> object:
    abstention = answer["abstention"]
    return abstention["code"] if isinstance(abstention, dict) else None


def recovered(asked: TestClient) -> None:
    """It scores again, without anybody doing anything."""
    end = time.monotonic() + 10
    while asked.get("/readyz").status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert score(asked, "C1")[0]["probability"] is not None


OUTAGES: dict[str, tuple[Callable[[Server], None], Callable[[Server], None]]] = {
    "stopped": (lambda server: server.stop(), lambda server: server.start()),
    "frozen": (lambda server: server.freeze(), lambda server: server.thaw()),
}


@pytest.mark.parametrize("outage", list(OUTAGES))
def test_every_answer_comes_in_time_and_the_service_recovers(asked: TestClient, server: Server, outage: str) -> None:
    begin, end = OUTAGES[outage]
    assert score(asked, "C1")[0]["probability"] is not None
    begin(server)
    try:
        for _ in range(5):
            assert [code(one) for one in score(asked, "C1", "nobody")] == ["store_unavailable"] * 2
        many = [f"many {number}" for number in range(300)]
        assert {code(one) for one in score(asked, *many)} == {"store_unavailable"}
        assert asked.get("/readyz").json()["error"]["code"] == "store_unavailable"
    finally:
        end(server)
    recovered(asked)


@pytest.mark.parametrize("desk", [10], indirect=True)
@pytest.mark.parametrize("outage", list(OUTAGES))
def test_the_last_good_row_answers_where_settings_allow(asked: TestClient, server: Server, outage: str) -> None:
    begin, end = OUTAGES[outage]
    first, _ = score(asked, *KEPT)
    begin(server)
    try:
        again, stale, unread = score(asked, *KEPT, "C2")
        assert (again["probability"], again["from_last_good"]) == (first["probability"], True)
        assert again["features_age_hours"] == first["features_age_hours"]
        assert (code(stale), code(unread)) == ("stale_features", "store_unavailable")
    finally:
        end(server)
    recovered(asked)
    assert score(asked, "C1")[0]["from_last_good"] is False


def test_a_server_that_was_started_anew_is_not_even_noticed(asked: TestClient, server: Server) -> None:
    """The old connection is dead; the first request opens another one and answers."""
    assert score(asked, "C1")[0]["probability"] is not None
    server.stop()
    server.start()
    assert score(asked, "C1")[0]["probability"] is not None


def test_a_wrong_password_says_so_and_not_which(server: Server, settings: Settings) -> None:
    wrong = server.url.replace("hush-hush", "hush-what")
    guarded = settings.model_copy(update={"store": settings.store.model_copy(update={"url": wrong})})
    with closing(OnlineStore(guarded, timeout_s=5.0)) as store, pytest.raises(StoreUnavailable) as told:
        store.rows(["C1"])
    assert "hush" not in f"{told.value}"
    assert "[store] url" in told.value.mend


def test_another_database_holds_nothing_of_it(server: Server, settings: Settings) -> None:
    other = server.url[: server.url.rindex("/")] + ("/4" if server.url.endswith("/3") else "/template1")
    elsewhere = settings.model_copy(update={"store": settings.store.model_copy(update={"url": other})})
    with closing(OnlineStore(elsewhere, timeout_s=5.0)) as store:
        if server.url.startswith("redis"):
            assert store.rows(["C1"]) == [None]
        else:
            with pytest.raises(NothingMaterialised):
                store.rows(["C1"])
    missing = server.url[: server.url.rindex("/")] + ("/99" if server.url.endswith("/3") else "/no_such")
    nowhere = settings.model_copy(update={"store": settings.store.model_copy(update={"url": missing})})
    with closing(OnlineStore(nowhere, timeout_s=5.0)) as store, pytest.raises(StoreUnavailable):
        store.rows(["C1"])


def test_a_frozen_server_is_no_trap_for_who_registers_views(server: Server, tmp_path: Path) -> None:
    made = settings_of(server, tmp_path)
    snapshot = small_shop.frozen(made.folder)
    asked = server.url.startswith("postgres")  # registering asks Redis nothing
    server.freeze()
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable) if asked else nullcontext():
            FeatureStore(made).apply(small_shop.features(), snapshot.rows_path)
        assert time.monotonic() - began < 15
    finally:
        server.thaw()


@pytest.mark.parametrize("server", ["postgres"], indirect=True)  # a registry needs SQL
def test_machines_share_a_registry_in_postgres(server: Server, tmp_path: Path) -> None:
    """Two artifacts folders, as two machines have them: what one registers and writes, the other serves."""
    here, there = (settings_of(server, tmp_path / name, registry_url=server.url) for name in ("here", "there"))
    with pytest.raises(NothingMaterialised):
        OnlineStore(there)
    registered = FeatureStore(here)
    registered.apply(small_shop.features(), small_shop.frozen(here.folder).rows_path)
    assert not (here.folder / "features" / "registry.db").exists()
    assert "hush" not in (here.folder / "features" / "feature_store.yaml").read_text()
    with closing(OnlineStore(here, timeout_s=5.0)) as mine, closing(OnlineStore(there, timeout_s=5.0)) as theirs:
        mine.write([tiny_service.row("shared")])
        assert [row and row.customer_id for row in theirs.rows(["shared"])] == ["shared"]
    server.stop()
    try:
        with pytest.raises(StoreUnavailable, match="registry at 127") as told:
            OnlineStore(there)
        assert "CHURN_STORE__REGISTRY_URL" in told.value.mend
    finally:
        server.start()
