"""Champions: from the alias in a real registry to a checked copy that needs no MLflow."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from churn.errors import NoChampion
from churn.settings import Settings
from serving import archive, champion
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
        client = champion._client(settings.registry_uri)
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
    loaded = champion.load(registry.folder, registry.business.slug)
    assert loaded["churn"].model_hash == tiny_service.champion("churn").model_hash
    assert loaded["churn"].bundle == tiny_service.champion("churn").bundle
    assert described(loaded)["reactivation"] is None


def test_the_copy_is_read_without_mlflow_and_without_lightgbm(registry: Settings) -> None:
    champion.appoint(registry.folder, champion.fetch(promoted(registry, "churn")))
    script = (
        "import sys; from pathlib import Path; from serving import archive, champion; "
        f"held = champion.load(Path({str(registry.folder)!r}), 'tiny'); held['churn'].explainer; "
        "print(sorted(held), {'mlflow', 'lightgbm', 'bentoml', 'feast'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "['churn'] set()"


def test_without_any_champion_nothing_is_served(registry: Settings, tmp_path: Path) -> None:
    empty = tiny_service.settings(tmp_path)
    with pytest.raises(NoChampion, match="churn promote"):
        champion.fetch(empty)
    with pytest.raises(NoChampion, match="churn promote"):
        champion.load(empty.folder, "tiny")
    with pytest.raises(NoChampion, match="churn promote"):
        champion.fetch(promoted(registry))
    assert not (empty.folder / "mlflow.db").exists()


def test_a_model_that_is_not_what_was_promoted_is_refused(registry: Settings) -> None:
    promoted(registry, "churn")
    booster = next(path for path in (registry.folder / "mlruns").rglob("booster.txt") if _is_churn(path))
    text = booster.read_text()
    try:
        booster.write_text(text.replace("leaf_value=", "leaf_value=9", 1))
        with pytest.raises(champion.BrokenModel, match="rollback"):
            champion.fetch(registry)
        booster.unlink()
        with pytest.raises(champion.BrokenModel, match=r"0 files booster\.txt"):
            champion.fetch(registry)
    finally:
        booster.write_text(text)


def test_an_alias_that_promote_did_not_set_is_refused(registry: Settings) -> None:
    record = promoted(registry, "churn").folder / "champion" / "churn.json"
    text = record.read_text()
    try:
        for changed in (text.replace('"version": 1', '"version": 2'), "{}", "no json"):
            record.write_text(changed)
            with pytest.raises(champion.BrokenModel, match="promote"):
                champion.fetch(registry)
    finally:
        record.write_text(text)


def _is_churn(booster: Path) -> bool:
    return '"model": "churn"' in (booster.parent / "bundle.json").read_text()


def test_a_new_promotion_is_served_once_it_is_appointed(registry: Settings) -> None:
    """A batch that fetches meanwhile changes nothing for workers that are started anew."""
    champion.appoint(registry.folder, champion.fetch(promoted(registry, "churn")))
    assert list(champion.fetch(promoted(registry, "reactivation"))) == ["reactivation"]
    assert list(champion.load(registry.folder, "tiny")) == ["churn"]
    champion.appoint(registry.folder, champion.fetch(registry))
    assert list(champion.load(registry.folder, "tiny")) == ["reactivation"]
    assert len(list((registry.folder / archive.FOLDER).iterdir())) == 2, "who answered before stays in the archive"
