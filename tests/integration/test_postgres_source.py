"""A source in a real PostgreSQL: types of its own come in without loss."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from churn.calendar import to_us
from features.sources import ingest
from tests.orders_csv import rows_of, shop

ROWS = """
CREATE SCHEMA ingest_test;
CREATE TABLE ingest_test.orders (customer TEXT, placed TIMESTAMPTZ, day DATE, total NUMERIC(20, 10), paid BOOLEAN);
INSERT INTO ingest_test.orders VALUES
 ('00001', '2024-01-01 10:00:00.123456+08', '2024-01-01', 12345678.1234567891, true),
 ('00002', '2024-07-01 00:00:00+00', '2024-07-01', NULL, false);
"""


@pytest.mark.server
def test_a_table_of_postgresql_becomes_the_log(tmp_path: Path, postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as database:
        database.execute(sa.text("DROP SCHEMA IF EXISTS ingest_test CASCADE"))
        for statement in ROWS.split(";\n")[:-1]:
            database.execute(sa.text(statement))
    source = {
        "url": postgres_url,
        "table": "ingest_test.orders",
        "customer_id": "customer",
        "event_type": "CASE paid WHEN 'true' THEN 'order' ELSE 'quote' END",
        "event_timestamp": "placed",
        "amount": "total",
        "category": "day",
    }
    try:
        rows = rows_of(ingest(shop(tmp_path, source), environ={}))
    finally:
        with engine.begin() as database:
            database.execute(sa.text("DROP SCHEMA ingest_test CASCADE"))
        engine.dispose()
    assert rows["customer_id"].tolist() == ["00001", "00002"]
    assert rows["event_type"].tolist() == ["order", "quote"]
    assert rows["event_timestamp"].tolist() == [
        to_us(datetime(2024, 1, 1, 2, 0, 0, 123456, tzinfo=UTC)),
        to_us(datetime(2024, 7, 1, tzinfo=UTC)),
    ]
    assert rows["amount"].tolist()[0] == 12345678.1234567891
    assert rows["category"].tolist() == ["2024-01-01", "2024-07-01"]
