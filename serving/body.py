"""What may come in: so many bytes of headers, so many of a body, within so much time. Start reading at `bounded`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive

from serving.refusals import BodyTooLarge, InvalidRequest, Refusal

LONGEST_NUMBER = 18  # digits; more are no length


class BodyTooSlow(Refusal):
    """The body did not come in time."""

    status = 408

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The body did not come within {seconds:g} s.", mend="send it at once, or in smaller requests."
        )


class HeadTooSlow(Refusal):
    """Request line and headers did not come in time."""

    status = 408

    def __init__(self, seconds: float) -> None:
        super().__init__(f"No request came within {seconds:g} s.", mend="send it at once, once connected.")


class HeadersTooLarge(Refusal):
    """The headers pass the limit."""

    status = 431

    def __init__(self, limit: int) -> None:
        super().__init__(f"The headers are larger than {limit:,} bytes.", mend="send fewer or shorter ones.")


@dataclass(frozen=True)
class Bounds:
    """The bounds of a request.

    Args:
        body_bytes: of its body, announced or not. body_seconds: in which that has to have come.
        header_bytes: of names and values of its headers.
    """

    body_bytes: int = 1_000_000
    body_seconds: float = 10.0
    header_bytes: int = 16_384


def check_headers(raw: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes], bounds: Bounds) -> None:
    """Refuse headers that are too many, or announce too large a body.

    Raises:
        HeadersTooLarge, BodyTooLarge: they do.
    """
    if sum(len(name) + len(value) for name, value in raw) > bounds.header_bytes:
        raise HeadersTooLarge(bounds.header_bytes)
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and (len(announced) > LONGEST_NUMBER or int(announced) > bounds.body_bytes):
        raise BodyTooLarge(bounds.body_bytes)


def check_batch(count: int, most: int, what: str) -> None:
    """Refuse a request about too many.

    Raises:
        InvalidRequest: it is.
    """
    if count > most:
        raise InvalidRequest(f"{what} has {count:,} entries, at most {most:,} are taken", f"send at most {most:,}.")


def bounded(receive: Receive, bounds: Bounds) -> Callable[[], Any]:
    """`receive`, which refuses a body that is too large or too slow.

    Once the body is there it waits as long as it likes: for the end of the connection, which streams listen for.

    Raises:
        BodyTooLarge, BodyTooSlow: while the body comes.
    """
    seen, until, done = 0, None, False

    async def limited() -> Message:
        nonlocal seen, until, done
        if done:
            return await receive()
        loop = asyncio.get_running_loop()
        until = until or loop.time() + bounds.body_seconds
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError as error:
            raise BodyTooSlow(bounds.body_seconds) from error
        seen += len(message.get("body", b""))
        done = not message.get("more_body", False)
        if seen > bounds.body_bytes:
            raise BodyTooLarge(bounds.body_bytes)
        return message

    return limited
