"""What a running service must notice without a restart: how far the log reaches, and that a model was stopped.

`Watched` reads a small file anew when it has changed on disk. `clock_of` is the business's clock on top of it;
`Stops` are the models that monitoring's verdict took out of service. Start reading at `Watched`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from churn.calendar import from_us
from churn.clock import Clock, WallClock
from churn.settings import Settings
from features.live.opening import CLOCK, moved_to
from features.log import MANIFEST, log_folder, read_log_manifest

Content = TypeVar("Content")
VERDICT = Path("monitoring") / "verdict.json"


class Watched(Generic[Content]):
    """The content of a file, read again when the file has changed.

    Args:
        path: the file; it need not exist.
        read: makes the content; called where the file does not exist too.
    """

    def __init__(self, path: Callable[[], Path], read: Callable[[], Content]) -> None:
        self._path, self._read = path, read
        self._seen: tuple[int, int, int] | None = None
        self._content: Content = read()

    def content(self) -> Content:
        """The content as the file has it now."""
        try:
            stat = self._path().stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except FileNotFoundError:
            seen = (0, 0, 0)
        if seen != self._seen:
            self._content, self._seen = self._read(), seen
        return self._content


@dataclass(frozen=True)
class LogClock:
    """Stands where the event log ends, and moves on when a longer log is ingested or a live event comes."""

    observed_until: Watched[datetime]
    moved_to: Watched[int]

    def now(self) -> datetime:
        """The instant up to which the log is complete, or to which live events have moved it."""
        return max(self.observed_until.content(), from_us(self.moved_to.content()))


class Stops:
    """Versions that monitoring's verdict `stop` took out of service, until a person promotes or rolls back.

    Args:
        folder: the artifacts of the business.
    """

    def __init__(self, folder: Path) -> None:
        self._path, self._known = folder / VERDICT, frozenset[str]()
        self._watched = Watched(lambda: self._path, self._read)

    def __contains__(self, version: object) -> bool:
        return version in self._watched.content()

    def _read(self) -> frozenset[str]:
        """What the file says; while it is gone or broken, what it said before: that lifts no stop."""
        try:
            models = json.loads(self._path.read_text(encoding="utf-8"))["models"].values()
            self._known = frozenset(str(one["version"]) for one in models if one["verdict"] == "stop")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return self._known


def clock_of(settings: Settings) -> Clock:
    """The clock that the settings ask for.

    Raises:
        NoLog: the clock stands where the log ends, and there is none.
    """
    if settings.business.clock == "wall":
        return WallClock()
    folder = settings.folder
    return LogClock(
        Watched(lambda: log_folder(folder) / MANIFEST, lambda: read_log_manifest(folder).observed_until),
        Watched(lambda: folder / CLOCK, lambda: moved_to(folder)),
    )
