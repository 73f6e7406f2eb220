"""Will there be enough to learn from? Rows and outcomes of each model at the cutoffs that `churn train` would take.

Reads a log just written, bucket by bucket, and stops as soon as every model has what it needs, so that a large log
costs no more than a small one; counts cohorts and labels, computes no feature. Start reading at `readiness`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from churn.cohort import MODELS
from churn.conditions import check_kinds
from churn.cutoffs import Fold, ImmatureLog, latest_fold
from churn.errors import SettingsError
from churn.events import Events
from churn.model_sections import Training
from churn.preview import preview
from churn.settings import Settings
from features.input_finding import Finding, finding
from features.log import LogManifest
from features.log_reading import read_bucket, read_events

ROLES = (False, True)  # for training, for the test
AT_ONCE = 20_000  # a log of so many events is counted as a whole
MOST_EVENTS = 20_000_000  # read no more than so many for a count; what is missing after that is told as it stands


@dataclass(frozen=True)
class Counted:
    """Customers at cutoffs, and what became of them."""

    rows: int = 0
    positives: int = 0

    @property
    def negatives(self) -> int:
        """Of whom the opposite is true."""
        return self.rows - self.positives

    def missing(self, training: Training) -> str | None:
        """Which floor is not reached; None where both are. As training/rows.py says it."""
        if self.rows < training.min_rows:
            return f"{self.rows} rows, fewer than {training.min_rows}"
        if (rarer := min(self.positives, self.negatives)) < training.min_positives:
            return f"{rarer} rows of the rarer outcome, fewer than {training.min_positives}"
        return None


@dataclass(frozen=True)
class Ready:
    """Whether a model has enough to learn from and to be tested on.

    Args:
        model: churn or reactivation.
        train: rows at the training cutoffs. test: likewise, the test cutoffs.
        cutoffs: how many train and how many test; 0 and 0 where no outcome has matured.
        counted: share of the events that were counted: where a part was enough, there is at least as much.
        why: what is missing; None where it is ready.
    """

    model: str
    train: Counted
    test: Counted
    cutoffs: tuple[int, int]
    counted: float
    why: str | None

    @property
    def why_zh(self) -> str:
        """What is missing, in Chinese."""
        why = self.why or ""
        for en, zh in _ZH.items():
            why = why.replace(en, zh)
        return why


def readiness(folder: Path, manifest: LogManifest, settings: Settings) -> list[Ready]:
    """Count what each model would learn from.

    Args:
        folder: the folder in which `log/` stands.
        manifest: of that log.
        settings: definition, stages, calendar and floors.
    """
    lifecycle = settings.lifecycle
    try:
        check_kinds(lifecycle.definition, manifest.kinds)
        first, until = manifest.first_event_at, manifest.observed_until
        fold = latest_fold(first, until, lifecycle, settings.training)
    except ImmatureLog:
        return [_not_ready(model, "no outcome has matured") for model in MODELS]
    except SettingsError as error:
        return [_not_ready(model, error.problem) for model in MODELS]
    found = [Ready(model, Counted(), Counted(), (len(fold.train), len(fold.test)), 0.0, "") for model in MODELS]
    events = 0
    for part, rows in _parts(folder, manifest, settings):
        counts = _count(part, fold, settings, until)
        events += rows
        found = [_more(one, counts, events / manifest.events, settings.training) for one in found]
        if all(one.why is None for one in found) or events >= MOST_EVENTS:
            break
    return found


def readiness_findings(ready: Sequence[Ready]) -> Iterator[Finding]:
    """A warning for each model that would abstain."""
    for one in ready:
        if one.why is not None:
            yield finding("too_few_to_train", one.model, model=one.model, why=one.why, why_zh=one.why_zh)


def _parts(folder: Path, manifest: LogManifest, settings: Settings) -> Iterator[tuple[Events, int]]:
    """The log bucket by bucket, or a small one as a whole, with how many rows each part has on disk."""
    taking_back = settings.definition.taking_back
    if manifest.events <= AT_ONCE:
        yield read_events(folder, taking_back=taking_back), manifest.events
        return
    for name in sorted(manifest.files):
        yield read_bucket(folder, name, taking_back=taking_back), manifest.files[name]["rows"]


def _count(events: Events, fold: Fold, settings: Settings, until: datetime) -> dict[tuple[str, bool], Counted]:
    """Rows of one part, by model and by whether they are for the test."""
    told = preview(events, settings.lifecycle, [*fold.train, *fold.test], until, settings.training)
    told["test"] = told["cutoff"].isin(list(fold.test))
    parts = {
        (model, test): told[(told["model"] == model) & (told["test"] == test)] for model in MODELS for test in ROLES
    }
    return {key: Counted(int(part["n"].sum()), int(part["positives"].sum())) for key, part in parts.items()}


def _more(one: Ready, counts: dict[tuple[str, bool], Counted], counted: float, training: Training) -> Ready:
    train, test = (
        Counted(before.rows + now.rows, before.positives + now.positives)
        for before, now in ((one.train, counts[one.model, False]), (one.test, counts[one.model, True]))
    )
    short = {"train": train.missing(training), "test": test.missing(training)}
    why = "; ".join(f"{role}: {text}" for role, text in short.items() if text is not None)
    return replace(one, train=train, test=test, counted=counted, why=why or None)


def _not_ready(model: str, why: str) -> Ready:
    return Ready(model, Counted(), Counted(), (0, 0), 1.0, why)


_ZH = {
    "no outcome has matured": "尚无成熟的结果",
    " rows of the rarer outcome": " 行较少的结果",
    " rows": " 行",
    ", fewer than ": "，少于 ",
    "train: ": "训练：",
    "test: ": "测试：",
}
