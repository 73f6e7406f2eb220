"""The id map at ingest: whose an event is, as we knew it when; and which maps are refused."""

from collections import Counter
from pathlib import Path

import pytest

from churn.events import before
from churn.sections import IdMap
from features.id_map import WrongIdMap
from features.log_reading import read_events
from features.reading import SourceMissing
from features.sources import IngestReport, ingest
from tests.mapped_shop import CALLS, ORDERS, settings, told, us
from tests.orders_csv import rows_of

MERGE = ("hotline,h1,s1,2024-03-15",)


def whose(report: IngestReport, day: str) -> dict[str, int]:
    """Events by customer, as known at a cutoff."""
    visible = before(read_events(report.path.parent), us(day))
    return dict(Counter(visible.customers[visible.customer].tolist()))


def test_a_merge_gives_past_and_future_to_one_customer_from_when_it_was_known(tmp_path: Path) -> None:
    report = told(tmp_path, *MERGE)
    assert whose(report, "2024-03-15") == {"s1": 3, "s2": 2, "h1": 2, "h2": 1}  # at that very instant: not yet
    assert whose(report, "2024-03-16") == {"s1": 5, "s2": 2, "h2": 1}
    assert whose(report, "2024-05-01") == {"s1": 7, "s2": 2, "h2": 1}
    assert (report.manifest.rekeyed, report.manifest.superseded, report.manifest.events) == (2, 0, 12)
    assert "2 versions stand under the id that their customer had" in report.as_text()


def test_without_a_map_the_log_is_as_it_was(tmp_path: Path) -> None:
    plain, mapped = tmp_path / "plain", tmp_path / "mapped"
    for folder in (plain, mapped):
        folder.mkdir()
    assert told(plain).manifest.files == told(mapped, "shop,nobody,s9,2024-03-15").manifest.files


def test_a_split_takes_away_what_was_given(tmp_path: Path) -> None:
    report = told(tmp_path, *MERGE, "hotline,h1,c7,2024-04-10")
    assert whose(report, "2024-03-01") == {"s1": 2, "s2": 1, "h1": 2, "h2": 1}
    assert whose(report, "2024-04-06") == {"s1": 6, "s2": 2, "h2": 1}
    assert whose(report, "2024-05-01") == {"s1": 4, "s2": 2, "h2": 1, "c7": 3}
    assert rows_of(report).query("customer_id == 's1' and customer_now == 'c7'").shape[0] == 2


def test_an_id_may_be_given_back_to_itself(tmp_path: Path) -> None:
    report = told(tmp_path, *MERGE, "hotline,h1,h1,2024-04-10")
    assert whose(report, "2024-04-06")["s1"] == 6
    assert whose(report, "2024-05-01") == {"s1": 4, "s2": 2, "h1": 3, "h2": 1}


def test_an_id_known_ever_since_never_stood_for_itself(tmp_path: Path) -> None:
    report = told(tmp_path, "hotline,h1,s1,", "hotline,h2,s2,")
    assert whose(report, "2024-01-21") == {"s1": 2, "s2": 1}
    assert report.manifest.rekeyed == 0


def test_ids_of_another_source_are_left_alone(tmp_path: Path) -> None:
    report = told(tmp_path, *MERGE, orders=ORDERS.replace("s2", "h1"))
    assert whose(report, "2024-05-01") == {"s1": 7, "h1": 2, "h2": 1}


def test_an_order_and_its_refund_move_together(tmp_path: Path) -> None:
    calls = CALLS + "h1,2024-02-21,5,x1,order,\nh1,2024-02-22,6,x1,return,\n"
    report = told(tmp_path, *MERGE, calls=calls)
    for day in ("2024-03-01", "2024-04-01"):
        visible = before(read_events(report.path.parent), us(day))
        assert visible.is_kind("return").sum() == 1
        assert not (visible.is_kind("order") & (visible.time_us == us("2024-02-21"))).any()


def test_a_corrected_event_of_a_merged_id_is_a_version_under_each(tmp_path: Path) -> None:
    calls = CALLS + "h1,2024-02-20,2,,order,2024-02-28\nh1,2024-02-20,2,,visit,2024-04-01\n"
    rows = rows_of(told(tmp_path, *MERGE, calls=calls)).query("event_timestamp == @us('2024-02-20')")
    found = rows.sort_values("ingested_at")[["customer_id", "event_type", "ingested_at", "superseded_at"]]
    known = [us(f"2024-{day}") for day in ("02-20", "02-28", "03-15", "04-01")]
    assert found["customer_id"].tolist() == ["h1", "h1", "s1", "s1"]
    assert found["event_type"].tolist() == ["complaint", "order", "order", "visit"]
    assert found["ingested_at"].tolist() == known
    assert found["superseded_at"].tolist()[:3] == known[1:]


