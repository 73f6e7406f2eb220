"""From the event log to the two snapshots of a fold: what may be learned from, and what is judged on.

The train snapshot is frozen as seen at the first test cutoff: its labels know nothing later, so no outcome of the
test's days can reach a fit, a stop or a calibration. The test snapshot is frozen with the log's own end.
Start reading at `freeze_fold`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from churn.conditions import check_kinds
from churn.cutoffs import Fold, earliest_cutoff, fold_at, latest_fold
from churn.errors import ImmatureError
from churn.settings import Settings
from features.catalogue import catalogue
from features.log import LogManifest, read_log_manifest
from features.parts import HERE, Engine, log_parts
from features.snapshots import Snapshot, freeze


class ImmatureCutoff(ImmatureError):
    """A forced test cutoff whose horizon the log does not cover."""

    def __init__(self, cutoff: date, *, observed_until: date, waits_days: int) -> None:
        super().__init__(
            f"Nobody can be judged at {cutoff}: its outcome takes {waits_days} days and the log ends on "
            f"{observed_until}.",
            mend=f"give a --cutoff at least {waits_days} days before {observed_until}, or ingest a longer log.",
        )


@dataclass(frozen=True)
class FrozenFold:
    """The two snapshots of a fold."""

    train: Snapshot
    test: Snapshot


def freeze_fold(
    settings: Settings,
    *,
    cutoff: date | None = None,
    progress: Callable[[str], None] = lambda _text: None,
    engine: Engine = HERE,
) -> FrozenFold:
    """Freeze the newest fold, or that of a forced test cutoff.

    Args:
        settings: whose log and definition.
        cutoff: the only test cutoff, a local day; the last mature ones where None.
        progress: told what is going on.
        engine: where the parts of the log are worked on.

    Raises:
        NoLog: nothing was ingested.
        SettingsError: the definition names kinds of event that the log has not.
        ImmatureLog: no training cutoff has room.
        ImmatureCutoff: the log ends before the outcome of the forced cutoff is known.
    """
    manifest = read_log_manifest(settings.folder)
    check_kinds(settings.definition, manifest.kinds)
    fold = choose_fold(manifest, settings, cutoff)
    lifecycle = settings.lifecycle
    alive = {kind: set(columns) for kind, columns in manifest.columns.items()}
    features = catalogue(list(manifest.kinds), alive, lifecycle, settings.wanted)
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    progress(f"{len(fold.train)} training cutoffs, {len(fold.test)} test cutoffs, {len(features)} features")
    frozen = {
        role: freeze(
            parts,
            features,
            lifecycle,
            cutoffs,
            observed_until=until,
            log_hash=manifest.log_hash,
            folder=settings.folder,
            engine=engine,
        )
        for role, cutoffs, until in (
            ("train", fold.train, fold.test[0]),
            ("test", fold.test, manifest.observed_until),
        )
    }
    progress(f"{len(frozen['train']):,} training rows, {len(frozen['test']):,} test rows")
    return FrozenFold(frozen["train"], frozen["test"])


def choose_fold(manifest: LogManifest, settings: Settings, cutoff: date | None) -> Fold:
    """The newest fold of a log, or that of a forced test cutoff."""
    lifecycle, training = settings.lifecycle, settings.training
    if cutoff is None:
        return latest_fold(manifest.first_event_at, manifest.observed_until, lifecycle, training)
    instant: datetime = lifecycle.calendar.midnight(cutoff)
    if not lifecycle.is_mature(instant, manifest.observed_until):
        waits = lifecycle.definition.gap_days + lifecycle.definition.horizon_days
        until = lifecycle.calendar.day_of(manifest.observed_until)
        raise ImmatureCutoff(cutoff, observed_until=until, waits_days=waits)
    return fold_at(
        [instant],
        first=earliest_cutoff(manifest.first_event_at, lifecycle.calendar, training),
        lifecycle=lifecycle,
        every_days=training.every_days,
        max_cutoffs=training.max_cutoffs,
    )
