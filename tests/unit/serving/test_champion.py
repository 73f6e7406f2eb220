"""Champions: from the alias in a real registry to a checked copy that needs no MLflow."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from churn.errors import NoChampion
from churn.settings import Settings
from churn.treekernel_points import exact_nodes
from churn.treeshap import FAST_NODES
from serving import admission, archive, champion, champion_registry
from serving.described import described
from tests import tiny_service

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A business with two models in a registry, neither promoted."""
    settings = tiny_service.settings(tmp_path_factory.mktemp("registry"))
    tiny_service.register(settings)
    return settings


def promoted(settings: Settings, *models: str) -> Settings:
    """The registry with the alias on these models alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of MLflow
        client = champion_registry.client(settings.registry_uri)
        for model in champion.MODELS:
            name = settings.model_name(model)
            if model in models:
                client.set_registered_model_alias(name, "champion", "1")
            elif "champion" in client.get_registered_model(name).aliases:
                client.delete_registered_model_alias(name, "champion")
    return settings


def test_one_champion_is_enough(registry: Settings) -> None:
    held = champion.fetch(promoted(registry, "churn"))
    assert {model: one.version for model, one in held.items()} == {"churn": "churn-tiny/1"}
    champion.appoint(registry.folder, held)
    loaded = champion.load(registry)
    assert loaded["churn"].model_hash == tiny_service.champion("churn").model_hash
    assert loaded["churn"].bundle == tiny_service.champion("churn").bundle
    assert described(loaded)["reactivation"] is None


def test_the_copy_is_read_without_mlflow_and_without_lightgbm(registry: Settings) -> None:
    champion.appoint(registry.folder, champion.fetch(promoted(registry, "churn")))
    script = (
        "import sys; from pathlib import Path; from churn.settings import Settings; from serving import champion; "
        f"told = Settings(artifacts=Path({str(registry.artifacts)!r}), business={{'slug': 'tiny'}}); "
        "held = champion.load(told); held['churn'].explainer; "
        "print(sorted(held), {'mlflow', 'lightgbm', 'bentoml', 'feast'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "['churn'] set()"


def test_exact_reasons_take_as_many_points_as_the_model_needs(registry: Settings) -> None:
    settings = promoted(registry, "churn")
    champion.appoint(settings.folder, champion.fetch(settings))
    exactly = settings.model_copy(update={"serving": settings.serving.model_copy(update={"exact_reasons": True})})
    (fast,), (exact,) = (champion.load(one).values() for one in (settings, exactly))
    assert fast.trees.nodes == FAST_NODES
    assert exact.trees.nodes == exact_nodes(exact.trees.forest.sizes.distinct)


def test_without_any_champion_nothing_is_served(registry: Settings, tmp_path: Path) -> None:
    empty = tiny_service.settings(tmp_path)
    with pytest.raises(NoChampion, match="churn promote"):
        champion.fetch(empty)
    with pytest.raises(NoChampion, match="churn promote"):
        champion.load(empty)
    with pytest.raises(NoChampion, match="churn promote"):
        champion.fetch(promoted(registry))
    assert not (empty.folder / "mlflow.db").exists()


def test_a_model_that_is_not_what_was_promoted_is_refused(registry: Settings) -> None:
    promoted(registry, "churn")
    booster = next(path for path in (registry.folder / "mlruns").rglob("booster.txt") if _is_churn(path))
    text = booster.read_text()
    try:
        booster.write_text(text.replace("leaf_value=", "leaf_value=9", 1))
        with pytest.raises(admission.BrokenModel, match="rollback"):
            champion.fetch(registry)
        booster.unlink()
        with pytest.raises(admission.BrokenModel, match=r"0 files booster\.txt"):
            champion.fetch(registry)
    finally:
        booster.write_text(text)


def test_an_alias_that_promote_did_not_set_is_refused(registry: Settings) -> None:
    record = promoted(registry, "churn").folder / "champion" / "churn.json"
    text = record.read_text()
    try:
        for changed in (text.replace('"version": 1', '"version": 2'), "{}", "no json"):
            record.write_text(changed)
            with pytest.raises(admission.BrokenModel, match="promote"):
                champion.fetch(registry)
    finally:
        record.write_text(text)


def _is_churn(booster: Path) -> bool:
    return '"model": "churn"' in (booster.parent / "bundle.json").read_text()


def test_a_new_promotion_is_served_once_it_is_appointed(registry: Settings) -> None:
    """A batch that fetches meanwhile changes nothing for workers that are started anew."""
    champion.appoint(registry.folder, champion.fetch(promoted(registry, "churn")))
    assert list(champion.fetch(promoted(registry, "reactivation"))) == ["reactivation"]
    assert list(champion.load(registry)) == ["churn"]
    champion.appoint(registry.folder, champion.fetch(registry))
    assert list(champion.load(registry)) == ["reactivation"]
    assert len(list((registry.folder / archive.FOLDER).iterdir())) == 2, "who answered before stays in the archive"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"model_hash": "0" * 64}, "verdict_of_another"),
        ({"version": 2}, "verdict_of_another"),
        ({"feature_set_hash": "other"}, "verdict_of_another"),
        ({"definition_id": "another"}, "verdict_of_another"),
        ({"passed": False}, "not_let_in"),
        ({"act": "shadow"}, "not_let_in"),
    ],
)
def test_a_verdict_of_another_artifact_lets_nobody_in(
    changed: dict[str, object], reason: str, registry: Settings
) -> None:
    tiny_service.let_in(promoted(registry, "churn"), "churn", 1, *tiny_service.texts("churn"), **changed)
    try:
        _refused(registry, reason)
    finally:
        tiny_service.let_in(registry, "churn", 1, *tiny_service.texts("churn"))


def test_a_forged_verdict_and_none_let_nobody_in(registry: Settings) -> None:
    record = promoted(registry, "churn").folder / "champion" / "churn.json"
    text = record.read_text()
    told = json.loads(text)
    try:
        for warrant, reason in (
            (told["warrant"] | {"signature": "0" * 64}, "forged_verdict"),
            (told["warrant"] | {"who": "somebody else"}, "forged_verdict"),
            (None, "no_verdict"),
        ):
            record.write_text(json.dumps(told | {"warrant": warrant}))
            _refused(registry, reason)
    finally:
        record.write_text(text)


def test_without_the_key_no_verdict_is_believed(registry: Settings) -> None:
    held = champion.fetch(promoted(registry, "churn"))
    champion.appoint(registry.folder, held)
    key = registry.folder / "champion" / "verdicts.key"
    assert key.stat().st_mode & 0o777 == 0o600
    moved = key.rename(key.with_name("aside"))
    try:
        _refused(registry, "no_key")
        with pytest.raises(admission.RefusedVersion) as told:
            champion.load(registry)
        assert "backup" in told.value.mend
    finally:
        moved.rename(key)


def test_a_store_of_other_features_serves_no_version(registry: Settings) -> None:
    found = champion.look(promoted(registry, "churn"), on_line="another")
    assert found.held == {}
    assert found.refused["churn"].reason == "other_features"
    assert "churn features materialise" in found.refused["churn"].mend
    assert list(champion.look(registry, on_line=tiny_service.SET_HASH).held) == ["churn"]


def test_an_appointment_that_was_tampered_with_is_refused_by_the_workers_too(registry: Settings) -> None:
    """As who writes another archived model into serving/champions.json would."""
    held = champion.fetch(promoted(registry, "churn", "reactivation"))
    champion.appoint(registry.folder, {"churn": held["reactivation"]})
    with pytest.raises(admission.RefusedVersion) as told:
        champion.load(registry)
    assert told.value.reason == "verdict_of_another"
    champion.appoint(registry.folder, held)


def _refused(settings: Settings, reason: str) -> None:
    with pytest.raises(admission.RefusedVersion) as told:
        champion.fetch(settings)
    assert told.value.reason == reason
    assert "churn promote" in told.value.mend or "backup" in told.value.mend
