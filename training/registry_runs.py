"""Runs in MLflow: what was done to make a model, beside the model itself.

    train ...                 parent: one `churn train`
      churn-<slug>            a model: parameters, data sets (by hash, no copy), card, manifest; the logged model
        at 2025-10-01         a cutoff it was judged at: the figures of every learner
        tuning                where its recipe was searched for: trials, and what they found

Start reading at `Runs`.
"""

import json
import math
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from mlflow.utils.time import get_current_time_millis

from churn.bundle import Bundle
from training.versions import Files, Version

MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")
LONGEST_DIGEST = 36  # of a data set, in MLflow's tables; its profile has the whole hash
LONGEST_PARAM = 6000
TOLD = {
    "probability": [0.5],
    "probability_low": [0.4],
    "probability_high": [0.6],
}  # columns of training/pyfunc_model.py
NEEDS = ["lightgbm>=4.6", "numpy>=2", "pandas>=2.2,<3", "mlflow>=3.5"]
KEYS = {"booster.txt": "booster", "bundle.json": "bundle"}  # by which training/pyfunc_model.py finds its files
Results = list[dict[str, Any]]


class Runs:
    """The runs of one business's experiment."""

    def __init__(self, client: mlflow.MlflowClient, experiment: str) -> None:
        self.client, self.experiment = client, experiment
        self._parent: str | None = None

    def begin(self, name: str, facts: Mapping[str, Any]) -> None:
        """Let a run hold the models that are logged until `end`; runs that the dead left open are ended."""
        self._bury()
        told = {key: str(value) for key, value in facts.items()}
        self._parent = str(self.client.create_run(self.experiment, tags=told | _process(), run_name=name).info.run_id)

    def end(self, status: str) -> None:
        """End the run that holds the models; where MLflow does not answer any more, it stays open."""
        with suppress(MlflowException):
            self.client.set_terminated(self._parent, status)
        self._parent = None

    @contextmanager
    def of(self, name: str, bundle: Bundle, facts: Mapping[str, Any], files: Files) -> Iterator[str]:
        """A model's own run, with everything that is known before its files are written; its id."""
        with self._run(name, self._parent, self.tags(bundle, files)) as run:
            params = {**facts.get("params", {}), "snapshot_hash": bundle.snapshot_hash}
            told = [Param(key, str(value)[:LONGEST_PARAM]) for key, value in params.items()]
            self.client.log_batch(run, params=told)
            self.client.log_inputs(run, [_data_set(role, one) for role, one in files.snapshots.items()])
            with tempfile.TemporaryDirectory() as draft:
                _write(Path(draft), files)
                self.client.log_artifacts(run, draft)
            self._folds(run, facts.get("results", []))
            if facts.get("tuned"):
                self._tuning(run, facts["tuned"])
            yield run

    def log_model(self, version: Version, run: str) -> Any:  # mlflow.models.model.ModelInfo
        """The model with its figures, in a run; not registered yet."""
        bundle = version.bundle
        example = pd.DataFrame([{one: bundle.usual.get(one) for one in bundle.features}] * 2).astype("float64")
        with tempfile.TemporaryDirectory() as draft, self._active(run):
            for file, text in version.texts.items():
                (Path(draft) / file).write_text(text, encoding="utf-8")
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(MODEL_CODE),
                artifacts={KEYS.get(file, file): str(Path(draft) / file) for file in version.texts},
                signature=infer_signature(example.fillna(0.0), pd.DataFrame(TOLD)),
                input_example=example.fillna(0.0),
                pip_requirements=NEEDS,
                metadata={"snapshot_hash": bundle.snapshot_hash, "definition_id": bundle.definition_id},
            )
        told: Any = bundle.metrics
        learners = {one: each for one, each in told.items() if isinstance(each, dict)}
        figures = {f"{one}_{name}": float(each[name]) for one, each in learners.items() for name in each}
        self.client.log_batch(run, metrics=_metrics(figures, model_id=info.model_id))
        return info

    def tags(self, bundle: Bundle, files: Files) -> dict[str, str]:
        """What people look for: of the run, and of the version."""
        return {
            "model": bundle.model,
            "definition_id": bundle.definition_id,
            "feature_set_hash": bundle.feature_set_hash,
            "snapshot_hash": bundle.snapshot_hash,
            "learner": bundle.learner,
            "grade": "" if bundle.grade is None else bundle.grade.letter,
            **files.tags,
        }

    def _folds(self, parent: str, results: Results) -> None:
        """A child for every cutoff that the model was judged at."""
        for cutoff in sorted({str(one["cutoff"]) for one in results}):
            figures = {
                f"{one['learner']}_{name}": float(value)
                for one in results
                if str(one["cutoff"]) == cutoff
                for name, value in one.items()
                if isinstance(value, int | float) and not isinstance(value, bool)
            }
            with self._run(f"at {cutoff}", parent, {"cutoff": cutoff}) as run:
                self.client.log_batch(run, metrics=_metrics(figures))

    def _bury(self) -> None:
        """End the runs of processes of this machine that are gone: a kill leaves them open."""
        ours = f"@{socket.gethostname()}"
        for run in self.client.search_runs([self.experiment], "attributes.status = 'RUNNING'"):
            process = run.data.tags.get("process", "")
            if process.endswith(ours) and not _lives(int(process.removesuffix(ours))):
                self.client.set_terminated(run.info.run_id, "KILLED")

    def _tuning(self, parent: str, tuned: Mapping[str, Any]) -> None:
        """A child for the search that found the recipe: trials, and the figures of best and fixed."""
        parts = {where: told for where, told in tuned["found"].items() if isinstance(told, Mapping)}
        figures = {
            f"{where}_{name}": float(value)
            for where, told in parts.items()
            for name, value in told.items()
            if isinstance(value, int | float)
        }
        with self._run("tuning", parent, {"snapshot_hash": tuned["snapshot_hash"]}) as run:
            self.client.log_batch(run, metrics=_metrics({"trials": tuned["trials"], **figures}))

    @contextmanager
    def _run(self, name: str, parent: str | None, tags: Mapping[str, Any]) -> Iterator[str]:
        """A run that is finished at the end of the block, or failed where it breaks off and MLflow still answers."""
        above = {} if parent is None else {MLFLOW_PARENT_RUN_ID: parent}
        told = {key: str(value) for key, value in tags.items()}
        run = self.client.create_run(self.experiment, tags=told | above | _process(), run_name=name)
        run_id = str(run.info.run_id)
        try:
            yield run_id
        except BaseException:
            with suppress(MlflowException):
                self.client.set_terminated(run_id, "FAILED")
            raise
        self.client.set_terminated(run_id)

    @contextmanager
    def _active(self, run: str) -> Iterator[None]:
        """MLflow's own writer of models asks which run is under way."""
        with mlflow.start_run(run_id=run):
            yield


def _process() -> dict[str, str]:
    """Who writes a run: what tells that it was left open by a process that is gone."""
    return {"process": f"{os.getpid()}@{socket.gethostname()}"}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _metrics(figures: Mapping[str, float], model_id: str | None = None) -> list[Metric]:
    now = get_current_time_millis()
    return [Metric(key, value, now, 0, model_id=model_id) for key, value in figures.items() if math.isfinite(value)]


def _data_set(role: str, about: Mapping[str, Any]) -> DatasetInput:
    """A snapshot, named by its hash; its rows stay where they are."""
    profile = json.dumps({key: value for key, value in about.items() if key != "path"})
    where = json.dumps({"uri": about["path"]})
    named = Dataset(f"snapshot {about['hash'][:12]}", about["hash"][:LONGEST_DIGEST], "local", where, None, profile)
    return DatasetInput(named, [InputTag("mlflow.data.context", role)])


def _write(folder: Path, files: Files) -> None:
    for file, text in files.texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    for file, picture in files.pictures.items():
        (folder / file).write_bytes(picture)
