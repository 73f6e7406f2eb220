"""Erasing somebody whose ids were merged or split: what stood under a former id goes with them, and the map with it."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.erasure.forgotten import Forgotten
from features.erasure.log import erase_from_log
from features.erasure.store import Whom
from features.log import ID_MAP_FILE, read_log_manifest
from features.log_reading import read_events
from tests.mapped_shop import told

ROWS = ("hotline,h1,s1,2024-03-15", "hotline,h1,c7,2024-04-10", "hotline,h2,s2,2024-03-15")


@pytest.mark.parametrize("who", ["c7", "s2"])
def test_a_log_without_them_is_the_log_of_an_ingest_that_refuses_them(tmp_path: Path, who: str) -> None:
    report = told(tmp_path, *ROWS)
    folder = report.path.parent
    erase_from_log(folder, Whom(frozenset({who})))
    after = read_log_manifest(folder).as_json()
    left = pq.read_table(report.path / ID_MAP_FILE).to_pylist()
    Forgotten().blocking([who], request="r", at="2026-01-01T00:00:00+00:00").write(folder)
    again = told(tmp_path, *ROWS).manifest.as_json()
    same = {"rejected": {}, "columns": {}}
    assert after | same == again | same
    assert left == pq.read_table(report.path / ID_MAP_FILE).to_pylist()
    assert {row["source_id"] for row in left} == ({"h2"} if who == "c7" else {"h1"})


def test_nothing_of_the_callers_is_left_under_a_former_id(tmp_path: Path) -> None:
    folder = told(tmp_path, *ROWS).path.parent
    erase_from_log(folder, Whom(frozenset({"c7"})))
    events = read_events(folder)
    assert not (events.is_kind("complaint") & (events.customers[events.customer] != "h2")).sum() > 1
    assert set(events.customers) == {"s1", "s2", "h2"}


def test_somebody_whom_only_the_map_names_is_taken_out_of_it(tmp_path: Path) -> None:
    report = told(tmp_path, *ROWS, "shop,s99,c99,2024-01-01")
    assert erase_from_log(report.path.parent, Whom(frozenset({"c99"}))).found == {"c99"}
    assert "s99" not in pq.read_table(report.path / ID_MAP_FILE)["source_id"].to_pylist()
