"""The monitored business, built once; each test gets a copy of its folder."""

import shutil
from pathlib import Path

import pytest

from tests.monitored_shop import Shop, build


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Built once; nobody writes into it."""
    return build(tmp_path_factory.mktemp("monitored"))


@pytest.fixture
def shop(template: Shop, tmp_path: Path) -> Shop:
    """A copy that a test may break."""
    shutil.copytree(template.settings.artifacts, tmp_path / "artifacts")
    return template.moved(tmp_path / "artifacts")
