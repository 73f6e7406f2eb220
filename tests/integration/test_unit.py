"""The service starts, answers and ends with the system calls alone that its unit lets through."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import require
from tests.integration.test_bento import answers, started
from tests.running_service import a_business
from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "systemd" / "churn.service"


def test_the_service_lives_within_its_unit(tmp_path: Path) -> None:
    require(shutil.which("systemd-analyze"), "systemd-analyze", "install Debian's systemd; .ci/run does")
    config, port = a_business(tmp_path), free_port()
    command = [sys.executable, "-m", "tests.unit_filter", str(UNIT), sys.executable, "-m", "cli", "serve"]
    with started(config, ROOT, port, *command, "--port", str(port), PATH=os.environ["PATH"]) as service:
        answers(service)
    assert service.process.returncode == 0
