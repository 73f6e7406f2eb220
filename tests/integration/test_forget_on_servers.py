"""Forgetting reaches the servers: no key of Redis and no row of PostgreSQL names the customer afterwards."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from churn.sections import Live, Store
from churn.settings import Settings
from cli.stores import stores
from features.erasure.forgetting import forget
from features.live.event import LiveEvent
from features.live.opening import ledger_of
from features.snapshots import current
from features.store import FeatureStore
from tests import small_shop
from tests.searching import naming

pytestmark = pytest.mark.server

NOW_US = 1_735_689_600_000_000


@dataclass(frozen=True)
class Server:
    """A business whose on-line store, and maybe inbox, lie on a server."""

    settings: Settings
    leaver: str

    def named(self) -> bool:
        """Whether anything on the server names the customer, in its bytes."""
        url, needle = str(self.settings.store.url), self.leaver.encode()
        if self.settings.store.online == "redis":
            with Redis.from_url(url) as redis:
                return any(needle in key for key in redis.scan_iter(count=1000))
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE tablename LIKE %s", (f"%{self.slug}%",)
            ).fetchall()
            rows = (row for (table,) in tables for row in connection.execute(f'SELECT * FROM "{table}"'))
            return any(needle in (one if isinstance(one, bytes) else str(one).encode()) for row in rows for one in row)

    @property
    def slug(self) -> str:
        return self.settings.business.slug.replace("-", "_")


@pytest.fixture(params=["redis", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    url, slug = request.getfixturevalue(f"{request.param}_url"), f"forget-{uuid.uuid4().hex[:8]}"
    settings = small_shop.settings(tmp_path, Store(online=request.param, url=url, batch_size=100), slug)
    if request.param == "postgres":
        settings = settings.model_copy(update={"live": Live(inbox="postgres", url=url)})
    log = small_shop.log()
    leaver = f"客 {uuid.uuid4().hex}"
    log.loc[log["customer_id"] == log["customer_id"].iloc[0], "customer_id"] = leaver
    snapshot, features = small_shop.frozen(settings.folder, log), small_shop.features()
    store = FeatureStore(settings)
    store.apply(features, snapshot.rows_path)
    store.materialise(current(small_shop.events(log), features, small_shop.LIFECYCLE, small_shop.UNTIL), features)
    if request.param == "postgres":
        events = [LiveEvent("crm", "e1", leaver, "visit", NOW_US), LiveEvent("crm", "e2", "other", "visit", NOW_US)]
        with closing(ledger_of(settings)) as ledger:
            ledger.commit([*events], now_us=NOW_US)
    made = Server(settings, leaver)
    yield made
    store._open().teardown()
    if request.param == "postgres":
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            for table in ("event", "pending", "state"):
                connection.execute(f"DROP TABLE IF EXISTS churn_live_{made.slug}_{table}")


def test_no_key_and_no_row_names_them(server: Server) -> None:
    folder = server.settings.folder
    assert server.named()
    receipt = forget(folder, stores(server.settings), [server.leaver], keep_out=False, models=lambda _: [])
    rows = {one["store"]: one["rows"] for one in receipt.content["stores"]}
    assert rows["on-line store"] == 1
    assert rows["inbox"] == (1 if server.settings.live.inbox == "postgres" else 0)
    assert not server.named()
    assert naming(folder, server.leaver) == set()
