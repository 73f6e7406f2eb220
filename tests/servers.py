"""Servers of a test's own, on free ports of loopback, that it may stop, freeze and start again."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tests.conftest import require

START_S = 20.0
HOW = "install Debian's redis-server and postgresql; .ci/run does"


class Server(Protocol):
    """A real server that a test may treat badly."""

    url: str

    def start(self) -> None:
        """Start, and wait until it answers."""

    def stop(self) -> None:
        """End at once; what it holds stays where it is durable."""

    def freeze(self) -> None:
        """Answer nothing, hold every connection."""

    def thaw(self) -> None:
        """Go on as if nothing had been."""


class Redis:
    """A Redis with a password, which keeps what it holds in a file."""

    def __init__(self, folder: Path) -> None:
        require(shutil.which("redis-server"), "A Redis to start", HOW)
        self.folder, self.port = folder, free_port()
        self.url = f"redis://:hush-hush@127.0.0.1:{self.port}/3"

    def start(self) -> None:
        folder = ["--dir", str(self.folder), "--appendonly", "yes", "--save", ""]
        listen = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", "hush-hush"]
        self._process = subprocess.Popen(["redis-server", *listen, *folder], stdout=subprocess.DEVNULL)
        wait_for(self.port)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        self._process.wait(START_S)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)


class Postgres:
    """A PostgreSQL with a password, run by an unprivileged user, since it refuses to run as root."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        require(found, "A PostgreSQL to start", HOW)
        self._bin, self.folder, self.port = found[-1].parent, folder, free_port()
        self.url = f"postgresql+psycopg://churn:hush-hush@127.0.0.1:{self.port}/postgres"
        password = folder / "password"
        password.write_text("hush-hush")
        if os.geteuid() == 0:
            for one in (folder, password):
                shutil.chown(one, "postgres")
        secret = ["--auth", "scram-sha-256", "--pwfile", str(password)]
        held = ["--locale", "C", "--encoding", "UTF8", "--no-sync"]
        self._run("initdb", "--pgdata", self._data, "--username", "churn", *secret, *held)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        options = f"-p {self.port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
        log = ["--log", str(self.folder / "log"), "--wait", "--silent"]
        self._run("pg_ctl", "start", "--pgdata", self._data, *log, "--options", options)
        self._postmaster = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def stop(self) -> None:
        self.thaw()
        self._run("pg_ctl", "stop", "--pgdata", self._data, "--mode", "fast", "--silent")

    def freeze(self) -> None:
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        for process in self._processes():
            os.kill(process, signal.SIGCONT)

    def _processes(self) -> Iterator[int]:
        """The server and all that it started, the server first: it starts no more then."""
        yield self._postmaster
        for told in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                _, _, rest = told.read_text().rpartition(") ")
                if int(rest.split()[1]) == self._postmaster:
                    yield int(told.parent.name)

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._bin / program), *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


KINDS = {"redis": Redis, "postgres": Postgres}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens."""
    end = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        else:
            return
