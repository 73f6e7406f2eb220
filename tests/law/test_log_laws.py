"""Laws of the event log: the same events give the same bytes, in whatever order; reading gives what a frame gives."""

import hashlib
import tempfile
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churn.calendar import from_us, to_us
from churn.events import Events, Texts
from churn.orders import TakingBack
from churn.sections import Business, Ingest, Source
from churn.settings import Settings
from churn.tables import EVENTS
from features.instants import clock_us_sql, has_offset_sql, offset_us_sql
from features.log import bucket_of, read_log_manifest
from features.log_reading import read_events
from features.sources import ingest

MAPPING = {name: name for name in EVENTS.names}
START = datetime(2024, 1, 1, tzinfo=UTC)

text = st.sampled_from(["", "a", "b", "é", "王", "B", "a b"])
number = st.sampled_from(["", "0", "1", "2.5", "-0.0", "1e3"])
instant = st.integers(0, 5).map(lambda hours: (START + timedelta(hours=hours)).isoformat())
row = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["00001", "1", "é", "Z", "a"]),
        "event_type": st.sampled_from(["order", "return", "visit"]),
        "event_timestamp": instant,
        "ingested_at": instant,
        "event_id": st.sampled_from(["", "", "e1", "e2"]),
        "amount": number,
        "channel": text,
        "order_id": st.sampled_from(["", "o1", "o2"]),
        "category": text,
        "quantity": number,
        "discount_amount": number,
        "score": number,
        "reason_code": text,
        "text": text,
        "related_customer_id": text,
    }
)


def told(kind: str, event_id: str, *, at: int, **columns: str) -> dict[str, str]:
    """A row of one customer, known some hours after it happened."""
    known = (START + timedelta(hours=at)).isoformat()
    named = {"customer_id": "a", "event_type": kind, "event_id": event_id, "ingested_at": known}
    return dict.fromkeys(EVENTS.names, "") | named | {"event_timestamp": START.isoformat()} | columns


logs = st.lists(row, min_size=1, max_size=20)


def write(rows: list[dict[str, str]], root: Path, buckets: int = 4) -> Path:
    pd.DataFrame(rows, columns=EVENTS.names).to_csv(root / "events.csv", index=False)
    wanted = Settings(
        business=Business(slug="shop", clock="log"),
        source=(Source(path="events.csv", **MAPPING),),
        ingest=Ingest(buckets=buckets, max_rejected_share=1.0),
        root=root,
    )
    return ingest(wanted, environ={}).path


def digests(log: Path, names: str = "*") -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(log.glob(names))}


def arrays(events: Events) -> dict[str, list[object]]:
    """The arrays of a log as lists, texts spelt out, so that equal means equal; NaN is None."""
    found = {}
    for field in fields(events):
        value = getattr(events, field.name)
        if isinstance(value, Texts):
            found[field.name] = [value.levels[code] if code >= 0 else None for code in value.codes]
        else:
            found[field.name] = [None if item != item else item for item in value.tolist()]  # noqa: PLR0124
    return found


@settings(max_examples=12)
@given(logs, st.randoms(use_true_random=False))
def test_the_same_events_are_the_same_bytes_in_whatever_order(rows: list[dict[str, str]], random: object) -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        log = write(rows, Path(first))
        before = digests(log)
        assert digests(write(rows, Path(first))) == before  # again, over itself
        shuffled = list(rows)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert digests(write(shuffled, Path(second)), "bucket=*") == digests(log, "bucket=*")


