"""Ingest, from files to log: what comes in, what is refused and why, what an error says, and what it leaves alone."""

import gzip
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from churn.calendar import to_us
from churn.clock import StoppedClock
from churn.errors import NaiveTime, SettingsError, WrongColumns
from churn.sections import Business, Ingest, Source
from churn.settings import Settings, load
from features.log import NoLog, bucket_name, bucket_of, read_events, read_log_manifest
from features.mapping import WrongExpression
from features.reading import SourceMissing, UnreadableSource
from features.shelf import Busy, DiskFull
from features.sources import EmptyLog, IngestReport, TooManyRejects, ingest

ORDERS = """customer_id,date,amount
00001,2024-01-01,11.77
00002,2024-01-12 10:30,12.0
00001,2024-03-01T08:00:00+08:00,
"""
ORDER = {
    "customer_id": "customer_id",
    "event_type": "'order'",
    "event_timestamp": "date",
    "amount": "amount",
    "timezone": "UTC",
}


def settings(root: Path, *sources: dict[str, object], max_rejected_share: float = 1.0, **business: str) -> Settings:
    return Settings(
        business=Business(slug="shop", **{"clock": "log", **business}),
        source=tuple(Source(**source) for source in sources),
        ingest=Ingest(max_rejected_share=max_rejected_share),
        root=root,
    )


def run(root: Path, text: str, mapping: dict[str, object] | None = None, **more: object) -> IngestReport:
    (root / "orders.csv").write_text(text, encoding="utf-8")
    return ingest(settings(root, {"path": "orders.csv", **ORDER, **(mapping or {})}, **more), environ={})


def rows_of(report: IngestReport) -> pd.DataFrame:
    files = sorted(report.path.glob("bucket=*.parquet"))
    return pd.concat([pq.ParquetFile(path).read().to_pandas() for path in files]).sort_values(
        ["customer_id", "event_timestamp"], ignore_index=True
    )


def rejects_of(report: IngestReport) -> pd.DataFrame:
    return pq.ParquetFile(report.path / "rejects.parquet").read().to_pandas()


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
    parts = ingest(settings(tmp_path, {"path": "part-*.csv.gz", **ORDER}), environ={})
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
        settings(tmp_path, {"path": "orders.parquet", **{k: v for k, v in ORDER.items() if k != "timezone"}}),
        environ={},
    )
    pd.testing.assert_frame_equal(rows_of(parquet), plain)


def test_numbers_of_parquet_lose_nothing(tmp_path: Path) -> None:
    duckdb.sql(
        "SELECT 9007199254740993::BIGINT AS customer_id, TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS date, "
        "0.1::DOUBLE AS amount"
    ).write_parquet(str(tmp_path / "orders.parquet"))
    rows = rows_of(ingest(settings(tmp_path, {"path": "orders.parquet", **ORDER}), environ={}))
    assert rows.loc[0, "customer_id"] == "9007199254740993"
    assert rows.loc[0, "event_timestamp"] == to_us(datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC))
    assert rows.loc[0, "amount"] == 0.1


