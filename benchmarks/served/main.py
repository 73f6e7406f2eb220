"""The work behind benchmarks/serving.py: start every server, drive them in turn, make figures. Start at `main`.

All servers have two workers and stand side by side; each round asks one after the other, so that whatever else the
machine does falls on all. A ratio is the median of the ratios of the rounds. Throughput is requests a CPU second, which
other work on the machine and a slow disk distort least; requests a second by the clock are told beside it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.served.business import Business, appointed, fixed, nightly
from benchmarks.served.contest import Contest, Runner, many
from benchmarks.served.drawn import draw
from benchmarks.served.servers import ROOT, bentoml, mlflow, saved, uvicorn

WORKERS = 2
PORT = 4300
CONNECTIONS = (1, 8, 32)
BUSY = 32  # connections that keep both workers busy, whatever the disk does


def main() -> None:
    parser = argparse.ArgumentParser(description="The scoring endpoint beside its peers")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--kept", type=Path, help="where the businesses are made; a second run is quicker")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, redirect_stdout(sys.stderr):
        folder = asked.kept or Path(scratch)
        fresh = appointed(asked.config, folder, WORKERS) if asked.config else fixed(folder / "fresh", workers=WORKERS)
        night = nightly(fresh, folder / "night")
        (logs := Path(scratch) / "logs").mkdir()
        contest = raced(fresh, night, logs, rounds=3 if asked.quick else 7, seconds=1 if asked.quick else 2)
        figures = contest.figures | shap(quick=True)
        if asked.plot:
            draw(contest, asked.plot)
    if asked.json:
        print(json.dumps({"figures": figures}))
        return
    print(contest.table())
    for name, value in figures.items():
        print(f"{name:44} {value}")


def raced(fresh: Business, night: Business, logs: Path, *, rounds: int, seconds: float) -> Contest:
    """Start all servers, ask them in turn, end them.

    Args:
        fresh: a business whose answers are computed anew.
        night: the same with answers of the night.
        logs: where servers write theirs.
        rounds: how often each is asked.
        seconds: for how long each time.
    """
    with ExitStack() as stack:

        def started(runner: Runner) -> Runner:
            stack.callback(runner.server.stop)
            print(f"{runner.name}: ready after {runner.server.ready_s:.1f} s")
            return runner

        ours = [
            started(
                Runner.ours(name, bentoml(name, "cli.app:Churn", port, logs / name, CHURN_CONFIG=str(one.config)), one)
            )
            for name, port, one in (("fresh", PORT, fresh), ("nightly", PORT + 1, night))
        ]
        noop = bentoml("noop", "benchmarks.served.peers:Noop", PORT + 2, logs / "noop")
        model = {"PEER_MODEL": str(fresh.booster)}
        plain = uvicorn("plain", "benchmarks.served.peers:plain", PORT + 3, logs / "plain", workers=WORKERS, **model)
        served = mlflow("mlflow", saved(fresh.booster, logs / "model"), PORT + 4, logs / "mlflow", workers=WORKERS)
        runners = [
            *ours,
            started(Runner.noop(noop, fresh)),
            started(Runner.plain("fastapi_predict", "/predict", plain, fresh)),
            Runner.plain("fastapi_contrib", "/explain", plain, fresh),
            started(Runner.mlflow(served, fresh)),
        ]
        contest = Contest(runners)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                contest.round(connections, seconds)
        contest.figures |= _figures(contest) | many(ours[0], fresh.ids, calls=rounds)
        contest.figures["start_to_ready_s"] = round(max(one.server.ready_s for one in ours), 1)
        contest.figures["worker_rss_mb"] = float(np.max(ours[0].server.rss_mb()[1:]))
    return contest


def _figures(contest: Contest) -> dict[str, Any]:
    cpu, p99 = contest.cpu_ratio, contest.p99_ms
    figures = {
        "fresh_cpu_vs_noop": cpu("fresh", "noop", 8),
        "nightly_cpu_vs_noop": cpu("nightly", "noop", 8),
        "fresh_cpu_vs_noop_1_connection": cpu("fresh", "noop", 1),
        "nightly_cpu_vs_noop_1_connection": cpu("nightly", "noop", 1),
        "fresh_cpu_vs_fastapi_predict": cpu("fresh", "fastapi_predict", 8),
        "fresh_cpu_vs_fastapi_contrib": cpu("fresh", "fastapi_contrib", 8),
        "fresh_throughput_vs_mlflow_serve": cpu("mlflow", "fresh", BUSY),
        "nightly_throughput_vs_mlflow_serve": cpu("mlflow", "nightly", BUSY),
        "fresh_requests_per_s_vs_mlflow_serve": contest.rate_ratio("fresh", "mlflow", BUSY),
        "nightly_requests_per_s_vs_mlflow_serve": contest.rate_ratio("nightly", "mlflow", BUSY),
        "fresh_requests_per_cpu_s": 1e6 / contest.median("fresh", BUSY, "cpu_us"),
        "nightly_requests_per_cpu_s": 1e6 / contest.median("nightly", BUSY, "cpu_us"),
        "p99_ms_8_connections": p99("fresh", 8),
        "p99_vs_noop": contest.p99_ratio("fresh", "noop", 8),
        "nightly_p99_ms_8_connections": p99("nightly", 8),
        "nightly_p99_vs_noop": contest.p99_ratio("nightly", "noop", 8),
    }
    return {name: round(value, 2) for name, value in figures.items()}


def shap(*, quick: bool) -> dict[str, Any]:
    """The figures of benchmarks/shap.py, in a process of its own."""
    command = [sys.executable, "benchmarks/shap.py", "--json", *(["--quick"] if quick else [])]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(ended.stdout)["figures"]
    return {name: value for name, value in found.items() if name.startswith("shap_")}
