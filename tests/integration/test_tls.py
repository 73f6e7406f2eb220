"""TLS to PostgreSQL and Redis, with real servers: whoever connects does it checked, or says why not; never plainly."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from churn.errors import ChurnError
from churn.model_sections import ModelRegistry
from churn.sections import Business, Live, Source, Store
from churn.settings import Settings
from features.live.event import LiveEvent
from features.live.opening import ledger_of
from features.registry_place import reach
from features.sources import ingest
from features.store import FeatureStore, OnlineStore
from serving.limits.counts import RateLimitUnavailable, Window
from serving.limits.redis_counts import RedisCounts
from tests import small_shop, tiny_service
from tests.tls_servers import HOST, Authority, TlsPostgres, TlsRedis

pytestmark = pytest.mark.server
SECRET = "hush-hush"
UTF8 = "&client_encoding=utf8"  # the test's server has the encoding SQL_ASCII


@dataclass(frozen=True)
class Place:
    """The two servers, who signed for them, and somebody who did not."""

    redis: TlsRedis
    postgres: TlsPostgres
    stranger: Authority


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as name:  # pytest's own are closed to the user who runs PostgreSQL
        folder = Path(name)
        folder.chmod(0o755)
        authority, stranger = Authority(folder / "authority"), Authority(folder / "stranger")
        (folder / "redis").mkdir()
        (folder / "postgres").mkdir()
        made = Place(TlsRedis(folder / "redis", authority), TlsPostgres(folder / "postgres", authority), stranger)
        made.redis.start()
        made.postgres.start()
        yield made
        made.redis.stop()
        made.postgres.stop()


def store_of(settings: Settings) -> None:
    """Register the view, write the eight customers of the tiny service and read one."""
    FeatureStore(settings).apply(small_shop.features(), small_shop.frozen(settings.folder).rows_path)
    with closing(OnlineStore(settings, timeout_s=5.0)) as store:
        store.write(tiny_service.rows())
        assert store.rows(["C1"])[0] is not None


def in_redis(folder: Path, place: Place, change: Callable[[str], str]) -> None:
    store_of(small_shop.settings(folder, Store(online="redis", url=change(place.redis.url)), "tls"))


def in_postgres(folder: Path, place: Place, change: Callable[[str], str]) -> None:
    store_of(small_shop.settings(folder, Store(online="postgres", url=change(place.postgres.url)), "tls"))


def in_the_registry_of_views(folder: Path, place: Place, change: Callable[[str], str]) -> None:
    store_of(small_shop.settings(folder, Store(registry_url=change(place.postgres.url)), "tls"))


def in_the_inbox(folder: Path, place: Place, change: Callable[[str], str]) -> None:
    live = Live(inbox="postgres", url=change(place.postgres.url))
    ledger = ledger_of(Settings(artifacts=folder, live=live))
    try:
        assert ledger.commit([LiveEvent("live", "1", "C1", "order", 1_000)], now_us=5_000)[0][0].status
    finally:
        ledger.close()


def in_the_registry_of_models(folder: Path, place: Place, change: Callable[[str], str]) -> None:
    reach(Settings(artifacts=folder, registry=ModelRegistry(url=change(place.postgres.url))))


def in_a_source(folder: Path, place: Place, change: Callable[[str], str]) -> None:
    mapping = {"customer_id": "c", "event_type": "'order'", "event_timestamp": "t", "timezone": "UTC"}
    query = "SELECT 'C1' AS c, '2024-01-01' AS t"
    source = Source.model_validate({"url": change(place.postgres.url) + UTF8, "query": query} | mapping)
    settings = Settings(business=Business(slug="tls", clock="log"), source=(source,), artifacts=folder)
    assert ingest(settings, environ={}).manifest.events == 1


USERS = [in_redis, in_postgres, in_the_registry_of_views, in_the_inbox, in_the_registry_of_models, in_a_source]


def names(user: Any) -> str:
    return str(user.__name__)


@pytest.mark.parametrize("user", USERS, ids=names)
def test_every_user_of_a_url_connects_by_tls(tmp_path: Path, place: Place, user: Callable[..., None]) -> None:
    user(tmp_path, place, str)


@pytest.mark.parametrize("user", USERS, ids=names)
@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ("authority", "not of the authority"),
        ("host", "of another host"),
        ("file", "not where the URL says"),
    ],
)
def test_a_server_that_cannot_be_checked_is_refused(
    tmp_path: Path, place: Place, user: Callable[..., None], wrong: str, mend: str
) -> None:
    with pytest.raises(ChurnError) as told:
        user(tmp_path, place, lambda url: changed(url, wrong, place))
    assert mend in told.value.mend
    assert "never made without TLS" in told.value.mend
    assert SECRET not in str(told.value)


def changed(url: str, wrong: str, place: Place) -> str:
    """The URL with another authority, another name of the host, or a file that is not there."""
    if wrong == "host":
        return url.replace(f"@{HOST}:", "@127.0.0.1:")
    path = place.stranger.path if wrong == "authority" else Path("/nowhere/ca.pem")
    return re.sub(r"(sslrootcert|ssl_ca_certs)=[^&]*", rf"\1={path}", url)


def test_counts_of_requests_are_kept_by_tls(place: Place) -> None:
    """In Redis, where services on several machines count together."""
    asked = ("crm", Window("minute", 60), 1, 10)
    assert RedisCounts(place.redis.url, "tls").lease(*asked).requests > 0
    for wrong in ("authority", "host", "file"):
        with pytest.raises(RateLimitUnavailable, match="cannot be checked") as told:
            RedisCounts(changed(place.redis.url, wrong, place), "tls").lease(*asked)
        assert SECRET not in str(told.value)
    with pytest.raises(RateLimitUnavailable):
        RedisCounts(place.redis.plain_url, "tls").lease(*asked)


@pytest.mark.parametrize("user", USERS, ids=names)
def test_whoever_comes_without_tls_is_not_let_in(tmp_path: Path, place: Place, user: Callable[..., None]) -> None:
    """The servers have no plain door: what works above was TLS."""
    with pytest.raises(ChurnError) as told:
        user(tmp_path, place, lambda url: place.redis.plain_url if "rediss" in url else place.postgres.plain_url)
    assert SECRET not in str(told.value)


def test_a_server_without_tls_is_told(tmp_path: Path, postgres_url: str) -> None:
    plain = sa.make_url(postgres_url).update_query_dict({"sslmode": "require"}).render_as_string(hide_password=False)
    with pytest.raises(ChurnError) as told:
        store_of(small_shop.settings(tmp_path, Store(online="postgres", url=plain), "tls"))
    assert "speaks no TLS" in told.value.mend
