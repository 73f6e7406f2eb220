"""A fault in a file among the scores, or a kill between two writes, loses no cohort; who is asked twice counts once."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from churn.calendar import NEVER, to_us
from churn.events import Events
from features import parquet
from features.holders import Holders
from features.log import BrokenLog
from monitoring.ledger.books import books_at
from monitoring.ledger.cohort import Cohort, Unreadable
from tests.answered import MONDAY, WEEK, batch, days, desk_of, log_of, opened, plain

WHO = [f"who-{number}" for number in range(6)]
TOLD = [(one, number / 10) for number, one in enumerate(WHO)]
ROWS = [(one, "order", days(-3)) for one in WHO] + [("who-0", "order", days(1 + 7 * week)) for week in range(3)]
LATE = [*ROWS, ("who-5", "order", days(10))]


def three_weeks(folder: Path) -> list[Path]:
    return [batch(folder, days(7 * week), TOLD) for week in range(3)]


def cohorts(folder: Path, rows: list = ROWS, until: float = 30) -> list[Cohort]:
    return list(opened(folder, log_of(rows), days(until))[0].ledgers["churn"].cohorts)


def line(customer: str, at: datetime, probability: float, **other: object) -> bytes:
    told = {"customer_id": customer, "model": "churn", "model_version": "churn/1", "probability": probability}
    told |= {"definition_id": WEEK.definition.id, "cutoff": at.isoformat(), "scored_at": at.isoformat()}
    return json.dumps(told | other).encode() + b"\n"


def segment(folder: Path, lines: list[bytes]) -> Path:
    path = folder / "scores" / "log" / "1-1.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


@pytest.mark.parametrize("spoil", [lambda raw: b"PAR1" + b"\0" * (len(raw) - 4), lambda raw: raw[: len(raw) // 2]])
def test_a_cohort_stays_as_it_was_while_its_file_cannot_be_read(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path, *_ = three_weeks(tmp_path)
    before, raw = cohorts(tmp_path), path.read_bytes()
    path.write_bytes(spoil(raw))
    stat = path.stat()
    found, _ = opened(tmp_path, log_of(ROWS), days(30))
    assert found.unreadable == (Unreadable(f"scores/batch/{path.name}", 0, "no_parquet"),)
    assert list(found.ledgers["churn"].cohorts) == before
    path.write_bytes(raw)  # mended, with size and time of the fault
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    found, said = opened(tmp_path, log_of(ROWS), days(30))
    assert (list(found.ledgers["churn"].cohorts), found.unreadable, said) == (before, (), [])


def test_a_torn_line_takes_nothing_from_a_cohort_and_who_is_forgotten_does(tmp_path: Path) -> None:
    lines = [line(one, MONDAY, told) for one, told in TOLD]
    segment(tmp_path, lines)
    before = cohorts(tmp_path)
    torn = [lines[0][:30] + b"\n", *lines[1:]]
    segment(tmp_path, torn)
    assert cohorts(tmp_path) == before
    segment(tmp_path, lines)
    assert cohorts(tmp_path) == before
    segment(tmp_path, lines[:-1])
    (after,) = cohorts(tmp_path)
    assert (after.became.n, [one.why for one in after.corrections]) == (5, ["answers"])


def test_a_torn_line_of_another_time_hides_no_forgetting(tmp_path: Path) -> None:
    lines = [line(one, MONDAY, told) for one, told in TOLD]
    segment(tmp_path, [*lines, b"torn\n"])
    (before,) = cohorts(tmp_path)
    segment(tmp_path, [*lines[1:], b"torn\n"])
    (after,) = cohorts(tmp_path)
    assert (before.became.n, after.became.n) == (6, 5)


def test_a_spoilt_cohort_whose_answers_are_gone_is_named(tmp_path: Path) -> None:
    path, *_ = three_weeks(tmp_path)
    cohorts(tmp_path)
    path.unlink()
    kept = tmp_path / "monitoring" / "ledger" / "churn-2025-W10.json"
    kept.write_text(kept.read_text()[:-100])
    found, _ = opened(tmp_path, log_of(ROWS), days(30))
    assert found.unreadable == (Unreadable("monitoring/ledger/churn-2025-W10.json", 0, "no_cohort"),)
    assert len(found.ledgers["churn"].cohorts) == 2


@pytest.mark.parametrize("cutoff", ["9999-12-31T00:00:00+00:00", "0001-01-01T00:00:00+00:00"])
def test_a_cutoff_that_cannot_be_is_named_and_the_rest_is_judged(tmp_path: Path, cutoff: str) -> None:
    three_weeks(tmp_path)
    segment(tmp_path, [line("who-1", MONDAY, 0.5, cutoff=cutoff)])
    found, _ = opened(tmp_path, log_of(ROWS), days(30))
    assert found.unreadable == (Unreadable("scores/log/1-1.jsonl", 1, "wrong_value"),)
    assert [one.became.n for one in found.ledgers["churn"].cohorts] == [6, 6, 6]


def test_a_table_of_something_else_is_named_and_the_rest_is_judged(tmp_path: Path) -> None:
    three_weeks(tmp_path)
    other = tmp_path / "scores" / "batch" / "other.parquet"
    parquet.write_table(parquet.read_table(batch(tmp_path, days(0), TOLD)).drop_columns(["cutoff"]), other)
    found, _ = opened(tmp_path, log_of(ROWS), days(30))
    assert found.unreadable == (Unreadable("scores/batch/other.parquet", 0, "no_parquet"),)
    assert [one.became.n for one in found.ledgers["churn"].cohorts] == [6, 6, 6]


def test_killed_between_any_two_writes_the_next_run_tells_the_same(tmp_path: Path) -> None:
    """A late event, a cohort that becomes mature and a new batch: what was written when it was killed?"""
    before, after = tmp_path / "before", tmp_path / "after"
    three_weeks(before)
    batch(before, days(24), TOLD)
    batch(before, days(27), TOLD)
    cohorts(before, ROWS, 32)
    batch(before, days(28), TOLD)
    shutil.copytree(before, after)
    whole, _ = opened(after, log_of(LATE), days(36))
    wrote = [one for one in after.rglob("*.json") if not same(one, before / one.relative_to(after))]
    wrote.sort(key=lambda one: one.stat().st_mtime_ns)
    assert len(wrote) >= 4
    for upto in range(len(wrote)):
        broken_off = tmp_path / f"killed-{upto}"
        shutil.copytree(before, broken_off)
        for one in wrote[:upto]:
            shutil.copy2(one, broken_off / one.relative_to(after))
        found, _ = opened(broken_off, log_of(LATE), days(36))
        assert plain(found) == plain(whole)
        late = [one for one in found.ledgers["churn"].cohorts if one.corrections]
        assert [(one.name, len(one.corrections)) for one in late] == [("2025-W11", 1)]


def same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


class Gone:
    """A part of the log that cannot be read."""

    def read(self) -> Events:
        raise BrokenLog(Path("log"), "gone")


def test_a_log_that_cannot_be_read_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    three_weeks(tmp_path)
    batch(tmp_path, days(0), TOLD, name="b")
    cohorts(tmp_path)
    kept = {path: path.read_bytes() for path in (tmp_path / "monitoring" / "ledger").iterdir()}
    desk = desk_of(tmp_path, log_of(LATE), days(60), week_rows=1_000)  # now they would make a month
    with pytest.raises(BrokenLog):
        books_at(replace(desk, known=replace(desk.known, parts=[Gone()])))
    assert {path: path.read_bytes() for path in (tmp_path / "monitoring" / "ledger").iterdir()} == kept


def test_who_is_asked_by_several_files_on_a_day_is_one_answer_before_it_is_judged_and_after(tmp_path: Path) -> None:
    batch(tmp_path, days(0), TOLD)
    batch(tmp_path, days(0.25), [(one, 0.9) for one in WHO], name="again")
    segment(tmp_path, [line(one, days(0.5), 0.8) for one in [*WHO, *WHO]])
    batch(tmp_path, days(1), TOLD)
    assert [one.answers for one in cohorts(tmp_path, ROWS, 5)] == [12]
    segment(tmp_path, [line(one, days(0.5), 0.8) for one in [*WHO, *WHO, "who-7"]])
    rows = [*ROWS, ("who-7", "order", days(-2))]
    for until, waiting in ((5, 13), (5.5, 13), (7.9, 6)):
        found, _ = opened(tmp_path, log_of(rows), days(until))
        ledger = found.ledgers["churn"]
        (one,) = ledger.cohorts
        assert (one.answers, one.versions, ledger.line.immature) == (13, {"churn/1": 13}, waiting)
        assert one.expected_rate == pytest.approx((2 * sum(told for _, told in TOLD) + 0.8) / 13)


def mapped(*rows: tuple[str, str, float, float | None]) -> Holders:
    """An id map of the shop: id, customer, since and until which day."""
    columns = ["source_id", "customer_id", "since_us", "until_us"]
    told = [
        (one, who, to_us(days(since)), NEVER if until is None else to_us(days(until)))
        for one, who, since, until in rows
    ]
    return Holders(pd.DataFrame(told, columns=columns).assign(source="shop"))


def test_an_id_map_that_grows_by_others_opens_no_cohort(tmp_path: Path) -> None:
    three_weeks(tmp_path)
    known = [("who-0", "who-0", -90, None)]
    for more, judged in (
        ([], 1),
        ([("x", "x", -90, 29), ("x", "who-0", 29, None)], 0),  # who-0 was asked about, and lost nothing
        ([("who-3", "who-3", -90, 29.5), ("who-3", "y", 29.5, None)], 1),
        ([("z", "z", -90, 29.7), ("z", "y", 29.7, None)], 0),
    ):
        known += more
        desk, said = desk_of(tmp_path, log_of(ROWS), days(30)), list[str]()
        books_at(replace(desk, known=replace(desk.known, holders=mapped(*known))), said.append)
        assert len(said) == judged, more
