"""Whoever sends webhooks may be killed at any moment: every change is told all the same, under one id."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn.settings import load
from serving.changes.journal import Journal
from serving.webhooks.keeping import Kept
from serving.webhooks.sender import is_sending
from serving.webhooks.signing import VARIABLE
from tests import live_shop
from tests.integration.test_live_service import ROOT, TOML, config, post, service
from tests.webhook_receiver import SECRET, Endpoint, bodies, endpoint, state, status, tell, wait_until

__all__ = ["config"]  # a fixture
pytestmark = pytest.mark.slow

NAMES = [f"C{number:03d}" for number in range(120)]


@pytest.fixture
def here() -> Iterator[Endpoint]:
    with endpoint() as made:
        yield made


def toml(here: Endpoint) -> str:
    """Settings that tell the receiver of everything."""
    return f"""
[webhooks]
urls = ["{here.url}"]
what = ["stage", "band", "model", "abstention", "first"]
allow_http = true
allow_private = true
"""


def sending(path: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "cli", "webhooks", "send", "-c", str(path)]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {VARIABLE: SECRET}, stdout=subprocess.DEVNULL)


def test_killed_again_and_again_while_it_sends(tmp_path: Path, here: Endpoint) -> None:
    path = tmp_path / "churn.toml"
    path.write_text(f'artifacts = "artifacts"\n[business]\nslug = "tiny"\n{toml(here)}', encoding="utf-8")
    folder = load(path, environ={}).folder
    tell(folder, *(state(name) for name in NAMES))

    def slowly(handler: object) -> None:
        time.sleep(0.03)
        status(204)(handler)  # type: ignore[arg-type]

    here.always = slowly
    process = sending(path)
    wait_until(lambda: is_sending(folder) and _is_known(folder), 90)
    tell(folder, *(state(name, "high", 1) for name in NAMES))
    for kill_at in (10, 50, 90):
        wait_until(lambda at=kill_at: len(here.got) >= at, 90)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        assert not is_sending(folder), "the lock goes with the process"
        process = sending(path)
    wait_until(lambda: set(NAMES) == {told["customer_id"] for told in here.told}, 90)
    wait_until(lambda: _waiting(folder) == 0, 90)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    ids = defaultdict(set)
    for got, told in zip(here.got, here.told, strict=True):
        ids[told["customer_id"]].add(got.id)
    assert all(len(one) == 1 for one in ids.values()), "what came twice has the id it had"
    assert len(here.got) <= len(NAMES) + 3 * 32


def _is_known(folder: Path) -> bool:
    kept = Kept(folder)
    with kept.session() as cursor:
        found = bool(cursor.execute("SELECT COUNT(*) FROM receiver").fetchone()[0])
    kept.close()
    return found


def _waiting(folder: Path) -> int:
    kept = Kept(folder)
    with kept.session() as cursor:
        found = int(cursor.execute("SELECT COUNT(*) FROM letter").fetchone()[0])
    kept.close()
    return found


@pytest.mark.nightly
def test_a_worker_of_the_service_sends_and_another_takes_over(
    config: Path, here: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    config.write_text(TOML + toml(here), encoding="utf-8")
    folder, log = load(config, environ={}).folder, config.parent / "service.log"
    journal = Journal(folder)
    journal.begin()
    journal.close()
    with service(config) as (url, _process):
        wait_until(lambda: is_sending(folder) and _is_known(folder), 90)
        assert post(url, [_event("w1", "newcomer 1")])[0] == 202
        wait_until(lambda: len(here.got) == 1, 90)
        assert here.told[0]["customer_id"] == "newcomer 1"
        assert here.told[0]["changed"] == ["first"]
        (pid,) = _pids(log)
        os.kill(int(pid), signal.SIGKILL)
        wait_until(lambda: len(_pids(log)) == 2, 90)
        wait_until(lambda: _posted(url, "w2", "newcomer 2"), 90)
        wait_until(lambda: len(here.got) >= 2, 90)
        assert [told["data"]["customer_id"] for told in bodies(here.got)] == ["newcomer 1", "newcomer 2"]


@pytest.mark.nightly
def test_a_worker_killed_between_row_and_journal_leaves_nobody_untold(
    config: Path, here: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is acknowledged and the row fresh; that somebody was to be told was in the worker's memory alone."""
    monkeypatch.setenv(VARIABLE, SECRET)
    config.write_text(TOML + toml(here), encoding="utf-8")
    folder = load(config, environ={}).folder
    journal = Journal(folder)
    journal.begin()
    journal.close()
    names = [f"killed {number}" for number in range(40)]
    with service(config) as (url, _process):
        wait_until(lambda: is_sending(folder) and _is_known(folder), 90)
        for name in names:
            assert post(url, [_event(name, name)])[0] == 202
        os.kill(int(_pids(config.parent / "service.log")[-1]), signal.SIGKILL)
        wait_until(lambda: set(names) <= {told["data"]["customer_id"] for told in bodies(here.got)}, 90)
    assert '"changes.catching_up"' in (config.parent / "service.log").read_text(), "some were untold"


def _event(event_id: str, customer_id: str) -> dict[str, object]:
    when = live_shop.NOW.isoformat()
    told = {"event_id": event_id, "customer_id": customer_id, "event_timestamp": when}
    return told | {"event_type": "order", "amount": 5.0}


def _posted(url: str, event_id: str, customer_id: str) -> bool:
    try:
        return post(url, [_event(event_id, customer_id)])[0] in (200, 202)
    except OSError:  # the connection that the killed worker had accepted
        return False


def _pids(log: Path) -> list[str]:
    lines = [line for line in log.read_text().splitlines() if '"webhooks.sending"' in line]
    return [str(json.loads(line[line.index("{") :])["pid"]) for line in lines]
