"""A log asked month after month by models that knew only what had matured by then; for benchmarks/bands.py.

    snapshot --> at every cutoff: a model of its past --> scores of the rows there, and the outlook as known then

Fitting is nearly all of the time and knows nothing of outlooks: with a folder of records it is done once, and outlooks
can be tried in seconds. Records are of the code that fitted them: another learner needs another folder. Start reading
at `rolled`.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

from benchmarks.promises import Asked
from churn.calendar import DAY_US, from_us
from churn.calibration import Calibrator
from churn.events import FloatArray
from churn.settings import Settings
from features.snapshots import Snapshot
from training.blend import blended
from training.btyd.rival import Known
from training.fit import fit
from training.outlook.learn import learn_outlook
from training.outlook.scored import Scored
from training.plan import numbered
from training.recipe import Recipe
from training.rows import Columns, IntArray, Rows

Truth = Mapping[int, pd.Series]  # horizon in days to chances of silence by customer and cutoff


class Record(NamedTuple):
    """What a model said.

    Args:
        held, held_raw, held_fold: positions, raw log-odds and folds of the training rows held out. Each of shape (m,).
        calibrator: raw log-odds to probability.
        raw: log-odds of the rows asked about. Shape (n,).
    """

    held: IntArray
    held_raw: FloatArray
    held_fold: IntArray
    calibrator: Calibrator
    raw: FloatArray

    @classmethod
    def of(cls, model: str, learn: Rows, asked: Rows, known: Known) -> Self:
        """Fit a model as `churn train` does, its share of BG/NBD included, and ask it."""
        alone = fit(learn, whole_from_us=known.whole_from_us, seed=known.seed, threads=1)
        free = np.zeros(len(learn.columns.names), dtype=np.int64)
        fitted = blended(alone, model, learn, known, Recipe(), free)
        raw = fitted.raw(numbered(asked, fitted.categories))
        return cls(fitted.held_rows, fitted.held.raw, fitted.held.fold, fitted.calibrator, raw)

    @classmethod
    def read(cls, path: Path) -> Self:
        """A record that was written."""
        with np.load(path) as found:
            told = Calibrator.model_validate_json(str(found["calibrator"]))
            return cls(found["held"], found["held_raw"], found["held_fold"], told, found["raw"])

    def write(self, path: Path) -> None:
        """Keep it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **self._replace(calibrator=self.calibrator.model_dump_json())._asdict())  # type: ignore[arg-type]


def as_known(rows: Rows, at_us: int, gap_days: int) -> Rows:
    """Rows with what came after an instant left out."""
    after, since = dict(rows.after), (at_us - rows.cutoff_us) / DAY_US
    days, lapse = after["next_event_days"], after["lapse_days"]
    after["next_event_days"] = np.where(days < since - gap_days, days, np.nan)
    after["followed_days"] = since - gap_days
    after["lapse_days"] = np.where(lapse <= since, lapse, np.nan)
    return replace(rows, after=after)


class Said(NamedTuple):
    """What a model of its past said at one cutoff.

    Args:
        rows: those asked about. raw, probability: of each. scored: the rows it learned from, with held-out scores.
    """

    rows: Rows
    raw: FloatArray
    probability: FloatArray
    scored: Scored


def rolled(
    snapshot: Snapshot,
    model: str,
    settings: Settings,
    truth: Truth | None,
    *,
    step: int = 1,
    records: Path | None = None,
    least: int = 8,
) -> Iterator[Asked]:
    """Every cutoff, or every so many-th, whose past is long enough, with the outlook that was learned there."""
    for said in asked_at(snapshot, model, settings, step=step, records=records, least=least):
        outlook = learn_outlook(said.scored, settings.lifecycle, horizons_days=settings.training.horizons_days)
        assert outlook is not None
        yield Asked(said.rows, said.raw, said.probability, outlook, _true(said.rows, model, truth), said.scored.rows)


def asked_at(
    snapshot: Snapshot, model: str, settings: Settings, *, step: int = 1, records: Path | None = None, least: int = 8
) -> Iterator[Said]:
    """Every cutoff, or every so many-th, whose past has at least so many mature cutoffs, one after the other."""
    rows = Rows.of(snapshot.frame, Columns.of(snapshot.manifest), model)
    definition, training = settings.definition, settings.training
    waits_us = (definition.gap_days + definition.horizon_days) * DAY_US
    cutoffs = np.unique(rows.cutoff_us)
    for at in cutoffs[::-step][::-1]:
        past = cutoffs[cutoffs + waits_us <= at + DAY_US // 2][-training.max_cutoffs :]
        if len(past) < min(training.max_cutoffs, least):
            continue
        learn = as_known(rows.take(np.isin(rows.cutoff_us, past)), int(at), definition.gap_days)
        here, kept = rows.take(rows.cutoff_us == at), None
        path = records / f"{snapshot.hash[:12]}-{model}-{len(past)}-{at}.npz" if records else None
        kept = Record.read(path) if path and path.exists() else None
        told = kept or Record.of(
            model, learn, here, Known.of(snapshot, from_us(int(at)), definition, seed=training.seed)
        )
        if path and not kept:
            told.write(path)
        scored = Scored(model, learn, told.held, told.held_raw, told.held_fold, told.calibrator)
        yield Said(here, told.raw, told.calibrator.probability(told.raw), scored)
        print(f"{from_us(int(at)):%Y-%m-%d} {len(learn)} rows learned, {len(here)} asked", file=sys.stderr, flush=True)


def _true(rows: Rows, model: str, truth: Truth | None) -> dict[int, FloatArray] | None:
    """The true chance of each row's outcome, by horizon."""
    if truth is None:
        return None
    index = pd.MultiIndex.from_arrays([rows.customer, rows.cutoff_us])
    silent = {days: each.loc[index].to_numpy(dtype=np.float64) for days, each in truth.items()}
    return silent if model == "churn" else {days: 1 - each for days, each in silent.items()}
