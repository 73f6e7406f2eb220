"""`churn snapshot freeze | hindsight`: cutoffs as they were known, and what would differ by what is known now."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from churn.errors import ImmatureError
from cli.console import step, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from cli.opened import OpenLog


class AfterTheLog(ImmatureError):
    """A cutoff of which the log does not know who was a customer then."""

    def __init__(self, cutoff: str, observed_until: datetime) -> None:
        super().__init__(
            f"The log ends at {observed_until.isoformat()}, before --cutoff {cutoff}.",
            mend="name a day that the log reaches, or ingest a longer log.",
        )


def freeze(settings: "Settings", cutoff: str | None) -> Outcome:
    """Freeze the cutoffs of the newest fold, or of the fold that a test cutoff makes; say what they hold."""
    from cli.opened import open_log
    from features.engines import engine_of
    from features.opt_outs import left_out_of_learning
    from features.snapshot_rows import Question
    from features.snapshots import freeze_all

    with step("reading the event log"):
        log = open_log(settings)
    cutoffs, lifecycle = _cutoffs(log, settings, cutoff), log.lifecycle
    with step(f"freezing {len(cutoffs)} cutoffs"), engine_of(settings) as engine:
        until, without = log.manifest.observed_until, left_out_of_learning(settings)
        (snapshot,) = freeze_all(
            log.parts, log.features, lifecycle, [Question(tuple(sorted(cutoffs)), until, without)],
            log_hash=log.manifest.log_hash, folder=settings.folder, engine=engine,
        )  # fmt: skip
    rows = snapshot.columns("model", "label").groupby("model")["label"].agg(["size", "mean"])
    models = {str(model): {"rows": int(row["size"]), "positive": _share(row["mean"])} for model, row in rows.iterrows()}
    lines = [
        f"{model}: {count['rows']:,} rows, {_shown(count['positive'])} positive" for model, count in models.items()
    ]
    return Outcome(
        text="\n".join([f"{len(cutoffs)} cutoffs, {len(snapshot):,} rows in {snapshot.path}", *lines]),
        as_json={"hash": snapshot.hash, "path": str(snapshot.path), "cutoffs": snapshot.manifest["cutoffs"], **models},
    )


def hindsight(settings: "Settings", cutoff: str | None) -> Outcome:
    """Say what would differ, had the cutoffs been computed from what is known today."""
    from cli.opened import open_log
    from features.engines import engine_of
    from features.hindsight import hindsight as look_back

    with step("reading the event log"):
        log = open_log(settings)
    cutoffs = _cutoffs(log, settings, cutoff)
    with step(f"looking back at {len(cutoffs)} cutoffs"), engine_of(settings) as engine:
        found = look_back(log.parts, log.features, log.lifecycle, cutoffs, engine=engine)
    columns = ("cutoff", "rows", "would_join", "would_leave", "rows_differ", "cells_differ")
    shares = ("rows_differ", "cells_differ")
    shown = [one | {name: f"{one[name]:.3%}" for name in shares} for one in found.by_cutoff()]
    return Outcome(text=f"{found.as_text()}\n\n{table(shown, columns)}", as_json=found.as_json())


def _cutoffs(log: "OpenLog", settings: "Settings", cutoff: str | None) -> list[datetime]:
    """The cutoffs of the newest fold, or of the fold that a test cutoff makes."""
    from churn.cutoffs import earliest_cutoff, fold_at, latest_fold
    from cli.opened import midnight_of

    if cutoff is not None and midnight_of(cutoff, log.lifecycle) > log.manifest.observed_until:
        raise AfterTheLog(cutoff, log.manifest.observed_until)
    first, lifecycle, training = log.manifest.first_event_at, log.lifecycle, settings.training
    if cutoff is None:
        fold = latest_fold(first, log.manifest.observed_until, lifecycle, training)
    else:
        fold = fold_at(
            [midnight_of(cutoff, lifecycle)], first=earliest_cutoff(first, lifecycle.calendar, training),
            lifecycle=lifecycle, every_days=training.every_days, max_cutoffs=training.max_cutoffs,
        )  # fmt: skip
    return [*fold.train, *fold.test]


def _share(mean: Any) -> float | None:  # a float, NaN or pandas' NA
    """A share of known labels; None where none is known."""
    import pandas as pd

    return None if pd.isna(mean) else float(mean)


def _shown(share: float | None) -> str:
    return "none known to be" if share is None else f"{share:.1%}"