@settings(max_examples=15)
@given(logs)
@example(
    [
        told("order", "e1", at=0, order_id="o1"),
        told("return", "e2", at=1, order_id="o1"),
        told("return", "e2", at=3, order_id="o2"),  # a corrected return: its order counts again
        told("order", "e1", at=4, order_id="o1", amount="1"),
    ]
)
def test_reading_a_log_gives_what_its_frame_gives(rows: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as root:
        log = write(rows, Path(root))
        frame = pd.concat([pq.ParquetFile(path).read().to_pandas() for path in sorted(log.glob("bucket=*"))])
        read, manifest = read_events(log.parent), read_log_manifest(log.parent)
        taking_back = TakingBack(tuple(manifest.taken_back_by), tuple(manifest.orders))
        assert arrays(read) == arrays(Events.from_frame(frame, taking_back=taking_back))
        mine = frame["customer_id"].iloc[0]
        assert arrays(read_events(log.parent, [mine])) == arrays(read.of([mine]))
        for path in log.glob("bucket=*"):
            bucket = int(path.stem.removeprefix("bucket="))
            assert {bucket_of(customer, 4) for customer in pq.read_table(path)["customer_id"].to_pylist()} == {bucket}


def test_the_bucket_of_a_customer_never_changes() -> None:
    """Golden: these numbers are part of the format on disk."""
    assert [bucket_of(customer, 16) for customer in ("00001", "C000123", "王", "")] == [7, 15, 1, 9]


def ours(texts: list[str], timezone: str) -> list[int | None]:
    """The instants of texts, as ingest works them out."""
    year_1_us, year_9999_us = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (1, 9999))
    offset = offset_us_sql("clock", timezone, year_1_us, year_9999_us)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE TABLE t (n INTEGER, x VARCHAR)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(texts)))
        found = connection.execute(
            f"SELECT clock - CASE WHEN {has_offset_sql('x')} THEN 0 ELSE {offset} END "
            f"FROM (SELECT *, {clock_us_sql('x')} AS clock FROM t) ORDER BY n"
        ).fetchall()
    return [instant for (instant,) in found]


def test_an_abbreviation_is_the_clock_of_nobody() -> None:
    """CST is Shanghai's and Chicago's; what names its zone in full, or is universal, is read."""
    ten = to_us(datetime(2024, 3, 5, 10, tzinfo=UTC))
    east = ten - 8 * 3_600_000_000
    for word in ("CST", "cst", "IST", "BST", "PRC", "EST5EDT"):
        assert ours([f"2024-03-05 10:00 {word}"], "Asia/Shanghai") == [None]
    read = {"": east, " UTC": ten, " gmt": ten, "+08": east, " Asia/Shanghai": east, " Etc/GMT-8": east}
    assert ours([f"2024-03-05 10:00{zone}" for zone in read], "Asia/Shanghai") == list(read.values())


@settings(max_examples=60)
@given(
    st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)), min_size=1, max_size=30),  # noqa: DTZ001
    st.sampled_from(
        ["Europe/London", "America/New_York", "Asia/Shanghai", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]
    ),
)
@example([datetime(2024, 3, 10, 2, 30), datetime(2024, 11, 3, 1, 30)], "America/New_York")  # noqa: DTZ001
@example([datetime(2018, 11, 4, 0, 0), datetime(2018, 11, 4, 0, 59)], "America/Sao_Paulo")  # noqa: DTZ001
def test_local_times_become_instants_as_python_has_it(moments: list[datetime], timezone: str) -> None:
    zone = ZoneInfo(timezone)
    assert ours([moment.isoformat(sep=" ") for moment in moments], timezone) == [
        to_us(moment.replace(tzinfo=zone)) for moment in moments
    ]


def test_forms_of_an_instant() -> None:
    noon = to_us(datetime(2024, 3, 10, 12, tzinfo=UTC))
    forms = {
        "2024-03-10T12:00:00Z": noon,
        "2024-03-10 20:00+08:00": noon,
        "2024-03-10 20:00:00+0800": noon,
        " 2024-03-10 20:00:00.000000999+08 ": noon,
        "2024-03-10 07:30:00-04:30": noon,
        "2024-03-10 12:00:00 UTC": noon,
        "2024-03-10 12:00:00.5": noon + 500_000,
        "2024-03-10": noon - 12 * 3_600_000_000,
        "2024-02-30": None,
        "10/03/2024": None,
        "0000-00-00": None,
        "2024-03-10 25:00": None,
        "20/03/10": None,
        "epoch": None,
        "infinity": None,
        "": None,
    }
    assert dict(zip(forms, ours(list(forms), "UTC"), strict=True)) == forms
    assert from_us(noon) == datetime(2024, 3, 10, 12, tzinfo=UTC)
