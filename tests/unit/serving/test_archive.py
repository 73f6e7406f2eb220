"""The archive: whoever answered is kept as they were, and a file that has changed since is named."""

import json
import os
from pathlib import Path

import pytest

from churn.settings import Settings
from serving import archive
from tests import tiny_service

HASH = tiny_service.champion("churn").model_hash


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    held = tiny_service.settings(tmp_path)
    archive.keep(held, "churn-tiny/1", HASH, *tiny_service.texts("churn"))
    return held


def test_a_kept_model_is_as_it_was(settings: Settings) -> None:
    found = archive.look(settings.folder, HASH)
    assert found is not None
    assert found.altered == ()
    assert found.note["version"] == "churn-tiny/1"
    assert found.learned is None, "its snapshot is gone, so nobody knows what its features were made of"
    assert archive.look(settings.folder, "0" * 64) is None


@pytest.mark.parametrize(
    ("file", "old", "new"), [(archive.BOOSTER, "leaf_value=", "leaf_value=9"), (archive.BUNDLE, '"trees"', '"trees" ')]
)
def test_a_file_that_has_changed_since_is_named_and_put_right_by_the_next_fetch(
    settings: Settings, file: str, old: str, new: str
) -> None:
    path = archive.folder_of(settings.folder, HASH) / file
    path.write_text(path.read_text().replace(old, new, 1))
    found = archive.look(settings.folder, HASH)
    assert found is not None
    assert found.altered == (file,)
    archive.keep(settings, "churn-tiny/1", HASH, *tiny_service.texts("churn"))
    assert archive.look(settings.folder, HASH) == archive.Archived(found.folder, found.note, ())


def test_a_note_that_was_changed_with_its_file_does_not_hide_it(settings: Settings) -> None:
    place = archive.folder_of(settings.folder, HASH)
    (place / archive.BOOSTER).write_text(tiny_service.texts("churn")[0].replace("leaf_value=", "leaf_value=9", 1))
    (place / archive.NOTE).write_text("{}")
    found = archive.look(settings.folder, HASH)
    assert found is not None
    assert found.altered == archive.FILES
    (place / archive.BUNDLE).unlink()
    assert archive.look(settings.folder, HASH) == archive.Archived(place, {}, archive.FILES)


def test_it_holds_what_makes_the_features_again(settings: Settings) -> None:
    snapshot = settings.folder / "snapshots" / ("5" * 12)
    snapshot.mkdir(parents=True)
    learned = {"hash": tiny_service.SET_HASH, "alive": {"order": []}, "settings": {}, "features": ["long"]}
    (snapshot / "manifest.json").write_text(json.dumps({"feature_set": learned, "definition": {"id": "d"}}))
    archive.keep(settings, "churn-tiny/1", HASH, *tiny_service.texts("churn"))
    found = archive.look(settings.folder, HASH)
    assert found is not None
    del learned["features"]
    assert found.learned == {"feature_set": learned, "lifecycle": {"id": "d"}}


def test_being_fetched_again_is_being_used(settings: Settings) -> None:
    place = archive.folder_of(settings.folder, HASH)
    os.utime(place / archive.NOTE, (0, 0))
    assert archive.last_used(place).year == 1970
    archive.keep(settings, "churn-tiny/1", HASH, *tiny_service.texts("churn"))
    assert archive.last_used(place).year > 2020
