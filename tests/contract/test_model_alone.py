"""A registered model scores a frame by itself: with LightGBM and what serving needs, without this project."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.settings import Settings
from tests import tiny_service
from tests.conftest import require
from tests.contract.test_extras import environment
from tests.outlooks import an_outlook
from training.fit import raw_scores
from training.registry import MlflowRegistry
from training.versions import Files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = ("churn", "features", "training", "serving", "monitoring", "campaigns", "cli")
SCORE = """
import importlib.abc, json, sys
from pathlib import Path
asked = json.loads(Path(sys.argv[1]).read_text())
class Nothing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in asked["barred"]:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
import mlflow, pandas as pd
mlflow.set_tracking_uri(asked["uri"])
mlflow.set_registry_uri(asked["uri"])
model = mlflow.pyfunc.load_model(asked["model"])
rows = pd.read_json(asked["rows"], orient="split", dtype=float)
print(json.dumps(model.predict(rows)[["probability", "probability_low", "probability_high"]].to_numpy().tolist()))
"""


def needed(extra: str) -> set[str]:
    """The distributions that this project needs with one extra, and what those need."""
    marks = default_environment() | {"extra": ""}
    todo = [Requirement(text) for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra]]]
    found: set[tuple[str, frozenset[str]]] = set()
    while todo:
        need = todo.pop()
        key = (canonicalize_name(need.name), frozenset(need.extras))
        if key in found:
            continue
        found.add(key)
        try:
            below = importlib.metadata.requires(need.name) or []
        except importlib.metadata.PackageNotFoundError:  # for another system or Python
            continue
        for text in below:
            one = Requirement(text)
            extras = [{**marks, "extra": name} for name in ["", *need.extras]]
            if one.marker is None or any(one.marker.evaluate(mark) for mark in extras):
                todo.append(one)
    return {name for name, _ in found}


def barred() -> list[str]:
    """The modules of distributions that neither serving needs nor the model names, and our own."""
    allowed = needed("serving") | {"lightgbm"}
    provided = importlib.metadata.packages_distributions()
    foreign = [top for top, by in provided.items() if not {canonicalize_name(name) for name in by} & allowed]
    return sorted({*foreign, *OURS})


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, pd.DataFrame, FloatArray]:
    """A registry with one model, some rows, and what they should score: the probability and its interval."""
    settings = tiny_service.settings(tmp_path_factory.mktemp("alone"))
    booster, text = tiny_service.texts("churn")
    bundle = Bundle.from_json(text).model_copy(update={"outlook": an_outlook()})
    assert bundle.outlook is not None
    assert bundle.outlook.band is not None
    MlflowRegistry(settings).register("churn-tiny", bundle, booster, {}, Files())
    rows = np.random.default_rng(4).normal(size=(20, len(bundle.features)))
    rows[3, 0] = np.nan
    wanted = bundle.probability(raw_scores(booster, bundle.prepare(rows)))
    told = np.column_stack([wanted, *bundle.outlook.band.interval(wanted)])
    return settings, pd.DataFrame(rows, columns=list(bundle.features)), told


def scored(
    registered: tuple[Settings, pd.DataFrame, FloatArray], folder: Path, python: str | Path, forbidden: list[str]
) -> FloatArray:
    """What another interpreter scores, started where this project is not."""
    settings, rows, _ = registered
    rows.to_json(folder / "rows.json", orient="split", double_precision=15)
    asked = {"barred": forbidden, "uri": settings.registry_uri, "model": "models:/churn-tiny/1"}
    (folder / "asked.json").write_text(json.dumps(asked | {"rows": str(folder / "rows.json")}), encoding="utf-8")
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    ran = subprocess.run(
        [python, "-W", "ignore", "-c", SCORE, folder / "asked.json"],
        cwd=folder, env=quiet | {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return np.array(json.loads(ran.stdout.splitlines()[-1]), dtype=np.float64)


def test_what_serving_does_not_need_is_barred() -> None:
    assert {"feast", "evidently", "optuna", "dask", *OURS} <= set(barred())
    assert not {"mlflow", "lightgbm", "pandas", "numpy"} & set(barred())


def test_a_model_scores_by_itself(registered: tuple[Settings, pd.DataFrame, FloatArray], tmp_path: Path) -> None:
    np.testing.assert_allclose(scored(registered, tmp_path, sys.executable, barred()), registered[2], rtol=1e-9)


@pytest.mark.nightly
def test_a_model_scores_by_itself_where_only_the_serving_extra_and_lightgbm_are_installed(
    registered: tuple[Settings, pd.DataFrame, FloatArray], tmp_path: Path
) -> None:
    require(os.environ.get("CHURN_REQUIRE_ALL") == "1", "Leave to install packages", "set CHURN_REQUIRE_ALL=1")
    python = environment(tmp_path / "venv", "serving", "lightgbm")
    np.testing.assert_allclose(scored(registered, tmp_path, python, []), registered[2], rtol=1e-9)
