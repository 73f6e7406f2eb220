"""The service at load with faults injected: no error that is none of the contract's, memory flat, every answer logged.

At night alone: twenty seconds with plain workers, then ten minutes, or as long as CHURN_TEST_SOAK_SECONDS says. Each
fault has a daily test of its own: test_store_outage, test_plain_server, test_hot_swap, test_registry_outage.
"""

import contextlib
import json
import os
import random
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import tiny_service
from tests.callers import Load, Told, logged_ids
from tests.running_service import Service, a_live_business, running
from tests.servers import Redis

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.nightly]

CODES = {  # of answers and errors: what docs/api.md promises of a service in trouble
    "unknown_customer", "store_unavailable", "no_qualifying_event", "not_eligible", "no_model_for_stage",
    "feature_set_changed", "stale_features", "overloaded", "score_log_unavailable", "not_ready", "inbox_unavailable",
    "rate_limit_unavailable", "too_slow", "too_late",
}  # fmt: skip
STATUSES = {200, 202, 503}
CALLERS = 5
MANY = ["C1", "C2", "客户-3", *(f"nobody-{number}" for number in range(997))]


@dataclass
class Soak:
    """What is done to a service, and what is seen of it."""

    service: Service
    store: Redis
    chance: random.Random = field(default_factory=lambda: random.Random(11))
    rounds: int = 0
    done: list[str] = field(default_factory=list)
    resident: dict[int, list[tuple[float, float]]] = field(default_factory=dict)  # of a worker: when, MB
    events: list[int] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def faults(self) -> list[Callable[[], None]]:
        """One round of them, in another order each time; a kill in every fourth."""
        round_ = [self.freeze_store, self.lose_registry, self.promote, self.promote, self.restart_store]
        self.rounds += 1
        if self.rounds % 4 == 1:
            round_.append(self.kill)
        self.chance.shuffle(round_)
        return round_

    def freeze_store(self) -> None:
        self.store.freeze()
        time.sleep(self.chance.uniform(0.3, 1.2))
        self.store.thaw()

    def restart_store(self) -> None:
        self.store.stop()
        time.sleep(self.chance.uniform(0.2, 0.6))
        self.store.start()

    def lose_registry(self) -> None:
        here = self.service.settings.folder / "mlflow.db"
        aside = here.rename(here.with_name("aside.db"))
        time.sleep(self.chance.uniform(0.5, 1.0))
        aside.rename(here)

    def promote(self) -> None:
        """Forward, or back."""
        tiny_service.promote(self.service.settings, "churn", self.chance.randint(1, 4))

    def kill(self) -> None:
        os.kill(self.chance.choice(self.service.workers()), signal.SIGKILL)

    def run(self, seconds: float, pause_s: float) -> None:
        """Inject faults for so long, then let everything come back."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for fault in self.faults():
                if time.monotonic() < until:
                    fault()
                    self.done.append(fault.__name__)
                    time.sleep(pause_s)
        self.service.ready()

    def look(self) -> None:
        """Note what workers hold, every second."""
        while not self.ended.wait(1.0):
            for pid in self.service.workers():
                with contextlib.suppress(OSError, IndexError):
                    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                    self.resident.setdefault(pid, []).append((time.monotonic(), pages * 4096 / 2**20))

    def tell_events(self) -> None:
        """A live event now and then."""
        number = 0
        while not self.ended.wait(0.2):
            number += 1
            event = {
                "event_id": f"soak-{number}", "customer_id": f"live-{number % 20}", "event_type": "order",
                "amount": 9.5, "event_timestamp": datetime.now(UTC).isoformat(),
            }  # fmt: skip
            with contextlib.suppress(OSError):
                self.events.append(self.service.ask("/v1/events", {"events": [event]})[0])

    def dawdle(self) -> None:
        """Clients that open a request and do not finish it, or leave before its answer."""
        body = json.dumps({"customer_ids": MANY}).encode()
        head = f"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with contextlib.ExitStack() as opened:
            while not self.ended.wait(0.5):
                for sent in (b"POST /v1/sc", head + body[:50], head + body):
                    with contextlib.suppress(OSError):
                        door = socket.create_connection(("127.0.0.1", self.service.port), timeout=2)
                        opened.enter_context(door)
                        door.sendall(sent)
                if self.chance.random() < 0.1:
                    opened.pop_all().close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Redis]:
    folder = tmp_path / "redis"
    folder.mkdir()
    found = Redis(folder)
    found.start()
    yield found
    found.thaw()
    found.stop()


@pytest.mark.parametrize(
    ("server", "seconds", "pause_s"),
    [
        ("uvicorn", 20.0, 0.3),
        ("bentoml", float(os.environ.get("CHURN_TEST_SOAK_SECONDS", "600")), 6.0),
    ],
)
def test_at_load_with_faults_nothing_but_the_contract_is_told(
    server: str, seconds: float, pause_s: float, store: Redis, tmp_path: Path
) -> None:
    more = f'workers = 2\nserver = "{server}"\n[store]\nonline = "redis"\nurl = "{store.url}"\n'
    config = a_live_business(tmp_path, more)
    with running(config) as service:
        service.ready()
        soak = Soak(service, store)
        beside = [threading.Thread(target=one, daemon=True) for one in (soak.look, soak.tell_events, soak.dawdle)]
        with (
            Load(service, callers=CALLERS - 1, each_s=0.1) as told,
            Load(service, callers=1, each_s=1, ids=MANY) as many,
        ):
            for one in beside:
                one.start()
            soak.run(seconds, pause_s)
            time.sleep(2)
            _recovered(service)
        soak.ended.set()
        for one in beside:
            one.join(40)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=60) == 0
    _report(soak, told, many, config.parent / "soak.json")
    kept = logged_ids(service.settings.folder)
    for seen in (told, many):
        assert seen.strange == []
        assert set(seen.statuses) <= STATUSES, seen.codes
        assert set(seen.codes) <= CODES
        assert len(seen.lost) <= CALLERS * soak.done.count("kill") + 2, seen.lost
        assert seen.score_ids <= kept
    assert set(soak.events) <= STATUSES
    assert set(soak.done) >= {"kill", "promote"}
    assert sum(told.statuses.values()) > seconds * 5
    for pid, seen_mb in soak.resident.items():
        assert _growth_mb_a_minute(seen_mb) < 3, (pid, seen_mb[:: max(1, len(seen_mb) // 20)])


def _recovered(service: Service) -> None:
    deadline = time.monotonic() + 30
    while True:
        status, told = service.ask("/v1/score", {"customer_ids": ["C1"]})
        if status == 200 and told["scores"][0]["probability"] is not None:
            return
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


def _growth_mb_a_minute(seen: list[tuple[float, float]]) -> float:
    """Of a worker that lived for two minutes: the slope after its first half minute, by medians of both halves."""
    late = [(at, mb) for at, mb in seen if at > seen[0][0] + 30]
    if not late or late[-1][0] - late[0][0] < 90:
        return 0.0
    middle = len(late) // 2
    first, second = late[:middle], late[middle:]
    minutes = (statistics.median(at for at, _ in second) - statistics.median(at for at, _ in first)) / 60
    return (statistics.median(mb for _, mb in second) - statistics.median(mb for _, mb in first)) / minutes


def _report(soak: Soak, told: Told, many: Told, path: Path) -> None:
    """What was seen, for who reads it after a long one."""
    slopes = {str(pid): round(_growth_mb_a_minute(seen), 2) for pid, seen in soak.resident.items()}
    path.write_text(json.dumps({
        "faults": {name: soak.done.count(name) for name in sorted(set(soak.done))},
        "requests": {str(one): told.statuses[one] + many.statuses[one] for one in told.statuses | many.statuses},
        "codes": dict(told.codes + many.codes), "lost": len(told.lost) + len(many.lost),
        "p50_ms": round(1000 * statistics.median(told.seconds), 2),
        "p99_ms": round(1000 * statistics.quantiles(told.seconds, n=100)[98], 1), "slowest_s": told.slowest_s,
        "logged": len(told.score_ids | many.score_ids), "events": len(soak.events),
        "growth_mb_a_minute": slopes,
        "resident_mb": {str(pid): [round(seen[0][1]), round(seen[-1][1])] for pid, seen in soak.resident.items()},
    }, indent=1))  # fmt: skip
