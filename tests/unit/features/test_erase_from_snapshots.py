"""A snapshot without a customer: what a freeze gives of a log without them, and a stone that leads there."""

import shutil
from pathlib import Path

import pytest

from features.erasure.rewriting import customers_of
from features.erasure.snapshots import erase_from_snapshots
from features.erasure.store import NOTHING, Whom
from features.snapshots import ChangedSnapshot, NoSnapshot, Snapshot, read_snapshot
from features.tombstones import ErasedSnapshot, Stone, ancestors, standing, stones
from tests import small_shop


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return small_shop.frozen(tmp_path)


def leavers(snapshot: Snapshot, count: int = 1) -> list[str]:
    """Customers with rows at more than one cutoff."""
    several = snapshot.frame["customer_id"].value_counts()
    return sorted(several[several > 1].index)[:count]


def test_what_is_left_is_what_a_freeze_gives_without_them(snapshot: Snapshot, tmp_path: Path) -> None:
    (leaver,) = leavers(snapshot)
    rows = int((snapshot.frame["customer_id"] == leaver).sum())
    erased = erase_from_snapshots(tmp_path, Whom(frozenset({leaver})))
    left = read_snapshot(standing(snapshot.path))
    log = small_shop.log()
    assert left.hash == small_shop.frozen(tmp_path / "again", log[log["customer_id"] != leaver]).hash
    assert (erased.rows, erased.found, erased.files) == (rows, {leaver}, 1)
    assert len(left) == len(left.frame) == len(snapshot) - rows
    assert left.manifest["left_of"] == snapshot.hash
    assert [name for name in left.manifest if name not in snapshot.manifest] == ["left_of"]


def test_the_old_hash_is_no_more_and_says_where_the_rest_is(snapshot: Snapshot, tmp_path: Path) -> None:
    (leaver,) = leavers(snapshot)
    erase_from_snapshots(tmp_path, Whom(frozenset({leaver})))
    with pytest.raises(ErasedSnapshot) as raised:
        read_snapshot(snapshot.path)
    assert str(standing(snapshot.path)) in raised.value.mend
    assert not snapshot.path.exists()
    assert [path.name for path in (tmp_path / "snapshots").iterdir() if path.name.startswith(".")] == []
    kept = [path for path in (tmp_path / "snapshots").rglob("*.parquet") if leaver in customers_of(path)]
    assert kept == []


def test_names_lead_on_through_several_erasures(snapshot: Snapshot, tmp_path: Path) -> None:
    for leaver in leavers(snapshot, 3):
        erase_from_snapshots(tmp_path, Whom(frozenset({leaver})))
    last = read_snapshot(standing(snapshot.path))
    assert len(stones(tmp_path)) == 3
    assert not set(leavers(snapshot, 3)) & set(last.frame["customer_id"])
    before = ancestors([last.hash], stones(tmp_path))
    assert before == {last.hash, *(stone.hash for stone in stones(tmp_path))}
    assert snapshot.hash in before


def test_who_is_not_in_it_leaves_it_alone(snapshot: Snapshot, tmp_path: Path) -> None:
    assert erase_from_snapshots(tmp_path, Whom(frozenset({"nobody"}))) == NOTHING
    assert read_snapshot(snapshot.path).hash == snapshot.hash


def test_a_snapshot_frozen_anew_counts_and_not_its_stone(snapshot: Snapshot, tmp_path: Path) -> None:
    erase_from_snapshots(tmp_path, Whom(frozenset(leavers(snapshot))))
    again = small_shop.frozen(tmp_path)  # the customer came back
    assert again.path == snapshot.path == standing(snapshot.path)
    assert read_snapshot(snapshot.path).hash == snapshot.hash


def test_a_kill_between_the_steps_is_mended_by_doing_it_again(snapshot: Snapshot, tmp_path: Path) -> None:
    """The new one stands, the stone too, and the old one was not taken away yet."""
    whom = Whom(frozenset(leavers(snapshot)))
    before = tmp_path / "before"
    shutil.copytree(snapshot.path, before)
    erase_from_snapshots(tmp_path, whom)
    successor = standing(snapshot.path)
    before.rename(snapshot.path)
    erase_from_snapshots(tmp_path, whom)
    assert not snapshot.path.exists()
    assert standing(snapshot.path) == successor


def test_a_snapshot_changed_by_hand_is_not_made_good(snapshot: Snapshot, tmp_path: Path) -> None:
    manifest = snapshot.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace(snapshot.hash, "0" * 64))
    with pytest.raises(ChangedSnapshot):
        erase_from_snapshots(tmp_path, Whom(frozenset(leavers(snapshot))))


def test_stones_in_a_circle_end(tmp_path: Path) -> None:
    place = tmp_path / "snapshots"
    for here, there in (("a" * 12, "b" * 12), ("b" * 12, "a" * 12)):
        Stone(here, there, 1, "2025-01-01").write(place / here)
    assert standing(place / ("a" * 12)).parent == place
    with pytest.raises(NoSnapshot):
        read_snapshot(place / ("a" * 12))
