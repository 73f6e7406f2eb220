"""What an error of ingest says, and that it leaves the log that was there."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from churn.errors import NaiveTime, SettingsError, WrongColumns
from churn.settings import load
from features.file_lock import Busy
from features.log import BrokenLog, NoLog, read_log_manifest
from features.log_reading import read_events
from features.mapping import WrongExpression
from features.reading import SourceMissing, UnreadableSource
from features.refusing import EmptyLog
from features.shelf import DiskFull, TooLittleMemory
from features.sources import ingest
from tests.orders_csv import ORDER, ORDERS, run, shop


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
        ingest(shop(tmp_path, {"path": path, **ORDER}), environ={})
    assert path in raised.value.problem
    assert "relative to the folder of the toml" in raised.value.mend


@pytest.mark.parametrize(
    "content",
    [b"\x1f\x8b\x08nonsense", gzip.compress(ORDERS.encode() * 999, mtime=0)[:60], b"PAR1nonsense", b"", b"a,a\n1,2\n"],
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orders.csv.gz").write_bytes(content)
    with pytest.raises(UnreadableSource) as raised:
        ingest(shop(tmp_path, {"path": "orders.csv.gz", **ORDER}), environ={})
    assert "orders.csv.gz" in raised.value.problem
    assert "UTF-8" in raised.value.mend


def test_files_of_a_glob_have_the_same_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("customer_id,date,amount\n1,2024-01-01,1\n")
    (tmp_path / "b.csv").write_text("customer_id,date,price\n1,2024-01-01,1\n")
    with pytest.raises(WrongColumns, match=r"b\.csv"):
        ingest(shop(tmp_path, {"path": "?.csv", **ORDER}), environ={})


@pytest.mark.parametrize(("text", "mapping"), [("customer_id,date,amount\n", {}), (ORDERS, {"where": "false"})])
def test_an_empty_log_is_an_error(tmp_path: Path, text: str, mapping: dict[str, str]) -> None:
    with pytest.raises(EmptyLog) as raised:
        run(tmp_path, text, mapping)
    assert "`where`" in raised.value.mend
    with pytest.raises(NoLog, match="churn ingest"):
        read_events(tmp_path / "artifacts" / "shop")


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
        ingest(shop(tmp_path, source), environ={})
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
    assert sorted(path.name for path in before.path.parent.iterdir()) == [".lock", "ingest", "log"]


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
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "ingest", "log"]


@pytest.mark.parametrize("name", ["manifest.json", "bucket=*.parquet"])
def test_a_broken_log_says_so(tmp_path: Path, name: str) -> None:
    report = run(tmp_path, ORDERS)
    for path in report.path.glob(name):
        path.write_bytes(b"nonsense")
    for customers in (None, ["00001"]):
        with pytest.raises(BrokenLog, match="churn ingest") as raised:
            read_events(report.path.parent, customers)
        assert raised.value.exit_code == 10


def test_sorting_spills_where_memory_is_short(tmp_path: Path) -> None:
    """The same bytes whatever memory there is; where it is less than the least, that is said."""
    rows = "".join(f"{number % 997},2024-01-01,{number}\n" for number in range(60_000))
    (tmp_path / "orders.csv").write_text("customer_id,date,amount\n" + rows)
    made = shop(tmp_path, {"path": "orders.csv", **ORDER})

    def within(memory_gb: float) -> str:
        limited = made.model_copy(update={"ingest": made.ingest.model_copy(update={"memory_gb": memory_gb})})
        return ingest(limited, environ={}).manifest.log_hash

    assert within(0.03) == within(4.0)
    with pytest.raises(TooLittleMemory) as raised:
        within(0.001)
    assert "[ingest] memory_gb" in raised.value.mend
