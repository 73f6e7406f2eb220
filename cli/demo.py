"""`churn demo`: a simulated shop through the whole loop, then a service that answers on loopback.

The service stays up until `make demo-stop`, the next demo, or, with `CI=true`, the end of this one. Its pid and port
lie in the demo's artifacts.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import typer

from churn.errors import ChurnError
from churn.settings import Settings
from cli import pipeline
from cli.console import say, step

START_SECONDS = 90
MODELS = (("churn", 2), ("reactivation", 1))


class ServiceDidNotStart(ChurnError):
    """The service of the demo did not answer in time."""

    def __init__(self, log: Path) -> None:
        super().__init__(
            f"The service did not answer within {START_SECONDS} s.", mend=f"read {log}; then try `churn serve`."
        )


def demo(config: Path, settings: Settings, *, customers: int) -> int:
    """Simulate, run the loop, start the service, ask it, and say what to open and try next."""
    from features.simulation import SimulationSettings, write_demo_log

    stop(settings)
    began = time.perf_counter()
    with step(f"simulate a shop with {customers:,} customers over three years"):
        write_demo_log(settings.root / "artifacts" / "demo-source", SimulationSettings(customers=customers))
    service: list[_Service] = []
    pipeline.run(settings, once_served=lambda: service.append(_start(config, settings)))
    with step("wait for the service"):
        url = _ready(service[0], settings)
    asked = _some_customers(settings)
    answer = _ask(url, asked)
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    if os.environ.get("CI") == "true":
        stop(settings, service[0].process)
        typer.echo(_farewell(config, settings))
    else:
        typer.echo(_invitation(config, settings, url, asked))
    say(f"The demo took {time.perf_counter() - began:.0f} s.")
    return 0


def stop(settings: Settings, started: "subprocess.Popen[bytes] | None" = None) -> int:
    """End the service that a demo left running, if there is one."""
    note = settings.folder / "pid"
    if not note.exists():
        return 0
    pid = int(note.read_text())
    note.unlink()
    try:
        os.killpg(pid, signal.SIGTERM)
        for _ in range(100):
            if started is not None:
                started.poll()  # a child that has ended is still found until its parent asked
            os.killpg(pid, 0)
            time.sleep(0.1)
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        say("The service of the demo has ended.")
    return 0


class _Service(NamedTuple):
    """A service that was started: its process, where it will answer, and what it writes."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path


def _start(config: Path, settings: Settings) -> _Service:
    """Start `churn serve` on a free port, in a session of its own; note its pid and port."""
    port, log = _free_port(), settings.folder / "service.log"
    command = [sys.executable, "-m", "cli", "serve", "-c", str(config), "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    (settings.folder / "pid").write_text(f"{process.pid}\n")
    (settings.folder / "port").write_text(f"{port}\n")
    return _Service(process, f"http://127.0.0.1:{port}", log)


def _ready(service: _Service, settings: Settings) -> str:
    """Wait until a service is ready; its URL.

    Raises:
        ServiceDidNotStart: it ended, or gave no answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{service.url}/readyz", timeout=2):
                return service.url
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.3)
    stop(settings, service.process)
    raise ServiceDidNotStart(service.log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _some_customers(settings: Settings) -> list[str]:
    """Two whom the churn model is asked about, one for the reactivation model, and one nobody knows.

    Those for whom an action is recommended come first, so that one is seen.
    """
    import pandas as pd

    from churn.tables import ACTIONS, NONE_WORTH_IT
    from features import parquet

    now = parquet.read_frame(settings.folder / "features" / "current.parquet", columns=["customer_id", "model"])
    advised = settings.folder / "tables" / f"{ACTIONS.name.lower()}.parquet"
    if advised.exists():
        actions = parquet.read_frame(advised, columns=["customer_id", "action"])
        has = now["customer_id"].isin(actions.loc[actions["action"] != NONE_WORTH_IT, "customer_id"])
        now = pd.concat([now[has], now[~has]])
    known = [now.loc[now["model"] == model, "customer_id"].head(count) for model, count in MODELS]
    return [*pd.concat(known), "nobody-knows-me"]


def _ask(url: str, customer_ids: list[str]) -> Any:  # JSON
    """What a CRM does: POST ids to `/v1/score`."""
    body = json.dumps({"customer_ids": customer_ids}).encode()
    request = urllib.request.Request(f"{url}/v1/score", data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _invitation(config: Path, settings: Settings, url: str, asked: list[str]) -> str:
    """What to open and what to try next."""
    body = json.dumps({"customer_ids": asked[:1], "language": "zh"})
    return f"""
OPEN: no API key is set. Whoever is on this machine may ask it for scores, send events and erase customers; nobody
      else is answered. This closes it, while it runs too: .venv/bin/churn keys create NAME --scope score -c {config}
Open      {url}/                     for people: customers at risk, and each with reasons
          {url}/docs                 for programs: the API, with examples that run
          {settings.folder / "ingest" / "report.html"}
                                     what came in, and is there enough to learn from
          {settings.folder / "monitoring" / "report.html"}
                                     is the data sound, has it drifted, does the model hold
Try       curl -s {url}/v1/score -H 'Content-Type: application/json' -d '{body}'
{_commands(config)}
Stop it   make demo-stop
"""


def _farewell(config: Path, settings: Settings) -> str:
    """What to open and what to try next where the service was stopped."""
    return f"""
The service was stopped, as CI=true asks.
Open      {settings.folder / "monitoring" / "report.html"}
                                     is the data sound, has it drifted, does the model hold
Try       .venv/bin/churn serve -c {config}
{_commands(config)}
"""


def _commands(config: Path) -> str:
    return f"""          .venv/bin/churn features list -c {config}
          .venv/bin/churn backtest -c {config}
          .venv/bin/churn campaign due -c {config}
Your own  copy examples/cdnow/churn.toml, name your file in it, then .venv/bin/churn run -c your.toml"""
