"""What a store has to say, in our words: it does not answer, or was never filled, and how to mend that.

`told` translates the errors of SQLite, redis-py and psycopg, which Feast lets through; secrets stay out, since the
address shown carries none. `quiet` keeps a vendor's remarks about itself out of this process. Imports a server's
library only where that server is asked.
"""

import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

from churn.errors import DataError
from features.store_config import Address
from features.tls import tls_mend

METRICS_VARIABLES = ("PROMETHEUS_MULTIPROCESS_DIR", "PROMETHEUS_MULTIPROC_DIR")


class StoreUnavailable(DataError):
    """The on-line store does not answer."""

    def __init__(self, where: str, *, reason: str, mend: str) -> None:
        super().__init__(f"The on-line store ({where}) does not answer: {reason}.", mend=mend)


class NothingMaterialised(DataError):
    """The on-line store was never filled."""

    def __init__(self, business: str) -> None:
        super().__init__(
            f"The feature store of {business!r} has no on-line view yet.",
            mend="run `churn features materialise`; it writes everybody's features of now to the on-line store.",
        )


@contextmanager
def told(where: Address, business: str) -> Iterator[None]:
    """Tell the errors of a store in our words.

    Raises:
        NothingMaterialised: its table is missing.
        StoreUnavailable: anything else went wrong in it.
    """
    try:
        yield
    except _errors_of(where.kind) as error:
        if "no such table" in str(error) or getattr(error, "sqlstate", None) == "42P01":
            raise NothingMaterialised(business) from error
        reason = (str(error).strip() or type(error).__name__).rstrip(".")
        raise StoreUnavailable(where.shown, reason=reason, mend=tls_mend(reason) or where.mend) from error


@contextmanager
def told_registry(where: Address) -> Iterator[None]:
    """Tell the errors of a registry on a server in our words; those of a file are told at the edge.

    Raises:
        StoreUnavailable: it does not answer.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        if where.kind == "sqlite":
            raise
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")
        raise StoreUnavailable(where.shown, reason=reason, mend=tls_mend(reason) or where.mend) from error


def _errors_of(kind: str) -> type[Exception]:
    if kind == "redis":
        from redis.exceptions import RedisError

        return RedisError  # type: ignore[no-any-return,unused-ignore]
    if kind == "postgres":
        from psycopg import Error

        return Error
    return sqlite3.Error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Feast's and Ibis's warnings to themselves, and what they set for everybody out of this process.

    Feast points the two variables at a folder of its own that it deletes when it ends: a service started from this
    process would write its metrics there. The library of meters decides by them when it is imported, once for all;
    so it is imported before.
    """
    with suppress(ImportError):
        import_module("prometheus_client")
    before = {name: os.environ.get(name) for name in METRICS_VARIABLES}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
