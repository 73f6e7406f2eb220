"""The champions: from MLflow's alias `champion` to models this process can ask. The only MLflow in serving.

    registry: churn-<slug>@champion, reactivation-<slug>@champion --fetch--> models/<hash>/ --read--> Champion

`fetch` asks the registry and copies what it finds, checked against the hash that `churn promote` wrote down. `churn
serve` appoints what it fetched, once, before the service starts; workers `load` what was appointed. They need no
MLflow, so they start fast, and one that is started anew gets the model its siblings have. A promotion takes effect
when the service starts again. Start reading at `fetch`.
"""

import json
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from churn import bundle as bundles
from churn.bundle import LABELS, Bundle
from churn.errors import DataError, NoChampion
from churn.explanation import Explainer
from churn.settings import Settings
from churn.treeshap import TreeShap
from features.atomic import write_json
from features.registry_place import may_exist, reach, shown
from serving import archive
from serving.archive import BOOSTER, BUNDLE

ALIAS = "champion"
MODELS = tuple(LABELS)  # churn, reactivation
CHAMPIONS, SHADOWS = Path("serving") / "champions.json", Path("serving") / "shadows.json"
NODES = 4  # quadrature points: within 3e-6 log-odds of exact, and the fastest


class BrokenModel(DataError):
    """A registered model is not what was promoted: files are missing or have changed."""

    def __init__(self, version: str, fault: str) -> None:
        super().__init__(
            f"The champion {version} cannot be served: {fault}.",
            mend="go back to the champion before it (`churn rollback`), or train and promote again.",
        )


@dataclass(frozen=True)
class Held:
    """Where the copy of one champion lies, and under which name it was registered."""

    version: str
    model_hash: str


@dataclass(frozen=True)
class Champion:
    """One model, ready to be asked. Immutable; threads may share it."""

    version: str
    model_hash: str
    bundle: Bundle
    trees: TreeShap

    @cached_property
    def explainer(self) -> Explainer:
        """What tells its contributions as reasons."""
        return Explainer.of(self.bundle)


def fetch(settings: Settings) -> dict[str, Held]:
    """Copy the champions of a business from the registry; what is not registered is left out.

    Raises:
        NoChampion: neither model has one. BrokenModel: one is not what was promoted.
        RegistryDown: the registry does not answer.
    """
    held = {}
    if not may_exist(settings):  # MLflow would make one
        raise NoChampion(settings.business.slug)
    reach(settings)
    for model in MODELS:
        copied = _fetch(settings, model)
        if copied:
            held[model] = copied
    if not held:
        raise NoChampion(settings.business.slug)
    return held


def appoint(folder: Path, held: Mapping[str, Held], beside: Mapping[str, Held] | None = None) -> None:
    """Let the workers of the service load these, and those that score beside them."""
    for file, models in ((CHAMPIONS, held), (SHADOWS, beside or {})):
        write_json(folder / file, {model: asdict(one) for model, one in models.items()})


def load(folder: Path, business: str) -> dict[str, Champion]:
    """The champions that were appointed, by model.

    Args:
        folder: the artifacts of the business.
        business: its slug.

    Raises:
        NoChampion: none was appointed. BrokenModel: a copy has changed since.
    """
    try:
        held = json.loads((folder / CHAMPIONS).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NoChampion(business) from error
    return read(folder, {model: Held(**one) for model, one in held.items()})


def read(folder: Path, held: Mapping[str, Held]) -> dict[str, Champion]:
    """Champions from their copies, by model.

    Raises:
        BrokenModel: a copy has changed since.
    """
    return {
        model: read_champion(archive.folder_of(folder, one.model_hash), version=one.version, model_hash=one.model_hash)
        for model, one in held.items()
    }


def read_champion(folder: Path, *, version: str, model_hash: str) -> Champion:
    """A champion from the folder that holds its booster and bundle.

    Raises:
        BrokenModel: a file is missing, or they have another hash.
        BundleError, UnreadableTrees: their content cannot be used.
    """
    booster, bundle = _texts(folder, version, model_hash)
    return Champion(version, model_hash, Bundle.from_json(bundle), TreeShap.from_text(booster, nodes=NODES))


def _texts(folder: Path, version: str, expected: str) -> tuple[str, str]:
    found = {name: list(folder.rglob(name)) for name in (BOOSTER, BUNDLE)}
    for name, paths in found.items():
        if len(paths) != 1:
            raise BrokenModel(version, f"it has {len(paths)} files {name}")
    booster, bundle = (found[name][0].read_text(encoding="utf-8") for name in (BOOSTER, BUNDLE))
    actual = bundles.model_hash(bundle, booster)
    if actual != expected:
        raise BrokenModel(version, f"it was registered as {expected[:12]} and is {actual[:12]}")
    return booster, bundle


def _fetch(settings: Settings, model: str) -> Held | None:
    """Copy one champion; None where the alias is not set."""
    name = settings.model_name(model)
    version = _aliased(settings.registry_uri, name)
    if version is None:
        return None
    held = _promoted(settings.folder / "champion" / f"{model}.json", f"{name}/{version.version}")
    copy_of(settings, held)
    return held


def copy_of(settings: Settings, held: Held) -> None:
    """Copy a version from the registry into the archive, held to its hash.

    Raises:
        BrokenModel: its files are missing, or others.
    """
    with tempfile.TemporaryDirectory() as scratch:
        downloaded = _download(settings.registry_uri, held, scratch)
        booster, bundle = _texts(downloaded, held.version, held.model_hash)
    archive.keep(settings, held.version, held.model_hash, booster, bundle)


def _promoted(record: Path, version: str) -> Held:
    """The version under the hash that `churn promote` wrote down.

    Raises:
        BrokenModel: promote did not set the alias, so nobody knows what the model should be.
    """
    try:
        written = json.loads(record.read_text(encoding="utf-8"))
        held = Held(f"{written['name']}/{written['version']}", str(written["model_hash"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise BrokenModel(version, f"{record.name} of its promotion cannot be read") from error
    if held.version != version:
        raise BrokenModel(version, f"the alias was not set by `churn promote`, which promoted {held.version}")
    return held


def _aliased(uri: str, name: str) -> Any:  # ModelVersion
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with _quiet():
        from mlflow.exceptions import MlflowException

    try:
        with _quiet():
            return _client(uri).get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise BrokenModel(name, f"the registry does not answer ({shown(str(error))})") from error


def _download(uri: str, held: Held, scratch: str) -> Path:
    """The files of a version, downloaded from where they lie; a `models:/` address would ask MLflow's own default."""
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    try:
        with _quiet():
            place = _client(uri).get_model_version_download_uri(*held.version.rsplit("/", 1))
            return Path(download_artifacts(artifact_uri=place, dst_path=scratch, tracking_uri=uri))
    except (MlflowException, OSError) as error:
        raise BrokenModel(held.version, f"its files cannot be read ({error})") from error


def _client(uri: str) -> Any:  # MlflowClient
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings of MLflow and of what it builds on to themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
