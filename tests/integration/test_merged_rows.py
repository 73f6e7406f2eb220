"""The live rows after a merge and a split: the old id's row is gone, the new one has the joint history, and back."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cli.features import materialise
from cli.opened import open_log
from features.current_file import read_current
from features.departed import departed, drop_departed
from features.erasure.forgotten import Forgotten
from features.holders import resolve
from features.online import MemoryOnlineStore, OnlineRow
from features.store import OnlineStore
from tests.mapped_shop import CALLS, settings, told

MERGE, SPLIT = "hotline,h1,s1,2024-03-15", "hotline,h1,c7,2024-04-10"
NOW = datetime(2024, 4, 21, tzinfo=UTC)


def on_line(root: Path, *rows: str, calls: str = CALLS) -> tuple[dict[str, float], int]:
    """Complaints of the last 90 days by customer, as the store has them after the map was read; and rows dropped."""
    folder = told(root, *rows, calls=calls).path.parent
    wanted = settings(root, mapped=bool(rows))
    dropped = int(materialise(wanted).as_json["dropped"])
    place = list(open_log(wanted).served.names).index("complaint_count_90d")
    store = OnlineStore(wanted)
    found = {row.customer_id: float(row.vector[place]) for row in store.rows(["h1", "h2", "s1", "s2", "c7"]) if row}
    store.close()
    assert folder == wanted.folder
    return found, dropped


@pytest.mark.slow
def test_a_merge_and_a_split_re_key_the_live_rows(tmp_path: Path) -> None:
    assert on_line(tmp_path) == ({"h1": 2, "h2": 1, "s1": 0, "s2": 0}, 0)
    assert on_line(tmp_path, MERGE) == ({"h2": 1, "s1": 2, "s2": 0}, 1)
    assert resolve(settings(tmp_path).folder, "hotline", "h1") == "s1"
    assert on_line(tmp_path, MERGE, SPLIT) == ({"h2": 1, "s1": 0, "s2": 0, "c7": 2}, 0)
    assert resolve(settings(tmp_path).folder, "hotline", "h1") == "c7"
    withdrawn = CALLS.replace("h2,2024-02-25,4,,complaint,\n", "")
    assert on_line(tmp_path, MERGE, SPLIT, calls=withdrawn) == ({"s1": 0, "s2": 0, "c7": 2}, 1)


def row(customer_id: str, as_of: datetime) -> OnlineRow:
    return OnlineRow(customer_id, np.zeros(1), "active", "churn", as_of, as_of, "hash")


def test_a_row_that_is_newer_than_the_batch_stays(tmp_path: Path) -> None:
    store = MemoryOnlineStore()
    store.write([row("old", NOW), row("live", NOW + timedelta(hours=1))])
    assert drop_departed(store, ["old", "live", "unknown"], NOW) == 1
    assert [one and one.customer_id for one in store.rows(["old", "live"])] == [None, "live"]


def test_who_lost_an_id_is_looked_at_though_nothing_was_materialised_yet(tmp_path: Path) -> None:
    folder = told(tmp_path, MERGE, SPLIT).path.parent
    assert departed(folder, pa.chunked_array([["s1"]])) == ["h1"]


def test_an_id_without_a_map_is_whose_it_says(tmp_path: Path) -> None:
    assert resolve(tmp_path, "hotline", "h1") == "h1"
    folder = told(tmp_path).path.parent
    assert resolve(folder, "hotline", "h1") == "h1"


def test_who_is_forgotten_while_rows_are_made_has_none(tmp_path: Path) -> None:
    """The log is read before, their row is written after: whoever stands on the list by then is dropped again."""
    told(tmp_path)
    wanted = settings(tmp_path, mapped=False)
    Forgotten.new().blocking(["h1"], request="1", at=NOW.isoformat()).write(wanted.folder)
    materialise(wanted)
    with closing(OnlineStore(wanted)) as store:
        assert [row and row.customer_id for row in store.rows(["h1", "s1"])] == [None, "s1"]
    rows, manifest = read_current(wanted.folder / "features")
    assert "h1" not in set(rows["customer_id"])
    assert "s1" in set(rows["customer_id"])
    assert manifest["rows"] == len(rows)
