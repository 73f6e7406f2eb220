"""What every test may ask for: the data sets, the servers, and how many examples Hypothesis draws."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

import churn

churn.quiet_vendors()

ROOT = Path(__file__).parents[1]

settings.register_profile("ci", derandomize=True, max_examples=100, deadline=None)
settings.register_profile("nightly", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def require(condition: object, what: str, how: str) -> None:
    """Skip the test unless `condition` holds; under CHURN_REQUIRE_ALL=1, where nothing may be left out, fail it.

    Args:
        condition: true when the thing is there.
        what: the thing, as in "a PostgreSQL server".
        how: how to bring it, as in "set CHURN_TEST_POSTGRES_URL".
    """
    if condition:
        return
    message = f"{what} is not here. To have this test: {how}"
    if os.environ.get("CHURN_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of published data sets: $CHURN_DATA, or ../shared/data."""
    folder = Path(os.environ.get("CHURN_DATA") or ROOT.parent / "shared" / "data").resolve()
    require(folder.is_dir(), f"The folder of published data sets ({folder})", "set CHURN_DATA; see examples/")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of a real PostgreSQL server whose database the tests may fill."""
    url = os.environ.get("CHURN_TEST_POSTGRES_URL", "")
    require(url, "A PostgreSQL server", "set CHURN_TEST_POSTGRES_URL=postgresql+psycopg://...; .ci/run starts one")
    return url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of a database of a real PostgreSQL server that is new, and gone after the test."""
    import psycopg

    name = f"churn_test_{uuid.uuid4().hex[:12]}"
    server = postgres_url.replace("+psycopg", "", 1)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The URL of a real Redis server whose keys the tests may fill."""
    url = os.environ.get("CHURN_TEST_REDIS_URL", "")
    require(url, "A Redis server", "set CHURN_TEST_REDIS_URL=redis://...; .ci/run starts one")
    return url
