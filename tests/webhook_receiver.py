"""A receiver of webhooks on loopback that does as it is told, and a journal to tell it from."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import standardwebhooks

from churn.calendar import to_us
from churn.webhook_sections import Webhooks
from serving.changes.journal import Journal
from serving.changes.state import State
from serving.webhooks.courier import Courier
from serving.webhooks.letters import Letters
from serving.webhooks.posting import Receiver
from tests.tiny_service import AS_OF, NOW

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the standard's own examples
KEY = standardwebhooks.Webhook(SECRET)._whsecret
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    """One letter as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What it says, once its signature was checked by the standard's own library."""
        return dict(standardwebhooks.Webhook(SECRET).verify(self.body, self.headers))

    @property
    def id(self) -> str:
        """By which a receiver knows one that comes again."""
        return self.headers["webhook-id"]


def status(code: int, **headers: str) -> Answer:
    """An answer of this status."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@dataclass
class Endpoint:
    """The receiver: what came, and what it answers next; 204 where nothing is said."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    always: Answer = field(default_factory=lambda: status(204))

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the letters say."""
        return [one.told["data"] for one in self.got]


@contextmanager
def endpoint(context: Any = None, port: int = 0) -> Iterator[Endpoint]:  # an SSLContext
    """A receiver that listens, with TLS where a context is given."""
    here = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.got.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
            (here.answers.pop(0) if here.answers else here.always)(self)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads, server.handle_error = True, lambda *_: None  # type: ignore[method-assign]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    here.url = f"http{'s' if context else ''}://127.0.0.1:{server.server_address[1]}/hook?x=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def state(customer_id: str, band: str = "low", number: int = 0, **changed: Any) -> State:
    """What was told of a customer; a later one has a greater number."""
    probability = {"low": 0.1, "medium": 0.4, "high": 0.8}[band]
    facts: dict[str, Any] = {
        "customer_id": customer_id, "as_of_us": to_us(AS_OF) + number, "told_us": to_us(NOW) + number,
        "stage": "active", "model": "churn", "band": band, "code": None, "probability": probability,
        "value_at_risk": 12.5, "score_id": f"{number:032x}", "model_version": "churn-tiny/3",
    }  # fmt: skip
    return State(**(facts | changed))


def tell(folder: Path, *states: State) -> None:
    """Put states into the journal, as a batch or a live refresh does."""
    journal = Journal(folder)
    journal.tell(states, least_change=0.05)
    journal.begin()
    journal.close()


class Clock:
    """A wall clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


def courier(folder: Path, url: str, clock: Clock | None = None, **wanted: Any) -> Courier:
    """What tells a receiver; it is stepped by hand. Its place in the journal is that of now."""
    settings = Webhooks(urls=(url,), allow_http=True, allow_private=True, **wanted)
    more = {} if clock is None else {"wall": clock}
    made = Courier(
        "r1", Receiver(url, settings.timeout_s, True), settings, [KEY], journal=Journal(folder),
        letters=Letters(folder), **more,
    )  # fmt: skip
    made.step()
    return made


def bodies(received: list[Received]) -> list[Any]:
    """What letters say, unchecked: for those that came long ago by a clock of the test's own."""
    return [json.loads(one.body) for one in received]


def wait_until(happened: Callable[[], bool], timeout_s: float = 15.0) -> None:
    """Wait for something that other threads or processes do."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)


def stepped(one: Courier, times: int = 4) -> None:
    """Let a courier go its round so many times."""
    for _ in range(times):
        one.step()
