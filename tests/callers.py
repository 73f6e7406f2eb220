"""Callers who load a running service over HTTP, and what they were told, counted."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.running_service import Service, answer_of


@dataclass
class Told:
    """What callers were told: how often which status, and of each answer of 200 its ids; and what went wrong."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    score_ids: set[str] = field(default_factory=set)
    versions: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    seconds: list[float] = field(default_factory=list)


class Load:
    """Callers that ask without pause, or at a rate, each over one connection; counted until `stop`.

    Args:
        service: whom.
        callers: how many at once.
        each_s: the pause between the requests of a caller.
        ids: customers of each request.
    """

    def __init__(
        self, service: Service, *, callers: int = 4, each_s: float = 0.0, ids: Sequence[str] = ("C1", "客户-3", "C2")
    ) -> None:
        self._service, self._each_s, self._ids = service, each_s, ids
        self.told, self._lock, self._ended = Told(), threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._call, daemon=True) for _ in range(callers)]

    def __enter__(self) -> Told:
        for one in self._threads:
            one.start()
        return self.told

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for one in self._threads:
            one.join(60)

    def _call(self) -> None:
        door, body = _door(self._service.port), json.dumps({"customer_ids": list(self._ids)}).encode()
        while not self._ended.wait(self._each_s):
            began = time.monotonic()
            try:
                door.request("POST", "/v1/score", body, {"Content-Type": "application/json"})
                answer = door.getresponse()
                told = answer.status, answer.headers.get("Content-Type", ""), answer.read()
            except (OSError, http.client.HTTPException) as error:
                door.close()
                door = _door(self._service.port)
                with self._lock:
                    self.told.lost.append(type(error).__name__)
                self._ended.wait(0.05)
                continue
            with self._lock:
                self._count(*told, time.monotonic() - began)
        door.close()

    def _count(self, status: int, kind: str, body: bytes, seconds: float) -> None:
        told = self.told
        told.statuses[status] += 1
        told.slowest_s = max(told.slowest_s, seconds)
        told.seconds.append(seconds)
        content = answer_of(body)
        if kind != "application/json" or not content:
            told.strange.append(f"{status} {kind} {body[:200]!r}")
        elif status == 200:
            for score in content["scores"]:
                told.score_ids.add(score["score_id"])
                told.versions[f"{score['model_version']} {score['probability']}"] += 1
                if score["abstention"]:
                    told.codes[score["abstention"]["code"]] += 1
        elif set(content) == {"error"} and set(content["error"]) == {"code", "problem", "mend", "request_id"}:
            told.codes[content["error"]["code"]] += 1
        else:
            told.strange.append(f"{status} {body[:200]!r}")


def logged_ids(folder: Path) -> set[str]:
    """The score ids of all whole lines of the score log."""
    found = set[str]()
    for segment in (folder / "scores" / "log").glob("*.jsonl"):
        whole, _, _ = segment.read_bytes().rpartition(b"\n")
        found |= {json.loads(line)["score_id"] for line in whole.splitlines() if line}
    return found


def _door(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30)
