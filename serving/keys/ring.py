"""The keys as a worker knows them: those of the settings, and those of the file, which may change while it runs.

A look at the file's time, at most every half second, tells of a new, a revoked or a rotated key; only then is it read.
A service that had keys never becomes open: not by the last one's revocation, not by a file that is gone or broken.
Start reading at `Keyring.now`.
"""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from serving.auth import Key, Keys
from serving.keys.store import BrokenKeys, KeyStore

LOOK_S = 0.5
DAY_S = 86_400
log = structlog.get_logger("serving")


class Keyring:
    """The keys of this moment.

    Args:
        given: those of the settings.
        folder: the artifacts of the business.
        clock: seconds that only go up.

    Raises:
        BrokenKeys: the file cannot be read now; later it is logged, and the keys of before stay good.
    """

    def __init__(self, given: Keys, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._given, self._store, self._clock = given, KeyStore(folder), clock
        self._seen, self._keys = self._stamp(), given
        self._looked = clock()
        self._days: dict[str, int] = {}
        self._read()

    def now(self) -> Keys:
        """The keys of this moment, or of half a second ago."""
        now = self._clock()
        if now - self._looked >= LOOK_S:
            self._looked = now
            self._look()
        return self._keys

    def used(self, key: Key, now_s: float) -> None:
        """Note, once a day, that a key is in use."""
        day = int(now_s // DAY_S)
        if key.made_here and self._days.get(key.name) != day:
            self._days[key.name] = day
            try:
                self._store.note_use(key.name)
            except OSError as error:  # a full disk lets callers in all the same
                log.warning("keys.use_not_noted", key=key.name, why=error.strerror)

    def _look(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._read()
        except BrokenKeys as error:
            log.error("keys.unreadable", problem=error.problem, mend=error.mend)  # noqa: TRY400  # it says all
        else:
            log.info("keys.changed", keys=len(self._keys.keys))

    def _read(self) -> None:
        stored = [key for named in self._store.read() for key in named.held()]
        closed = bool(self._keys) or self._seen is not None
        self._keys = Keys((*self._given.keys, *stored), closed=closed)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._store.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
