"""Snapshots on disk: what they hold, that they are frozen, and what is said when they are not as promised."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.cohort import cohort
from churn.errors import WrongColumns
from churn.labels import label
from churn.tables import OUTCOMES, SNAPSHOT_KEYS
from features.atomic import whole_folder, write_whole
from features.compute import compute
from features.current_file import NoCurrent, read_current, write_current
from features.feature_set import FeatureSet
from features.snapshot_file import checked
from features.snapshots import ChangedSnapshot, NoSnapshot, Snapshot, current, last_midnight, read_snapshot
from tests import small_shop

DISK_FULL = OSError(28, "No space left on device")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return small_shop.frozen(tmp_path_factory.mktemp("artifacts"))


def test_it_holds_cohort_label_and_features_of_every_cutoff(snapshot: Snapshot) -> None:
    events, lifecycle = small_shop.events(), small_shop.LIFECYCLE
    assert list(snapshot.frame.columns) == [*SNAPSHOT_KEYS.names, *OUTCOMES.names, *small_shop.features().names]
    assert snapshot.frame.set_index(["customer_id", "event_timestamp"]).index.is_unique
    for cutoff, rows in snapshot.frame.groupby("event_timestamp"):
        asked = cohort(events, lifecycle, cutoff.to_pydatetime()).sort_values("customer_id", ignore_index=True)
        outcome = label(asked, events, lifecycle, cutoff=cutoff.to_pydatetime(), observed_until=small_shop.UNTIL)
        assert list(rows["customer_id"]) == list(asked["customer_id"])
        assert list(rows["model"]) == list(asked["model"])
        assert list(rows["label"]) == list(outcome)
        alone = compute(events, [cutoff.to_pydatetime()], small_shop.features(), lifecycle)[:, 0]
        wanted = alone[np.searchsorted(events.customers, rows["customer_id"].to_numpy(dtype=object))]
        np.testing.assert_array_equal(rows[snapshot.feature_names].to_numpy(), wanted)
    assert snapshot.frame["label"].nunique() == 2
    assert snapshot.frame[snapshot.feature_names].isna().any(axis=None)


def test_reading_gives_what_was_frozen(snapshot: Snapshot) -> None:
    again = read_snapshot(snapshot.path)
    pd.testing.assert_frame_equal(again.frame, snapshot.frame)
    assert again.manifest == snapshot.manifest
    assert again.cutoffs == small_shop.CUTOFFS
    assert again.observed_until == small_shop.UNTIL


def test_the_manifest_says_what_it_is(snapshot: Snapshot) -> None:
    manifest = json.loads((snapshot.path / "manifest.json").read_text(encoding="utf-8"))
    assert snapshot.path.name == manifest["hash"][:12]
    assert manifest["rows"] == len(snapshot.frame)
    assert manifest["definition"]["id"] == small_shop.LIFECYCLE.definition.id
    assert manifest["feature_set"]["hash"] == small_shop.features().hash
    assert manifest["log_hash"] == "a log"
    assert set(manifest["made_by"]) == {"version", "commit"}


def test_the_packed_vector_is_the_scalars_with_nan_and_never_null(snapshot: Snapshot) -> None:
    table = pq.read_table(snapshot.rows_path)
    assert table.schema.field("event_timestamp").type == pa.timestamp("us", tz="UTC")
    assert table["vector"].combine_chunks().flatten().null_count == 0
    vectors = np.stack(table["vector"].to_numpy())
    np.testing.assert_array_equal(vectors, snapshot.frame[snapshot.feature_names].to_numpy())
    assert (
        table["order_mean_90d"].null_count == np.isnan(vectors[:, snapshot.feature_names.index("order_mean_90d")]).sum()
    )


def test_what_is_frozen_stays(snapshot: Snapshot, tmp_path: Path) -> None:
    first = small_shop.frozen(tmp_path)
    written = first.rows_path.stat().st_mtime_ns
    assert small_shop.frozen(tmp_path).hash == first.hash == snapshot.hash
    assert first.rows_path.stat().st_mtime_ns == written
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [first.hash[:12]]


def test_a_changed_snapshot_is_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    path = shutil.copytree(snapshot.path, tmp_path / "copy")
    table = pq.read_table(path / "snapshot.parquet")
    flipped = pa.array([not known for known in table["label"].to_pylist()])
    pq.write_table(table.set_column(table.schema.get_field_index("label"), "label", flipped), path / "snapshot.parquet")
    with pytest.raises(ChangedSnapshot, match="was changed after it was frozen") as told:
        read_snapshot(path)
    assert "churn snapshot freeze" in told.value.mend


def test_other_columns_are_refused_with_a_diff(snapshot: Snapshot, tmp_path: Path) -> None:
    path = shutil.copytree(snapshot.path, tmp_path / "copy")
    table = pq.read_table(path / "snapshot.parquet")
    pq.write_table(table.drop_columns(["order_count_90d"]), path / "snapshot.parquet")
    with pytest.raises(WrongColumns, match="- order_count_90d"):
        read_snapshot(path)
    with pytest.raises(WrongColumns, match="- stage"):
        checked(snapshot.frame.drop(columns="stage"), snapshot.feature_names)


def test_a_missing_snapshot_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot) as told:
        read_snapshot(tmp_path / "nothing")
    assert "churn snapshot freeze" in told.value.mend


def test_an_immature_cutoff_has_no_labels(tmp_path: Path) -> None:
    late = small_shop.freeze(
        small_shop.events(), small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS,
        observed_until=small_shop.CUTOFFS[-1], log_hash="a log", folder=tmp_path,
    )  # fmt: skip
    by_cutoff = late.frame.groupby("event_timestamp")["label"].apply(lambda labels: labels.isna().all())
    assert list(by_cutoff) == [False, False, True]


def test_no_cutoffs_give_an_empty_snapshot(tmp_path: Path) -> None:
    empty = small_shop.freeze(
        small_shop.events(), small_shop.features(), small_shop.LIFECYCLE, [],
        observed_until=small_shop.UNTIL, log_hash="a log", folder=tmp_path,
    )  # fmt: skip
    pd.testing.assert_frame_equal(read_snapshot(empty.path).frame, empty.frame)
    assert list(empty.frame.columns) == [*SNAPSHOT_KEYS.names, *OUTCOMES.names, *small_shop.features().names]


def test_now_is_everybody_with_a_model_where_one_is_asked() -> None:
    events = small_shop.events()
    now = small_shop.LIFECYCLE.calendar.plus_days(small_shop.CUTOFFS[-1], 1)
    people = current(events, small_shop.features(), small_shop.LIFECYCLE, now)
    assert len(people) == len(set(people["customer_id"]))
    assert people["label"].isna().all()
    assert people.loc[people["stage"] == "prospect", "model"].isna().all()
    assert set(people["model"].dropna()) == {"churn", "reactivation"}
    assert (people["event_timestamp"] == now).all()


def test_a_batch_is_cut_at_the_last_local_midnight() -> None:
    cutoff = small_shop.CUTOFFS[0]
    assert last_midnight(small_shop.LIFECYCLE, cutoff) == cutoff
    assert last_midnight(small_shop.LIFECYCLE, cutoff.replace(hour=23)) == cutoff.replace(hour=16)


def test_rows_of_now_come_back(tmp_path: Path) -> None:
    with pytest.raises(NoCurrent) as told:
        read_current(tmp_path)
    assert "churn features materialise" in told.value.mend
    people = current(small_shop.events(), small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS[-1])
    write_current(people, small_shop.features(), small_shop.LIFECYCLE, tmp_path)
    again, manifest = read_current(tmp_path)
    pd.testing.assert_frame_equal(again, people)
    assert manifest["as_of"] == small_shop.CUTOFFS[-1].isoformat()
    assert manifest["rows"] == len(people)


def test_a_write_that_fails_leaves_the_state_before(tmp_path: Path) -> None:
    kept = tmp_path / "manifest.json"
    kept.write_text("before")

    def half(draft: Path) -> None:
        draft.write_text("hal")
        raise DISK_FULL

    with pytest.raises(OSError, match="No space left"):
        write_whole(kept, half)

    def fill_folder() -> None:
        with whole_folder(tmp_path / "snapshots" / "abc") as draft:
            half(draft / "rows")

    with pytest.raises(OSError, match="No space left"):
        fill_folder()
    assert kept.read_text() == "before"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["manifest.json", "snapshots"]


def test_two_that_freeze_the_same_at_once_agree(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "abc") as draft:
        (draft / "rows").write_text("the same")
        (tmp_path / "abc").mkdir()
        (tmp_path / "abc" / "rows").write_text("the same")
    assert (tmp_path / "abc" / "rows").read_text() == "the same"
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


def test_words_do_not_change_a_hash(snapshot: Snapshot, tmp_path: Path) -> None:
    reworded = tuple(feature.named(feature.name, en="in other words") for feature in small_shop.features())
    again = small_shop.freeze(
        small_shop.events(), FeatureSet(reworded, small_shop.LIFECYCLE), small_shop.LIFECYCLE, small_shop.CUTOFFS,
        observed_until=small_shop.UNTIL, log_hash="a log", folder=tmp_path,
    )  # fmt: skip
    assert again.hash == snapshot.hash
