"""The registry over MLflow: SQLite or PostgreSQL for records, a folder for artifacts, one experiment a business.

    mlflow.db, or [registry] url       runs, models, versions, aliases
    mlruns/, or [registry] artifacts   each model's booster.txt and bundle.json, judged.txt and judged.json of its
                                       judged sibling; card, manifest and pictures beside them

Nothing is pickled: a model is LightGBM's text, JSON, and training/pyfunc_model.py copied along. A version becomes
visible in one step, once its files are whole and say what they should; what breaks off before leaves a run that is
marked as failed, and no version. Serving reads the alias `champion`. Start reading at `MlflowRegistry`.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from churn.bundle import Bundle, model_hash
from churn.errors import DataError
from churn.settings import Settings
from features.registry_place import alone
from training.registry_runs import Runs
from training.registry_words import speaking
from training.versions import BOOSTER, BUNDLE, NONE, Files, Judged, NoChallenger, Version

CHAMPION, CHALLENGER = "champion", "challenger"
HASH_TAG = "model_hash"  # a version without it is none; serving holds the files to it
PARITY_TAG = "parity"
CERTIFICATE = "parity.json"


class MovedArtifacts(DataError):
    """The files of the models lie elsewhere than the settings say."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(
            f"The models of this business lie in {found}; [registry] artifacts says {wanted}.",
            mend="set [registry] artifacts back, or start a new registry with another [registry] url.",
        )


class ChangedFiles(DataError):
    """The files of a model are not those that were registered."""

    def __init__(self, name: str, version: int | None, *, found: str, wanted: str) -> None:
        which = f"{name} version {version}" if version else f"A new version of {name}"
        super().__init__(
            f"{which} should have the hash {wanted[:12]}, and what lies in the artifacts has {found[:12]}.",
            mend="see that the disk of the artifacts is sound, put a backup back, or train again.",
        )


class MlflowRegistry:
    """Versions and champions of one business."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.uri = settings, settings.registry_uri
        settings.folder.mkdir(parents=True, exist_ok=True)
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        with alone(settings), self._speaking():
            self._point()
            self.client = mlflow.MlflowClient(self.uri, self.uri)
            self.runs = Runs(self.client, self._open())

    @contextmanager
    def together(self, name: str, facts: Mapping[str, Any] = NONE) -> Iterator[None]:
        """A run whose children are the models that are registered in the block."""
        with self._speaking():
            self.runs.begin(name, facts)
        try:
            yield
        except BaseException:
            self.runs.end("FAILED")
            raise
        self.runs.end("FINISHED")

    def register(
        self, name: str, bundle: Bundle, booster: str, facts: dict[str, Any], files: Files, judged: Judged | None = None
    ) -> Version:
        """Log a run with parameters, data sets, folds and card; then its model appears as the next version."""
        version = Version(name, 0, bundle, booster, facts, judged)
        with self._speaking():
            self._point()
            with self.runs.of(name, bundle, facts, files) as run:
                info = self.runs.log_model(version, run)
                self._check(name, None, info.model_uri, version.hash)
            tags = {HASH_TAG: version.hash, **self.runs.tags(bundle, files)}
            self._name(name)
            made = self.client.create_model_version(name, info.model_uri, run, tags, model_id=info.model_id)
        self.nominate(name, int(made.version))
        return replace(version, version=int(made.version))

    def latest(self, name: str) -> int | None:
        """The number of the version registered last, of those whose files are whole."""
        with self._speaking():
            found = self.client.search_model_versions(f"name = '{name}'")
            return max((int(one.version) for one in found if HASH_TAG in one.tags), default=None)

    def newest(self, name: str) -> Version:
        """The version registered last, of those whose files are whole."""
        number = self.latest(name)
        if number is None:
            raise NoChallenger(name)
        return self.get(name, number)

    def get(self, name: str, version: int) -> Version:
        """A version, its files read from the artifact folder and held to its hash.

        Raises:
            NoChallenger: there is none. ChangedFiles: they are others.
        """
        with self._speaking(name, version):
            tags = self.client.get_model_version(name, str(version)).tags
            if HASH_TAG not in tags:
                raise NoChallenger(name, version)
            source = self.client.get_model_version_download_uri(name, str(version))
            return self._check(name, version, source, tags[HASH_TAG])

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
        if version is not None:
            self._alias(name, CHALLENGER, version)
            return
        with self._speaking():
            self.client.delete_registered_model_alias(name, CHALLENGER)

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
        with self._speaking(name, version):
            run = self.client.get_model_version(name, str(version)).run_id
            for file, text in texts.items():
                self.client.log_text(run, text, file)
            for key, value in tags.items():
                self.client.set_model_version_tag(name, str(version), key, value)

    def annotation(self, name: str, version: int, file: str) -> str | None:
        """The content of a file that was put beside a version; None where none was."""
        with self._speaking(name, version), tempfile.TemporaryDirectory() as draft:
            run = self.client.get_model_version(name, str(version)).run_id
            if file not in {one.path for one in self.client.list_artifacts(run)}:
                return None
            return Path(self.client.download_artifacts(run, file, draft)).read_text(encoding="utf-8")

    def tags(self, name: str) -> dict[int, dict[str, str]]:
        """The tags of each version of a name, by its number."""
        with self._speaking():
            return {int(one.version): one.tags for one in self.client.search_model_versions(f"name = '{name}'")}

    def _aliased(self, name: str, alias: str) -> int | None:
        with suppress(NoChallenger), self._speaking(name):
            return int(self.client.get_model_version_by_alias(name, alias).version)
        return None

    def _alias(self, name: str, alias: str, version: int) -> None:
        with self._speaking(name, version):
            self.client.set_registered_model_alias(name, alias, str(version))

    def _name(self, name: str) -> None:
        """See that the name is registered, whoever was first."""
        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _check(self, name: str, version: int | None, source: str, wanted: str) -> Version:
        """Read the files of a model back; they must be those that were registered."""
        self._point()
        with tempfile.TemporaryDirectory() as draft:
            folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=draft)) / "artifacts"
            texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        found = model_hash(texts[BUNDLE], texts[BOOSTER])
        if found != wanted:
            raise ChangedFiles(name, version, found=found, wanted=wanted)
        return Version.read(name, version or 0, texts)

    def _open(self) -> str:
        """The experiment of the business, made where it is not."""
        slug, wanted = self.settings.business.slug, self.settings.registry_artifacts
        found = self.client.get_experiment_by_name(slug)
        if found is None:
            return str(self.client.create_experiment(slug, wanted))
        if found.artifact_location != wanted and self.settings.registry.artifacts is not None:
            raise MovedArtifacts(found.artifact_location, wanted)
        return str(found.experiment_id)

    def _point(self) -> None:
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)

    @contextmanager
    def _speaking(self, name: str | None = None, version: int | None = None) -> Iterator[None]:
        """What MLflow refuses, in our words: what is not there, or a registry that cannot be used."""
        with speaking(self.settings, name, version):
            yield
