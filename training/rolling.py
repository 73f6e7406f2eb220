"""Several folds, one a test cutoff, frozen in one pass over the log: what a rolling back-test is made of.

Start reading at `freeze_rolling`.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from churn.conditions import check_kinds
from churn.cutoffs import Fold, earliest_cutoff, fold_at, latest_fold
from churn.settings import Settings
from features.attributes import check_attributes
from features.catalogue import catalogue
from features.log import LogManifest, read_log_manifest
from features.opt_outs import left_out_of_learning
from features.parts import HERE, Engine, log_parts
from features.snapshot_rows import Question
from features.snapshots import freeze_all
from training.folding import FrozenFold


def freeze_rolling(
    settings: Settings,
    *,
    cutoffs: int,
    progress: Callable[[str], None] = lambda _text: None,
    engine: Engine = HERE,
) -> list[FrozenFold]:
    """Freeze a fold for each of the last mature cutoffs, oldest first; fewer where the log is too short.

    Args:
        settings: whose log and definition.
        cutoffs: how many test cutoffs, `[training] every_days` apart.
        progress: told what is going on.
        engine: where the parts of the log are worked on.

    Raises:
        NoLog: nothing was ingested.
        SettingsError: the definition, or [fairness], names what the log has not.
        ImmatureLog: not even one test cutoff leaves room for a training cutoff.
    """
    manifest = read_log_manifest(settings.folder)
    check_kinds(settings.definition, manifest.kinds)
    check_attributes(settings.fairness.attributes, manifest.kinds)
    folds, lifecycle = rolling_folds(manifest, settings, cutoffs), settings.lifecycle
    alive = {kind: set(columns) for kind, columns in manifest.columns.items()}
    features = catalogue(list(manifest.kinds), alive, lifecycle, settings.wanted)
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    progress(f"{len(folds)} test cutoffs, each with a fold of its own, {len(features)} features")
    until, ask = manifest.observed_until, partial(Question, without=left_out_of_learning(settings))
    questions = [one for fold in folds for one in (ask(fold.train, fold.test[0]), ask(fold.test, until))]
    frozen = freeze_all(
        parts, features, lifecycle, questions, log_hash=manifest.log_hash, folder=settings.folder, engine=engine
    )
    return [FrozenFold(train, test) for train, test in zip(frozen[::2], frozen[1::2], strict=True)]


def rolling_folds(manifest: LogManifest, settings: Settings, cutoffs: int) -> list[Fold]:
    """The folds of the last mature cutoffs, each judged by itself, oldest first.

    Raises:
        ImmatureLog: see `freeze_rolling`.
    """
    lifecycle, training = settings.lifecycle, settings.training
    first, until = manifest.first_event_at, manifest.observed_until
    wanted = training.model_copy(update={"test_cutoffs": cutoffs})
    last = latest_fold(first, until, lifecycle, wanted).test
    earliest = earliest_cutoff(first, lifecycle.calendar, training)

    def fold(test: datetime) -> Fold:
        every_days, max_cutoffs = training.every_days, training.max_cutoffs
        return fold_at([test], first=earliest, lifecycle=lifecycle, every_days=every_days, max_cutoffs=max_cutoffs)

    return [fold(test) for test in last]
