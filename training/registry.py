"""The registry over MLflow: SQLite for records, a folder for artifacts, one experiment a business. The only MLflow.

    <folder>/mlflow.db    runs, models, versions, aliases
    <folder>/mlruns/      booster.txt and bundle.json inside each model, those of its judged sibling as judged.txt and
                          judged.json; card and pictures beside it

Nothing is pickled: a model is LightGBM's text, JSON, and training/pyfunc_model.py copied along. Serving reads the
alias `champion`; `churn promote` alone sets it. Start reading at `MlflowRegistry`.
"""

import fcntl
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from churn.bundle import Bundle
from churn.errors import DataError
from churn.settings import Settings
from training.versions import NONE, Files, Judged, NoChallenger, Version

CHAMPION, CHALLENGER = "champion", "challenger"
HASH_TAG = "model_hash"  # what serving holds the files to
PARITY_TAG = "parity"
FACTS, CERTIFICATE = "facts.json", "parity.json"
JUDGED = ("judged.txt", "judged.json")  # trees and bundle of the sibling that was judged
WRITTEN = {"booster.txt": "booster", "bundle.json": "bundle", FACTS: "facts"} | dict(
    zip(JUDGED, ("judged_booster", "judged_bundle"), strict=True)
)  # file inside a model to its name there
MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")


class BrokenRegistry(DataError):
    """MLflow refuses: its database is of another version, or not to be opened."""

    def __init__(self, uri: str, why: str) -> None:
        super().__init__(
            f"The model registry {uri} cannot be used: {why.strip().splitlines()[0]}",
            mend=f"bring its tables up to date with `mlflow db upgrade {uri}`, or move the file away and train again.",
        )


