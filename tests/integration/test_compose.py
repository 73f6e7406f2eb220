"""What the compose file says, started by hand: its commands, environment and databases, the image's layout; then asked.

Hosts, ports and folders are those of this machine instead of the containers'; everything else is read from the files.
"""

import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from churn.settings import load
from features.store import FeatureStore, OnlineStore
from tests import live_shop, small_shop, tiny_service
from tests.conftest import require
from tests.running_service import LIVE, TOML
from tests.servers import HOW, Postgres, free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
COMPOSE: dict[str, Any] = yaml.safe_load((PACKAGING / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (PACKAGING / "Dockerfile").read_text("utf-8")
KEY = "a key of the CRM's for this test"
READY_S = 150.0


class Place:
    """The containers' hosts and folders, here; and what .env holds.

    Args:
        folder: below which everything lies, open to the user who runs PostgreSQL.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.postgres = folder, Postgres(_made(folder / "postgres"))
        self.redis_port, self.port, self.mlflow_port = free_port(), free_port(), free_port()
        secret = hashlib.sha256(KEY.encode()).hexdigest()
        self._dotenv = {"POSTGRES_PASSWORD": "hush-hush", "CHURN_API_KEYS": f"crm:score+read+events:{secret}"}
        self._here = {
            "@postgres:5432": f"@127.0.0.1:{self.postgres.port}", "redis:6379": f"127.0.0.1:{self.redis_port}",
            "/var/lib/churn": str(_made(folder / "artifacts")), "/srv/churn": str(_made(folder / "business")),
            "/opt/churn": str(folder / "opt"), "/var/cache/churn": str(_made(folder / "cache")),
        }  # fmt: skip

    def here(self, text: str) -> str:
        """Words of the compose file as they read on this machine."""
        found = re.sub(r"\$\{(\w+)(?::[?-][^}]*)?\}", lambda one: self._dotenv.get(one[1], ""), text)
        for there, here in self._here.items():
            found = found.replace(there, here)
        return found

    def environment(self, service: str) -> dict[str, str]:
        """Of a container, over that of its image."""
        (image,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE.split("AS base")[1], re.MULTILINE)
        of_image = dict(word.split("=", 1) for word in shlex.split(image.replace("\\\n", " ")))
        of_image.pop("PATH")
        told = of_image | COMPOSE["services"][service].get("environment", {})
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | {
            name: self.here(value) for name, value in told.items() if value
        }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@contextlib.contextmanager
def started(place: Place, name: str, words: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A component, until the end."""
    environ = place.environment(name)
    with (place.folder / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(words, cwd=folder, env=environ, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """PostgreSQL with its three databases, and Redis."""
    require(shutil.which("redis-server"), "A Redis to start", HOW)
    with tempfile.TemporaryDirectory() as name:  # pytest's own are closed to the user who runs PostgreSQL
        Path(name).chmod(0o755)
        made = Place(Path(name))
        made.postgres.start()
        server = COMPOSE["services"]["postgres"]["environment"]
        psql = [
            "psql",
            "--quiet",
            "--no-psqlrc",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            made.postgres.url.replace("+psycopg", ""),
        ]
        subprocess.run([*psql, "-c", f"CREATE DATABASE {server['POSTGRES_DB']}"], check=True)
        subprocess.run([*psql, "-f", str(PACKAGING / "postgres" / "databases.sql")], check=True)
        redis = [*COMPOSE["services"]["redis"]["command"], "--port", str(made.redis_port), "--dir", name]
        with started(made, "redis", [*redis, "--bind", "127.0.0.1"], made.folder):
            wait_for(made.redis_port)
            yield made
        made.postgres.stop()


@pytest.fixture(scope="module")
def service(place: Place) -> Iterator[Place]:
    """The service in its image's layout, once it is ready."""
    for line in re.findall(
        r"^COPY (\w+) (/opt/churn/\w+)$", DOCKERFILE.split("FROM base AS pipeline")[0], re.MULTILINE
    ):
        if (ROOT / line[0]).is_dir():
            shutil.copytree(ROOT / line[0], place.here(line[1]), ignore=shutil.ignore_patterns("__pycache__"))
    prepared(place)
    entry, command = (
        json.loads(one) for one in re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])$", DOCKERFILE, re.MULTILINE)[:2]
    )
    words = [sys.executable if one == "python" else one.replace("3000", str(place.port)) for one in [*entry, *command]]
    with started(place, "service", words, place.folder / "business") as process:
        deadline = time.monotonic() + READY_S
        while ask(place.port, "/readyz")[0] != 200:
            assert process.poll() is None, (place.folder / "service.log").read_text()[-3000:]
            assert time.monotonic() < deadline, (place.folder / "service.log").read_text()[-3000:]
            time.sleep(0.2)
        yield place


def prepared(place: Place) -> None:
    """What the nightly job leaves behind: a log, two champions in the registry, everybody's row in the store."""
    business = place.folder / "business"
    live_shop.settings(business)  # writes the file of the source
    config = business / "churn.toml"
    config.write_text(TOML + LIVE, encoding="utf-8")
    settings = load(config, environ=place.environment("pipeline"))
    assert settings.store.online == "redis"
    live_shop.ingested(settings)
    FeatureStore(settings).apply(live_shop.features(settings), small_shop.frozen(settings.folder).rows_path)
    OnlineStore(settings).write(tiny_service.rows())
    tiny_service.register(settings)


def ask(port: int, path: str, body: object = None, key: str = KEY) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an answer; 0 where nobody listens."""
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}{path}", sent, headers), timeout=30
        ) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")
    except OSError:
        return 0, {}


def test_health_checks_of_the_databases_pass(place: Place) -> None:
    """As compose calls them, with the port of this machine."""
    ready = shlex.split(COMPOSE["services"]["postgres"]["healthcheck"]["test"][1])
    pg_isready = next(Path("/usr/lib/postgresql").glob(f"*/bin/{ready[0]}"))
    at = ["--host", "127.0.0.1", "--port", str(place.postgres.port)]
    subprocess.run([str(pg_isready), *ready[1:], *at], check=True, stdout=subprocess.DEVNULL)
    program, *words = COMPOSE["services"]["redis"]["healthcheck"]["test"][1:]
    done = subprocess.run([program, "-p", str(place.redis_port), *words], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "PONG"


def test_the_service_scores_for_a_key_and_for_nobody_without(service: Place) -> None:
    status, told = ask(service.port, "/v1/score", {"customer_ids": ["C1"]})
    assert (status, told["scores"][0]["model_version"]) == (200, "churn-tiny/1")
    assert told["scores"][0]["band"] == "high"
    assert ask(service.port, "/v1/score", {"customer_ids": ["C1"]}, key="another")[0] == 401
    status, told = ask(service.port, "/readyz")
    assert status == 200
    assert told["registry"]["answers"]
    words = COMPOSE["services"]["service"]["ports"]
    assert all(one.startswith("127.0.0.1:") for one in [*words, *COMPOSE["services"]["mlflow"]["ports"]])


def test_a_live_event_goes_to_the_inbox_and_into_the_row(service: Place) -> None:
    event = {
        "event_id": "compose-1", "customer_id": "c1", "event_type": "order", "amount": 20.0,
        "event_timestamp": "2025-02-20T10:00:00+00:00",
    }  # fmt: skip
    status, told = ask(service.port, "/v1/events", {"events": [event]})
    assert (status, told["events"][0]["status"]) == (202, "accepted")
    url = service.here(COMPOSE["x-settings"]["CHURN_LIVE__URL"])
    held = "SELECT count(*) FROM {0} AS one WHERE one::text LIKE '%compose-1%'"
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(sql.SQL(held).format(sql.Identifier(one))).fetchone() for (one,) in tables]
    assert any(row and row[0] for row in rows)


def test_mlflow_shows_the_models(service: Place) -> None:
    words = [sys.executable, *COMPOSE["services"]["mlflow"]["entrypoint"][1:]]
    words = [{"5000": str(service.mlflow_port), "0.0.0.0": "127.0.0.1"}.get(one, one) for one in words]
    deadline = time.monotonic() + READY_S
    with started(service, "mlflow", words, service.folder) as process:
        while (found := ask(service.mlflow_port, "/api/2.0/mlflow/registered-models/search?max_results=9"))[0] != 200:
            assert process.poll() is None, (service.folder / "mlflow.log").read_text()[-3000:]
            assert time.monotonic() < deadline, (service.folder / "mlflow.log").read_text()[-3000:]
            time.sleep(0.3)
    assert {one["name"] for one in found[1]["registered_models"]} == {"churn-tiny", "reactivation-tiny"}
