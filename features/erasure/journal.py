"""What was asked to be forgotten, and how far that came: a line a step, on disk before the next step begins.

    erasure/requests.jsonl          {"act": "begun" | "erased" | "done", "request", "at", ...}
    erasure/receipts/<request>.json what was done; names customers by their hash alone

A request that was cut off is taken up again by asking for the same customers. Start reading at `Journal.begin`.
"""

import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.atomic import write_json
from features.erasure.forgotten import FOLDER
from features.erasure.store import NOTHING, Erased

REQUESTS = "requests.jsonl"
RECEIPTS = "receipts"


def now_text() -> str:
    """Now by the wall, in ISO form."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Request:
    """One request: its id, when it was begun, and the hashes of whom it is about."""

    id: str
    at: str
    hashes: tuple[str, ...]


class Journal:
    """The requests of a business.

    Args:
        folder: its artifacts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def begin(self, hashes: Sequence[str]) -> Request:
        """Begin a request, or take up one about the same customers that was cut off."""
        wanted = tuple(sorted(hashes))
        for request in self.unfinished():
            if request.hashes == wanted:
                return request
        request = Request(uuid.uuid4().hex[:12], now_text(), wanted)
        self._write({"act": "begun", "request": request.id, "at": request.at, "hashes": list(wanted)})
        return request

    def erased(self, request: Request, store: str, erased: Erased) -> None:
        """A store is done."""
        told = {"act": "erased", "request": request.id, "at": now_text(), "store": store}
        self._write(told | dict(erased.as_json()) | {"found": len(erased.found)})

    def done(self, request: Request, receipt: dict[str, Any]) -> Path:
        """The request is done: write its receipt, then say so."""
        path = self._folder / RECEIPTS / f"{request.id}.json"
        write_json(path, receipt)
        self._write({"act": "done", "request": request.id, "at": now_text()})
        return path

    def so_far(self, request: Request, store: str) -> Erased:
        """What was erased from a store under a request, also before it was cut off."""
        mine = [
            Erased(line["rows"], line["files"], line["bytes_written"])
            for line in self._lines()
            if line["act"] == "erased" and (line["request"], line["store"]) == (request.id, store)
        ]
        return sum(mine, NOTHING)

    def unfinished(self) -> list[Request]:
        """Requests that were cut off, and whose customers no later request has dealt with."""
        lines = self._lines()
        finished = {line["request"] for line in lines if line["act"] == "done"}
        begun = [
            Request(line["request"], line["at"], tuple(line["hashes"])) for line in lines if line["act"] == "begun"
        ]
        open_ = []
        for place, request in enumerate(begun):
            dealt = {one for later in begun[place:] if later.id in finished for one in later.hashes}
            if not set(request.hashes) <= dealt:
                open_.append(request)
        return open_

    def _write(self, line: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / REQUESTS).open("ab") as file:
            torn = file.tell() and not (self._folder / REQUESTS).read_bytes().endswith(b"\n")
            file.write((b"\n" if torn else b"") + json.dumps(line, sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> list[dict[str, Any]]:
        """Whole lines; one that a power cut tore says nothing."""
        path, found = self._folder / REQUESTS, []
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return found
