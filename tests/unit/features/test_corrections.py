"""Corrections and withdrawals at ingest: which rows become versions of an event, and which are refused."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.calendar import NEVER, to_us
from churn.events import Events, before
from features.log import SUPERSEDED
from features.log_reading import read_events
from features.sources import IngestReport, ingest
from tests.orders_csv import ORDER, rejects_of, rows_of, run, shop

MAPPING: dict[str, object] = {"event_id": "id", "ingested_at": "known", "withdrawn": "gone"}
HEADER = "customer_id,date,amount,id,known,gone\n"


def us(day: str) -> int:
    return to_us(datetime.fromisoformat(day).replace(tzinfo=UTC))


def told(root: Path, *lines: str, mapping: dict[str, object] | None = None) -> IngestReport:
    return run(root, HEADER + "\n".join(lines) + "\na,2024-06-01,9,last,2024-06-01,\n", mapping or MAPPING)


def amounts(report: IngestReport, day: str) -> list[float]:
    """What orders but the last were worth, as known at a cutoff."""
    return before(read_events(report.path.parent), us(day)).amount[:].tolist()


def test_a_correction_counts_from_when_it_was_known(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-01,5,1,2024-01-01,", "a,2024-01-01,7,1,2024-02-01,")
    assert amounts(report, "2024-02-01") == [5.0]  # a cutoff at that very instant does not know it yet
    assert amounts(report, "2024-02-01T00:00:00.000001") == [7.0]
    assert (report.manifest.superseded, report.manifest.withdrawn, report.manifest.rejected) == (1, 0, {})
    assert "1 versions were replaced later" in report.as_text()


def test_a_correction_may_move_an_event_and_give_it_to_somebody_else(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-01,5,1,2024-01-05,", "b,2024-01-03,5,1,2024-02-01,")
    rows = rows_of(report)
    assert rows["customer_id"].tolist() == ["a", "a", "b"]
    assert rows[SUPERSEDED].notna().tolist() == [True, False, False]
    events = read_events(report.path.parent)
    assert before(events, us("2024-01-20")).time_us.tolist() == [us("2024-01-01")]
    later = before(events, us("2024-02-20"))
    assert (later.customers[later.customer].tolist(), later.time_us.tolist()) == (["b"], [us("2024-01-03")])


def test_the_same_told_again_is_a_duplicate_and_changes_nothing(tmp_path: Path) -> None:
    lines = ["a,2024-01-01,5,1,2024-01-01,", "a,2024-01-01,5,1,2024-02-01,", "a,2024-01-01,7,1,2024-03-01,"]
    report = told(tmp_path, *lines, "a,2024-01-01,7,1,2024-04-01,")
    assert report.manifest.rejected == {"told_again": 2}
    assert rejects_of(report)["row"].tolist() == [2, 4]
    assert rows_of(report)[SUPERSEDED].tolist()[0] == us("2024-03-01")


def test_exports_of_everything_every_day_are_no_fault(tmp_path: Path) -> None:
    """Most of what they tell was told the day before; that stops no ingest."""
    lines = [f"c{n},2024-01-0{n},5,{n},2024-0{month}-01," for n in range(1, 9) for month in (2, 3, 4)]
    (tmp_path / "orders.csv").write_text(HEADER + "\n".join(lines) + "\n")
    settings = shop(tmp_path, {"path": "orders.csv", **ORDER, **MAPPING}, max_rejected_share=0.0)
    report = ingest(settings, environ={})
    assert (report.manifest.events, report.manifest.rejected) == (8, {"told_again": 16})


def test_a_correction_can_be_taken_back(tmp_path: Path) -> None:
    lines = ["a,2024-01-01,5,1,2024-01-01,", "a,2024-01-01,7,1,2024-02-01,", "a,2024-01-01,5,1,2024-03-01,"]
    report = told(tmp_path, *lines)
    assert [amounts(report, f"2024-0{month}-15") for month in (1, 2, 3)] == [[5.0], [7.0], [5.0]]


def test_a_withdrawal_ends_an_event_from_when_it_was_known(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-01,5,1,2024-01-01,", ",,,1,2024-02-01,true", ",,,1,2024-03-01,true")
    assert [amounts(report, f"2024-0{month}-15") for month in (1, 2, 3)] == [[5.0], [], []]
    assert (report.manifest.withdrawn, report.manifest.rejected) == (1, {"told_again": 1})
    assert "1 rows withdraw an event" in report.as_text()
    assert report.manifest.rows == report.manifest.events + 1 + 1


def test_a_withdrawn_event_may_come_back(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-01,5,1,2024-01-01,", ",,,1,2024-02-01,1", "a,2024-01-01,5,1,2024-03-01,0")
    assert [amounts(report, f"2024-0{month}-15") for month in (1, 2, 3)] == [[5.0], [], [5.0]]


def test_a_withdrawal_must_say_of_what_and_since_when(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-01,5,1,,true", "a,2024-01-01,5,,2024-02-01,true", "a,2024-01-01,5,2,,perhaps")
    assert report.manifest.rejected == {"bad_withdrawn": 1, "withdrawn_since_when": 1, "withdrawn_without_id": 1}


def test_of_two_contents_known_at_once_the_first_by_time_stays(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-02,7,1,2024-02-01,", "a,2024-01-01,5,1,2024-02-01,")
    assert amounts(report, "2024-03-01") == [5.0]
    assert report.manifest.rejected == {"duplicate_event_id": 1}


def test_where_a_row_does_not_say_when_it_was_known_the_first_by_time_stays(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-02,7,1,,", "a,2024-01-01,5,1,2024-02-01,", "a,2024-01-03,9,1,2024-03-01,")
    assert amounts(report, "2024-04-01") == [5.0]
    assert report.manifest.rejected == {"duplicate_event_id": 2}
    assert report.manifest.superseded == 0


def test_sources_of_one_name_share_their_ids_and_others_do_not(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        "customer_id,date,amount,id,known\na,2024-01-01,5,1,2024-01-01\nb,2024-01-01,5,2,2024-01-01\n"
    )
    (tmp_path / "gone.csv").write_text("customer_id,date,amount,id,known\na,2024-01-01,5,1,2024-02-01\n")
    first = {"path": "orders.csv", **ORDER, "event_id": "id", "ingested_at": "known"}
    second = first | {"path": "gone.csv", "withdrawn": "'true'"}
    for name, left in (("shop", 1), (None, 2)):
        settings = shop(tmp_path, {**first, "name": name}, {**second, "name": name})
        report = ingest(settings, environ={})
        assert len(before(read_events(report.path.parent), us("2024-03-01"))) == left


PROFILE: dict[str, object] = {
    "path": "people.csv", "timezone": "UTC", "customer_id": "id", "event_timestamp": "changed", "ingested_at": "known",
    "event_id": "id", "withdrawn": "gone", "attributes": {"region": "region", "tier": "tier"},
}  # fmt: skip


def profiles(root: Path, *lines: str, **mapping: object) -> IngestReport:
    (root / "people.csv").write_text("id,changed,known,region,tier,gone\n" + "\n".join(lines) + "\n")
    (root / "orders.csv").write_text("customer_id,date,amount\na,2024-06-01,9\n")
    return ingest(shop(root, PROFILE | mapping, {"path": "orders.csv", **ORDER}), environ={})


def attributes(report: IngestReport, day: str) -> dict[str, str]:
    """What profiles said, as known at a cutoff."""
    known = before(read_events(report.path.parent), us(day))
    return {
        kind: str(known.category.levels[code]) for kind, code in zip(_kinds(known), known.category.codes, strict=True)
    }


def _kinds(events: Events) -> list[str]:
    return [events.kind.levels[code].removeprefix("profile.") for code in events.kind.codes]


def test_an_attribute_corrected_to_nothing_is_not_known_from_then_on(tmp_path: Path) -> None:
    lines = ["a,2024-01-01,2024-01-01,north,gold,", "a,2024-01-01,2024-02-01,,gold,"]
    report = profiles(tmp_path, *lines, "a,2024-01-01,2024-03-01,,,", "a,2024-01-01,2024-04-01,south,,")
    assert attributes(report, "2024-01-15") == {"region": "north", "tier": "gold"}
    assert attributes(report, "2024-02-15") == {"tier": "gold"}
    assert attributes(report, "2024-03-15") == {}
    assert attributes(report, "2024-04-15") == {"region": "south"}
    assert (report.manifest.withdrawn, report.manifest.rejected) == (0, {"told_again": 1})


def test_an_attribute_that_was_always_empty_is_none(tmp_path: Path) -> None:
    report = profiles(tmp_path, "a,2024-01-01,2024-01-01,,gold,", "a,2024-01-01,2024-02-01,,silver,")
    assert report.manifest.kinds == {"order": 1, "profile.tier": 2}
    assert (report.manifest.withdrawn, report.manifest.rejected) == (0, {})
    assert attributes(report, "2024-03-01") == {"tier": "silver"}


def test_of_a_value_and_none_known_at_once_the_value_stays(tmp_path: Path) -> None:
    report = profiles(tmp_path, "a,2024-01-01,2024-02-01,,gold,", "a,2024-01-02,2024-02-01,north,gold,")
    assert attributes(report, "2024-03-01") == {"region": "north", "tier": "gold"}


@pytest.mark.parametrize(
    "gone", ["gone", "gone = 'true' -- or not", "CAST(gone = 'true' AS INTEGER)", "TRY_CAST(gone AS BOOLEAN)"]
)
def test_a_withdrawn_profile_needs_no_attributes(tmp_path: Path, gone: str) -> None:
    lines = ["a,2024-01-01,2024-01-01,north,gold,", "a,,2024-02-01,,,true", "b,,,,,true"]
    report = profiles(tmp_path, *lines, withdrawn=gone)
    assert attributes(report, "2024-01-15") == {"region": "north", "tier": "gold"}
    assert attributes(report, "2024-02-15") == {}
    assert (report.manifest.withdrawn, report.manifest.rejected) == (1, {"withdrawn_since_when": 1})


def test_attributes_and_events_of_one_name_are_never_versions_of_each_other(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,changed,known,region,tier,gone\na,2024-01-01,2024-01-01,north,gold,\n")
    (tmp_path / "orders.csv").write_text("customer_id,date,amount,id,known\na,2024-01-02,9,a,2024-02-01\n")
    orders = {"path": "orders.csv", **ORDER, "event_id": "id", "ingested_at": "known"}
    one, other = ({**PROFILE, "name": "crm", "attributes": {name: name}} for name in ("region", "tier"))
    report = ingest(shop(tmp_path, one, other, {**orders, "name": "crm"}), environ={})
    assert report.manifest.kinds == {"order": 1, "profile.region": 1, "profile.tier": 1}
    assert report.manifest.superseded == 0


def test_a_log_of_format_1_is_read_as_before(tmp_path: Path) -> None:
    report = told(tmp_path, "a,2024-01-01,5,1,2024-01-01,")
    events = read_events(report.path.parent)
    for path in report.path.glob("bucket=*.parquet"):
        rows: pa.Table = pq.ParquetFile(path).read()
        pq.write_table(rows.drop_columns(SUPERSEDED), path)
    old = read_events(report.path.parent)
    assert (old.time_us.tolist(), old.void_us.tolist()) == (events.time_us.tolist(), [NEVER, NEVER])
