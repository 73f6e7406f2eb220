"""What the ledger keeps of a cohort: figures, counts, what they rest on, and what they were before each correction.

    monitoring/ledger/churn-2025-W40.json

No customer's id, so that it stays when answers are pruned: then it is history. Where a file cannot be read its cohort
is judged again if its answers still are there, and named otherwise. Start reading at `Kept`.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from churn.metrics import CalibrationBin
from features.atomic import write_json
from monitoring.ledger.cohort import Became, Cohort, Correction, Unreadable, Untreated
from monitoring.ledger.counts import Counts
from monitoring.ledger.judging import Judged
from monitoring.ledger.realised import Interval

FOLDER = Path("monitoring") / "ledger"
FORM = 1
MOST_CORRECTIONS = 10


@dataclass(frozen=True)
class Waiting:
    """Answers of a version whose horizon is not over: how many, when the first can be judged."""

    n: int
    first_mature_at: datetime


@dataclass(frozen=True)
class Kept:
    """A cohort as it was judged.

    Args:
        cohort: what the ledger tells of it.
        judged: by version.
        waiting: answers that are not mature, by version.
        spans: first and last cutoff, and when the last answer was given, by version.
        rests_on: what decides whether it has to be judged again.
        digest: of the judged answers and their outcomes.
    """

    cohort: Cohort
    judged: dict[str, Judged]
    waiting: dict[str, Waiting] = field(default_factory=dict)
    spans: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    rests_on: dict[str, Any] = field(default_factory=dict)
    digest: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Model and name."""
        return self.cohort.model, self.cohort.name

    def closed(self) -> "Kept":
        """The same, to be judged no more."""
        return replace(self, cohort=replace(self.cohort, is_closed=True))


def read_kept(folder: Path) -> tuple[dict[tuple[str, str], Kept], dict[tuple[str, str], Unreadable]]:
    """Every cohort that is kept, and every file that cannot be read, by model and name.

    Args:
        folder: the artifacts of the business.
    """
    found, broken = {}, {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            one = _from_json(told) if told["form"] == FORM else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, zlib.error):  # half of one, or another's
            one = None
        if one is not None:
            found[one.key] = one
        else:
            model, _, name = path.stem.partition("-")
            broken[model, name] = Unreadable((FOLDER / path.name).as_posix(), 0, "no_cohort")
    return found, broken


def write_kept(folder: Path, kept: Kept) -> None:
    """Keep a cohort.

    Raises:
        OSError: it cannot be written.
    """
    write_json(_path(folder, kept.key), _as_json(kept))


def drop_kept(folder: Path, key: tuple[str, str]) -> None:
    """Forget a cohort whose answers make other cohorts by now."""
    _path(folder, key).unlink(missing_ok=True)


def _path(folder: Path, key: tuple[str, str]) -> Path:
    return folder / FOLDER / f"{key[0]}-{key[1]}.json"


def _as_json(kept: Kept) -> dict[str, Any]:
    cohort = asdict(replace(kept.cohort, became=None, by_version={}, corrections=(), untreated=None))
    corrections = [
        {"found_at": one.found_at.isoformat(), "why": one.why, "before": _became_json(one.before)}
        for one in kept.cohort.corrections[-MOST_CORRECTIONS:]
    ]
    versions = {
        version: {
            "became": _became_json(one.became),
            "counts": one.counts.as_json() if one.counts is not None else None,
            "digest": f"{one.digest:016x}",
        }
        for version, one in kept.judged.items()
    }
    return {
        "form": FORM,
        "cohort": {name: value.isoformat() if isinstance(value, date) else value for name, value in cohort.items()},
        "became": _became_json(kept.cohort.became) if kept.cohort.became else None,
        "untreated": _untreated_json(kept.cohort.untreated) if kept.cohort.untreated else None,
        "corrections": corrections,
        "versions": versions,
        "waiting": {
            version: [one.n, one.first_mature_at.isoformat()] for version, one in kept.waiting.items()
        },
        "spans": {version: [*one] for version, one in kept.spans.items()},
        "rests_on": kept.rests_on,
        "digest": f"{kept.digest:016x}",
    }  # fmt: skip


def _from_json(told: Mapping[str, Any]) -> Kept:
    judged = {
        version: Judged(
            _became(one["became"]), Counts.from_json(one["counts"]) if one["counts"] else None, int(one["digest"], 16)
        )
        for version, one in told["versions"].items()
    }
    raw = dict(told["cohort"])
    for name in ("first_day", "last_day"):
        raw[name] = date.fromisoformat(raw[name])
    for name in ("first_mature_at", "mature_at"):
        raw[name] = datetime.fromisoformat(raw[name])
    corrections = tuple(
        Correction(datetime.fromisoformat(one["found_at"]), one["why"], _became(one["before"]))
        for one in told["corrections"]
    )
    raw |= {
        "became": _became(told["became"]) if told["became"] else None,
        "by_version": {version: one.became for version, one in judged.items()},
        "corrections": corrections,
        "untreated": _untreated(told["untreated"]) if told.get("untreated") else None,
    }
    waiting = {version: Waiting(n, datetime.fromisoformat(first)) for version, (n, first) in told["waiting"].items()}
    spans = {version: (first, last, scored) for version, (first, last, scored) in told["spans"].items()}
    rests_on = told["rests_on"]
    if not {"answers", "definition", "until"} <= rests_on.keys():
        raise KeyError("rests_on")
    return Kept(Cohort(**raw), judged, waiting, spans, rests_on, int(told["digest"], 16))


def _untreated_json(one: Untreated) -> dict[str, Any]:
    counts = {"treated": one.treated, "held_out": one.held_out, "unrepresented": one.unrepresented}
    return counts | {"became": _became_json(one.became)}


def _untreated(told: Mapping[str, Any]) -> Untreated:
    return Untreated(told["treated"], told["held_out"], told["unrepresented"], _became(told["became"]))


def _became_json(became: Became) -> dict[str, Any]:
    return {
        "n": became.n,
        "positives": became.positives,
        "figures": {name: [one.value, one.low, one.high] for name, one in became.figures.items()},
        "bins": [[one.n, one.mean_score, one.base_rate] for one in became.bins],
        "base_log_loss": became.base_log_loss,
        "left_out": became.left_out,
    }


def _became(told: Mapping[str, Any]) -> Became:
    return Became(
        told["n"],
        told["positives"],
        {name: Interval(*one) for name, one in told["figures"].items()},
        tuple(CalibrationBin(*one) for one in told["bins"]),
        told["base_log_loss"],
        dict(told["left_out"]),
    )
