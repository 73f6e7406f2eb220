"""What an older version wrote is brought up to date when a command opens it; what a newer one wrote is refused."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from churn.settings import Settings
from cli.stores import stores
from cli.versions import FILE, VERSIONS, BrokenVersions, NewerStore, bring_up_to_date, write
from features.current_file import read_current, write_current
from features.migrations import MIGRATIONS, digest_1
from features.online import rows_of
from features.snapshots import ChangedSnapshot, Snapshot, current, read_snapshot
from features.tombstones import standing
from tests import small_shop


@pytest.fixture
def old(tmp_path: Path) -> Snapshot:
    """A snapshot as the first version wrote it: named by a hash over its columns."""
    frozen = small_shop.frozen(tmp_path)
    manifest = frozen.manifest | {"hash": digest_1(frozen.frame, frozen.manifest)}
    path = frozen.path.with_name(manifest["hash"][:12])
    frozen.path.rename(path)
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Snapshot(manifest, path)


def test_a_snapshot_of_the_first_form_is_found_under_its_old_name(old: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(ChangedSnapshot):
        read_snapshot(old.path)
    assert bring_up_to_date(tmp_path) == [store for store, known in VERSIONS.items() if known > 1]
    now = read_snapshot(standing(old.path))
    assert now.hash == small_shop.frozen(tmp_path / "new").hash != old.hash
    assert bring_up_to_date(tmp_path) == []
    assert json.loads((tmp_path / FILE).read_text())["versions"] == VERSIONS


def test_a_snapshot_changed_by_hand_is_not_made_good(old: Snapshot, tmp_path: Path) -> None:
    manifest = old.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old.hash, "0" * 64))
    bring_up_to_date(tmp_path)
    with pytest.raises(ChangedSnapshot):
        read_snapshot(old.path)


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"versions": VERSIONS | {"log": VERSIONS["log"] + 1}}))
    with pytest.raises(NewerStore) as raised:
        bring_up_to_date(tmp_path)
    assert "log" in raised.value.problem
    assert "before it was upgraded" in raised.value.mend


def test_a_broken_list_of_forms_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[]")
    with pytest.raises(BrokenVersions) as raised:
        bring_up_to_date(tmp_path)
    assert "delete it" in raised.value.mend


def test_copies_of_models_move_to_the_archive(tmp_path: Path) -> None:
    old, new = tmp_path / "serving" / "models", tmp_path / "models"
    for name in ("aaa", "bbb"):
        (old / name).mkdir(parents=True)
        (old / name / "booster.txt").write_text(name)
    (new / "bbb").mkdir(parents=True)  # a migration that a kill cut short, or a fetch since
    (tmp_path / "snapshots").mkdir()
    assert "serving" in bring_up_to_date(tmp_path)
    assert (new / "aaa" / "booster.txt").read_text() == "aaa"
    assert {path.name for path in new.iterdir()} == {"aaa", "bbb"}
    assert not old.exists()
    MIGRATIONS["serving", 1](tmp_path)  # again


def test_every_step_from_the_first_form_has_its_migration() -> None:
    steps = {(store, version) for store, known in VERSIONS.items() for version in range(1, known)}
    assert steps == set(MIGRATIONS)


def test_every_store_that_has_a_form_is_on_the_list() -> None:
    assert set(VERSIONS) <= {store.name for store in stores(Settings())}


def test_nothing_is_written_where_nothing_is(tmp_path: Path) -> None:
    assert bring_up_to_date(tmp_path / "nowhere") == []
    assert not (tmp_path / "nowhere").exists()
    write(tmp_path)
    assert bring_up_to_date(tmp_path) == []


def test_rows_of_now_of_the_first_form_are_read_as_saying_nothing(tmp_path: Path) -> None:
    shop = small_shop.features()
    frame = current(small_shop.events(), shop, small_shop.LIFECYCLE, small_shop.UNTIL)
    path = write_current(frame, shop, small_shop.LIFECYCLE, tmp_path)
    pq.write_table(pq.read_table(path).drop_columns(["stated", "nightly"]), path)
    found, _ = read_current(tmp_path)
    assert len(found) == len(frame)
    assert {row.stated for row in rows_of(found, shop.names, shop.hash)} == {None}
