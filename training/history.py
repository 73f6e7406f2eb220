"""Who served when, let by whom, and why: one line an act, each with the hash of the line before it.

    champion/history.jsonl    promote, rollback, return (by itself), refused, shadow, shadow_ended

A line names who did it, from which commit, with which snapshots and by which verdict. Whoever changes, drops or adds a
line breaks the chain; whoever makes the chain anew meets the hash that `champion/<model>.json` and the registry keep,
and, where `[gate] signing_key_file` is set, a signature. Start reading at `compose` and `faults`.
"""

import hashlib
import hmac
import json
import shutil
import socket
import subprocess
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn.errors import DataError
from churn.settings import Settings
from features.atomic import flush, write_text
from features.provenance import made_by
from features.signing_key import set_key
from training.manifest import account
from training.versions import Version

HISTORY = "history.jsonl"
SERVED = {"promote", "rollback", "return"}  # acts after which another version may serve
SAID = {"at", "act", "model", "name", "version", "model_hash"}  # by every line, before the chain too
Line = dict[str, Any]


class TamperedHistory(DataError):
    """The history of champions is not what was written."""

    def __init__(self, path: Path, found: Sequence[str]) -> None:
        super().__init__(
            f"The history in {path} is not what was written: " + "; ".join(found) + ".",
            mend="put it back from a backup, and ask who changed it; the registry keeps every line beside its version.",
        )


def read(settings: Settings) -> list[Line]:
    """Every line, oldest first.

    Raises:
        TamperedHistory: a line is none of ours, or is cut short.
    """
    path = path_of(settings)
    written = path.read_bytes().splitlines() if path.exists() else []
    lines = [_told(line) for line in written]
    strange = [f"line {number} cannot be read" for number, line in enumerate(lines, start=1) if line is None]
    if strange:
        raise TamperedHistory(path, strange)
    return [line for line in lines if line is not None]


def _told(written: bytes) -> Line | None:
    """A line of the file; None where it does not say who did what."""
    try:
        line = json.loads(written)
    except ValueError:
        return None
    return line if isinstance(line, dict) and line.keys() >= SAID else None


def path_of(settings: Settings) -> Path:
    """Where the history lies."""
    return settings.folder / "champion" / HISTORY


def compose(
    act: str,
    version: Version,
    settings: Settings,
    *,
    verdict: Mapping[str, Any],
    why: tuple[str, str] = ("", ""),
    instead_of: int | None = None,
    as_of: datetime | None = None,
) -> Line:
    """The next line of the history.

    Args:
        act: what is done.
        version: with which model.
        settings: whose; who does it, and the key that signs.
        verdict: of the gate, or of the watch.
        why: the reason in English and Chinese, where there is one beside the verdict.
        instead_of: the version that serves no more.
        as_of: what time it is by the business's clock; now where None.
    """
    lines, bundle, now = read(settings), version.bundle, datetime.now(UTC)
    snapshots = {one: version.facts.get(f"{one}_snapshot") for one in ("whole", "train", "test")}
    line: Line = {
        "at": now.isoformat(timespec="seconds"),
        "as_of": (as_of or now).isoformat(),
        "act": act,
        "model": bundle.model,
        "name": version.name,
        "version": version.version,
        "model_hash": version.hash,
        "instead_of": instead_of,
        "who": who(settings),
        "commit": made_by(),
        "snapshot_hash": bundle.snapshot_hash,
        "snapshots": {role: folder for role, folder in snapshots.items() if folder},
        "verdict": dict(verdict),
        "why": why[0],
        "why_zh": why[1],
        "before": hash_of(lines[-1]) if lines else "",
    }
    line["hash"] = hash_of(line)
    key = set_key(settings)
    return line | ({"signature": _signature(line["hash"], key)} if key else {})


def append(settings: Settings, line: Line) -> None:
    """Write a line, once: the file is replaced as a whole, so that no kill leaves half a line."""
    lines = read(settings)
    if lines and lines[-1].get("hash") == line["hash"]:
        return
    path = path_of(settings)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    write_text(path, before + json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n")
    flush(path)


def hash_of(line: Mapping[str, Any]) -> str:
    """The hash of all that a line says."""
    said = {key: line[key] for key in line if key not in ("hash", "signature")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def faults(
    lines: Sequence[Line], settings: Settings, kept: Mapping[str, str], beside: Collection[str] = ()
) -> list[str]:
    """What is wrong with a history; empty where nothing is.

    Args:
        lines: the history. Lines of versions before the chain have no hash: they hang on the first that has one.
        settings: whose key signs.
        kept: the hash of each model's last serving act, as it is kept elsewhere; a history must end there.
        beside: the first 12 digits of hashes that the registry keeps beside versions, refusals and shadows too; each
            must be a line's.
    """
    key, found = set_key(settings), list[str]()
    for number, line in enumerate(lines, start=1):
        if "hash" not in line:
            if any("hash" in one for one in lines[: number - 1]):
                found.append(f"line {number} has no hash")
            continue
        if line["hash"] != hash_of(line):
            found.append(f"line {number} was changed")
        if line.get("before") != (hash_of(lines[number - 2]) if number > 1 else ""):
            found.append(f"the line before line {number} was changed, or lines are missing there")
        if key and not hmac.compare_digest(str(line.get("signature")), _signature(line["hash"], key)):
            found.append(f"line {number} is not signed with the key")
    for model, last in kept.items():
        mine = [one.get("hash") for one in lines if one["model"] == model and one["act"] in SERVED]
        if last and last not in mine[-1:]:
            found.append(f"it does not end with the act after which the {model} champion serves")
    missing = sorted(set(beside) - {str(one.get("hash"))[:12] for one in lines})
    return found + [f"the registry keeps an act beside its version that is no line: {one}" for one in missing]


def who(settings: Settings) -> str:
    """Who acts: as the settings say, or git, or the account; and on which machine."""
    name = settings.gate.who or _git_user(settings.root) or account()
    return f"{name} on {socket.gethostname()}"


def _git_user(folder: Path) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(folder), "config", "user.name"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or None


def _signature(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def before(acts: Sequence[Mapping[str, Any]]) -> list[int]:
    """The champions that a rollback can still go back to, oldest first; each rollback or return uses one up.

    Args:
        acts: the history of one name.
    """
    reigns: list[int] = []
    for act in acts:
        if act["act"] == "promote":
            reigns += [int(act["version"])] if int(act["version"]) not in reigns[-1:] else []
        elif act["act"] in SERVED and reigns:
            reigns.pop()
    return reigns[:-1]
