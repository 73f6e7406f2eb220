"""What MLflow refuses, in our words: nothing of that name, a database that is down or too old, a full folder.

MLflow wraps what its database says in an exception of its own and keeps of the cause no more than the words. Start
reading at `speaking`.
"""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr
from typing import Any

from mlflow.exceptions import MlflowException

from churn.errors import DataError
from churn.settings import Settings
from features.registry_place import RegistryDown, shown
from training.versions import NoChallenger

MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
DOWN = {"TEMPORARILY_UNAVAILABLE"}
DOWN_WORDS = ("OperationalError", "InterfaceError", "server closed the connection", "connection is closed")


class BrokenRegistry(DataError):
    """MLflow refuses: its database is of another version, or not to be opened."""

    def __init__(self, uri: str, why: str) -> None:
        super().__init__(
            f"The model registry {shown(uri)} cannot be used: {shown(why).strip().splitlines()[0]}",
            mend=f"bring its tables up to date with `mlflow db upgrade {shown(uri)}`, or move the file away and train "
            "again.",
        )


class UnusableArtifacts(DataError):
    """The files of models cannot be written or read where they should lie."""

    def __init__(self, place: str, why: object) -> None:
        super().__init__(
            f"The files of models in {shown(place)} cannot be used: {why}.",
            mend="see that the folder is there, has room and may be written, or correct [registry] artifacts, then "
            "run the command again; a half-written model is no version, and who serves goes on serving.",
        )


@contextmanager
def speaking(settings: Settings, name: str | None = None, version: int | None = None) -> Iterator[None]:
    """Speak to MLflow in this block.

    Args:
        settings: whose registry.
        name: what is asked for, where something may be missing.
        version: its number.

    Raises:
        NoChallenger: there is no such name or version. RegistryDown: the database does not answer.
        UnusableArtifacts: the folder of the files cannot be used. BrokenRegistry: anything else.
    """
    try:
        with silent():
            yield
    except OSError as error:
        raise UnusableArtifacts(settings.registry_artifacts, error.strerror or error) from error
    except MlflowException as error:
        if name is not None and error.error_code in MISSING:
            raise NoChallenger(name, version) from error
        if error.error_code in DOWN or any(words in str(error) for words in DOWN_WORDS):
            raise RegistryDown(settings, error) from error
        raise BrokenRegistry(settings.registry_uri, str(error)) from error


def silent() -> AbstractContextManager[Any]:
    """Keep MLflow's remarks to itself: what there is to say to a person, the command line says."""
    return redirect_stderr(io.StringIO())
