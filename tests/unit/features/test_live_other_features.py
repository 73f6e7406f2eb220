"""Champions change their features while the service runs: rows of today are made again with the new ones."""

from pathlib import Path

from features.catalogue import catalogue
from features.feature_set import FeatureSet
from features.log import read_log_manifest
from features.online import MemoryOnlineStore
from tests import live_shop


def test_rows_of_today_are_made_again_with_the_features_of_the_new_champion(tmp_path: Path) -> None:
    held, store = live_shop.settings(tmp_path), MemoryOnlineStore()
    live_shop.ingested(held)
    opened = live_shop.intake(held, store)
    live_shop.taken(opened, [live_shop.event("a")])
    before, others = live_shop.features(held), fewer(held)
    assert _set_of(store) == before.hash != others.hash
    opened.keeper.step()
    opened.use(before)
    assert opened.keeper.step() == 0, "the same features: nothing to do"
    opened.use(others)
    assert opened.keeper.step() == 1
    (row,) = store.rows(["客 0003"])
    assert row is not None
    assert (row.feature_set_hash, len(row.vector)) == (others.hash, len(others.names))
    live_shop.taken(opened, [live_shop.event("b", minutes=30)])
    assert _set_of(store) == others.hash
    opened.close()


def fewer(held: live_shop.Settings) -> FeatureSet:
    """The features that the log would give, had it orders alone."""
    manifest = read_log_manifest(held.folder)
    return catalogue(["order"], {"order": set(manifest.columns["order"])}, held.lifecycle)


def _set_of(store: MemoryOnlineStore) -> str:
    (row,) = store.rows(["客 0003"])
    assert row is not None
    return row.feature_set_hash
