"""Rows that are no events: counted, explained, kept aside, and over a share they stop the ingest."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from churn.calendar import to_us
from churn.clock import StoppedClock
from features.log import read_log_manifest
from features.refusing import EmptyLog, TooManyRejects
from features.sources import ingest
from tests.orders_csv import ORDER, ORDERS, rejects_of, rows_of, run, shop

BAD = (
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
    "a,2024-01-05,-1000000000001,11,\n"
)


def test_bad_rows_are_counted_explained_and_kept_aside(tmp_path: Path) -> None:
    mapping = {"event_id": "id", "ingested_at": "known"}
    (tmp_path / "orders.csv").write_text(BAD)
    wall = StoppedClock(datetime(2024, 6, 1, tzinfo=UTC))
    wanted = shop(tmp_path, {"path": "orders.csv", **ORDER, **mapping}, clock="wall")
    report = ingest(wanted, environ={}, wall=wall)
    assert report.manifest.rejected == {
        "bad_amount": 4,
        "duplicate_event_id": 1,
        "in_the_future": 1,
        "no_customer_id": 1,
        "unparsable_ingested_at": 1,
        "unparsable_time": 2,
        "unreadable_line": 1,
    }
    assert (report.manifest.rows, report.manifest.events, report.manifest.now) == (13, 2, wall.at)
    rejects = rejects_of(report)
    assert rejects["row"].tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]
    assert rejects["reason"].tolist()[6:9] == ["duplicate_event_id", "unreadable_line", "in_the_future"]
    assert json.loads(rejects["raw"][1])["date"] == "yesterday"
    assert json.loads(rejects["raw"][7]) == {"line": "too,many,fields,in,this,line"}
    assert "no finite number" in rejects["why"][4]
    assert "4 x bad_amount" in report.as_text()
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
    assert sorted(path.name for path in before.path.parent.iterdir()) == [".lock", "ingest", "log"]
    run(tmp_path, ORDERS + ",2024-01-01,1\n", max_rejected_share=0.25)  # exactly the share is allowed


def test_with_the_logs_clock_what_lies_after_observed_until_is_the_future(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    wanted = shop(tmp_path, {"path": "orders.csv", **ORDER}, timezone="America/New_York")
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


def test_the_mend_names_expressions_that_read_such_rows(tmp_path: Path) -> None:
    text = 'customer_id,date,amount\na,31/01/2024 14:05,"1,5"\n'
    with pytest.raises(TooManyRejects) as raised:
        run(tmp_path, text, max_rejected_share=0.0)
    assert all(word in raised.value.mend for word in ("strptime(", "to_timestamp("))
    assert "replace(" not in raised.value.mend  # nothing is told of what nobody met
    time, seconds = (raised.value.mend.split("`")[i] for i in (3, 5))
    with pytest.raises(TooManyRejects) as raised:
        run(tmp_path, text, {"event_timestamp": time.replace("x", "date")}, max_rejected_share=0.0)
    assert "strptime(" not in raised.value.mend
    number = raised.value.mend.split("`")[3]
    mapping = {"event_timestamp": time.replace("x", "date"), "amount": number.replace("x", "amount")}
    rows = rows_of(run(tmp_path, text, mapping, max_rejected_share=0.0))
    assert rows["event_timestamp"].tolist() == [to_us(datetime(2024, 1, 31, 14, 5, tzinfo=UTC))]
    assert rows["amount"].tolist() == [1.5]
    epoch = {"event_timestamp": seconds.replace("(x", "(date")}
    rows = rows_of(run(tmp_path, "customer_id,date,amount\na,1706709900,1\n", epoch, max_rejected_share=0.0))
    assert rows["event_timestamp"].tolist() == [to_us(datetime(2024, 1, 31, 14, 5, tzinfo=UTC))]


def test_without_observed_until_the_logs_clock_knows_nothing_after_the_wall(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS + "00001,2099-01-01,1\n")
    wanted = shop(tmp_path, {"path": "orders.csv", **ORDER})
    reports = [ingest(wanted, environ={}, wall=StoppedClock(datetime(2024, 6, day, tzinfo=UTC))) for day in (1, 2)]
    assert reports[0].manifest.rejected == {"in_the_future": 1}
    assert reports[0].manifest.now == reports[0].manifest.observed_until == datetime(2024, 3, 2, tzinfo=UTC)
    assert reports[0].manifest == reports[1].manifest


@pytest.mark.parametrize("clock", ["log", "wall"])
def test_what_nobody_can_have_learned_of_yet_is_refused(tmp_path: Path, clock: str) -> None:
    rows = "customer_id,date,amount,known\na,2024-01-01,1,2024-05-31\na,2024-01-02,1,2099-01-01\n"
    (tmp_path / "orders.csv").write_text(rows)
    wanted = shop(tmp_path, {"path": "orders.csv", **ORDER, "ingested_at": "known"}, clock=clock)
    report = ingest(wanted, environ={}, wall=StoppedClock(datetime(2024, 6, 1, tzinfo=UTC)))
    assert (report.manifest.events, report.manifest.rejected) == (1, {"known_in_future": 1})
    assert "nobody would see the event" in report.as_text()


def test_a_log_of_refused_rows_only_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyLog, match="None of the 1 rows"):
        run(tmp_path, "customer_id,date,amount\n,2024-01-01,1\n")
    with pytest.raises(TooManyRejects):
        run(tmp_path, "customer_id,date,amount\n,2024-01-01,1\n", max_rejected_share=0.5)


def test_rows_are_numbered_past_unreadable_lines(tmp_path: Path) -> None:
    good, broken, nobody = "a,2024-01-01,1\n", "too,many,fields,here\n", ",2024-01-01,1\n"
    lines = [broken, good, broken, broken, nobody, '"a\nb",2024-01-01,1\n', broken, nobody, "short\n", nobody]
    report = run(tmp_path, "customer_id,date,amount\n" + "".join(lines))
    rejects = rejects_of(report)
    assert rejects["row"].tolist() == [1, 3, 4, 5, 7, 8, 9, 10]
    assert rejects.loc[rejects["reason"] == "no_customer_id", "row"].tolist() == [5, 8, 10]


def test_columns_may_have_any_name_also_those_that_reading_uses(tmp_path: Path) -> None:
    report = run(tmp_path, "customer_id,date,amount,seen,rank,past,line\na,2024-01-01,1,x,gold,y,z\ntoo,short\n")
    assert (report.manifest.events, report.manifest.rejected) == (1, {"unreadable_line": 1})
