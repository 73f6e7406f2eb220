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
from training.promote import promote, rollback
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
    from training.promote import NothingBefore

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