class MlflowRegistry:
    """Versions and champions in the artifacts folder of one business."""

    def __init__(self, settings: Settings) -> None:
        self.folder, self.uri = settings.folder, settings.registry_uri
        self.experiment = settings.business.slug
        self.folder.mkdir(parents=True, exist_ok=True)
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        with self._speaking():
            self.client = mlflow.MlflowClient(self.uri, self.uri)
            self.experiment_id = self._open()

    def register(
        self,
        name: str,
        bundle: Bundle,
        booster: str,
        facts: dict[str, Any],
        files: Files,
        judged: Judged | None = None,
    ) -> Version:
        """Log a run with parameters, metrics, card and pictures, and register its model as the next version."""
        self._point()
        with _silent(), mlflow.start_run(experiment_id=self.experiment_id, run_name=name):
            mlflow.log_params({**facts.get("params", {}), "snapshot_hash": bundle.snapshot_hash})
            for file, text in files.texts.items():
                mlflow.log_text(text, file)
            for file, picture in files.pictures.items():
                _log_bytes(picture, file)
            info = self._log_model(name, bundle, _texts(bundle, booster, facts, judged))
            told: Any = bundle.metrics
            numbers = {f"{one}_{metric}": float(told[one][metric]) for one in told for metric in told[one]}
            mlflow.log_metrics(numbers, model_id=info.model_id)
        version = Version(name, int(info.registered_model_version), bundle, booster, facts, judged)
        self.client.set_model_version_tag(name, str(version.version), HASH_TAG, version.hash)
        self.nominate(name, version.version)
        return version

    def newest(self, name: str) -> Version:
        """The version registered last."""
        found = self.client.search_model_versions(f"name = '{name}'")
        if not found:
            raise NoChallenger(name)
        return self.get(name, max(int(one.version) for one in found))

    def get(self, name: str, version: int) -> Version:
        """A version, its files read from the artifact folder."""
        try:
            source = self.client.get_model_version_download_uri(name, str(version))
        except MlflowException as error:
            raise NoChallenger(name, version) from error
        self._point()
        folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=source)) / "artifacts"
        read = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name in WRITTEN}
        bundle, facts = Bundle.from_json(read["bundle.json"]), json.loads(read[FACTS])
        judged = Judged(Bundle.from_json(read[JUDGED[1]]), read[JUDGED[0]]) if JUDGED[1] in read else None
        return Version(name, version, bundle, read["booster.txt"], facts, judged)

    def champion(self, name: str) -> int | None:
        """The version that carries the alias `champion`."""
        return self._aliased(name, CHAMPION)

    def crown(self, name: str, version: int) -> None:
        """Move the alias `champion`; the challenger that it goes to is none any more."""
        self._alias(name, CHAMPION, version)
        if self.challenger(name) == version:
            self.nominate(name, None)

    def challenger(self, name: str) -> int | None:
        """The version that carries the alias `challenger`."""
        return self._aliased(name, CHALLENGER)

    def nominate(self, name: str, version: int | None) -> None:
        """Move the alias `challenger`, or take it away."""
        if version is None:
            self.client.delete_registered_model_alias(name, CHALLENGER)
        else:
            self._alias(name, CHALLENGER, version)

    def certify(self, name: str, version: int, certificate: Mapping[str, Any]) -> None:
        """Put a certificate of parity beside a version's card, and what it says into a tag of the version."""
        equal = f"{certificate['count'] - certificate['mismatches']}/{certificate['count']}"
        told = f"{'passed' if certificate['passed'] else 'failed'} {equal} {certificate['hash'][:12]}"
        text = json.dumps(certificate, ensure_ascii=False, indent=2)
        self.annotate(name, version, texts={CERTIFICATE: text}, tags={PARITY_TAG: told})

    def annotate(
        self, name: str, version: int, *, texts: Mapping[str, str] = NONE, tags: Mapping[str, str] = NONE
    ) -> None:
        """Put files beside a version's card, and tags onto it; each replaces the one of its name."""
        run = self._run(name, version)
        with _silent():
            for file, text in texts.items():
                self.client.log_text(run, text, file)
        for key, value in tags.items():
            self.client.set_model_version_tag(name, str(version), key, value)

    def annotation(self, name: str, version: int, file: str) -> str | None:
        """The content of a file that was put beside a version; None where none was."""
        run = self._run(name, version)
        if file not in {one.path for one in self.client.list_artifacts(run)}:
            return None
        with tempfile.TemporaryDirectory() as draft:
            return Path(self.client.download_artifacts(run, file, draft)).read_text(encoding="utf-8")

    def _run(self, name: str, version: int) -> str:
        try:
            return str(self.client.get_model_version(name, str(version)).run_id)
        except MlflowException as error:
            raise NoChallenger(name, version) from error

    def _aliased(self, name: str, alias: str) -> int | None:
        try:
            return int(self.client.get_model_version_by_alias(name, alias).version)
        except MlflowException:
            return None

    def _alias(self, name: str, alias: str, version: int) -> None:
        try:
            self.client.set_registered_model_alias(name, alias, str(version))
        except MlflowException as error:
            raise NoChallenger(name, version) from error

    def _open(self) -> str:
        """Create tables and experiment; under a lock, since several processes on a new SQLite file break it."""
        with _locked(self.folder / "mlflow.lock"):
            found = self.client.get_experiment_by_name(self.experiment)
            if found is not None:
                return str(found.experiment_id)
            return str(self.client.create_experiment(self.experiment, (self.folder / "mlruns").as_uri()))

    def _log_model(self, name: str, bundle: Bundle, texts: Mapping[str, str]) -> Any:
        example = pd.DataFrame([{one: bundle.usual.get(one) for one in bundle.features}] * 2).astype("float64")
        with tempfile.TemporaryDirectory() as draft:
            for file, text in texts.items():
                (Path(draft) / file).write_text(text, encoding="utf-8")
            return mlflow.pyfunc.log_model(
                name="model",
                python_model=str(MODEL_CODE),
                artifacts={WRITTEN[file]: str(Path(draft) / file) for file in texts},
                signature=infer_signature(example.fillna(0.0), pd.DataFrame({"probability": [0.5]})),
                input_example=example.fillna(0.0),
                pip_requirements=["lightgbm>=4.6", "numpy>=2", "pandas>=2.2,<3", "mlflow>=3.5"],
                registered_model_name=name,
                metadata={"snapshot_hash": bundle.snapshot_hash, "definition_id": bundle.definition_id},
            )

    def _point(self) -> None:
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            with _silent():
                yield
        except MlflowException as error:
            raise BrokenRegistry(self.uri, str(error)) from error


def _texts(bundle: Bundle, booster: str, facts: dict[str, Any], judged: Judged | None) -> dict[str, str]:
    """The files inside a model."""
    texts = {"booster.txt": booster, "bundle.json": bundle.to_json(), FACTS: json.dumps(facts, default=str)}
    if judged is not None:
        texts |= dict(zip(JUDGED, (judged.booster, judged.bundle.to_json()), strict=True))
    return texts


def _silent() -> AbstractContextManager[Any]:
    """Keep MLflow's remarks to itself: what there is to say to a person, the command line says."""
    return redirect_stderr(io.StringIO())


def _log_bytes(content: bytes, file: str) -> None:
    with tempfile.TemporaryDirectory() as draft:
        path = Path(draft) / file
        path.write_bytes(content)
        mlflow.log_artifact(str(path))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
