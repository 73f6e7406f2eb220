"""The runs of `churn monitor`: one line each in `monitoring/history.jsonl`, and what they say of today's reasons.

    {"as_of": ..., "judged_at": ..., "verdict": "watch", "models": {"churn": {"version", "verdict", "codes": {...}}},
     "figures": {"churn_monitor_rows{model='churn'}": 8257, ...}}
    {"lifted": "churn", "at": ...}      a person let a model of this name serve again

A line is added in one write and is on disk before it counts; one that was cut off or spoilt is skipped and counted. A
run that judges the instant of the one before takes its place. Reads no clock. Start reading at `read`.
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any

from monitoring.data.refused import refused_since
from monitoring.findings import Findings, Whole
from monitoring.section import Figure
from monitoring.verdict import Since, Verdict

ROWS = "churn_monitor_rows"  # the figure of how many customers a model is asked about
HISTORY = Path("monitoring") / "history.jsonl"


@dataclass(frozen=True)
class Run:
    """One run.

    Args:
        as_of: the instant judged, by the business's clock. judged_at: when that was, by the wall clock.
        verdict: over everything.
        models: of each model version, verdict, stopped_at and codes (each with the verdict that it alone asks for);
            the business as a whole is the model "".
        figures: by name and labels, as Prometheus writes them.
    """

    as_of: datetime
    judged_at: datetime
    verdict: str
    models: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, float]

    def line(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "as_of": self.as_of.isoformat(), "judged_at": self.judged_at.isoformat(), "verdict": self.verdict,
            "models": self.models, "figures": self.figures,
        }  # fmt: skip


@dataclass(frozen=True)
class History:
    """All runs.

    Args:
        runs: oldest first, one for each instant in a row.
        stopped: models that the last run stopped and that nobody has let serve since, as `Run.models` has them.
        unreadable: lines that say nothing.
    """

    runs: tuple[Run, ...] = ()
    stopped: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unreadable: int = 0

    @property
    def last_run_at(self) -> datetime | None:
        """The instant that the last run judged; None before the first."""
        return self.runs[-1].as_of if self.runs else None

    def before(self, now: datetime) -> Sequence[Run]:
        """The runs before one that judges this instant: itself, where it is done again, is not among them."""
        return self.runs[:-1] if self.runs and self.runs[-1].as_of == now else self.runs

    def with_rows(self, found: Findings, now: datetime) -> Findings:
        """What was found, beside how many customers the model was asked about at the run before."""
        start, of_model = f"{ROWS}{{", f"model='{found.champion.model}'"
        earlier = self.before(now)
        told = earlier[-1].figures.items() if earlier else ()
        before = [int(value) for key, value in told if key.startswith(start) and of_model in key]
        return replace(found, rows_before=before[0] if before else None)

    def with_refused(self, whole: Whole, limit: float) -> Whole:
        """What is known of the business, with the sources whose rows were refused since an earlier run."""
        sources = {one.key: (one.rows, one.faulty) for one in whole.incoming.sources} if whole.incoming else {}
        earlier = [one.figures for one in self.before(whole.now)]
        return replace(whole, refused=refused_since(sources, earlier, limit))

    def with_since(self, verdict: Verdict, now: datetime) -> Verdict:
        """A verdict that knows since when each of its reasons has been given, of this version and in every run."""
        earlier = self.before(now)
        return replace(verdict, since={one.code: _since(verdict, one.code, now, earlier) for one in verdict.reasons})


def read(folder: Path) -> History:
    """All runs of a business; none where nothing was judged yet.

    Args:
        folder: the artifacts of the business.

    Raises:
        OSError: the file cannot be read.
    """
    path, runs, bad = folder / HISTORY, list[Run](), 0
    stopped: dict[str, Mapping[str, Any]] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            told = json.loads(line)
            if "lifted" in told:
                stopped.pop(str(told["lifted"]), None)
                continue
            run = _run(told)
        except (ValueError, KeyError, TypeError, AttributeError):
            bad += 1
            continue
        if runs and runs[-1].as_of == run.as_of:
            runs.pop()  # done again
        runs.append(run)
        stopped = {model: one for model, one in run.models.items() if one["verdict"] == "stop"}
    return History(tuple(runs), stopped, bad)


def append(folder: Path, run: Run) -> None:
    """Add a run.

    Raises:
        OSError: it cannot be written; what stands there stays.
    """
    _add(folder / HISTORY, run.line())


def append_lift(folder: Path, model: str, at: datetime) -> None:
    """Note that a person let a model serve again."""
    if (folder / HISTORY).exists():
        _add(folder / HISTORY, {"lifted": model, "at": at.isoformat()})


def codes_of(verdict: Verdict, now: datetime) -> dict[str, Any]:
    """What a run keeps of one verdict."""
    stopped_at = verdict.stopped_at or (now.isoformat() if verdict.outcome == "stop" else None)
    return {
        "version": verdict.version, "model_hash": verdict.model_hash, "verdict": verdict.outcome,
        "stopped_at": stopped_at, "codes": {one.code: one.outcome for one in reversed(verdict.reasons)},
    }  # fmt: skip


def key_of(figure: Figure) -> str:
    """A figure's name and labels."""
    labels = ",".join(f"{name}='{value}'" for name, value in sorted(figure.labels.items()))
    return f"{figure.name}{{{labels}}}" if labels else figure.name


def _run(told: Mapping[str, Any]) -> Run:
    as_of, judged_at = (datetime.fromisoformat(told[name]) for name in ("as_of", "judged_at"))
    if as_of.tzinfo is None or judged_at.tzinfo is None:
        raise ValueError("an instant without a zone")
    models = {str(model): dict(one) for model, one in told["models"].items()}
    if any(not isinstance(one.get("codes"), dict) or "verdict" not in one for one in models.values()):
        raise ValueError("a model without its reasons")
    figures = {str(name): float(value) for name, value in told["figures"].items()}
    return Run(as_of, judged_at, str(told["verdict"]), models, figures)


def _since(verdict: Verdict, code: str, now: datetime, earlier: Sequence[Run]) -> Since:
    at, runs = now, 1
    for run in _in_a_row(verdict, code, earlier):
        at, runs = run.as_of, runs + 1
    return Since(at, runs)


def _in_a_row(verdict: Verdict, code: str, earlier: Sequence[Run]) -> Iterator[Run]:
    """The runs that gave a reason too, newest first, up to the first that did not."""
    for run in reversed(earlier):
        mine = run.models.get(verdict.model, {})
        if mine.get("version") != verdict.version or code not in mine["codes"]:
            return
        yield run


def _add(path: Path, content: Mapping[str, Any]) -> None:
    """One line in one write, after the end of a line that a kill cut off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+", buffering=0) as file:  # a buffer would write its half line again on closing
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        torn = end > 0 and file.read(1) != b"\n"
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        line = (b"\n" if torn else b"") + text.encode() + b"\n"
        try:
            _write(file, line)
        except OSError:
            file.truncate(end)  # a full disk took half of it
            raise


def _write(file: FileIO, line: bytes) -> None:
    if file.write(line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file.name)
    os.fsync(file.fileno())
