"""A mail server on loopback that does as it is told: SMTP with STARTTLS or TLS and a login, by the standard library."""

import asyncio
import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default


@dataclass
class MailServer:
    """What came, and how it behaves.

    Args:
        refused: addresses that it does not take. fails: whether it ends each talk at once.
        got: mails, with whom each was for. logins: user and password.
    """

    port: int = 0
    context: ssl.SSLContext | None = None
    is_tls: bool = False
    refused: set[str] = field(default_factory=set)
    fails: bool = False
    user: tuple[str, str] | None = None
    got: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            if not self.fails:
                await Talk(self, reader, writer).go()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()


class Talk:
    """The state of one connection."""

    def __init__(self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.to: list[str] = []
        self.is_encrypted, self.is_in = server.is_tls, server.user is None

    async def go(self) -> None:
        await self.say("220 here")
        while line := (await self.reader.readline()).decode().strip():
            word, _, rest = line.partition(" ")
            handler = getattr(self, f"on_{word.lower()}", None)
            if handler is None:
                await self.say("502 what?")
            else:
                await handler(rest)
            if word.upper() == "QUIT":
                return

    async def say(self, *lines: str) -> None:
        self.writer.write(b"".join(f"{line}\r\n".encode() for line in lines))
        await self.writer.drain()

    async def on_ehlo(self, _: str) -> None:
        offered = ["AUTH PLAIN"] if self.server.user else []
        offered += ["STARTTLS"] if self.server.context and not self.is_encrypted else []
        lines = ["here", "8BITMIME", *offered]
        await self.say(*(f"250{'-' if place < len(lines) - 1 else ' '}{one}" for place, one in enumerate(lines)))

    async def on_starttls(self, _: str) -> None:
        await self.say("220 go on")
        await self.writer.start_tls(self.server.context)
        self.is_encrypted = True

    async def on_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        self.is_in = (user, password) == self.server.user
        await self.say("235 in" if self.is_in else "535 no")

    async def on_mail(self, _: str) -> None:
        self.to = []
        await self.say("250 ok" if self.is_in else "530 log in")

    async def on_rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if address in self.server.refused:
            await self.say("550 nobody")
            return
        self.to.append(address)
        await self.say("250 ok")

    async def on_data(self, _: str) -> None:
        await self.say("354 go on")
        text = await self.reader.readuntil(b"\r\n.\r\n")
        mail = BytesParser(policy=default).parsebytes(text.removesuffix(b".\r\n"))
        self.server.got.append((self.to, mail))
        self.server.was_encrypted.append(self.is_encrypted)
        await self.say("250 taken")

    async def on_rset(self, _: str) -> None:
        await self.say("250 ok")

    async def on_quit(self, _: str) -> None:
        await self.say("221 bye")


@contextmanager
def mail_server(**behaviour: object) -> Iterator[MailServer]:
    """One that runs while the block does."""
    here, loop, ready = MailServer(**behaviour), asyncio.new_event_loop(), threading.Event()  # type: ignore[arg-type]
    ending = asyncio.Event()

    async def run() -> None:
        context = here.context if here.is_tls else None
        server = await asyncio.start_server(here.talk, "127.0.0.1", here.port, ssl=context, limit=2**20)
        here.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await ending.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    ready.wait(10)
    try:
        yield here
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
        loop.close()
