"""Dockerfile, compose file and units keep their promises: pinned, unprivileged, closed, and settings that exist."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn.settings import load
from cli.single_flight import AlreadyRunning
from monitoring.reason import EXIT_CODES
from tests.conftest import require

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
COMPOSE: dict[str, Any] = yaml.safe_load((PACKAGING / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("service", "pipeline", "mlflow")
DOTENV = {"POSTGRES_PASSWORD": "from-dotenv", "CHURN_API_KEYS": "crm:score:00"}
UNITS = sorted((PACKAGING / "systemd").glob("*.service"))
EXPOSURE = {"churn.service": 2.0, "churn-nightly.service": 3.5, "churn-morning.service": 3.5}


def stages() -> dict[str, list[str]]:
    """The instructions of each stage of the Dockerfile, those it builds upon left out."""
    text = re.sub(r"\\\n\s*", "", (PACKAGING / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: dict[str, list[str]] = {}
    for line in lines:
        if start := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            assert start[1] == "${BASE}" or start[1] in found, "a base that is not pinned by BASE"
            found[start[2]] = []
        elif found:
            found[list(found)[-1]].append(line)
    return found


def test_every_package_of_an_image_is_pinned_by_its_hash() -> None:
    installs = [line for lines in stages().values() for line in lines if "pip install" in line]
    assert len(installs) == 3
    assert all("--require-hashes -r requirements/" in line for line in installs)
    locks = re.findall(r"requirements/\w+\.lock", " ".join(installs))
    assert all((ROOT / lock).exists() for lock in locks)


def test_images_run_as_nobody_special_and_without_a_shell_between() -> None:
    for name in ("service", "pipeline"):
        lines = stages()[name]
        assert "USER churn" in lines
        assert not any(line.startswith(("COPY", "ADD", "RUN apt")) for line in lines[lines.index("USER churn") :])
        (command,) = (line for line in lines if line.startswith("CMD"))
        assert isinstance(json.loads(command.removeprefix("CMD ")), list)
    assert not any("apt-get" in line for line in stages()["service"])
    (check,) = (line for line in stages()["service"] if line.startswith("HEALTHCHECK"))
    assert check.endswith('CMD ["python", "-m", "serving.alive"]')  # tests/unit/serving/test_alive.py
    assert not any("lightgbm" in line for line in (ROOT / "requirements" / "serving.lock").read_text().splitlines())


def test_what_the_dockerfile_copies_is_there() -> None:
    copied = re.findall(r"^COPY (\w\S*) /opt", (PACKAGING / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert {"churn", "features", "serving", "cli", "training", "monitoring", "campaigns"} <= set(copied)
    assert all((ROOT / one).exists() for one in copied)


def test_compose_names_settings_that_exist_and_they_are_what_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text('[business]\nslug = "shop"\n', encoding="utf-8")
    environ = {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda one: DOTENV.get(one[1], ""), value)
        for name, value in SERVICES["service"]["environment"].items()
        if name != "CHURN_WEBHOOK_SECRET"
    }
    held = load(tmp_path / "churn.toml", environ=environ)
    assert (held.store.online, held.live.inbox) == ("redis", "postgres")
    assert str(held.artifacts) == "/var/lib/churn"
    databases = {"mlflow"} | set(
        re.findall(r"CREATE DATABASE (\w+)", (PACKAGING / "postgres/databases.sql").read_text())
    )
    named = re.findall(r"postgres:5432/(\w+)", " ".join(environ.values()))
    assert set(named) == databases


def test_containers_are_closed_and_secrets_are_not_in_the_file() -> None:
    for name in OURS:
        assert SERVICES[name]["read_only"]
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
        for database, condition in SERVICES[name]["depends_on"].items():
            assert condition == {"condition": "service_healthy"}
            assert SERVICES[database]["healthcheck"]["test"]
    for name in ("service", "pipeline"):  # numba writes into its folder or keeps nothing
        assert any(mount.startswith("compiled:/var/cache/churn") for mount in SERVICES[name]["volumes"])
    for one in ("postgres", "redis"):
        assert SERVICES[one]["networks"] == ["inside"]
        assert "ports" not in SERVICES[one]
    assert COMPOSE["networks"]["inside"]["internal"]
    text = (PACKAGING / "compose.yaml").read_text("utf-8")
    assert all(found.startswith("${POSTGRES_PASSWORD:?") for found in re.findall(r"//churn:([^@\n]+)@postgres", text))


def test_docker_compose_reads_the_file() -> None:
    require(shutil.which("docker-compose"), "docker-compose", "install Debian's docker-compose; .ci/run does")
    command = ["docker-compose", "-f", "compose.yaml", "config", "--quiet"]
    subprocess.run(command, cwd=PACKAGING, env=os.environ | DOTENV, check=True, capture_output=True)


def test_the_night_prunes_too_and_its_verdicts_are_no_failures() -> None:
    unit = (PACKAGING / "systemd" / "churn-nightly.service").read_text("utf-8")
    assert re.findall(r"^ExecStart=\S+/churn (.*)$", unit, re.MULTILINE) == ["run"]
    assert re.findall(r"^ExecStopPost=\S+/churn (.*)$", unit, re.MULTILINE) == ["prune"], "after any end, of a stop too"
    codes = {int(code) for code in re.findall(r"^SuccessExitStatus=(.*)$", unit, re.MULTILINE)[0].split()}
    assert codes == {AlreadyRunning.exit_code, *(EXIT_CODES[one] for one in ("retrain", "watch", "cannot_tell"))}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_sound_and_little_exposed(unit: Path, tmp_path: Path) -> None:
    assert "NoNewPrivileges=yes" in unit.read_text()
    require(shutil.which("systemd-analyze"), "systemd-analyze", "install Debian's systemd; .ci/run does")
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/churn/.venv/bin/churn", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(here)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (level,) = re.findall(r"exposure level for \S+: ([\d.]+)", told)
    assert float(level) <= EXPOSURE[unit.name]
