"""What comes in, all together: arrivals by week, which of them are odd, what depends on them, and the last ingest.

Reads the log, `ingest/report.json` and the manifest of the features of now. Start reading at `incoming`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from churn.settings import Settings
from features.current_file import MANIFEST_FILE
from features.judging import NO_FAULT
from features.log import LogManifest
from monitoring.budget import weekly_chance
from monitoring.data.arrivals import Arrivals, arrivals
from monitoring.data.outages import Judged, outages

QUALIFYING: Final = "*"  # in a formula: the kinds that count as coming back
NO_MATTER: Final = {"duplicate_event_id", *NO_FAULT}  # exports that overlap repeat rows
REPORT: Final = Path("ingest") / "report.json"


@dataclass(frozen=True)
class FromSource:
    """What the last ingest read of one source: its file, rows, rows refused, and the newest event.

    `faulty` rows were refused for what is wrong with them, repeats left out; `key` is the source's own name.
    """

    name: str
    rows: int
    refused: int
    newest_at: datetime | None
    faulty: int = 0
    key: str = ""


@dataclass(frozen=True)
class Incoming:
    """What comes in.

    Args:
        seen: events by kind and week. judged: what of it is odd.
        features: by kind, the features that are made of it.
        sources: as the last ingest read them; empty where it left no report.
        last_event_at: the newest of all. superseded, withdrawn: versions that were corrected, rows taken back.
        events: versions in the log.
    """

    seen: Arrivals
    judged: Judged
    features: Mapping[str, tuple[str, ...]]
    sources: tuple[FromSource, ...]
    last_event_at: datetime
    superseded: int
    withdrawn: int
    events: int


def incoming(settings: Settings, manifest: LogManifest) -> Incoming:
    """Count what came in, and judge it.

    Args:
        settings: whose.
        manifest: of the log.

    Raises:
        BrokenLog: a file of the log cannot be read.
    """
    folder = settings.folder
    seen = arrivals(folder, manifest, settings.lifecycle.calendar, cache=folder / "monitoring" / "cache")
    judged = outages(seen, weekly_chance(settings.monitoring.false_alarms_per_quarter))
    told = read_json(folder / "features" / MANIFEST_FILE).get("feature_set", {}).get("features", [])
    made_of = features_by_kind(told, settings.definition.qualifying_kinds)
    sources = tuple(_sources(read_json(folder / REPORT)))
    return Incoming(
        seen, judged, made_of, sources, manifest.last_event_at, manifest.superseded, manifest.withdrawn, manifest.events
    )


def features_by_kind(features: list[dict[str, Any]], qualifying: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Which features are made of which kind of event.

    Args:
        features: as a manifest describes them.
        qualifying: kinds that count as coming back.
    """
    found: dict[str, list[str]] = {}
    for one in features:
        named = set(_kinds(one.get("formula")))
        for kind in (named - {QUALIFYING}) | (set(qualifying) if QUALIFYING in named else set()):
            found.setdefault(kind, []).append(str(one["name"]))
    return {kind: tuple(names) for kind, names in found.items()}


def _kinds(formula: Any) -> Iterator[str]:  # as deep as a formula goes
    if isinstance(formula, Mapping):
        for name, value in formula.items():
            yield from value if name == "kinds" else _kinds(value)
    elif isinstance(formula, list):
        for value in formula:
            yield from _kinds(value)


def _sources(report: Mapping[str, Any]) -> Iterator[FromSource]:
    for one in report.get("sources", ()):
        newest = one.get("last_event_at")
        reasons: dict[str, int] = one.get("refused", {})
        faulty = sum(int(n) for name, n in reasons.items() if name not in NO_MATTER)
        at = datetime.fromisoformat(newest) if newest else None
        name, rows, refused = Path(str(one.get("name", ""))).name, int(one.get("rows", 0)), sum(reasons.values())
        yield FromSource(name, rows, int(refused), at, faulty, str(one.get("key", name)))


def read_json(path: Path) -> dict[str, Any]:
    """What a file says that is only shown; nothing where it is missing or broken."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
