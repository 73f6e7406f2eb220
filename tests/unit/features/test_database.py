"""Sources in a database: a table or a query, on SQLite here and on PostgreSQL in tests/integration."""

import sqlite3
from pathlib import Path

import pytest

from churn.calendar import to_us
from churn.errors import SettingsError
from features.database import UnknownTable
from features.reading import SourceMissing, UnreadableSource
from features.sources import ingest
from tests.orders_csv import rows_of, shop

ORDER = {
    "customer_id": "customer",
    "event_type": "'order'",
    "event_timestamp": "placed",
    "amount": "total",
    "timezone": "UTC",
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute('CREATE TABLE orders (customer TEXT, placed TIMESTAMP, total REAL, "a ""b" INTEGER)')
        database.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?)",
            [("00001", "2024-01-01 10:00:00", 0.1, 1), ("00002", "2024-01-02", None, 2), (None, "2024-01-03", 1.0, 3)],
        )
    database.close()
    return f"sqlite:///{path}"


def test_a_table_becomes_the_log(tmp_path: Path, url: str) -> None:
    report = ingest(shop(tmp_path, {"url": "${SHOP}", "table": "orders", **ORDER}), environ={"SHOP": url})
    rows = rows_of(report)
    assert rows["customer_id"].tolist() == ["00001", "00002"]
    assert rows["amount"].tolist()[0] == 0.1
    assert report.manifest.rejected == {"no_customer_id": 1}
    assert report.manifest.sources[0]["origins"] == [{"source": f"{url} orders", "rows": 3}]


def test_a_query_becomes_the_log(tmp_path: Path, url: str) -> None:
    query = "SELECT customer, max(placed) AS placed, sum(total) AS total FROM orders WHERE total > 0 GROUP BY customer"
    report = ingest(shop(tmp_path, {"url": url, "query": query, **ORDER}), environ={})
    assert report.manifest.events == 1
    assert to_us(report.manifest.first_event_at) == rows_of(report)["event_timestamp"][0]


@pytest.mark.parametrize(
    ("source", "error", "mend"),
    [
        ({"table": "order"}, UnknownTable, "did you mean 'orders'"),
        ({"query": "SELECT nothing FROM orders"}, UnreadableSource, "url and access"),
        ({"table": "orders", "query": "SELECT 1"}, SettingsError, "SELECT ..."),
        ({}, SettingsError, "SELECT ..."),
        ({"table": "orders", "url": "nonsense"}, SettingsError, "postgresql+psycopg://"),
        ({"table": "orders", "url": "sqlite:////nowhere/to/be/found.db"}, SourceMissing, "folder of the toml"),
        ({"table": "orders", "url": "sqlite:///not_there.db"}, SourceMissing, "folder of the toml"),
    ],
)
def test_a_fault_says_how_to_mend_it(
    tmp_path: Path, url: str, source: dict[str, str], error: type[Exception], mend: str
) -> None:
    with pytest.raises(error) as raised:
        ingest(shop(tmp_path, {"url": url, **ORDER, **source}), environ={})
    assert mend in raised.value.mend  # type: ignore[attr-defined]
    assert not (tmp_path / "not_there.db").exists()


@pytest.mark.usefixtures("url")
def test_a_relative_database_lies_beside_the_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    report = ingest(shop(tmp_path, {"url": "sqlite:///shop.db", "table": "orders", **ORDER}), environ={})
    assert report.manifest.events == 2
    assert report.manifest.sources[0]["source"] == "sqlite:///shop.db orders"
    assert list(elsewhere.iterdir()) == []


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    hidden = "postgresql+psycopg://clerk:mellon@127.0.0.1:1/shop"
    with pytest.raises(UnreadableSource) as raised:
        ingest(shop(tmp_path, {"url": hidden, "table": "orders", **ORDER}), environ={})
    assert "mellon" not in str(raised.value)
    assert "clerk:***@" in str(raised.value)
