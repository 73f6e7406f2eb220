"""The watch over the registry: who is appointed, who is refused, and what goes on while nothing answers."""

import json
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from churn.errors import NoChampion
from churn.settings import Settings
from features.atomic import write_json
from serving import champion, champion_registry, registry_state
from serving.admission import BrokenModel, NobodyAdmitted
from serving.registry_watch import UNDER_WAY, RegistryWatch
from tests import tiny_service
from tests.command_line import files_no_longer_than

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A business with three versions of each model in its registry."""
    settings = tiny_service.settings(tmp_path_factory.mktemp("registry"))
    tiny_service.register(settings)
    for model in champion.MODELS:
        tiny_service.promote(settings, model, 3)
    return settings


@pytest.fixture
def shop(registry: Settings) -> Iterator[Settings]:
    """The same, with the first versions promoted and nobody appointed."""
    for path in (registry.folder / "serving").glob("*.json"):
        path.unlink()
    (registry.folder / "features" / "manifest.json").unlink(missing_ok=True)
    for model in champion.MODELS:
        tiny_service.promote(registry, model, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of MLflow
        yield registry


class Said(list[str]):
    """What was told, in words."""

    def __call__(self, words: str) -> None:
        self.append(words)


def watching(shop: Settings, said: Said | None = None) -> RegistryWatch:
    clock = (NOW + timedelta(seconds=number) for number in range(1000))
    return RegistryWatch(shop, tell=said if said is not None else Said(), now=lambda: next(clock))


def versions(shop: Settings) -> dict[str, str]:
    return {model: one.version for model, one in champion.appointed(shop.folder).items()}


def by_hand(shop: Settings, number: int | None) -> None:
    """Move the alias without a promotion; None: take it away."""
    client, name = champion_registry.client(shop.registry_uri), shop.model_name("churn")
    if number is None:
        client.delete_registered_model_alias(name, "champion")
    else:
        client.set_registered_model_alias(name, "champion", str(number))


def reasons(shop: Settings) -> list[tuple[str, str]]:
    return [(one.model, one.reason) for one in registry_state.read(shop.folder).refused]


def test_promotions_and_rollbacks_are_appointed(shop: Settings) -> None:
    watch = watching(shop)
    watch.begin()
    assert versions(shop) == {"churn": "churn-tiny/1", "reactivation": "reactivation-tiny/1"}
    for number in (2, 3, 2, 1):
        tiny_service.promote(shop, "churn", number)
        watch.step()
        assert versions(shop) == {"churn": f"churn-tiny/{number}", "reactivation": "reactivation-tiny/1"}
        assert list(champion.load(shop)) == ["churn", "reactivation"]
    assert reasons(shop) == []


def test_who_served_before_serves_at_once_and_without_the_registry(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching(shop).begin()
    database = shop.folder / "mlflow.db"
    aside = database.rename(database.with_name("aside.db"))
    try:
        again = watching(shop)
        assert {one.version for one in again.begin().values()} == {"churn-tiny/1", "reactivation-tiny/1"}
        again.step()
        state = registry_state.read(shop.folder)
        assert (state.problem, state.told()["answers"]) == ("registry_down", False)
        assert not database.exists(), "asking made none"
    finally:
        aside.rename(database)
    again.step()
    assert registry_state.read(shop.folder).told()["answers"]


def test_who_was_promoted_meanwhile_serves_from_the_start(shop: Settings) -> None:
    watching(shop).begin()
    tiny_service.promote(shop, "churn", 2)
    assert watching(shop).begin()["churn"].version == "churn-tiny/2"


def test_a_copy_that_was_changed_does_not_serve_again(shop: Settings) -> None:
    held = watching(shop).begin()["churn"]
    copy = shop.folder / "models" / held.model_hash / "bundle.json"
    whole = copy.read_text()
    copy.write_text(whole.replace('"base_rate": 0.', '"base_rate": 0.0'))
    assert watching(shop).begin()["churn"] == held
    assert copy.read_text() == whole, "it was fetched again"


@pytest.mark.parametrize("content", ["", "[1]", '{"churn": {"version": "churn-tiny/1", "other": 1}}', '{"churn": 5}'])
def test_a_note_of_who_serves_that_cannot_be_read_is_written_anew(shop: Settings, content: str) -> None:
    (watch := watching(shop)).begin()
    for file in (champion.CHAMPIONS, champion.SHADOWS):
        (shop.folder / file).write_text(content, encoding="utf-8")
    assert set(watching(shop).begin()) == set(versions(shop)) == set(champion.MODELS), "at a start"
    (shop.folder / champion.CHAMPIONS).write_text(content, encoding="utf-8")
    watch.step()
    assert set(versions(shop)) == set(champion.MODELS), "while it watches"


def test_an_alias_moved_by_hand_is_refused_once_told_and_forgotten_when_it_is_right_again(shop: Settings) -> None:
    said = Said()
    watch = watching(shop, said)
    watch.begin()
    said.clear()
    by_hand(shop, 2)
    for _ in range(8):
        watch.step()
    assert reasons(shop) == [("churn", "alias_moved")]
    assert versions(shop)["churn"] == "churn-tiny/1"
    assert len(said) == 1
    assert "churn history --verify" in said[0]
    by_hand(shop, None)
    watch.step()
    assert reasons(shop) == [("churn", "alias_moved")]
    assert versions(shop)["churn"] == "churn-tiny/1"
    by_hand(shop, 1)
    watch.step()
    assert reasons(shop) == []


def test_a_version_waits_for_its_features_to_be_on_line(shop: Settings) -> None:
    """A changed catalogue: who served goes on, until the store holds what the new version reads."""
    watch = watching(shop)
    watch.begin()
    manifest = shop.folder / "features" / "manifest.json"
    write_json(manifest, {"feature_set": {"hash": "another"}})
    (manifest.with_name("current.parquet")).touch()
    tiny_service.promote(shop, "churn", 2)
    watch.step()
    assert ("churn", "other_features") in reasons(shop)
    assert "materialise" in registry_state.read(shop.folder).refused[0].mend
    assert versions(shop)["churn"] == "churn-tiny/1"
    write_json(manifest, {"feature_set": {"hash": tiny_service.SET_HASH}})
    watch.step()
    assert reasons(shop) == []
    assert versions(shop)["churn"] == "churn-tiny/2"


def test_a_promotion_under_way_is_waited_for(shop: Settings) -> None:
    watch = watching(shop)
    watch.begin()
    (shop.folder / UNDER_WAY).touch()
    by_hand(shop, 2)
    watch.step()
    assert reasons(shop) == []
    watch.step()
    assert registry_state.read(shop.folder).problem == "promotion_under_way"
    (shop.folder / UNDER_WAY).unlink()
    tiny_service.promote(shop, "churn", 2)
    watch.step()
    assert versions(shop)["churn"] == "churn-tiny/2"
    assert registry_state.read(shop.folder).problem is None


def test_nobody_acceptable_at_the_first_start_is_an_error_with_its_mend(shop: Settings, tmp_path: Path) -> None:
    for model in champion.MODELS:
        (shop.folder / "champion" / f"{model}.json").unlink()
    with pytest.raises(NobodyAdmitted) as told:
        watching(shop).begin()
    assert told.value.exit_code == 13
    assert "churn promote" in told.value.mend
    assert versions(shop) == {}
    with pytest.raises(NoChampion) as none:
        watching(tiny_service.settings(tmp_path)).begin()
    assert none.value.exit_code == 13


def test_one_that_may_not_serve_keeps_the_other_from_nothing(shop: Settings) -> None:
    (shop.folder / "champion" / "churn.json").unlink()
    assert list(watching(shop).begin()) == ["reactivation"]
    assert reasons(shop) == [("churn", "no_verdict")]


def test_a_full_disk_leaves_who_serves(shop: Settings) -> None:
    watch = watching(shop)
    watch.begin()
    tiny_service.promote(shop, "churn", 3)
    for copy in (shop.folder / "models").iterdir():
        if copy.name not in {one.model_hash for one in watch.held.values()}:
            for file in copy.iterdir():
                file.unlink()
            copy.rmdir()
    with files_no_longer_than(512), structlog.testing.capture_logs():  # else pytest's own file would be full
        watch.step()
    assert versions(shop)["churn"] == "churn-tiny/1"
    assert [path.name for path in (shop.folder / "serving").iterdir() if path.name.startswith(".")] == []
    watch.step()
    assert versions(shop)["churn"] == "churn-tiny/3"


def test_the_thread_ends_when_it_is_told_to(shop: Settings) -> None:
    watch, ended = watching(shop), threading.Event()
    watch.begin()
    thread = threading.Thread(target=watch.run, args=(ended, 0.01))
    thread.start()
    tiny_service.promote(shop, "churn", 2)
    for _ in range(500):
        if versions(shop)["churn"] == "churn-tiny/2":
            break
        ended.wait(0.01)
    ended.set()
    thread.join(10)
    assert not thread.is_alive()
    assert versions(shop)["churn"] == "churn-tiny/2"


def test_what_is_told_is_read_again_and_nothing_where_it_cannot_be(tmp_path: Path) -> None:
    error = BrokenModel("churn-tiny/2", "it is broken")
    state = registry_state.RegistryState(NOW, None, (registry_state.Refused.of("churn", error),))
    state.write(tmp_path)
    assert registry_state.read(tmp_path) == state
    told = state.told()
    assert told["refused"] == [{"model": "churn", "version": "churn-tiny/2", "reason": "changed_artifact"}]
    for broken in ("no json", "{}", "[]", json.dumps({"checked_at": 3, "problem": None, "refused": []})):
        (tmp_path / registry_state.FILE).write_text(broken)
        assert registry_state.read(tmp_path) == registry_state.RegistryState()
