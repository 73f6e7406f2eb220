"""The registry as serving asks it: whose version has the alias `champion`, and its files. The only MLflow in serving.

Workers never come here: `churn serve` and batches do. Start reading at `aliased`.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from churn.settings import Settings
from features.registry_place import RegistryDown, shown

ALIAS = "champion"
NOBODY = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class UnreadableFiles(OSError):
    """The files of a version cannot be read from where the registry says that they lie."""


def aliased(settings: Settings, name: str) -> int | None:
    """The version of a registered model that has the alias; None where none has.

    Raises:
        RegistryDown: it does not answer.
    """
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with _quiet():
        from mlflow.exceptions import MlflowException

    try:
        with _quiet():
            return int(client(settings.registry_uri).get_model_version_by_alias(name, ALIAS).version)
    except MlflowException as error:
        if error.error_code in NOBODY:
            return None
        raise RegistryDown(settings, shown(str(error))) from error


def download(uri: str, name: str, version: str, scratch: str) -> Path:
    """The files of a version, downloaded from where they lie; a `models:/` address would ask MLflow's own default.

    Raises:
        UnreadableFiles: they are not there, or their place does not answer.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    try:
        with _quiet():
            place = client(uri).get_model_version_download_uri(name, version)
            return Path(download_artifacts(artifact_uri=place, dst_path=scratch, tracking_uri=uri))
    except (MlflowException, OSError) as error:
        raise UnreadableFiles(shown(str(error))) from error


def client(uri: str) -> Any:  # MlflowClient
    """MLflow's client of a registry."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings of MLflow and of what it builds on to themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
