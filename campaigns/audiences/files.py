"""The files of an audience: parts that the platform takes, readable by their owner alone, and what they are.

    <export>.csv or <export>-1of3.csv ...    what is uploaded; lines in the order of their digests, which says nothing
    <export>.json                            the manifest: counts and digests of files, nobody's detail

The record below the artifacts is written first: no file ever lies about of which nobody knows who is on it. Start
reading at `parts_of`.
"""

import hashlib
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from campaigns.audiences.forms import Form
from churn.errors import SettingsError
from churn.settings import Settings
from features import parquet
from features.atomic import write_json, write_whole
from features.erasure.audiences import FOLDER, MANIFEST, MEMBERS

OWNER_ALONE, FOLDER_OF_OWNER = 0o600, 0o700


class InsideArtifacts(SettingsError):
    """The files were to go where the artifacts lie."""

    def __init__(self, out: Path) -> None:
        super().__init__(
            f"{out} lies among the artifacts, where files may be encrypted and backed up.",
            mend="name a folder elsewhere: `--out ~/upload`; the files are plain, and are to be deleted once uploaded.",
        )


class NoFolder(SettingsError):
    """The files were to go where a file stands."""

    def __init__(self, out: Path) -> None:
        super().__init__(f"{out} is a file.", mend="name a folder for the files, or one that is to be made: `--out`.")


@dataclass(frozen=True)
class Part:
    """One file.

    Args:
        name: of the file. content: of it. customer_ids: who is in it.
    """

    name: str
    content: bytes
    customer_ids: tuple[str, ...]

    def as_json(self, form: Form) -> dict[str, Any]:
        """What the manifest says of it."""
        rows = self.content.count(b"\n") - form.has_header
        return {
            "name": self.name, "rows": rows, "bytes": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
        }  # fmt: skip


def check_out(settings: Settings, out: Path) -> Path:
    """The folder of the files, absolute.

    Raises:
        InsideArtifacts: it lies among the artifacts. NoFolder: it is a file.
    """
    place, ours = out.expanduser().resolve(), (settings.root / settings.artifacts).resolve()
    if place.is_relative_to(ours) or place.is_relative_to(settings.folder.resolve()):
        raise InsideArtifacts(out)
    if place.exists() and not place.is_dir():
        raise NoFolder(out)
    return place


def parts_of(rows: pd.DataFrame, form: Form, name: str, most_rows: int | None) -> list[Part]:
    """Lines as the platform takes them, cut into files.

    Args:
        rows: indexed by customer_id. Columns: identifiers of the form (digests or None), `value` where one is told.
        form: the platform's.
        name: of the files, without their end.
        most_rows: of a file; None: as many as the platform takes.
    """
    used = [one for one in form.columns if one in rows and rows[one].notna().any()]
    headers = [form.columns[one] for one in used]
    if form.value_column is not None and "value" in rows:
        used, headers = [*used, "value"], [*headers, form.value_column]
    head = (",".join(form.template or headers) + "\n").encode() if form.has_header else b""
    empty = "," * max(0, len(form.template) - len(used))  # what is filled comes first in a template
    lines = [_line(one, empty) for one in rows[used].itertuples(index=False)]
    told = sorted(zip(lines, rows.index, strict=True))
    longest = max((len(line) for line, _ in told), default=1)
    limits = [one for one in (most_rows, form.most_rows) if one is not None]
    if form.most_bytes is not None:
        limits.append((form.most_bytes - len(head)) // longest)
    size = min(limits, default=max(1, len(told)))
    cut = [told[first : first + size] for first in range(0, len(told), size)]
    names = [f"{name}.csv"] if len(cut) == 1 else [f"{name}-{n}of{len(cut)}.csv" for n in range(1, len(cut) + 1)]
    return [
        Part(called, head + b"".join(line for line, _ in some), tuple(str(who) for _, who in some))
        for called, some in zip(names, cut, strict=True)
    ]


def _line(row: tuple[Any, ...], empty: str) -> bytes:
    cells = (f"{one:.2f}" if isinstance(one, float) else one or "" for one in row)
    return (",".join(cells) + empty + "\n").encode()


def write_export(settings: Settings, name: str, parts: list[Part], manifest: dict[str, Any]) -> None:
    """Write the record, then the files.

    Args:
        settings: whose.
        name: of the export.
        parts: of it.
        manifest: of it; says the folder.

    Raises:
        OSError: the disk is full, or the folder cannot be written; what was written is taken away again.
    """
    record, place = settings.folder / FOLDER / name, Path(manifest["folder"])
    members = pa.table({
        "customer_id": [who for part in parts for who in part.customer_ids],
        "file": [part.name for part in parts for _ in part.customer_ids],
    })  # fmt: skip
    try:
        write_whole(record / MEMBERS, lambda draft: parquet.write_table(members, draft))
        write_json(record / MANIFEST, manifest)
        place.mkdir(parents=True, exist_ok=True, mode=FOLDER_OF_OWNER)
        for part in parts:
            _write_private(place / part.name, part.content)
        told = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        _write_private(place / str(manifest["beside"]), told.encode())
    except OSError:
        for part in parts:
            with suppress(OSError):
                (place / part.name).unlink(missing_ok=True)
        shutil.rmtree(record, ignore_errors=True)
        raise


def _write_private(path: Path, content: bytes) -> None:
    """A file that nobody else could read at any moment."""

    def fill(draft: Path) -> None:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE), "wb") as file:
            file.write(content)

    write_whole(path, fill)
