"""Servers as processes of their own: started, waited for, measured by /proc, ended.

CPU is that of the whole tree of processes (supervisor and workers), user and system. Start reading at `Server`.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S = 120


@dataclass
class Server:
    """One server that runs.

    Args:
        name: what figures call it.
        process: its first process.
        port: on loopback.
        ready_s: from its start to its first good answer.
    """

    name: str
    process: "subprocess.Popen[bytes]"
    port: int
    ready_s: float = 0.0

    def pids(self) -> list[int]:
        """Its processes, the first one first."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except (FileNotFoundError, ProcessLookupError):
                    continue
                children.setdefault(parent, []).append(int(entry.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def cpu_s(self) -> float:
        """CPU seconds of all its processes until now, of every thread."""
        return sum(_cpu_s(pid) for pid in self.pids())

    def rss_mb(self) -> list[float]:
        """Resident memory of each process, MB; the first is the supervisor where there is one."""
        return [round(_rss_mb(pid), 1) for pid in self.pids()]

    def stop(self) -> None:
        """End it and what it started."""
        pids = self.pids()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for pid in pids[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def start(name: str, command: list[str], port: int, *, ready: str, env: Mapping[str, str], log: Path) -> Server:
    """Start a server and wait until it answers.

    Raises:
        SystemExit: it did not, within two minutes.
    """
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}, stdout=output, stderr=output)
    server = Server(name, process, port)
    while time.perf_counter() - began < START_S and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=1):
                server.ready_s = time.perf_counter() - began
                return server
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    server.stop()
    raise SystemExit(f"{name} did not start: {log.read_text(errors='replace')[-3000:]}")


def bentoml(name: str, target: str, port: int, log: Path, **env: str) -> Server:
    """`bentoml serve`, as `churn serve` calls it."""
    home = tempfile.mkdtemp(prefix="bentoml-", dir=log.parent)
    given = {"BENTOML_HOME": home, "BENTOML_DO_NOT_TRACK": "True", "OMP_NUM_THREADS": "1", **env}
    command = [sys.executable, "-m", "bentoml", "serve", target, "--working-dir", str(ROOT)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    return start(name, command, port, ready="/readyz", env=given, log=log)


def uvicorn(name: str, target: str, port: int, log: Path, *, workers: int = 1, **env: str) -> Server:
    """`uvicorn`, as its page tells."""
    command = [sys.executable, "-m", "uvicorn", target, "--port", str(port), "--workers", str(workers)]
    command += ["--log-level", "warning", "--no-access-log"]
    return start(name, command, port, ready="/readyz", env={"OMP_NUM_THREADS": "1", **env}, log=log)


def mlflow(name: str, model: Path, port: int, log: Path, *, workers: int = 1) -> Server:
    """`mlflow models serve`, in this environment."""
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", str(port)]
    command += ["-h", "127.0.0.1", "--env-manager", "local", "--workers", str(workers)]
    env = {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return start(name, command, port, ready="/ping", env=env, log=log)


def _cpu_s(pid: int) -> float:
    try:
        stat = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(stat[11]) + int(stat[12])) * TICK_S


def _rss_mb(pid: int) -> float:
    try:
        pages = int((Path("/proc") / str(pid) / "statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def saved(booster: Path, folder: Path) -> Path:
    """The same model as MLflow keeps one."""
    import lightgbm
    import mlflow.lightgbm

    model = lightgbm.Booster(model_file=booster)
    mlflow.lightgbm.save_model(model, str(folder), pip_requirements=["lightgbm"])
    return folder
