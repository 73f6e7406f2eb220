"""The registry over a real MLflow on SQLite, held to the same contract as its twin that forgets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.model_sections import ModelRegistry
from tests.unit.training import made
from training.challenger import Challenger, train
from training.keep import keep
from training.promote import promote
from training.taking_back import rollback
from training.versions import MemoryRegistry, NoChallenger, Registry

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload``:DeprecationWarning"),  # SQLAlchemy 2.1, in MLflow
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::UserWarning:mlflow"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Challenger, made.Settings]:
    settings = made.settings(tmp_path_factory.mktemp("shop"))
    learn, test = made.snapshots(made.log(), settings)
    return train("churn", learn, test, settings, progress=lambda _text: None), settings


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(kind: str, shop: tuple[Challenger, made.Settings], request: pytest.FixtureRequest) -> made.Settings:
    """Where the registry is: nowhere, in a file, in a database of its own."""
    _, usual = shop
    if kind != "postgres":
        return usual
    url = request.getfixturevalue("postgres_database")
    return usual.model_copy(update={"registry": ModelRegistry(url=url, artifacts=str(usual.artifacts / "models"))})


def test_a_registry_keeps_versions_and_one_champion(
    kind: str, shop: tuple[Challenger, made.Settings], settings: made.Settings
) -> None:
    from training.registry import MlflowRegistry

    challenger, _ = shop
    registry = MemoryRegistry() if kind == "memory" else MlflowRegistry(settings)
    name = settings.model_name("churn")
    with pytest.raises(NoChallenger) as none:
        registry.newest(name)
    assert "churn train" in none.value.mend
    first = keep(challenger, registry, settings)
    assert registry.champion(name) is None
    again = registry.get(name, first.version)
    assert (again.hash, again.booster, again.bundle) == (challenger.hash, challenger.booster, challenger.bundle)
    assert again.facts["train_snapshot"] == first.facts["train_snapshot"]
    second = keep(challenger, registry, settings)
    assert (first.version, second.version, registry.newest(name).version) == (1, 2, 2)
    _takes_notes(registry, name)
    with pytest.raises(NoChallenger):
        registry.get(name, 9)
    with pytest.raises(NoChallenger):
        registry.crown(name, 9)
    proof = made.certificate(challenger.bundle)
    assert promote("churn", registry, settings, parity=proof).version.version == 2
    with pytest.raises(NoChallenger):
        registry.certify(name, 9, proof)
    assert registry.challenger(name) is None
    registry.crown(name, 1)
    assert registry.champion(name) == 1
    if kind != "memory":
        assert MlflowRegistry(settings).champion(name) == 1  # a second process sees the same
        _is_certified(settings, name, proof)
        _is_told(settings, name, challenger)
        _runs_anywhere(challenger, settings, name)


def _artifacts(settings: made.Settings) -> Path:
    return Path(settings.registry_artifacts.removeprefix("file://"))


def _takes_notes(registry: Registry, name: str) -> None:
    """A challenger has its alias until it serves; files and tags can be put beside it."""
    assert registry.challenger(name) == 2
    registry.nominate(name, None)
    assert registry.challenger(name) is None
    registry.nominate(name, 2)
    assert "recency_rule" in (registry.annotation(name, 2, "card.md") or "")
    assert registry.annotation(name, 2, "gate.json") is None
    registry.annotate(name, 2, texts={"gate.json": "{}"}, tags={"gate": "passed"})
    registry.annotate(name, 2, texts={"gate.json": "客"})
    assert registry.annotation(name, 2, "gate.json") == "客"
    assert registry.annotation(name, 1, "gate.json") is None
    for refused in (registry.annotate, lambda *of: registry.annotation(*of, "gate.json"), registry.nominate):
        with pytest.raises(NoChallenger):
            refused(name, 9)


def _is_certified(settings: made.Settings, name: str, proof: dict[str, Any]) -> None:
    """The certificate lies beside the card, and a tag says what it says."""
    import mlflow

    client = mlflow.MlflowClient(settings.registry_uri, settings.registry_uri)
    version = client.get_model_version(name, "2")
    assert version.tags["parity"] == "passed 9/9 cccccccccccc"
    (path,) = _artifacts(settings).rglob("parity.json")
    assert version.run_id in path.parts
    assert json.loads(path.read_text(encoding="utf-8")) == proof


def _is_told(settings: made.Settings, name: str, challenger: Challenger) -> None:
    """A run for the model with its cutoffs below, its snapshots as data sets, and tags to find it by."""
    import mlflow

    client = mlflow.MlflowClient(settings.registry_uri, settings.registry_uri)
    version = client.get_model_version(name, "2")
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    data = {one.tags[0].value: one.dataset for one in run.inputs.dataset_inputs}
    assert data["train"].digest == challenger.train.hash[:36]
    assert json.loads(data["test"].profile)["hash"] == challenger.test.hash
    below = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{version.run_id}'")
    told = {one["learner"]: one["roc_auc"] for one in challenger.results if one["cutoff"] == "2023-11-01"}
    (fold,) = below
    assert fold.info.run_name == "at 2023-11-01"
    assert fold.data.metrics["logistic_roc_auc"] == told["logistic"]
    assert {"commit", "dirty", "lock_hash", "packages_hash", "who", "seed", "learner", "grade"} <= set(version.tags)
    assert version.tags["train_snapshot"] == challenger.train.hash


def _runs_anywhere(challenger: Challenger, settings: made.Settings, name: str) -> None:
    """Loaded as MLflow loads it, with unpickling forbidden, the model says what the bundle says."""
    import mlflow

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
        mlflow.set_tracking_uri(settings.registry_uri)
        mlflow.set_registry_uri(settings.registry_uri)
        model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    rows = pd.DataFrame(challenger.test_rows.X[:50], columns=list(challenger.bundle.features))
    found = model.predict(rows)["probability"].to_numpy()
    np.testing.assert_allclose(found, challenger.probabilities["lightgbm"][:50], rtol=1e-12)
    assert all(column.type.name == "double" for column in model.metadata.signature.inputs)
    files = {path.name for path in _artifacts(settings).rglob("*") if path.is_file()}
    assert not [file for file in files if file.endswith((".pkl", ".pickle", ".joblib"))]
    assert {
        "booster.txt",
        "bundle.json",
        "card.md",
        "card.html",
        "calibration.png",
        "lift.png",
        "importance.png",
    } <= files


def test_rollback_without_a_past_says_so(shop: tuple[Challenger, made.Settings]) -> None:
    from training.taking_back import NothingBefore

    _, settings = shop
    with pytest.raises(NothingBefore):
        rollback("reactivation", MemoryRegistry(), settings)


@pytest.mark.parametrize("kind", ["none", "platt", "beta", "isotonic"])
def test_the_copied_model_calibrates_as_the_kernel_does(kind: str) -> None:
    from churn.calibration import FITS
    from training.pyfunc_model import _calibrated

    random = np.random.default_rng(0)
    raw = random.normal(size=500)
    outcome = (random.random(500) < 1 / (1 + np.exp(-2 * raw))).astype(float)
    calibrator = FITS[kind](raw, outcome)  # type: ignore[index]
    told = _calibrated(json.loads(calibrator.model_dump_json()), np.append(raw, [-60.0, 60.0]))
    np.testing.assert_allclose(told, calibrator.probability(np.append(raw, [-60.0, 60.0])), rtol=1e-12)


def test_a_model_is_made_again_from_its_manifest(shop: tuple[Challenger, made.Settings]) -> None:
    from training.manifest import MANIFEST
    from training.reproduce import NoManifest, NotReproduced, SnapshotOfAnother, reproduce

    challenger, settings = shop
    registry, name = MemoryRegistry(), settings.model_name("churn")
    keep(challenger, registry, settings)
    told = json.loads(registry.annotation(name, 1, MANIFEST) or "")
    assert told["environment"]["packages"]["lightgbm"]
    assert told["snapshots"]["test"]["hash"] == challenger.test.hash
    other = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": 8})})
    assert reproduce(name, 1, registry, other).model_hash == challenger.hash  # the seed of the manifest counts
    told["seed"] = told["settings"]["training"]["seed"] = 8
    told["environment"]["packages"]["lightgbm"] = "0.1"
    registry.annotate(name, 1, texts={MANIFEST: json.dumps(told)})
    with pytest.raises(NotReproduced) as differs:
        reproduce(name, 1, registry, settings)
    assert "lightgbm: 0.1 then" in differs.value.mend
    told["snapshots"]["train"]["hash"] = "f" * 64
    registry.annotate(name, 1, texts={MANIFEST: json.dumps(told)})
    with pytest.raises(SnapshotOfAnother) as another:
        reproduce(name, 1, registry, settings)
    assert "backup" in another.value.mend
    registry.texts.pop((name, 1, MANIFEST))
    with pytest.raises(NoManifest) as older:
        reproduce(name, 1, registry, settings)
    assert "churn train" in older.value.mend
