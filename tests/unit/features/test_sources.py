"""Ingest, from files to log: CSV, gzip, globs, Parquet, profiles, several sources."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from churn.calendar import to_us
from churn.clock import StoppedClock
from churn.errors import SettingsError
from churn.sections import Ingest
from features.log import bucket_name, bucket_of, read_log_manifest
from features.log_reading import read_events
from features.sources import ingest
from tests.orders_csv import ORDER, ORDERS, rows_of, run, shop


def test_a_csv_becomes_the_log(tmp_path: Path) -> None:
    report = run(tmp_path, ORDERS)
    rows = rows_of(report)
    assert rows["customer_id"].tolist() == ["00001", "00001", "00002"]
    assert rows["event_timestamp"].tolist() == [
        to_us(datetime(2024, 1, 1, tzinfo=UTC)),
        to_us(datetime(2024, 3, 1, tzinfo=UTC)),
        to_us(datetime(2024, 1, 12, 10, 30, tzinfo=UTC)),
    ]
    assert rows["amount"].tolist()[0] == 11.77
    assert pd.isna(rows["amount"].tolist()[1])
    manifest = report.manifest
    assert (manifest.events, manifest.customers, manifest.kinds) == (3, 2, {"order": 3})
    assert manifest.columns == {"order": ["amount"]}
    assert manifest.observed_until == manifest.now == datetime(2024, 3, 2, tzinfo=UTC)
    assert manifest.is_bulk_import
    assert manifest.sources[0]["origins"][0]["file"] == "orders.csv"
    assert read_log_manifest(tmp_path / "artifacts" / "shop") == manifest


def test_gzip_glob_and_parquet_read_alike(tmp_path: Path) -> None:
    plain = rows_of(run(tmp_path, ORDERS))
    lines = ORDERS.splitlines(keepends=True)
    for part, line in enumerate(lines[1:]):
        with gzip.open(tmp_path / f"part-{part}.csv.gz", "wt") as stream:
            stream.write(lines[0] + line)
    parts = ingest(shop(tmp_path, {"path": "part-*.csv.gz", **ORDER}), environ={})
    pd.testing.assert_frame_equal(rows_of(parts), plain)
    assert [origin["file"] for origin in parts.manifest.sources[0]["origins"]] == [
        f"part-{part}.csv.gz" for part in range(3)
    ]
    frame = pd.DataFrame(
        {
            "customer_id": ["00001", "00002", "00001"],
            "date": pd.to_datetime(["2024-01-01", "2024-01-12 10:30", "2024-03-01"], format="ISO8601", utc=True),
            "amount": [11.77, 12.0, None],
        }
    )
    frame["date"] = frame["date"].dt.tz_convert("Asia/Shanghai")  # the zone is kept, the instant is the same
    frame.to_parquet(tmp_path / "orders.parquet")
    parquet = ingest(
        shop(tmp_path, {"path": "orders.parquet", **{k: v for k, v in ORDER.items() if k != "timezone"}}),
        environ={},
    )
    pd.testing.assert_frame_equal(rows_of(parquet), plain)


def test_numbers_of_parquet_lose_nothing(tmp_path: Path) -> None:
    duckdb.sql(
        "SELECT 9007199254740993::BIGINT AS customer_id, TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS date, "
        "0.1::DOUBLE AS amount"
    ).write_parquet(str(tmp_path / "orders.parquet"))
    rows = rows_of(ingest(shop(tmp_path, {"path": "orders.parquet", **ORDER}), environ={}))
    assert rows.loc[0, "customer_id"] == "9007199254740993"
    assert rows.loc[0, "event_timestamp"] == to_us(datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC))
    assert rows.loc[0, "amount"] == 0.1


def test_a_path_may_hold_variables(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    wanted = shop(tmp_path, {"path": "${SHOP}/orders.csv", **ORDER})
    report = ingest(wanted, environ={"SHOP": str(tmp_path)})
    assert report.manifest.sources[0]["source"] == "${SHOP}/orders.csv"
    with pytest.raises(SettingsError, match="export SHOP="):
        ingest(wanted, environ={})


def test_profiles_become_dated_events(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,since,region,age\n1,2024-01-01,North,41\n2,2024-01-02,,\n")
    profile = {
        "path": "people.csv",
        "customer_id": "id",
        "event_timestamp": "since",
        "timezone": "UTC",
        "attributes": {"region": "region", "age": "TRY_CAST(age AS DOUBLE)"},
    }
    report = ingest(shop(tmp_path, profile), environ={})
    rows = rows_of(report).sort_values("event_type", ignore_index=True)
    assert rows["event_type"].tolist() == ["profile.age", "profile.region"]
    assert rows["amount"].tolist()[0] == 41
    assert rows["category"].tolist()[1] == "North"
    assert report.manifest.columns == {"profile.age": ["amount"], "profile.region": ["category"]}


def test_several_sources_make_one_log_and_where_chooses_rows(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "returns.csv").write_text("customer_id;date;amount\n00002;2024-02-01;3\n00001;2024-02-02;0\n")
    returns = {"path": "returns.csv", **ORDER, "event_type": "'return'", "where": "TRY_CAST(amount AS DOUBLE) > 0"}
    report = ingest(shop(tmp_path, {"path": "orders.csv", **ORDER}, returns), environ={})
    assert report.manifest.kinds == {"order": 3, "return": 1}
    assert report.manifest.rows == 4


def test_a_log_of_one_customer_works(tmp_path: Path) -> None:
    report = run(tmp_path, "customer_id,date,amount\n王,2024-01-01,1\n")
    assert list(report.manifest.files) == [bucket_name(bucket_of("王", 16))]
    assert read_events(report.path.parent, ["王"]).customers.tolist() == ["王"]
    assert len(read_events(report.path.parent, ["nobody"])) == 0


def test_by_the_clock_on_the_wall_only_now_differs_between_two_runs(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    wanted = shop(tmp_path, {"path": "orders.csv", **ORDER}, clock="wall")
    first, second = (
        ingest(wanted, environ={}, wall=StoppedClock(datetime(2024, 6, day, tzinfo=UTC))).manifest for day in (1, 2)
    )
    assert first.now != second.now
    assert replace(first, now=second.now) == second


def test_many_buckets_and_no_customer_at_all_read_alike(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    wanted = shop(tmp_path, {"path": "orders.csv", **ORDER})
    report = ingest(wanted.model_copy(update={"ingest": Ingest(buckets=4096)}), environ={})
    assert len(read_events(report.path.parent)) == 3
    assert len(read_events(report.path.parent, [])) == 0


def test_a_column_named_like_a_word_of_sql_is_a_column(tmp_path: Path) -> None:
    text = "select,when,at,order,from\na,2024-01-01,2024-01-02,3,true\nb,2024-01-01,2024-01-02,4,false\n"
    (tmp_path / "words.csv").write_text(text)
    words = {"customer_id": "select", "event_type": "'order'", "event_timestamp": "when", "ingested_at": " AT "}
    more = {"amount": "order", "where": "from", "attributes": {"size": "order"}, "timezone": "UTC"}
    rows = rows_of(ingest(shop(tmp_path, {"path": "words.csv", **words, **more}), environ={}))
    assert rows["event_type"].tolist() == ["order", "profile.size"]
    assert rows["customer_id"].tolist() == ["a", "a"]
    assert rows["amount"].tolist()[0] == 3.0
    assert rows["ingested_at"].tolist() == [to_us(datetime(2024, 1, 2, tzinfo=UTC))] * 2


def test_money_back_has_no_sign(tmp_path: Path) -> None:
    """Of kinds that take back alone: what a negative order means, we cannot know."""
    text = "customer_id,date,amount,kind\na,2024-01-01,-5,order\na,2024-01-02,-3.5,refund\na,2024-01-03,2,return\n"
    (tmp_path / "orders.csv").write_text(text + "a,2024-01-04,-1,storno\n")
    wanted = shop(tmp_path, {"path": "orders.csv", **ORDER, "event_type": "kind"})
    assert rows_of(ingest(wanted, environ={}))["amount"].tolist() == [-5.0, 3.5, 2.0, -1.0]
    definition = wanted.definition.model_copy(update={"taken_back_by": ("storno",)})
    named = ingest(wanted.model_copy(update={"definition": definition}), environ={})
    assert rows_of(named)["amount"].tolist() == [-5.0, -3.5, 2.0, 1.0]
