"""The service without BentoML: uvicorn starts workers, starts them again when they die and ends them gracefully.

    python -m serving.plain_server cli.app:asgi --host 127.0.0.1 --port 3000 --workers 2

One worker has somebody who watches over it too, which `uvicorn --workers 1` has not. The only uvicorn here. Start
reading at `run`.
"""

import argparse
import sys
import time

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from serving.connection import Connection

AGAIN_S = 5.0  # until a worker that could not start is started again, while others answer
ALIVE_WITHIN_S = 15  # a worker that says nothing for longer hangs; so late, too, is seen who died while being asked


class Supervisor(Multiprocess):
    """Starts workers again that die; one that cannot start ends nobody else.

    Uvicorn ends all of them then. Here that is so only where none is left: a disk that is full while one worker is
    started again is no reason for the others to stop answering.
    """

    missing, again_at = 0, 0.0

    def keep_subprocess_alive(self) -> None:
        """Look after the workers once."""
        if self.should_exit.is_set():
            return
        failed = [one for one in self.processes if one.exitcode == STARTUP_FAILURE]
        if failed and len(failed) < len(self.processes):
            self.processes = [one for one in self.processes if one not in failed]
            self.missing, self.again_at = self.missing + len(failed), time.monotonic() + AGAIN_S
        super().keep_subprocess_alive()
        if self.should_exit.is_set() and any(one.exitcode != STARTUP_FAILURE for one in self.processes):
            self.should_exit.clear()  # it failed while it was asked; signals are taken up elsewhere
        if self.missing and time.monotonic() >= self.again_at and not self.should_exit.is_set():
            one = Process(self.config, self.sockets)
            one.start()
            self.processes.append(one)
            self.missing, self.again_at = self.missing - 1, time.monotonic() + AGAIN_S


def run(
    app: str,
    *,
    host: str,
    port: int,
    workers: int,
    grace_s: int,
    certificate: str | None = None,
    key: str | None = None,
) -> bool:
    """Serve until somebody ends it, or no worker can start; whether it was the first.

    Args:
        app: module and name of the application, which each worker makes for itself.
        host: where to listen.
        port: likewise.
        workers: processes.
        grace_s: how long requests under way have when it ends.
        certificate: file of the certificate; None: no TLS.
        key: file of its key.
    """
    config = uvicorn.Config(
        app, host=host, port=port, workers=workers, access_log=False, server_header=False, log_level="warning",
        lifespan="on", timeout_graceful_shutdown=grace_s, timeout_worker_healthcheck=ALIVE_WITHIN_S,
        ssl_certfile=certificate, ssl_keyfile=key, proxy_headers=False, http=Connection,
    )  # fmt: skip
    with config.bind_socket() as door:
        supervisor = Supervisor(config, sockets=[door])
        supervisor.run()
    return all(one.exitcode != STARTUP_FAILURE for one in supervisor.processes)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="The service without BentoML")
    parser.add_argument("app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--timeout-graceful-shutdown", type=int, default=20)
    parser.add_argument("--ssl-certfile")
    parser.add_argument("--ssl-keyfile")
    told = parser.parse_args()
    ended = run(
        told.app, host=told.host, port=told.port, workers=told.workers, grace_s=told.timeout_graceful_shutdown,
        certificate=told.ssl_certfile, key=told.ssl_keyfile,
    )  # fmt: skip
    sys.exit(0 if ended else STARTUP_FAILURE)


if __name__ == "__main__":
    main()
