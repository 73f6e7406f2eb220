"""CSV files for people: a spreadsheet runs nothing in them, an id stays an id, and whoever is forgotten leaves them."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from churn.cells import harmless
from features.erasure.rewriting import csv_without
from features.erasure.store import Whom
from serving import sheets
from serving.schemas import WireAction
from tests import tiny_service

FORMULAS = ('=HYPERLINK("http://evil.example")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["C1", "客户-3", "+8613800000000", "-17", "", "a=b", "'x"])
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_the_sheet_of_everybody_runs_nothing_and_forgets_by_id(tmp_path: Path) -> None:
    rows = [tiny_service.row(one) for one in (*FORMULAS, "C1", "+8613800000000")]
    ids = [one.customer_id for one in rows]
    block = sheets.lines(tiny_service.scorer().score(ids, rows, language="en", top=1), 1)
    told = [line[0] for line in csv.reader(io.StringIO(block.csv, newline=""))]
    assert told == [*(f"'{one}" for one in FORMULAS), "C1", "+8613800000000"]
    assert block.people["customer_id"].to_pylist() == ids, "Parquet runs nothing"
    path = tmp_path / "sheet.csv"
    sheet = sheets.PeopleCsv(path, 1)
    sheet.write(block)
    sheet.close()
    erased = csv_without(path, Whom(frozenset({FORMULAS[0], "C1"})))
    assert (erased.rows, erased.found) == (2, {FORMULAS[0], "C1"})
    assert "HYPERLINK" not in path.read_text(encoding="utf-8-sig")


def test_what_a_table_of_actions_says_is_no_formula_either() -> None:
    (answer,) = tiny_service.scorer().score(["C1"], [tiny_service.row("C1")], language="en", top=1)
    advised = WireAction("-voucher", "-10% on the next order", "=1+1")
    block = sheets.lines([replace(answer, score=structs.replace(answer.score, action=advised))], 1)
    (line,) = csv.reader(io.StringIO(block.csv, newline=""))
    told = dict(zip(sheets.columns(1), line, strict=True))
    names = ("action", "action_text", "action_why", "action_due")
    assert [told[name] for name in names] == ["'-voucher", "'-10% on the next order", "'=1+1", ""]
