"""Who is asked what, and what came of it: rounds of all servers, and the ratios of each round. Start at `Contest`."""

import json
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.served.business import KEY, TOP, Business
from benchmarks.served.drive import Task
from benchmarks.served.servers import ROOT, Server

BODIES = 400
MANY = 1000
PROBE_S = 0.01


@dataclass(frozen=True)
class Runner:
    """A server, and what it is asked."""

    name: str
    server: Server
    path: str
    bodies: list[str]
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def ours(cls, name: str, server: Server, business: Business) -> "Runner":
        """One customer by id, with five reasons."""
        return cls(name, server, "/v1/score", _by_id(business), {"Authorization": f"Bearer {KEY}"})

    @classmethod
    def noop(cls, server: Server, business: Business) -> "Runner":
        """The same request, of which nothing is made."""
        return cls("noop", server, "/v1/score", _by_id(business))

    @classmethod
    def plain(cls, name: str, path: str, server: Server, business: Business) -> "Runner":
        """One customer's features."""
        bodies = [json.dumps({"vectors": [row]}) for row in _rows(business)]
        return cls(name, server, path, bodies)

    @classmethod
    def mlflow(cls, server: Server, business: Business) -> "Runner":
        """One customer's features, as `mlflow models serve` takes them."""
        columns = [f"f{place}" for place in range(business.vectors.shape[1])]
        rows = business.vectors[:BODIES].tolist()  # with NaN: a null would make a column of objects, which is refused
        bodies = [json.dumps({"dataframe_split": {"columns": columns, "data": [row]}}) for row in rows]
        return cls("mlflow", server, "/invocations", bodies)


@dataclass(frozen=True)
class Lap:
    """One server in one round."""

    cpu_us: float
    per_s: float
    p50_ms: float
    p99_ms: float


class Contest:
    """Rounds of all runners, and what they say."""

    def __init__(self, runners: list[Runner]) -> None:
        self.runners, self.figures = runners, dict[str, Any]()
        self.laps: dict[tuple[str, int], list[Lap]] = defaultdict(list)
        for runner in runners:
            lap(runner, 2, 0.5)  # warm

    def round(self, connections: int, seconds: float) -> None:
        """Ask each in turn."""
        for runner in self.runners:
            self.laps[runner.name, connections].append(lap(runner, connections, seconds))

    def cpu_ratio(self, one: str, other: str, connections: int) -> float:
        """CPU a request of one as a part of another's, median over rounds."""
        return self._ratio(one, other, connections, "cpu_us")

    def rate_ratio(self, one: str, other: str, connections: int) -> float:
        """Requests a second, likewise."""
        return self._ratio(one, other, connections, "per_s")

    def p99_ratio(self, one: str, other: str, connections: int) -> float:
        """99th percentile of the time to an answer, likewise."""
        return self._ratio(one, other, connections, "p99_ms")

    def p99_ms(self, name: str, connections: int) -> float:
        """99th percentile of the time to an answer, median over rounds."""
        return self.median(name, connections, "p99_ms")

    def median(self, name: str, connections: int, what: str) -> float:
        """Of a field of `Lap`, over rounds."""
        return float(np.median([getattr(one, what) for one in self.laps[name, connections]]))

    def table(self) -> str:
        """Medians of everything."""
        lines = [f"{'':18}{'c':>3}{'cpu us':>9}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}"]
        for name, connections in self.laps:
            told = [self.median(name, connections, what) for what in ("cpu_us", "per_s", "p50_ms", "p99_ms")]
            lines.append(f"{name:18}{connections:3}{told[0]:9.0f}{told[1]:8.0f}{told[2]:8.2f}{told[3]:8.2f}")
        return "\n".join(lines)

    def _ratio(self, one: str, other: str, connections: int, what: str) -> float:
        pairs = zip(self.laps[one, connections], self.laps[other, connections], strict=True)
        return float(np.median([getattr(first, what) / getattr(second, what) for first, second in pairs]))


def lap(runner: Runner, connections: int, seconds: float) -> Lap:
    """Drive one server from a process of its own.

    Raises:
        SystemExit: an answer was not 200.
    """
    task = Task(runner.server.port, runner.path, runner.bodies, runner.headers, connections, seconds)
    before = runner.server.cpu_s()
    result = _driven(task)
    cpu = runner.server.cpu_s() - before
    if set(result["statuses"]) != {"200"}:
        raise SystemExit(f"{runner.name} answered {result['statuses']}")
    took = np.array(result["took_s"])
    p50, p99 = np.percentile(took, [50, 99]) * 1000
    return Lap(1e6 * cpu / len(took), len(took) / result["seconds"], float(p50), float(p99))


def many(runner: Runner, ids: list[str], *, calls: int) -> dict[str, float]:
    """Calls about a thousand customers, one after the other, while somebody asks `/livez` every hundredth second."""
    bodies = [
        json.dumps({"customer_ids": [ids[(first + place) % len(ids)] for place in range(MANY)], "top_reasons": TOP})
        for first in range(0, calls * MANY, MANY)
    ]
    task = Task(runner.server.port, runner.path, bodies, runner.headers, 1, 1.0 * calls)
    before, waits = runner.server.cpu_s(), list[float]()
    command = [sys.executable, "-m", "benchmarks.served.drive"]
    driver = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert driver.stdin is not None
    assert driver.stdout is not None
    driver.stdin.write(json.dumps(asdict(task)))
    driver.stdin.close()
    while driver.poll() is None:
        began = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{runner.server.port}/livez", timeout=10):
            waits.append(1000 * (time.perf_counter() - began))
        time.sleep(PROBE_S)
    result = json.loads(driver.stdout.read())
    answered = len(result["took_s"])
    cpu_us = 1e6 * (runner.server.cpu_s() - before) / (answered * MANY)
    return {
        "batch_scores_per_s": round(MANY * answered / result["seconds"]),
        "batch_cpu_us_per_score": round(cpu_us, 1),
        "livez_ms_p99_under_batch": round(float(np.percentile(waits, 99)), 1),
        "livez_ms_max_under_batch": round(max(waits), 1),
    }


def _driven(task: Task) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.served.drive"]
    ended = subprocess.run(
        command, cwd=ROOT, input=json.dumps(asdict(task)), stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def _by_id(business: Business) -> list[str]:
    return [json.dumps({"customer_ids": [one], "top_reasons": TOP}) for one in business.ids[:BODIES]]


def _rows(business: Business) -> list[list[float | None]]:
    return [[None if np.isnan(one) else float(one) for one in row] for row in business.vectors[:BODIES]]
