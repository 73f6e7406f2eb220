"""A change of who serves, whole or not at all: alias, `champion/<model>.json` and history agree after any kill.

    intent written down -> alias -> champion/<model>.json -> history -> the same beside the version -> intent gone

The alias decides. Whoever comes next and finds an intent finishes it where the alias has moved, and forgets it where it
has not. One at a time: a second promotion is told so. Start reading at `crown`.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from churn.errors import DataError
from churn.settings import Settings
from churn.warrant import Warrant
from features.atomic import flush, write_json
from training import history
from training.versions import Registry

INTENT, LOCK = "under-way", "lock"  # without .json: who serves is told by champion/*.json
LAST = "last_"  # tag of a version: its last act of a kind


class PromotionUnderWay(DataError):
    """Somebody else is changing who serves at this moment."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Another process is changing who serves in {folder} at this moment; nothing was changed here.",
            mend="wait until it is done, look at `churn history`, then run the command again if it is still wanted.",
        )


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Be the only one who changes who serves.

    Raises:
        PromotionUnderWay: another is.
    """
    folder = settings.folder / "champion"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PromotionUnderWay(folder) from error
        yield


def crown(record: dict[str, Any], line: history.Line, registry: Registry, settings: Settings) -> None:
    """Let a version serve; call it while `alone`.

    Args:
        record: `champion/<model>.json`.
        line: of the history.
        registry: whose alias.
        settings: whose champion.
    """
    for _ in steps({"record": record, "line": line}, registry, settings):
        pass


def steps(intent: dict[str, Any], registry: Registry, settings: Settings) -> Iterator[str]:
    """The steps of a change, each done when its name is given."""
    folder, line = settings.folder / "champion", intent["line"]
    write_json(folder / INTENT, intent)
    flush(folder / INTENT)
    yield "intent"
    registry.crown(line["name"], line["version"])
    yield "alias"
    write_json(folder / f"{line['model']}.json", intent["record"])
    flush(folder / f"{line['model']}.json")
    yield "record"
    history.append(settings, line)
    yield "history"
    keep(registry, line, intent["record"].get("warrant"))
    yield "kept"
    (folder / INTENT).unlink()
    yield "done"


def heal(registry: Registry, settings: Settings) -> str | None:
    """Finish or forget a change that a kill or an outage cut short; call it while `alone`. What was done, in words."""
    path = settings.folder / "champion" / INTENT
    if not path.exists():
        return None
    intent = json.loads(path.read_text(encoding="utf-8"))
    line = intent["line"]
    if registry.champion(line["name"]) != line["version"]:
        path.unlink()
        return f"A {line['act']} of {line['name']} version {line['version']} was cut short; who served goes on serving."
    crown(intent["record"], line, registry, settings)
    return f"A {line['act']} of {line['name']} version {line['version']} was cut short, and is finished now."


def keep(registry: Registry, line: history.Line, warrant: Warrant | None = None) -> None:
    """Put a line of the history beside its version, and the signed verdict where it came with one."""
    text = json.dumps(line, ensure_ascii=False, indent=2, sort_keys=True)
    told = f"{line['act']} {line['at']} {line['hash'][:12]}"
    files, tags = {f"history-{line['hash'][:12]}.json": text}, {f"{LAST}{line['act']}": told}
    if warrant:
        files["verdict.json"] = json.dumps(warrant, ensure_ascii=False, indent=2)
    registry.annotate(line["name"], int(line["version"]), texts=files, tags=tags)


def kept_beside(registry: Registry, name: str) -> set[str]:
    """The last acts of each kind on each version, by the first 12 digits of their hashes, as the registry has them."""
    tags = [tag for told in registry.tags(name).values() for tag in told.items()]
    return {told.rpartition(" ")[2] for tag, told in tags if tag.startswith(LAST)}
