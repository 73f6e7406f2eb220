"""Where the registry of models lies, and whether it can be reached: asked before MLflow is, which waits for minutes.

    sqlite:////srv/churn/artifacts/shop/mlflow.db     a file; whoever asks MLflow for a missing one would make it
    postgresql+psycopg://user:secret@host/db          a server; the secret goes to the driver, never into a sentence

Training writes the registry, serving reads it; both come through here. Knows nothing of MLflow. Start at `reach`.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from churn.errors import DataError, SettingsError
from churn.settings import Settings
from features.tls import tls_mend

FILE = "sqlite:///"
RESTART = "start it, or correct [registry] url (CHURN_REGISTRY__URL)."
LIMIT_S = 5.0  # for connecting, and for the first answer
OPENING = 0x636875726E  # advisory lock of whoever makes the tables: "churn"
SECRETS = (  # user:secret@host, where a secret may have an @ that should have been written %40; and ...?password=secret
    (re.compile(r"(://[^:/@\s\"]*):[^\s\"]+@"), r"\1:***@"),
    (re.compile(r"(password=)[^&\s\"']+", re.IGNORECASE), r"\1***"),
)


class RegistryDown(DataError):
    """The database of the model registry does not answer."""

    def __init__(self, settings: Settings, why: object) -> None:
        uri, told = shown(settings.registry_uri), shown(str(why)).strip().splitlines() or ["no answer"]
        super().__init__(
            f"The model registry {uri} does not answer: {told[0]}",
            mend=f"{tls_mend(told[0]) or RESTART} Then run the command again; "
            "a half-written model is no version, and who serves goes on serving.",
        )


class NoDriver(SettingsError):
    """The registry is in PostgreSQL, and its driver is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "[registry] url names a PostgreSQL, and its driver psycopg is not installed.",
            mend="install the extra `churn[features]`, which brings it, or leave [registry] url out.",
        )


def shown(text: str) -> str:
    """A text whose URLs have lost their secrets."""
    for secret, instead in SECRETS:
        text = secret.sub(instead, text)
    return text


def is_file(settings: Settings) -> bool:
    """Whether the registry is a file of SQLite."""
    return settings.registry_uri.startswith(FILE)


def may_exist(settings: Settings) -> bool:
    """Whether there may be a registry: a file that is not there is none."""
    return not is_file(settings) or Path(settings.registry_uri.removeprefix(FILE)).exists()


def reach(settings: Settings) -> None:
    """See that the registry answers, within seconds.

    Raises:
        RegistryDown: it does not. NoDriver: there is nothing to ask it with.
    """
    _keep_no_connection()
    if not is_file(settings):
        _connection(settings).close()


def _keep_no_connection() -> None:
    """Have MLflow open its database anew each time: none outlives a server's restart, nor a file that is put back."""
    os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Reach the registry and be the only one who opens it: several that make its tables at once break them.

    Raises:
        RegistryDown: it does not answer. NoDriver: there is nothing to ask it with.
    """
    if is_file(settings):
        with _locked(Path(settings.registry_uri.removeprefix(FILE)).with_name("mlflow.lock")):
            yield
        return
    connection = _connection(settings, limit_s=60.0)  # others may be at it
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (OPENING,))
        yield
    finally:
        connection.close()


def _connection(settings: Settings, *, limit_s: float = LIMIT_S) -> Any:  # psycopg.Connection
    _keep_no_connection()
    if find_spec("psycopg") is None:
        raise NoDriver
    from psycopg import Error

    from features.store_limits import connect

    uri = urlsplit(settings.registry_uri)._replace(scheme="postgresql").geturl()
    try:
        connect(uri, LIMIT_S).close()
        return connect(uri, limit_s)
    except Error as error:
        raise RegistryDown(settings, error) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
