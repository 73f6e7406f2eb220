"""Who sends letters: of all workers of a business the one that holds the lock; where that one dies, another.

    serving/webhooks.lock    held by who sends; the kernel frees it with the process, however that ends

A thread a receiver, so that a slow one holds up no other; none of them is one that answers requests. Start reading at
`Sender.start`.
"""

import fcntl
import hashlib
import os
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

import structlog

from churn.errors import ChurnError, SettingsError
from churn.settings import Settings
from serving.changes.journal import Journal
from serving.webhooks.courier import Courier, Meter
from serving.webhooks.keeping import Kept
from serving.webhooks.letters import Letters
from serving.webhooks.posting import Receiver
from serving.webhooks.signing import secrets_of

LOCK = Path("serving") / "webhooks.lock"
LOOK_S = 1.0  # how often the lock is tried
AFTER_AN_ERROR_S = 5.0
PATIENCE_S = 2.0  # for a courier, at the end
log = structlog.get_logger("webhooks")
Forgotten = Callable[[Sequence[str]], set[str]]


def receivers(settings: Settings) -> dict[str, Receiver]:
    """Whom `[webhooks]` names, by their ids in the queue, which hold nothing of the URL.

    Raises:
        NoCaFile: its certificates cannot be read.
    """
    wanted = settings.webhooks
    context = _trusting(settings) if any(url.startswith("https:") for url in wanted.urls) else None
    return {
        id_of(url): Receiver(url, wanted.timeout_s, wanted.allow_private, context, number)
        for number, url in enumerate(wanted.urls, start=1)
    }


def id_of(url: str) -> str:
    """A receiver's id in the queue; nothing of its URL."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


class NoCaFile(SettingsError):
    """The certificates that receivers are to be checked against cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"[webhooks] ca_file {path} holds no certificates that can be read.",
            mend="name a file of certificates in PEM, or unset it: those of the system are taken then.",
        )


def _trusting(settings: Settings) -> ssl.SSLContext:
    """What receivers are checked against, made once: it costs to read."""
    if settings.webhooks.ca_file is None:
        return ssl.create_default_context()
    path = settings.root / settings.webhooks.ca_file
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl.SSLError is one
        raise NoCaFile(path) from error


class Sender:
    """Sends the letters of a business, as long as no other process does.

    Args:
        settings: of the business.
        environ: where the secret may be.
        forgotten: names those of some customers who were erased.
        meter: where letters are counted.

    Raises:
        NoWebhookSecret, BadWebhookSecret: there is nothing to sign them with. NoCaFile: nobody to check them against.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], *, forgotten: Forgotten, meter: Meter | None = None
    ) -> None:
        self._folder, self._wanted = settings.folder, settings.webhooks
        self._receivers, self._forgotten, self._meter = receivers(settings), forgotten, meter
        self._secrets = secrets_of(settings, environ) if self._receivers else []
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin in the background; nothing happens where nobody is to be told."""
        if self._receivers:
            self._threads.append(_thread(self._run, "webhooks"))

    def end(self) -> None:
        """Ask `run` to end."""
        self._ending.set()

    def close(self) -> None:
        """End; a letter that is under way is sent again some time, with the id it has."""
        self.end()
        for one in self._threads:
            one.join(PATIENCE_S)

    def run(self) -> None:
        """Send until `close`, in this thread and those of the receivers."""
        self._run()

    def couriers(self) -> list[Courier]:
        """One a receiver, not yet started; letters of who is no longer named go."""
        kept = Kept(self._folder)
        try:
            kept.keep_only(self._receivers.keys())
        finally:
            kept.close()
        return [
            Courier(
                name, receiver, self._wanted, self._secrets, journal=Journal(self._folder),
                letters=Letters(self._folder), forgotten=self._forgotten, meter=self._meter,
            )
            for name, receiver in self._receivers.items()
        ]  # fmt: skip

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                lock = _locked(self._folder / LOCK)
                if lock is not None:
                    with lock:
                        self._send()
                    return
            except ChurnError as error:
                log.warning("webhooks.not_sent", problem=error.code)
            except OSError as error:
                log.warning("webhooks.not_sent", problem=type(error).__name__)
            self._ending.wait(LOOK_S)

    def _send(self) -> None:
        couriers = self.couriers()
        log.info("webhooks.sending", receivers=len(couriers), pid=os.getpid())
        threads = [_thread(partial(self._step, one), f"webhooks-{one.name}") for one in couriers]
        self._ending.wait()
        for thread in threads:
            thread.join(PATIENCE_S)

    def _step(self, courier: Courier) -> None:
        while not self._ending.is_set():
            try:
                wait_s = courier.step()
            except ChurnError as error:
                wait_s = self._went_wrong(courier, error.code)
            except Exception as error:  # noqa: BLE001  # the edge of this thread: it has to go on with the next letter
                wait_s = self._went_wrong(courier, type(error).__name__)
            self._ending.wait(wait_s)
        courier.close()

    def _went_wrong(self, courier: Courier, problem: str) -> float:
        log.warning("webhooks.delayed", receiver=courier.name, problem=problem)
        return AFTER_AN_ERROR_S


def is_sending(folder: Path) -> bool:
    """Whether a process sends the letters of a business now."""
    if not (folder / LOCK).exists():
        return False
    lock = _locked(folder / LOCK)
    if lock is None:
        return True
    lock.close()
    return False


def _locked(path: Path) -> IO[str] | None:
    """The lock, held until it is closed; None where another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _thread(target: Callable[[], None], name: str) -> threading.Thread:
    made = threading.Thread(target=target, name=name, daemon=True)
    made.start()
    return made
