"""A bento answers from an environment of its own, installed by its hashes; so do successors of its workers."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn.settings import load
from tests.conftest import require
from tests.running_service import Service, a_business
from tests.servers import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
END_S = 60
KEPT = {"PATH", "HOME", "UV_CACHE_DIR", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "SSL_CERT_FILE", "HTTPS_PROXY", "TMPDIR"}


def around(**more: str) -> dict[str, str]:
    """An environment without whatever leads to this one's packages."""
    return {name: value for name, value in os.environ.items() if name in KEPT} | {
        "BENTOML_DO_NOT_TRACK": "True", "PYTHONUNBUFFERED": "1", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def bento(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bentoml")
    command = ["bentoml", "build", "-f", "packaging/bentofile.yaml", "--output", "tag", "."]
    subprocess.run(command, cwd=ROOT, env=os.environ | around(BENTOML_HOME=str(home)), check=True, capture_output=True)
    (found,) = (path for path in (home / "bentos" / "churn").iterdir() if path.is_dir())
    return found


@pytest.fixture(scope="module")
def python(bento: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a fresh environment with what the bento's lock names, each file by its hash."""
    require(shutil.which("uv"), "uv", "requirements/bootstrap.lock has it")
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run(["uv", "venv", "--quiet", "--python", "3.11", str(folder)], check=True, env=around())
    lock = bento / "src" / "requirements" / "serving.lock"
    install = ["uv", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
    subprocess.run(install, check=True, env=around(VIRTUAL_ENV=str(folder)))
    return folder / "bin" / "python"


@contextlib.contextmanager
def started(config: Path, folder: Path, port: int, *command: str, **more: str) -> Iterator[Service]:
    """A command that serves; ended at the end."""
    log = config.parent / f"{time.time_ns()}.log"
    environ = around(CHURN_CONFIG=str(config), NUMBA_CACHE_DIR=str(config.parent / "numba"), **more)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=output)
    service = Service(config, load(config, environ={}), process, log, port)
    try:
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=END_S)


def answers(service: Service, within_s: float = 120.0) -> None:
    """Wait until a customer's score is told."""
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(OSError):
            status, told = service.ask("/v1/score", {"customer_ids": ["C1"]})
            if status == 200:
                assert told["scores"][0]["band"] == "high"
                return
        assert time.monotonic() < deadline, service.log.read_text()[-3000:]
        assert service.process.poll() is None, service.log.read_text()[-3000:]
        time.sleep(0.2)


def test_a_bento_holds_code_and_locked_requirements_alone(bento: Path) -> None:
    held = {path.relative_to(bento / "src").as_posix() for path in (bento / "src").rglob("*") if path.is_file()}
    assert {path.split("/")[0] for path in held if "/" in path} == {
        "churn", "features", "serving", "cli", "requirements",
    }  # fmt: skip
    assert {path for path in held if not path.endswith(".py")} == {
        "pyproject.toml", "README.md", "LICENSE", "requirements/serving.lock", "bentofile.yaml",
    }  # fmt: skip


@pytest.mark.nightly  # a fresh environment compiles everything: 35 s of CPU
def test_a_bento_answers_from_an_environment_of_its_own(bento: Path, python: Path, tmp_path: Path) -> None:
    config, port = a_business(tmp_path), free_port()
    for absent in ("lightgbm", "evidently", "optuna", "pytest"):
        assert subprocess.run([python, "-c", f"import {absent}"], capture_output=True, check=False).returncode == 1
    command = [str(python), "-m", "cli", "serve", "--port", str(port)]
    with started(config, bento / "src", port, *command) as service:
        answers(service)
        assert service.ready()["champions"]["churn"]["version"] == "churn-tiny/1"
    assert service.process.returncode == 0
    # as an image that BentoML makes starts it: workers that die are started again there too
    command = [str(python.with_name("bentoml")), "serve", str(bento), "--host", "127.0.0.1", "--port", str(port)]
    home = {"BENTOML_HOME": str(tmp_path), "BENTOML_CONTAINERIZED": "true"}
    with started(config, tmp_path, port, *command, **home) as service:
        answers(service)
        (worker,) = service.workers()
        os.kill(worker, signal.SIGKILL)
        answers(service)
        assert worker not in service.workers()
