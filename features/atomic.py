"""Files and folders that appear whole or not at all, so that a full disk or a kill leaves the previous good state.

Everything is written beside its place under a hidden name and renamed into it once complete. Knows nothing of what
is written.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` when the block ends well and vanishes when it does not.

    Where `target` has come to stand meanwhile, it stays: whoever names folders by content wrote the same.
    """
    with draft_folder(target) as draft:
        yield draft
        place(draft, target)


@contextmanager
def draft_folder(target: Path) -> Iterator[Path]:
    """A hidden folder beside `target` to fill; where it was not placed by the end of the block, it vanishes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name}-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def place(draft: Path, target: Path) -> None:
    """Let a draft become `target`, unless one has come to stand there meanwhile."""
    if not target.exists():
        draft.rename(target)


def write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file, which replaces `target` in one step once it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name}-{os.getpid()}"
    try:
        write(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def write_json(target: Path, content: Any) -> None:  # anything JSON can hold
    """Write readable JSON in one step."""
    write_text(target, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_text(target: Path, text: str) -> None:
    """Write a text in one step."""

    def fill(draft: Path) -> None:
        draft.write_text(text, encoding="utf-8")

    write_whole(target, fill)


def keep_text(target: Path, text: str) -> None:
    """Write what can be made again, in one step; where it cannot be written, nothing is lost."""
    with suppress(OSError):
        write_text(target, text)


def flush(path: Path) -> None:
    """Wait until a file, or the entries of a folder, lie on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
