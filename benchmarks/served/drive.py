"""The load generator: a process of its own that keeps so many connections busy and says what came back.

    python -m benchmarks.served.drive < task.json > result.json

Each connection sends its next request as soon as the last answer is complete (a closed loop). Knows HTTP/1.1 as far as
servers with Content-Length need it. Start reading at `drive`.
"""

import asyncio
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import cycle
from typing import Any

END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Task:
    """What to send, and for how long.

    Args:
        port: on loopback.
        path: with a leading slash.
        bodies: sent in turn; an empty one is a GET.
        headers: further ones.
        connections: kept busy at once.
        seconds: after which no further request is sent.
    """

    port: int
    path: str
    bodies: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    connections: int = 1
    seconds: float = 1.0


@dataclass
class Result:
    """What came back: seconds of each answer, how many of each status, CPU of this process."""

    took_s: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_s: float = 0.0


class Connection(asyncio.Protocol):
    """One connection that is asked again and again."""

    def __init__(self, requests: list[bytes], first: int, until: float, result: Result, left: asyncio.Future) -> None:  # type: ignore[type-arg]
        self._requests = cycle(requests[first:] + requests[:first])
        self._until, self._result, self._left = until, result, left
        self._got, self._sent, self._needs = bytearray(), 0.0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport: Any = transport  # uvloop's is no asyncio.Transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Once the answer is complete, note it and send the next one."""
        self._got += data
        if not self._needs:
            end = self._got.find(END_OF_HEAD)
            if end < 0:
                return
            head = bytes(self._got[:end]).lower()
            self._needs = end + len(END_OF_HEAD) + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._got) < self._needs:
            return
        now = time.perf_counter()
        self._result.took_s.append(now - self._sent)
        status = self._got[9:12].decode()
        self._result.statuses[status] = self._result.statuses.get(status, 0) + 1
        self._got.clear()
        self._needs = 0
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Count what was not to end yet."""
        if time.perf_counter() < self._until:
            self._result.statuses["lost"] = self._result.statuses.get("lost", 0) + 1
        if not self._left.done():
            self._left.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))


def raw(task: Task) -> list[bytes]:
    """The requests as bytes."""
    lines = [f"Host: 127.0.0.1:{task.port}", *(f"{name}: {value}" for name, value in task.headers.items())]
    made = []
    for body in task.bodies:
        told = [*lines, "Content-Type: application/json", f"Content-Length: {len(body.encode())}"] if body else lines
        head = [f"{'POST' if body else 'GET'} {task.path} HTTP/1.1", *told]
        made.append("\r\n".join(head).encode() + END_OF_HEAD + body.encode())
    return made


async def drive(task: Task) -> Result:
    """Send until the time is over and every answer has come."""
    loop, result, requests = asyncio.get_running_loop(), Result(), raw(task)
    began, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    lost = [loop.create_future() for _ in range(task.connections)]
    for number, left in enumerate(lost):
        first = number * len(requests) // task.connections
        made = partial(Connection, requests, first, began + task.seconds, result, left)
        await loop.create_connection(made, "127.0.0.1", task.port)
    await asyncio.wait_for(asyncio.gather(*lost), task.seconds + 60)
    result.seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    result.cpu_s = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    return result


def main() -> None:
    """One task from standard input."""
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    json.dump(asdict(run(drive(Task(**json.load(sys.stdin))))), sys.stdout)


if __name__ == "__main__":
    main()
