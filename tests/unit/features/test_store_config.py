"""`[store]` as Feast's configuration: the three kinds, wrong URLs, and secrets that stay out of sight."""

from pathlib import Path

import pytest

from churn.errors import SettingsError
from churn.sections import Store
from features.store_config import address, registry, repo, yaml_text
from tests import small_shop

HERE = Path("/shop/features")


def test_sqlite_lies_in_the_folder() -> None:
    where = address(Store(), HERE)
    assert where.config == {"type": "sqlite", "path": "/shop/features/online.db"}
    assert "churn features materialise" in where.mend


def test_redis_waits_briefly_and_never_asks_twice() -> None:
    store = Store(online="redis", url="rediss://app:s%40cret@cache.example:6390/2")
    parts = address(store, HERE, timeout_s=0.5).config["connection_string"].split(",")
    assert parts == [
        "cache.example:6390", "db=2", "ssl=true", 'username="app"', 'password="s@cret"',
        "socket_timeout=0.5", "socket_connect_timeout=0.5", "retry=null",
    ]  # fmt: skip


def test_a_password_of_digits_stays_a_text() -> None:
    assert 'password="007"' in address(Store(online="redis", url="redis://:007@h"), HERE).config["connection_string"]


def test_postgres_takes_its_url_apart() -> None:
    store = Store(online="postgres", url="postgresql+psycopg://app:pw@db.example/features?sslmode=require")
    assert address(store, HERE).config == {
        "type": "postgres", "host": "db.example", "port": 5432, "database": "features",
        "user": "app", "password": "pw", "sslmode": "require",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("online", "url", "mend"),
    [
        ("redis", None, "redis://localhost:6379/0"),
        ("redis", "localhost:6379", "redis://localhost:6379/0"),
        ("redis", "redis://:a,b@host", "without a comma"),
        ("redis", "redis://host/cache", "redis://localhost:6379/0"),
        ("redis", "redis://host:port/0", "CHURN_STORE__URL"),
        ("postgres", "mysql://host/db", "postgresql://user@localhost:5432/features"),
        ("postgres", "postgresql:///db", "CHURN_STORE__URL"),
    ],
)
def test_a_wrong_url_says_what_a_right_one_is(online: str, url: str | None, mend: str) -> None:
    with pytest.raises(SettingsError) as told:
        address(Store.model_validate({"online": online, "url": url}), HERE)
    assert mend in told.value.mend


@pytest.mark.parametrize(
    ("online", "url"), [("redis", "redis://:hush@host"), ("postgres", "postgresql://a:hush@host/db")]
)
def test_a_secret_is_shown_to_nobody(online: str, url: str, tmp_path: Path) -> None:
    settings = small_shop.settings(tmp_path, Store.model_validate({"online": online, "url": url}))
    where = address(settings.store, HERE)
    assert "hush" in str(where.config)
    assert "hush" in str(repo(settings))
    assert "hush" not in f"{where.shown} {where.mend} {where.public} {where} {yaml_text(settings)}"
    assert "${CHURN_STORE_PASSWORD}" in yaml_text(settings)
    assert where.shown == f"{online} at host"


def test_the_registry_is_a_file_unless_a_server_is_named() -> None:
    assert registry(Store(), HERE).config == {"registry_type": "sql", "path": "sqlite:////shop/features/registry.db"}
    where = registry(Store(registry_url="postgresql://app:pw@db.example/features"), HERE)
    assert where.config["path"] == "postgresql+psycopg://app:pw@db.example/features"
    assert where.config["sqlalchemy_config_kwargs"]["connect_args"]["connect_timeout"] == 2
    assert "pw" not in f"{where.shown} {where.public} {where!r}"
    assert "CHURN_STORE__REGISTRY_URL" in where.mend
    with pytest.raises(SettingsError) as told:
        registry(Store(registry_url="mysql://db.example/features"), HERE)
    assert "postgresql://user@host:5432/features" in told.value.mend
