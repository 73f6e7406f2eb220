"""The service without BentoML: uvicorn starts workers, starts them again when they die and ends them gracefully.

    python -m serving.plain_server cli.app:asgi --host 127.0.0.1 --port 3000 --workers 2

One worker has somebody who watches over it too, which `uvicorn --workers 1` has not. The only uvicorn here. Start
reading at `run`.
"""

import argparse

import uvicorn
from uvicorn.supervisors import Multiprocess

from serving.connection import Connection

ALIVE_WITHIN_S = 15  # a worker that says nothing for longer hangs; so late, too, is seen who died while being asked


def run(
    app: str,
    *,
    host: str,
    port: int,
    workers: int,
    grace_s: int,
    certificate: str | None = None,
    key: str | None = None,
) -> None:
    """Serve until somebody ends it.

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
        Multiprocess(config, sockets=[door]).run()


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
    run(
        told.app, host=told.host, port=told.port, workers=told.workers, grace_s=told.timeout_graceful_shutdown,
        certificate=told.ssl_certfile, key=told.ssl_keyfile,
    )  # fmt: skip


if __name__ == "__main__":
    main()
