"""The watch of `churn serve` over the registry: a new champion is fetched, held to its verdict and appointed.

    every [serving] watch_registry_seconds: alias, champion/*.json, features on line --changed?--> look, admit, appoint

It runs in the process that started the workers, which never import MLflow. Whoever is refused is told, and whoever
served goes on serving; so it is while the registry does not answer. Start reading at `RegistryWatch.begin` and `step`.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from churn.errors import ChurnError, NoChampion
from churn.settings import Settings
from features.registry_place import RegistryDown, may_exist, reach
from serving import archive, shadow
from serving.admission import BrokenModel, Held, NobodyAdmitted, RefusedVersion, on_line
from serving.archive import BOOSTER, BUNDLE
from serving.champion import CHAMPIONS, MODELS, SHADOWS, Looked, appoint, appointed, intact, look
from serving.champion_registry import aliased
from serving.registry_state import Refused, RegistryState

UNDER_WAY = Path("champion") / "under-way"  # a promotion between its first and last step
WATCHED = (
    "champion/*.json", "champion/*.shadow", "champion/*.key", "features/manifest.json", str(CHAMPIONS), str(SHADOWS),
)  # fmt: skip
SOON_S = 3.0
AGAIN = 6  # a refusal is looked at again after so many steps, though nothing seems to have changed
log = structlog.get_logger("registry")


@dataclass(frozen=True)
class Seen:
    """What a look depends on; the same again: there is nothing new to see."""

    aliases: tuple[int | None, ...]
    files: tuple[tuple[str, int, int], ...]


class RegistryWatch:
    """Looks after who is appointed. One a business; used by one thread at a time.

    Args:
        settings: whose.
        tell: told of each refusal and each appointment, in words.
        now: what time it is; told as when the registry was asked.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tell: Callable[[str], None] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._folder, self._tell, self._now = settings, settings.folder, tell, now
        self.held: Mapping[str, Held] = {}
        self.beside: Mapping[str, Held] = {}
        self._seen: Seen | None = None
        self._steps, self._is_waiting, self.state = 0, False, RegistryState()

    def begin(self) -> Mapping[str, Held]:
        """Who serves at start: at once who served before, where promotion names nobody else; or who may serve now.

        Raises:
            NoChampion: nothing was promoted. NobodyAdmitted: what was promoted may not serve.
            RegistryDown: it does not answer, and nobody served before.
        """
        self.held = {model: one for model, one in appointed(self._folder).items() if intact(self._settings, model, one)}
        self.beside = appointed(self._folder, beside=True)
        if self.held and not self._promoted_since():
            return self.held
        try:
            looked = self._look()
        except RegistryDown as error:
            if not self.held:
                raise
            self._down(error)
        else:
            self._take(looked)
        if not self.held:
            refused = {one.model: looked.refused[one.model] for one in self.state.refused}
            raise (
                NobodyAdmitted(self._settings.business.slug, refused)
                if refused
                else NoChampion(self._settings.business.slug)
            )
        return self.held

    def step(self) -> None:
        """Look once, if there is something new to see; whatever goes wrong, whoever served goes on serving."""
        try:
            if (self._folder / UNDER_WAY).exists():  # the alias has moved and its record not yet, or the other way
                if self._is_waiting:
                    self._write(replace(self.state, problem="promotion_under_way"))
                self._is_waiting = True
                return
            self._is_waiting, seen = False, self._now_seen()
            self._steps += 1
            if seen == self._seen and not (self.state.refused and self._steps % AGAIN == 0):
                self._write(replace(self.state, checked_at=self._now(), problem=None))
                return
            self._take(self._look())
            is_settled = all(one.reason != "unreadable_files" for one in self.state.refused)  # a disk, a server
            self._seen = seen if is_settled else None
        except ChurnError as error:
            self._down(error)
        except Exception as error:  # noqa: BLE001  # the edge of a thread that has to go on: a full disk, MLflow's own
            self._down(error)

    def run(self, ended: threading.Event, every_s: float) -> None:
        """Look every so often until it has ended; the first time soon, for who began with what served before."""
        wait_s = min(every_s, SOON_S)
        while not ended.wait(wait_s):
            self.step()
            wait_s = every_s

    def _promoted_since(self) -> bool:
        """Whether promotion names somebody else than who served before; asks the registry nothing."""
        for model in MODELS:
            record, held = _record(self._folder, model), self.held.get(model)
            if record and (held is None or held.version != f"{record.get('name')}/{record.get('version')}"):
                return True
        return False

    def _now_seen(self) -> Seen:
        if not may_exist(self._settings):
            raise RegistryDown(self._settings, "there is no such file")
        reach(self._settings)
        aliases = tuple(aliased(self._settings, self._settings.model_name(model)) for model in MODELS)
        copies = [archive.folder_of(self._folder, one.model_hash) for one in self.held.values()]
        watched = [path for pattern in WATCHED for path in sorted(self._folder.glob(pattern))]
        watched += [path for copy in copies for path in sorted(copy.glob("*")) if path.name in (BOOSTER, BUNDLE)]
        found = [(path, path.stat()) for path in watched]
        return Seen(aliases, tuple((str(path), stat.st_mtime_ns, stat.st_ino) for path, stat in found))

    def _look(self) -> Looked:
        looked = look(self._settings, on_line=on_line(self._folder))
        gone = {
            model: RefusedVersion(one.version, "nobody has the alias any more; it goes on serving", "alias_moved")
            for model, one in self.held.items()
            if model not in looked.held and model not in looked.refused
        }
        return Looked(looked.held, {**looked.refused, **gone})

    def _take(self, looked: Looked) -> None:
        held, beside = {**self.held, **looked.held}, self._challengers()
        now = appointed(self._folder), appointed(self._folder, beside=True)
        if held and (held != self.held or now != (held, beside)):
            appoint(self._folder, held, beside)
            for model, one in held.items():
                if one != self.held.get(model):
                    log.info("champion.appointed", model=model, version=one.version)
                    self._tell(f"appointed: {one.version}")
        self.held, self.beside = held, beside
        self._report(looked.refused)

    def _challengers(self) -> Mapping[str, Held]:
        """Who scores in shadow; one that cannot be read scores nobody, and stands in no champion's way."""
        try:
            return shadow.fetch(self._settings)
        except BrokenModel as error:
            log.warning("shadow.refused", version=error.version, reason=error.reason)
            return {}

    def _report(self, refused: Mapping[str, BrokenModel]) -> None:
        found = tuple(Refused.of(model, error) for model, error in refused.items())
        for one in found:
            if one not in self.state.refused:
                log.warning("champion.refused", **_words(one))
                self._tell(f"refused: {one.problem}\n  To mend it: {one.mend}")
        self._write(RegistryState(self._now(), None, found))

    def _down(self, error: Exception) -> None:
        code = error.code if isinstance(error, ChurnError) else type(error).__name__
        if code != self.state.problem:
            log.warning("registry.unanswered", problem=code)
        self._write(replace(self.state, problem=code))

    def _write(self, state: RegistryState) -> None:
        self.state = state
        try:
            state.write(self._folder)
        except OSError as error:  # a full disk: workers see by its age that nobody tells
            log.warning("registry.untold", problem=error.strerror)


def _record(folder: Path, model: str) -> dict[str, Any]:
    try:
        told = json.loads((folder / "champion" / f"{model}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _words(one: Refused) -> dict[str, str]:
    return {"model": one.model, "version": one.version, "reason": one.reason, "problem": one.problem, "mend": one.mend}
