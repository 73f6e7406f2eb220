"""Files of a business written anew as its settings ask: encrypted with the key of today, or in clear.

Files that are so already stay as they are; each other one is replaced in one step, so that it may be cut off anywhere
and repeated. A segment of the score log that a process still writes is left for the next time. Start at `rewrite`.
"""

import fcntl
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from features import parquet
from features.atomic import write_whole
from features.cipher_lines import LineCipher, key_of_lines, plain_lines
from features.encryption import FileKeys, file_keys, keys_for
from features.shelf import workshop

LINES = Path("scores") / "log"
KEY_ID = re.compile(rb'"masterKeyID"\s*:\s*"([0-9a-f]+)"')
FOOTER_BYTES = 1 << 16


@dataclass(frozen=True)
class Rewritten:
    """What was done: files that were written anew, that were so already, and that a process still writes."""

    rewritten: int
    kept: int
    in_use: tuple[Path, ...]


def key_of(path: Path) -> str | None:
    """The id of the key that a file is encrypted with; None for one that is plain, of whatever kind."""
    if path.suffix == ".parquet" and parquet.is_encrypted(path):
        found = KEY_ID.search(_footer(path))
        return found[1].decode() if found else "unknown"
    return key_of_lines(path) if path.suffix == ".jsonl" else None


def rewrite(folder: Path) -> Rewritten:
    """Write every file anew that is not as the settings ask.

    Args:
        folder: the artifacts of the business; `features.encryption.appoint` was asked before.

    Raises:
        NoFileKey, WrongFileKey: a file cannot be read. Busy: another process writes. OSError: the disk is full.
    """
    keys = keys_for(folder / "any")
    wanted = None if keys is None else keys.current
    done, kept, in_use = 0, 0, list[Path]()
    with workshop(folder):
        for path in _files(folder):
            if key_of(path) == wanted:
                kept += 1
            elif path.suffix == ".jsonl" and _is_written(path):
                in_use.append(path)
            else:
                _again(path, keys)
                done += 1
    return Rewritten(done, kept, tuple(in_use))


def _files(folder: Path) -> Iterator[Path]:
    """What can be encrypted; stubs of erased answers name nobody."""
    for path in sorted(folder.rglob("*.parquet")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
    yield from (path for path in sorted((folder / LINES).glob("*.jsonl")) if not path.name.startswith("erased-"))


def _again(path: Path, keys: FileKeys | None) -> None:
    if path.suffix == ".parquet":
        write_whole(path, lambda draft: _copy(path, draft))
        return

    def fill(draft: Path) -> None:
        cipher = None if keys is None else LineCipher(keys)
        with draft.open("wb") as file:
            file.write(cipher.head if cipher else b"")
            for line in plain_lines(path):
                file.write(cipher.on(line) if cipher and line.endswith(b"\n") else line)

    write_whole(path, fill)


def _copy(path: Path, draft: Path) -> None:
    """Group by group, so that a snapshot need not fit into memory."""
    with parquet.opened(path) as file, parquet.writer(draft, file.schema_arrow) as anew:
        for group in range(file.num_row_groups):
            anew.write_table(file.read_row_group(group))


def _is_written(segment: Path) -> bool:
    """Whether a process still writes a segment: it holds a lock on it, from another container too."""
    with segment.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _footer(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - FOOTER_BYTES))
        return file.read()


def known_keys() -> list[str]:
    """The ids of the keys that the environment has, that of today first."""
    keys = file_keys()
    return sorted(keys.by_id, key=lambda one: one != keys.current)
