"""A worker takes over a champion that was appointed anew, while it answers.

    serving/champions.json, shadows.json --changed?--> new models, warmed --one assignment--> the next request's

What is read, parsed and compiled is so in this thread; a request takes what answers once and keeps it to its end, so
no answer is of two versions, and none waits. A model that cannot be taken leaves the one before. Start reading at
`Swapping.step`.
"""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import structlog

from churn.errors import ChurnError
from churn.settings import Settings
from serving import champion, registry_state, shadow
from serving.champion import CHAMPIONS, SHADOWS, Champion
from serving.registry_state import RegistryState

EVERY_S = 0.5
AGAIN_S = 10.0  # after a failure
log = structlog.get_logger("swap")


class Swappable(Protocol):
    """What answers: serving.app.Desk."""

    @property
    def champions(self) -> Mapping[str, Champion]:
        """The models that answer now."""
        ...

    def swap(self, champions: Mapping[str, Champion], beside: Mapping[str, Champion] | None) -> None:
        """Answer with these from the next request on; challengers stay who they are where None."""
        ...

    def registry(self, state: RegistryState) -> None:
        """Tell what is known of the registry."""
        ...


class Swapping:
    """The thread of a worker that takes over what is appointed.

    Args:
        settings: of the business.
        desk: what answers.
        swapped: called after the champions changed.
        every_s: how often it looks at two files.
    """

    def __init__(
        self,
        settings: Settings,
        desk: Swappable,
        *,
        swapped: Callable[[], None] = lambda: None,
        every_s: float = EVERY_S,
    ) -> None:
        self._settings, self._desk, self._swapped, self._every_s = settings, desk, swapped, every_s
        self._seen = {path: _sign(settings.folder / path) for path in (CHAMPIONS, SHADOWS)}
        self._told: tuple[int, int] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="swap", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._tell()
        self._thread.start()

    def close(self) -> None:
        """End, after the swap under way."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def step(self) -> bool:
        """Take over what was appointed since the last step; whether there was something.

        Raises:
            ChurnError: it may not serve, or cannot be read; who served goes on serving.
        """
        self._tell()
        found = {path: _sign(self._settings.folder / path) for path in (CHAMPIONS, SHADOWS)}
        if found == self._seen:
            return False
        champions = self._new_champions()
        beside = shadow.load(self._settings.folder) if found[SHADOWS] != self._seen[SHADOWS] else None
        if champions is not None or beside is not None:
            self._desk.swap(champions or self._desk.champions, beside)
        self._seen = found
        if champions is not None:
            log.info("champion.swapped", versions=[one.version for one in champions.values()])
            self._swapped()
        return True

    def _new_champions(self) -> dict[str, Champion] | None:
        """Those that are appointed; None where they answer already. Who has not changed is not read again."""
        now, held = self._desk.champions, champion.appointed(self._settings.folder)
        same = {
            model: now[model]
            for model, one in held.items()
            if model in now and (now[model].version, now[model].model_hash) == (one.version, one.model_hash)
        }
        if len(same) == len(held) == len(now):
            return None
        return champion.load(self._settings, known=same)

    def _tell(self) -> None:
        sign = _sign(self._settings.folder / registry_state.FILE)
        if sign != self._told:
            self._desk.registry(registry_state.read(self._settings.folder))
            self._told = sign

    def _run(self) -> None:
        wait_s = self._every_s
        while not self._ending.wait(wait_s):
            wait_s = AGAIN_S
            try:
                self.step()
            except ChurnError as error:
                log.warning("champion.not_swapped", problem=error.code)
            except Exception as error:  # noqa: BLE001  # the edge of this thread: who served goes on serving
                log.warning("champion.not_swapped", problem=type(error).__name__)
            else:
                wait_s = self._every_s


def _sign(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_ino
