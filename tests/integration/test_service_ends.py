"""The service ends, or parts of it are killed: what was answered is logged, and nobody is left behind.

Kills of workers under load come every day in test_soak.py; these come at night, on both servers.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.callers import Load, logged_ids
from tests.running_service import Service, a_business, running

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

BOTH = ["bentoml", "uvicorn"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_business(tmp_path_factory.mktemp("ends"))


def environ(server: str, workers: int = 1) -> dict[str, str]:
    return {"CHURN_SERVING__SERVER": server, "CHURN_SERVING__WORKERS": str(workers)}


@pytest.mark.parametrize("server", BOTH)
def test_killed_workers_and_an_end_under_load_lose_no_answer_that_was_given(server: str, config: Path) -> None:
    """At random moments; whoever had an answer finds it in the score log, and the log has whole lines but the last."""
    moments = random.Random(7)
    with running(config, environ=environ(server, workers=2)) as service:
        service.ready()
        with Load(service, callers=4, each_s=0.005) as told:
            for _ in range(3):
                time.sleep(moments.uniform(0.2, 0.8))
                before = set(service.workers())
                os.kill(moments.choice(sorted(before)), signal.SIGKILL)
                _until(lambda: len(set(service.workers()) - before) == 1, "another worker")  # noqa: B023
            _until(lambda: sum(told.statuses.values()) > 200, "answers")
            time.sleep(moments.uniform(0.1, 0.5))
            given = len(told.score_ids)
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(timeout=40) == 0
    assert given > 600
    assert told.strange == []
    assert set(told.statuses) <= {200, 503}, told.codes
    assert told.score_ids <= logged_ids(service.settings.folder)
    assert not (service.settings.folder / "serving" / "service.json").exists()


def test_a_request_under_way_is_answered_before_the_end(config: Path) -> None:

    answers: list[int] = []
    body = {"customer_ids": ["C1", *(f"nobody-{number}" for number in range(999))]}
    with running(config, environ=environ("uvicorn")) as service:
        service.ready()

        def ask() -> None:
            for _ in range(3):
                try:
                    answers.append(service.ask("/v1/score", body)[0])
                except OSError:  # it no longer listens
                    return

        callers = [threading.Thread(target=ask) for _ in range(4)]
        for one in callers:
            one.start()
        _until(lambda: len(answers) >= 1, "an answer")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=40) == 0
        for one in callers:
            one.join(40)
    assert len(answers) >= 4, "those under way were answered"
    assert set(answers) <= {200, 503}


@pytest.mark.parametrize("whom", ["the first", "the supervisor"])
@pytest.mark.parametrize("server", BOTH)
def test_nobody_is_left_behind_where_one_who_watches_is_killed(server: str, whom: str, config: Path) -> None:
    with running(config, environ=environ(server)) as service:
        service.ready()
        family = service.family()
        assert len(family) >= 2
        os.kill(service.process.pid if whom == "the first" else family[0], signal.SIGKILL)
        _until(lambda: not any(map(_lives, family)), "the end of all")
        assert service.process.wait(timeout=20) == (-signal.SIGKILL if whom == "the first" else 1)


def test_a_registry_that_is_gone_keeps_nobody_from_answering_or_starting(config: Path) -> None:
    with running(config, environ=environ("uvicorn")) as service:
        _registry(service, up=False)
        try:
            told = service.ready()  # it served before: `champions.json` and the archive are enough
            _until(lambda: _told(service)["problem"] == "registry_down", "what keeps the registry")
            assert not _told(service)["answers"]
            assert service.ask("/v1/score", {"customer_ids": ["C1"]})[1]["scores"][0]["probability"]
        finally:
            _registry(service, up=True)
        _until(lambda: bool(_told(service)["answers"]), "the registry")
        assert _told(service)["champion_checked_at"]
    assert told["status"] == "ready"


def _registry(service: Service, *, up: bool) -> None:
    here, aside = (service.settings.folder / name for name in ("mlflow.db", "aside.db"))
    (aside if up else here).rename(here if up else aside)


def _told(service: Service) -> dict[str, object]:
    found: dict[str, object] = service.ask("/readyz")[1]["registry"]
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def _until(is_so: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