def test_a_path_may_hold_variables(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    wanted = settings(tmp_path, {"path": "${SHOP}/orders.csv", **ORDER})
    report = ingest(wanted, environ={"SHOP": str(tmp_path)})
    assert report.manifest.sources[0]["source"] == "${SHOP}/orders.csv"
    with pytest.raises(SettingsError, match="export SHOP="):
        ingest(wanted, environ={})


def test_bad_rows_are_counted_explained_and_kept_aside(tmp_path: Path) -> None:
    text = (
        "customer_id,date,amount,id,known\n"
        "a,2024-01-01,1,1,\n"
        ",2024-01-01,1,2,\n"
        "a,yesterday,1,3,\n"
        "a,2024-02-30,1,4,\n"
        "a,2024-01-02,NaN,5,\n"
        "a,2024-01-02,1e999,6,\n"
        'a,2024-01-02,"1,5",7,\n'
        "a,2024-01-03,1,1,\n"
        "too,many,fields,in,this,line\n"
        "a,2024-06-01,1,8,\n"
        "a,2024-01-04,1,9,soon\n"
        "a,2024-01-05,2,10,2024-01-06\n"
    )
    mapping = {"event_id": "id", "ingested_at": "known"}
    (tmp_path / "orders.csv").write_text(text)
    wall = StoppedClock(datetime(2024, 6, 1, tzinfo=UTC))
    wanted = settings(tmp_path, {"path": "orders.csv", **ORDER, **mapping}, clock="wall")
    report = ingest(wanted, environ={}, wall=wall)
    assert report.manifest.rejected == {
        "bad_amount": 3,
        "duplicate_event_id": 1,
        "in_the_future": 1,
        "no_customer_id": 1,
        "unparsable_ingested_at": 1,
        "unparsable_time": 2,
        "unreadable_line": 1,
    }
    assert (report.manifest.rows, report.manifest.events, report.manifest.now) == (12, 2, wall.at)
    rejects = rejects_of(report)
    assert rejects["row"].tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert rejects["reason"].tolist()[6:9] == ["duplicate_event_id", "unreadable_line", "in_the_future"]
    assert json.loads(rejects["raw"][1])["date"] == "yesterday"
    assert json.loads(rejects["raw"][7]) == {"line": "too,many,fields,in,this,line"}
    assert "no finite number" in rejects["why"][4]
    assert "3 x bad_amount" in report.as_text()
    assert rows_of(report)["ingested_at"].tolist() == [
        to_us(datetime(2024, 1, 1, tzinfo=UTC)),
        to_us(datetime(2024, 1, 6, tzinfo=UTC)),
    ]
    assert not report.manifest.is_bulk_import


def test_over_the_share_it_stops_and_keeps_the_log(tmp_path: Path) -> None:
    before = run(tmp_path, ORDERS)
    with pytest.raises(TooManyRejects) as raised:
        run(tmp_path, ORDERS + ",2024-01-01,1\n", max_rejected_share=0.2)
    assert raised.value.exit_code == 10
    assert "1 of 4 rows" in raised.value.problem
    assert "row 4 of orders.csv" in raised.value.problem
    assert "max_rejected_share" in raised.value.mend
    assert read_log_manifest(before.path.parent) == before.manifest
    assert sorted(path.name for path in before.path.parent.iterdir()) == [".lock", "log"]
    run(tmp_path, ORDERS + ",2024-01-01,1\n", max_rejected_share=0.25)  # exactly the share is allowed


def test_with_the_logs_clock_what_lies_after_observed_until_is_the_future(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    wanted = settings(tmp_path, {"path": "orders.csv", **ORDER}, timezone="America/New_York")
    wanted = wanted.model_copy(
        update={"definition": wanted.definition.model_copy(update={"observed_until": date(2024, 3, 1)})}
    )
    report = ingest(wanted, environ={})
    assert report.manifest.now == report.manifest.observed_until == datetime(2024, 3, 1, 5, tzinfo=UTC)
    assert report.manifest.rejected == {}
    wanted = wanted.model_copy(
        update={"definition": wanted.definition.model_copy(update={"observed_until": date(2024, 2, 29)})}
    )
    assert ingest(wanted, environ={}).manifest.rejected == {"in_the_future": 1}


def test_profiles_become_dated_events(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,since,region,age\n1,2024-01-01,North,41\n2,2024-01-02,,\n")
    profile = {
        "path": "people.csv",
        "customer_id": "id",
        "event_timestamp": "since",
        "timezone": "UTC",
        "attributes": {"region": "region", "age": "TRY_CAST(age AS DOUBLE)"},
    }
    report = ingest(settings(tmp_path, profile), environ={})
    rows = rows_of(report).sort_values("event_type", ignore_index=True)
    assert rows["event_type"].tolist() == ["profile.age", "profile.region"]
    assert rows["amount"].tolist()[0] == 41
    assert rows["category"].tolist()[1] == "North"
    assert report.manifest.columns == {"profile.age": ["amount"], "profile.region": ["category"]}


def test_several_sources_make_one_log_and_where_chooses_rows(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "returns.csv").write_text("customer_id;date;amount\n00002;2024-02-01;3\n00001;2024-02-02;0\n")
    returns = {"path": "returns.csv", **ORDER, "event_type": "'return'", "where": "TRY_CAST(amount AS DOUBLE) > 0"}
    report = ingest(settings(tmp_path, {"path": "orders.csv", **ORDER}, returns), environ={})
    assert report.manifest.kinds == {"order": 3, "return": 1}
    assert report.manifest.rows == 4


def test_naive_times_need_a_zone(tmp_path: Path) -> None:
    with pytest.raises(NaiveTime) as raised:
        run(tmp_path, ORDERS, {"timezone": None})
    assert "orders.csv (2 rows, for instance '2024-01-01')" in raised.value.problem
    assert "timezone =" in raised.value.mend


@pytest.mark.parametrize(
    ("mapping", "mend"),
    [
        ({"amount": "amout"}, "did you mean 'amount'"),
        ({"amount": "amount +"}, "all of them text"),
        ({"amount": "CAST(date AS DOUBLE)"}, "TRY_CAST"),
        ({"amount": "(SELECT count(*) FROM read_csv('orders.csv'))"}, "all of them text"),
        ({"where": "price > 0"}, "customer_id, date, amount"),
        ({"event_type": "order"}, "single quotes"),
        ({"order_id": "event_type"}, "customer_id, date, amount"),  # a mapped column is none of the source
    ],
)
def test_a_wrong_expression_names_its_column(tmp_path: Path, mapping: dict[str, str], mend: str) -> None:
    with pytest.raises(WrongExpression) as raised:
        run(tmp_path, ORDERS, mapping)
    assert next(iter(mapping)) in raised.value.problem
    assert mend in raised.value.mend


def test_an_expression_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("word\nmellon\n")
    with pytest.raises(WrongExpression, match="disabled by configuration"):
        run(tmp_path, ORDERS, {"category": f"(SELECT any_value(word) FROM '{tmp_path}/secret.csv')"})


@pytest.mark.parametrize("path", ["nowhere.csv", "no-*.csv.gz"])
def test_a_missing_file_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceMissing) as raised:
        ingest(settings(tmp_path, {"path": path, **ORDER}), environ={})
    assert path in raised.value.problem
    assert "relative to the folder of the toml" in raised.value.mend


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b\x08nonsense", gzip.compress(ORDERS.encode() * 999)[:60], b"PAR1nonsense", b"", b"a,a\n1,2\n"]
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orders.csv.gz").write_bytes(content)
    with pytest.raises(UnreadableSource) as raised:
        ingest(settings(tmp_path, {"path": "orders.csv.gz", **ORDER}), environ={})
    assert "orders.csv.gz" in raised.value.problem
    assert "UTF-8" in raised.value.mend


def test_files_of_a_glob_have_the_same_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("customer_id,date,amount\n1,2024-01-01,1\n")
    (tmp_path / "b.csv").write_text("customer_id,date,price\n1,2024-01-01,1\n")
    with pytest.raises(WrongColumns, match=r"b\.csv"):
        ingest(settings(tmp_path, {"path": "?.csv", **ORDER}), environ={})


@pytest.mark.parametrize(("text", "mapping"), [("customer_id,date,amount\n", {}), (ORDERS, {"where": "false"})])
def test_an_empty_log_is_an_error(tmp_path: Path, text: str, mapping: dict[str, str]) -> None:
    with pytest.raises(EmptyLog) as raised:
        run(tmp_path, text, mapping)
    assert "`where`" in raised.value.mend
    with pytest.raises(NoLog, match="churn ingest"):
        read_events(tmp_path / "artifacts" / "shop")


def test_a_log_of_refused_rows_only_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyLog, match="None of the 1 rows"):
        run(tmp_path, "customer_id,date,amount\n,2024-01-01,1\n")
    with pytest.raises(TooManyRejects):
        run(tmp_path, "customer_id,date,amount\n,2024-01-01,1\n", max_rejected_share=0.5)


def test_a_log_of_one_customer_works(tmp_path: Path) -> None:
    report = run(tmp_path, "customer_id,date,amount\n王,2024-01-01,1\n")
    assert list(report.manifest.files) == [bucket_name(bucket_of("王", 16))]
    assert read_events(report.path.parent, ["王"]).customers.tolist() == ["王"]
    assert len(read_events(report.path.parent, ["nobody"])) == 0


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ({"url": "sqlite://", **ORDER}, "path ="),
        ({**ORDER}, "path ="),
        ({**ORDER, "event_type": None}, "attributes ="),
    ],
)
def test_an_incomplete_source_is_an_error(tmp_path: Path, source: dict[str, object], mend: str) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    if "url" in source or source["event_type"] is None:
        source = {**source, "path": "orders.csv"}
    with pytest.raises(SettingsError) as raised:
        ingest(settings(tmp_path, source), environ={})
    assert mend in raised.value.mend


