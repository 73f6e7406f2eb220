"""From the event log to the snapshots of a fold: what may be learned from, what is judged on, what will serve.

    train   cutoffs mature by the first test cutoff, labels as known there  --> the judged model
    test    the last mature cutoffs, labels as known now                    --> its figures
    whole   the newest mature cutoffs, the test's among them, as known now  --> the model that may serve

The train snapshot's labels know nothing after the first test cutoff, so no outcome of the test's days can reach a fit,
a stop or a calibration. All three are frozen in one pass: features are computed once a cutoff.
Start reading at `freeze_fold`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from churn.conditions import check_kinds
from churn.cutoffs import Fold, earliest_cutoff, fold_at, latest_fold, newest_mature
from churn.errors import ImmatureError
from churn.settings import Settings
from features.attributes import check_attributes
from features.catalogue import catalogue
from features.log import LogManifest, read_log_manifest
from features.opt_outs import left_out_of_learning
from features.parts import HERE, Engine, log_parts
from features.snapshot_rows import Question
from features.snapshots import Snapshot, freeze_all


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
    """The snapshots of a fold; `whole` is None where nothing is to serve, as in a back-test."""

    train: Snapshot
    test: Snapshot
    whole: Snapshot | None = None


def freeze_fold(
    settings: Settings,
    *,
    cutoff: date | None = None,
    whole: bool = False,
    progress: Callable[[str], None] = lambda _text: None,
    engine: Engine = HERE,
) -> FrozenFold:
    """Freeze the newest fold, or that of a forced test cutoff.

    Args:
        settings: whose log and definition.
        cutoff: the only test cutoff, a local day; the last mature ones where None.
        whole: freeze the newest mature cutoffs too, for a model that may serve.
        progress: told what is going on.
        engine: where the parts of the log are worked on.

    Raises:
        NoLog: nothing was ingested.
        SettingsError: the definition, or [fairness], names what the log has not.
        ImmatureLog: no training cutoff has room.
        ImmatureCutoff: the log ends before the outcome of the forced cutoff is known.
    """
    manifest = read_log_manifest(settings.folder)
    check_kinds(settings.definition, manifest.kinds)
    check_attributes(settings.fairness.attributes, manifest.kinds)
    fold = choose_fold(manifest, settings, cutoff)
    lifecycle = settings.lifecycle
    alive = {kind: set(columns) for kind, columns in manifest.columns.items()}
    features = catalogue(list(manifest.kinds), alive, lifecycle, settings.wanted)
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    progress(f"{len(fold.train)} training cutoffs, {len(fold.test)} test cutoffs, {len(features)} features")
    ask = partial(Question, without=left_out_of_learning(settings))
    questions = [ask(fold.train, fold.test[0]), ask(fold.test, manifest.observed_until)]
    if whole:
        newest = newest_mature(manifest.first_event_at, manifest.observed_until, lifecycle, settings.training)
        questions.append(ask(newest, manifest.observed_until))
    frozen = FrozenFold(
        *freeze_all(
            parts, features, lifecycle, questions, log_hash=manifest.log_hash, folder=settings.folder, engine=engine
        )
    )
    progress(f"{len(frozen.train):,} training rows, {len(frozen.test):,} test rows")
    return frozen


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