def test_the_map_may_have_its_own_columns(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("system;key;person;day\nhotline;h1;s1;2024-03-15T00:00:00Z\n")
    names = {"source": "system", "source_id": "key", "customer_id": "person", "known_from": "day"}
    told(tmp_path, *MERGE)
    wanted = settings(tmp_path).model_copy(update={"id_map": IdMap(path="own.csv", **names)})
    assert whose(ingest(wanted, environ={}), "2024-05-01")["s1"] == 7


FAULTS = {
    "a source of no name": (("hotlin,h1,s1,2024-03-15",), "did you mean 'hotline'?", "'hotlin' is no source"),
    "an empty id": (("hotline,,s1,2024-03-15",), "give source_id and customer_id in each row", "an id is empty"),
    "an empty customer": (("hotline,h1,,2024-03-15",), "give source_id and customer_id in each row", "an id is empty"),
    "no instant": (("hotline,h1,s1,soon",), "write known_from as", "'soon' is no date"),
    "the future": (("hotline,h1,s1,2999-01-01",), "leave out what we do not know yet", "lies in the future"),
    "two customers at once": (
        ("hotline,h1,s1,2024-03-15", "hotline,h1,s2,2024-03-15"),
        "keep one row for an id and an instant",
        "'h1' of hotline is two customers' from 2024-03-15 on",
    ),
    "a line that is no row": (("hotline,h1,s1,2024-03-15,more",), "each needs the fields of the first", "row 1"),
}


@pytest.mark.parametrize(("rows", "mend", "problem"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_map_is_refused_as_a_whole(tmp_path: Path, rows: tuple[str, ...], mend: str, problem: str) -> None:
    with pytest.raises(WrongIdMap) as error:
        told(tmp_path, *rows)
    assert mend in error.value.mend
    assert problem in error.value.problem
    assert not (tmp_path / "artifacts" / "mapped" / "log").exists()


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(WrongIdMap) as error:
        told(tmp_path, "crm,h1,s1,2024-03-15", "hotline,h2,s1,soon", "hotline,,s1,2024-03-15")
    assert [line.split(":")[0].strip() for line in error.value.problem.splitlines()[1:]] == ["row 3", "row 1", "row 2"]


def test_a_naive_instant_needs_a_zone(tmp_path: Path) -> None:
    with pytest.raises(WrongIdMap) as error:
        told(tmp_path, *MERGE, timezone=None)
    assert "'2024-03-15' has no time zone" in error.value.problem
    assert 'timezone = "Europe/London"' in error.value.mend
    told(tmp_path, "hotline,h1,s1,2024-03-15T00:00:00+01:00", timezone=None)


@pytest.mark.parametrize(
    ("clock", "first"), [("2024-03-15", "2024-03-14T16:00"), ("2024-03-15 09:30", "2024-03-15T01:30")]
)
def test_a_naive_instant_is_on_the_clock_of_the_zone(tmp_path: Path, clock: str, first: str) -> None:
    report = told(tmp_path, f"hotline,h1,s1,{clock}", timezone="Asia/Shanghai")
    assert "s1" in whose(report, f"{first}:00.000001")
    assert whose(report, f"{first}:00")["h1"] == 2
    assert "h1" not in whose(report, f"{first}:00.000001")


def test_summer_time_counts_in_the_map(tmp_path: Path) -> None:
    report = told(tmp_path, "hotline,h1,s1,2024-04-01T01:00", timezone="Europe/London")
    assert whose(report, "2024-04-01")["h1"] == 2
    assert "h1" not in whose(report, "2024-04-01T00:00:00.000001")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongIdMap) as error:
        told(tmp_path, *MERGE, source="nothing")
    assert "it has no column 'nothing'" in error.value.problem
    assert "name the one that is meant in [id_map]" in error.value.mend


def test_an_empty_map_is_refused(tmp_path: Path) -> None:
    told(tmp_path)
    with pytest.raises(WrongIdMap, match="it holds no rows"):
        ingest(settings(tmp_path), environ={})
    (tmp_path / "ids.csv").unlink()
    with pytest.raises(SourceMissing, match=r"ids\.csv"):
        ingest(settings(tmp_path), environ={})
