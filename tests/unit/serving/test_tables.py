"""Tables beside scores: found by id, followed when they are replaced, and never a reason to fail."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.calendar import Calendar
from churn.tables import ACTIONS, CONTACTS, VALUES
from features.erasure.store import NOTHING, Whom
from serving.campaigns.desk import encode
from serving.scorer import Scorer
from serving.tables import beside, indexed
from serving.tables.beside import Tables
from serving.tables.erasing import erase_from_tables, erase_sorted
from serving.tables.indexed import Indexed, UnreadableTable, _bisected, checked
from tests import tiny_service
from tests.searching import naming

DUE = datetime(2025, 1, 5, tzinfo=UTC)


def put(folder: Path, name: str, rows: object, columns: list[str]) -> Path:
    frame = pd.DataFrame(rows, columns=columns)
    for column in ("due", "contacted_at"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    path = folder / "tables" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    frame.to_parquet(draft)
    draft.replace(path)
    return path


def actions(folder: Path, *rows: tuple[object, ...]) -> Path:
    """Rows of customer_id, action, action_en, action_zh, why_en, due."""
    given = ["customer_id", "action", "action_en", "action_zh", "why_en", "due"]
    whole = pd.DataFrame(rows, columns=given).reindex(columns=ACTIONS.names).astype({"why_zh": object, "stage": object})
    return put(folder, "actions", whole.replace({float("nan"): None}), ACTIONS.names)


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexed, "EVERY_S", 0.0)


def scored(folder: Path, language: str = "en") -> tuple[Scorer, Tables]:
    tables = Tables(folder)
    return tiny_service.scorer(beside=tables.told), tables


def ask(scorer: Scorer, *ids: str, language: str = "en") -> list[tiny_service.Any]:
    held = {row.customer_id: row for row in tiny_service.rows()}
    return [one.score for one in scorer.score(ids, [held.get(one) for one in ids], language=language, top=1)]


def test_the_day_by_which_is_a_day_of_the_business_as_lists_of_campaigns_have_it(tmp_path: Path) -> None:
    midnight = datetime(2026, 1, 7, 16, tzinfo=UTC)  # of 8 January in Shanghai
    actions(tmp_path, ("C1", "coupon", "Send a coupon", "发券", "why", midnight))
    told = Tables(tmp_path, calendar=Calendar("Asia/Shanghai")).told(
        list(tiny_service.scorer().score(["C1"], [tiny_service.rows()[0]], language="en", top=1)), "en"
    )
    action = json.loads(encode(told[0].score))["action"]
    assert (action["due"], action["due_day"]) == ("2026-01-07T16:00:00Z", "2026-01-08")


def test_without_tables_their_fields_say_so(tmp_path: Path) -> None:
    scorer, tables = scored(tmp_path)
    (score,) = ask(scorer, "C1")
    assert (score.action, score.action_code) == (None, "not_configured")
    assert (score.value_tier, score.margin_amount, score.value_tier_code) == (None, None, "not_configured")
    assert tables.codes() == dict.fromkeys(("actions", "values", "contacts", "categories"), "not_configured")


def test_the_action_that_is_due_first_in_the_language_asked_for(tmp_path: Path) -> None:
    later = datetime(2025, 2, 1, tzinfo=UTC)
    actions(
        tmp_path,
        ("C1", "call", "Call them", "致电", "high value", later), ("C1", "coupon", "Send a coupon", None, None, DUE),
        ("C2", "wait", None, "等待", None, None), ("客户-3", "call", None, None, None, None),
    )  # fmt: skip
    put(tmp_path, "values", [("C1", 120.5, "high")], VALUES.names[:3])
    scorer, _ = scored(tmp_path)
    first, second, third, prospect = ask(scorer, "C1", "C2", "客户-3", "prospect")
    assert (first.action.action, first.action.text, first.action.due) == ("coupon", "Send a coupon", DUE)
    assert first.action_code is None
    assert (first.value_tier, first.margin_amount, first.value_tier_code) == ("high", 120.5, None)
    assert (second.action.text, second.value_tier_code) == ("等待", "no_value"), "no English words: those there are"
    assert third.action.text == "call", "no words at all: the code"
    assert (prospect.action, prospect.action_code) == (None, "no_action")
    assert ask(scorer, "C1", language="zh")[0].action.text == "Send a coupon"
    (unknown,) = ask(scorer, "nobody")
    assert (unknown.action, unknown.action_code) == (None, "unknown_customer"), "of strangers nothing is looked up"
    assert (unknown.value_tier, unknown.value_tier_code) == (None, "unknown_customer")
    logged = scorer.score(["C1"], [tiny_service.rows()[0]], language="en", top=0)[0].log_row()
    assert logged["action"] == "coupon"


def test_none_is_worth_it_is_an_answer_with_its_reason(tmp_path: Path) -> None:
    frame = pd.DataFrame([("C1", "none", None, None, "costs more", "成本更高", None, None)], columns=ACTIONS.names)
    put(tmp_path, "actions", frame.to_records(index=False).tolist(), ACTIONS.names)
    scorer, _ = scored(tmp_path)
    (score,) = ask(scorer, "C1")
    assert (score.action, score.action_code, score.action_why) == (None, "none_worth_it", "costs more")
    assert ask(scorer, "C1", language="zh")[0].action_why == "成本更高"
    logged = scorer.score(["C1"], [tiny_service.rows()[0]], language="en", top=0)[0].log_row()
    assert (logged["action"], logged["action_why"]) == ("none", "costs more")


def test_what_was_meant_for_another_stage_is_not_told(tmp_path: Path) -> None:
    rows = [("C1", "call", "Call", None, "why", None, None, "prospect"), ("C2", "call", "Call", None, None, None, None)]
    put(tmp_path, "actions", [one if len(one) == 8 else (*one, None) for one in rows], ACTIONS.names)
    scorer, _ = scored(tmp_path)
    first, second = ask(scorer, "C1", "C2")
    assert (first.action, first.action_code, first.action_why) == (None, "action_outdated", None)
    assert second.action.action == "call"


def test_a_file_that_is_replaced_is_followed(tmp_path: Path) -> None:
    actions(tmp_path, ("C1", "call", None, None, None, None))
    scorer, tables = scored(tmp_path)
    actions(tmp_path, ("C1", "wait", None, None, None, None), ("C2", "call", None, None, None, None))
    eventually(lambda: ask(scorer, "C1")[0].action.action == "wait")
    assert len(list((tmp_path / "serving" / "tables").glob("actions-*"))) == 1
    (tmp_path / "tables" / "actions.parquet").unlink()
    eventually(lambda: tables.codes()["actions"] == "not_configured")


def test_the_first_answer_after_a_table_came_tells_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "EVERY_S", 0.01)
    tables = Tables(tmp_path)
    tables.keep_up()
    actions(tmp_path, ("C1", "call", None, None, None, None))
    eventually(lambda: tables.actions.code is None)  # nobody asked
    tables.close()
    assert ask(tiny_service.scorer(beside=tables.told), "C1")[0].action.action == "call"


def test_a_broken_file_is_told_and_mended_without_a_restart(tmp_path: Path) -> None:
    path = actions(tmp_path, ("C1", "call", None, None, None, None))
    path.write_bytes(b"PAR1 nonsense")
    scorer, tables = scored(tmp_path)
    (score,) = ask(scorer, "C1")
    assert (score.action, score.action_code) == (None, "unreadable_table")
    assert tables.actions.fault is not None
    assert "write it anew" in tables.actions.fault.mend
    actions(tmp_path, ("C1", "call", None, None, None, None))
    eventually(lambda: ask(scorer, "C1")[0].action_code is None)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (pa.table({"customer_id": ["a"], "value_tier": ["high"]}), "columns"),
        (pa.table({"customer_id": ["a"], "expected_value_amount": ["x"], "value_tier": ["high"]}), "type"),
        (pa.table({"customer_id": ["a"], "expected_value_amount": [float("nan")], "value_tier": ["high"]}), "finite"),
        (pa.table({"customer_id": ["a", None], "expected_value_amount": [1.0, 2.0], "value_tier": ["x", "y"]}), "null"),
    ],
)
def test_what_a_table_must_be(frame: pa.Table, why: str) -> None:
    with pytest.raises(UnreadableTable, match=why) as refused:
        checked(frame, VALUES)
    assert "churn/tables.py" in refused.value.mend


def test_one_value_a_customer(tmp_path: Path) -> None:
    put(tmp_path, "values", [("C1", 1.0, "low"), ("C1", 2.0, "high")], VALUES.names[:3])
    held = Indexed(tmp_path, VALUES)
    assert held.code == "unreadable_table"
    assert held.fault is not None
    assert "twice" in held.fault.problem


def test_contacts_newest_first_and_at_most_fifty(tmp_path: Path) -> None:
    days = [datetime(2025, 1, 1 + day % 28, day % 24, tzinfo=UTC) for day in range(60)]
    put(tmp_path, "contacts", [("C1", day, "email", None) for day in days], CONTACTS.names)
    rows = Tables(tmp_path).contacts.rows("C1")
    assert [row["contacted_at"] for row in rows] == sorted(days, reverse=True)[:50]


def test_who_is_forgotten_leaves_tables_and_what_was_sorted_from_them(tmp_path: Path) -> None:
    actions(tmp_path, ("客户-3", "call", None, None, None, None), ("C1", "call", None, None, None, None))
    put(tmp_path, "values", [("C1", 1.0, "low")], VALUES.names[:3])
    tables, whom = Tables(tmp_path), Whom(frozenset({"客户-3"}))
    assert naming(tmp_path, "客户-3") == {
        "tables/actions.parquet",
        *(str(path.relative_to(tmp_path)) for path in (tmp_path / "serving" / "tables").glob("actions-*")),
    }
    erased = erase_from_tables(tmp_path, whom) + erase_sorted(tmp_path, whom)
    assert erased.found == {"客户-3"}
    assert naming(tmp_path, "客户-3") == set()
    assert erase_from_tables(tmp_path, whom) + erase_sorted(tmp_path, whom) == NOTHING
    eventually(lambda: tables.actions.rows("客户-3") == [])
    assert tables.actions.rows("C1") != []


@settings(max_examples=25, deadline=None)
@given(st.sets(st.text(max_size=5), max_size=30), st.text(max_size=5))
def test_who_is_sorted_is_found(ids: set[str], wanted: str) -> None:
    texts = pa.table({"x": sorted(one for one in ids if one.isprintable())}, schema=pa.schema([("x", pa.string())]))
    column = texts.sort_by("x")["x"].combine_chunks()
    column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    place = _bisected(column, wanted)
    found = column.to_pylist()
    assert all(one < wanted for one in found[:place])
    assert all(one >= wanted for one in found[place:])


@pytest.mark.slow
def test_a_million_customers_are_found_quickly(tmp_path: Path) -> None:
    ids = [f"C{number:07d}" for number in range(1_000_000)]
    table = pa.table({"customer_id": ids, "expected_value_amount": [1.0] * len(ids), "value_tier": ["low"] * len(ids)})
    (tmp_path / "tables").mkdir()
    pq.write_table(table, tmp_path / "tables" / "values.parquet")
    began = time.process_time()
    held = Indexed(tmp_path, VALUES)
    sorting = time.process_time() - began
    began = time.process_time()
    for number in range(0, 1_000_000, 1000):
        assert held.rows(f"C{number:07d}")[0]["value_tier"] == "low"
    each_us = (time.process_time() - began) * 1e6 / 1000
    assert sorting < 15, f"{sorting:.1f} s of CPU to sort"
    assert each_us < 500, f"{each_us:.0f} us a customer"