def test_no_source_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text("")
    with pytest.raises(SettingsError, match="add one with path"):
        ingest(load(tmp_path / "churn.toml", {}), environ={})


FILLED = """
import resource, sys
from pathlib import Path
from churn.errors import ChurnError
from churn.settings import load
from features.sources import ingest
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    ingest(load(sys.argv[1], {}), environ={})
except ChurnError as error:
    print(type(error).__name__, error)
"""


def test_a_full_disk_leaves_the_log_that_was_there(tmp_path: Path) -> None:
    """No file may grow over 4 KiB: the kernel itself refuses the write."""
    before = run(tmp_path, ORDERS)
    lines = "".join(f"{customer},2024-01-01 00:00:{customer % 60:02d},{customer / 7}\n" for customer in range(20_000))
    (tmp_path / "orders.csv").write_text("customer_id,date,amount\n" + lines)
    (tmp_path / "churn.toml").write_text(
        '[business]\nslug = "shop"\nclock = "log"\n[[source]]\npath = "orders.csv"\n'
        + "".join(f'{name} = "{value}"\n' for name, value in ORDER.items())
    )
    command = [sys.executable, "-c", FILLED, str(tmp_path / "churn.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(DiskFull.__name__), done.stdout + done.stderr
    assert "free some space" in done.stdout
    assert read_log_manifest(before.path.parent) == before.manifest
    assert sorted(path.name for path in before.path.parent.iterdir()) == [".lock", "log"]


def test_two_ingests_at_once_are_one_too_many(tmp_path: Path) -> None:
    from features.shelf import workshop

    with workshop(tmp_path / "artifacts" / "shop"), pytest.raises(Busy, match="wait until it is done"):
        run(tmp_path, ORDERS)


def test_a_log_is_read_even_from_the_moment_between(tmp_path: Path) -> None:
    """A machine that goes down while folders change places leaves a log that is read, and mended by the next ingest."""
    report = run(tmp_path, ORDERS)
    folder = report.path.parent
    report.path.rename(folder / "log.before")
    (folder / ".work-killed").mkdir()
    assert len(read_events(folder)) == 3
    run(tmp_path, ORDERS)
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "log"]
