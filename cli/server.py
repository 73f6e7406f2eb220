"""`churn serve`: the service that answers CRM systems, and the process that watches over it.

    churn serve (watches the registry) --> bentoml or uvicorn (watches its workers) --> workers (answer)

Whoever ends one ends those to its right, and requests under way are answered first. Start reading at `serve`.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.errors import SettingsError
from cli import transport
from cli.console import say, step
from cli.started import say_when_up

if TYPE_CHECKING:
    from churn.settings import Settings
    from serving.registry_watch import RegistryWatch

GRACE_S = 20
LONGEST_END_S = GRACE_S + 15  # then whoever has not ended is killed
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux
PLACE = Path(__file__).parents[1]


class PortTaken(SettingsError):
    """Something else listens where the service should."""

    def __init__(self, host: str, port: int, command: str = "churn serve") -> None:
        super().__init__(
            f"{host}:{port} is taken.", mend=f"end what listens there, or name another one: `{command} --port 0`."
        )


def serve(config_path: Path, settings: "Settings", *, host: str | None, port: int | None) -> int:
    """Run the service until somebody ends it; 0 where that was asked for.

    Raises:
        NoChampion: nothing was promoted yet. NobodyAdmitted: what was promoted may not serve.
        NothingMaterialised: the on-line store was never filled.
        OpenToAll: it would listen beyond this machine without a key. PortTaken: another service listens there.
    """
    host, port = host or settings.serving.host, settings.serving.port if port is None else port
    watch = _ready_to_serve(settings, host)
    port = free_port(host, port)
    url = transport.url_of(settings, host, port)
    note = settings.folder / "serving" / "service.json"
    with tempfile.TemporaryDirectory(prefix="server-", dir=settings.folder / "serving") as home:
        service = subprocess.Popen(
            _command(settings, host, port),
            env=_environment(config_path, settings, home),
            preexec_fn=_ends_with_its_parent,  # noqa: PLW1509  # no thread of ours runs yet
        )
        asked = end_with_us(service)
        note.write_text(f'{{"pid": {os.getpid()}, "port": {port}, "url": "{url}"}}\n', encoding="utf-8")
        ours = note.stat().st_mtime_ns
        say_when_up(service, f"{url}/readyz", f"Serving on {url}/ (Ctrl-C ends it)", transport.to_ourselves(settings))
        with _watching(watch, settings.serving.watch_registry_seconds):
            code = service.wait()
        with suppress(FileNotFoundError):
            if note.stat().st_mtime_ns == ours:  # another service may have started here meanwhile
                note.unlink()
    return 0 if asked.is_set() and code in (0, -signal.SIGTERM, -signal.SIGINT) else 1


def _ready_to_serve(settings: "Settings", host: str) -> "RegistryWatch":
    """Whatever would stop the service is said before it starts; who serves from the start is appointed."""
    from cli.door import ring_of
    from cli.log_lines import log_as_json
    from cli.webhooks import sender
    from features.log import read_log_manifest
    from features.store_config import may_be_registered
    from features.store_errors import NothingMaterialised
    from serving.now import clock_of
    from serving.registry_watch import RegistryWatch

    keys = ring_of(settings).now()
    keys.check_host(host)
    transport.check(settings, keys, host)
    sender(settings)  # a secret that is missing
    log_as_json()
    watch = RegistryWatch(settings, tell=lambda words: say(f"  {words}"))
    (settings.folder / "serving").mkdir(parents=True, exist_ok=True)
    with step("see who may serve"):
        held = watch.begin()
    say("  " + ", ".join(one.version for one in held.values()))
    if watch.beside:
        say("  in shadow: " + ", ".join(one.version for one in watch.beside.values()))
    if not may_be_registered(settings):
        raise NothingMaterialised(settings.business.slug)
    clock_of(settings)
    if (settings.folder / "log").exists():
        read_log_manifest(settings.folder)
    return watch


@contextmanager
def _watching(watch: "RegistryWatch", every_s: float) -> Iterator[None]:
    """Look after the registry in a thread of its own, for as long as the block takes."""
    ended = threading.Event()
    thread = threading.Thread(target=watch.run, args=(ended, every_s), name="registry-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()


def free_port(host: str, port: int, command: str = "churn serve") -> int:
    """The port itself, or any free one for 0.

    Raises:
        PortTaken: something listens there.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port, command) from error
        return int(probe.getsockname()[1])


def _command(settings: "Settings", host: str, port: int) -> list[str]:
    """The server that [serving] names; it finds this package wherever it lies."""
    listen = ["--host", host, "--port", str(port), "--timeout-graceful-shutdown", str(GRACE_S)]
    listen += transport.options(settings)
    if settings.serving.server == "bentoml":
        return [sys.executable, "-m", "bentoml", "serve", "cli.app:Churn", "--working-dir", str(PLACE), *listen]
    workers = ["--workers", str(settings.serving.workers)]
    return [sys.executable, "-m", "serving.plain_server", "cli.app:asgi", *listen, *workers]


def _environment(config_path: Path, settings: "Settings", home: str) -> Mapping[str, str]:
    from serving.orphans import SUPERVISED

    ours = {
        "CHURN_CONFIG": str(config_path.absolute()),
        SUPERVISED: "1",
        "BENTOML_HOME": home,  # two services that share one would delete each other's metrics
        "BENTOML_DO_NOT_TRACK": "True",  # "1" does not count
        "OMP_NUM_THREADS": "1",
        "FORWARDED_ALLOW_IPS": "",  # uvicorn would believe any process of this machine
    }
    if settings.serving.server == "uvicorn":  # BentoML makes such a folder by itself
        ours["PROMETHEUS_MULTIPROC_DIR"] = home
        ours["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PLACE), os.environ.get("PYTHONPATH")]))
    inherited = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    return inherited | ours


def _ends_with_its_parent() -> None:
    """Ask Linux to end this process gracefully when its parent is killed; elsewhere its end is up to who kills."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGTERM)


def end_with_us(service: "subprocess.Popen[bytes]") -> threading.Event:
    """Pass on what ends us, so that requests under way are answered first; kill what does not end. Set where asked."""
    asked = threading.Event()

    def pass_on(number: int, _: Any) -> None:  # a frame
        asked.set()
        if service.poll() is None:
            service.send_signal(number)
            killer = threading.Timer(LONGEST_END_S, service.kill)
            killer.daemon = True
            killer.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    return asked
