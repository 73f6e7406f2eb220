"""An application behind uvicorn and our connections, in a thread of the test."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from serving.connection import Connection


@contextmanager
def listening(app: Any, http: type[Connection] = Connection, **more: Any) -> Iterator[int]:
    """The port on which it listens, as long as the block lasts."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", http=http, **more)
    server = uvicorn.Server(config)
    with config.bind_socket() as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield int(door.getsockname()[1])
        server.should_exit = True
        thread.join(10)
