"""A champion is replaced while it answers: promoted, rolled back, under load, on both servers; and who is refused."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.registry_state import FILE
from tests import tiny_service
from tests.callers import Load, logged_ids
from tests.running_service import Service, a_business, running

pytestmark = pytest.mark.slow

MORE = 'workers = {workers}\nserver = "{server}"\n'


@pytest.fixture(scope="module", params=["bentoml", pytest.param("uvicorn", marks=pytest.mark.nightly)])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of two workers, which is ready."""
    config = a_business(tmp_path_factory.mktemp("swap"), MORE.format(workers=2, server=request.param))
    with running(config) as found:
        found.ready()
        yield found


def test_promotions_and_rollbacks_under_load_lose_no_request_and_mix_no_answer(service: Service) -> None:
    with Load(service, callers=3, each_s=0.02) as told:
        for number in (2, 3, 2, 4, 3):  # forward and back
            tiny_service.promote(service.settings, "churn", number)
            service.serves("churn", number)
            time.sleep(0.3)
    assert told.lost == []
    assert told.strange == []
    assert set(told.statuses) == {200}
    by_version: dict[str, set[str]] = {}
    for seen in told.versions:
        version, _, probability = seen.partition(" ")
        by_version.setdefault(version, set()).add(probability)
    assert {f"churn-tiny/{number}" for number in (2, 3, 4)} <= set(by_version)
    for version, probabilities in by_version.items():
        assert len(probabilities) == (2 if version.startswith("churn") else 1), "a customer has one in each version"
    assert told.score_ids <= logged_ids(service.settings.folder)
    assert told.slowest_s < 2, f"of {sum(told.statuses.values())} requests"


def test_an_alias_moved_by_hand_is_refused_and_reported_while_the_old_champion_answers(service: Service) -> None:
    settings = service.settings
    tiny_service.promote(settings, "churn", 2)
    service.serves("churn", 2)
    _by_hand(service, 1)
    refused = _until_refused(service, "alias_moved")
    assert refused["version"] == "churn-tiny/1"
    status, told = service.ask("/v1/score", {"customer_ids": ["C1"]})
    assert (status, told["scores"][0]["model_version"]) == (200, "churn-tiny/2")
    assert 'churn_refused_versions{model="churn",reason="alias_moved"} 1.0' in _metrics(service)
    lines = [json.loads(line) for line in service.lines() if line.startswith("{")]
    assert [one["version"] for one in lines if one["event"] == "champion.refused"] == ["churn-tiny/1"]
    tiny_service.promote(settings, "churn", 3)
    service.serves("churn", 3)
    _until_refused(service, None)
    assert 'churn_refused_versions{model="churn",reason="alias_moved"} 0.0' in _metrics(service)


def test_a_forged_verdict_is_refused(service: Service) -> None:
    settings, record = service.settings, service.settings.folder / "champion" / "churn.json"
    tiny_service.promote(settings, "churn", 2)
    service.serves("churn", 2)
    whole = json.loads(record.read_text())
    booster, bundle = tiny_service.version_texts("churn", 3)
    forged = whole["warrant"] | {"version": 3, "model_hash": tiny_service.model_hash(bundle, booster)}
    _by_hand(service, 3)
    record.write_text(json.dumps(whole | {"version": 3, "model_hash": forged["model_hash"], "warrant": forged}))
    _until_refused(service, "forged_verdict")
    assert service.ask("/readyz")[1]["champions"]["churn"]["version"] == "churn-tiny/2"
    tiny_service.promote(settings, "churn", 2)
    _until_refused(service, None)


def test_a_worker_that_is_killed_comes_back_with_the_champion_of_now(service: Service) -> None:
    tiny_service.promote(service.settings, "churn", 4)
    service.serves("churn", 4)
    before = set(service.workers())
    os.kill(max(before), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while len(set(service.workers()) - before) < 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(set(service.workers()) - before) == 1
    service.serves("churn", 4, within_s=60)


def _by_hand(service: Service, number: int) -> None:
    from serving import champion_registry

    name = service.settings.model_name("churn")
    champion_registry.client(service.settings.registry_uri).set_registered_model_alias(name, "champion", str(number))


def _until_refused(service: Service, reason: str | None) -> dict[str, str]:
    """Wait until `/readyz` of all workers tells of a refusal, or of none."""
    deadline, row, found = time.monotonic() + 30, 0, list[dict[str, str]]()
    while row < 12:
        found = service.ask("/readyz")[1]["registry"]["refused"]
        row = row + 1 if [one["reason"] for one in found] == ([reason] if reason else []) else 0
        assert time.monotonic() < deadline, (found, Path(service.settings.folder / FILE).read_text())
        time.sleep(0.02)
    return found[0] if found else {}


def _metrics(service: Service) -> str:
    import urllib.request

    with urllib.request.urlopen(f"{service.url}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text
