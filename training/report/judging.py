"""A study, judged: pooled, month by month, by who had been seen, and slice by slice; every figure with its interval.

Reads a study and attributes of its rows; returns what report.json holds of a model. Start reading at `judged_study`.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from churn.calendar import from_us
from churn.events import BoolArray
from churn.settings import Settings
from training.evaluate import cohort_name
from training.report.fairness import fairness
from training.report.jury import OURS, Entry, jury
from training.slices import slices
from training.study import KeptOut, Study


def judged_study(study: Study, attributes: pd.DataFrame | None, settings: Settings) -> Entry:
    """Everything that is said of one model.

    Args:
        study: its trials.
        attributes: of customers, beside the rows of the study; None where profiles have none.
        settings: floors, costs, seed, groups.
    """
    key: Entry = {"model": study.model, "cohort": cohort_name(study.model, settings.lifecycle)}
    key |= {
        "without_numbers": study.abstained,
        "folds": [_fold(study, place, settings) for place in range(len(study.trials))],
    }
    if not study.trials:
        return key | {"learners": {}}
    rows = study.rows
    probabilities = {learner: study.probability(learner) for learner in study.learners}
    mine = jury(rows, probabilities, settings, study.model)
    everybody = np.ones(len(rows), dtype=bool)
    calendar = settings.lifecycle.calendar
    days = {int(one): calendar.day_of(from_us(int(one))).isoformat() for one in np.unique(rows.cutoff_us)}
    return key | {
        "learners": dict.fromkeys(probabilities) | study.why_not,
        "pooled": mine.on(everybody, curves=True),
        "months": [{"cutoff": day, **mine.on(rows.cutoff_us == one)} for one, day in days.items()],
        "customers": {
            "seen": mine.on(study.seen),
            "unseen": mine.on(~study.seen),
            "kept_out": _kept_out(study, settings),
        },
        "slices": [
            {"dimension": one.dimension, "name": one.name, **mine.on(one.mask)} for one in slices(rows, attributes)
        ],
        "fairness": fairness(mine, attributes, flags_of(study, settings), settings),
    }


def flags_of(study: Study, settings: Settings) -> dict[str, BoolArray]:
    """Who would be flagged, by what: bands, or the top share of each cutoff. Shape (n,) each."""
    share = settings.fairness.flagged_share
    if share is None:
        return {"band high": study.in_band("high"), "band high or medium": study.in_band("medium")}
    scores = pd.Series(study.served)
    place = scores.groupby(study.rows.cutoff_us).rank(method="first", ascending=False, pct=True)
    return {f"top {share:.0%} of each cutoff": np.asarray(place.to_numpy() <= share, dtype=bool)}


def _local(instant: datetime, settings: Settings) -> str:
    """An instant by the clocks of the business, so that its first ten letters are the local day."""
    return instant.astimezone(ZoneInfo(settings.business.timezone)).isoformat()


def _fold(study: Study, place: int, settings: Settings) -> Entry:
    trial = study.trials[place]
    return {
        "test_cutoffs": [_local(cutoff, settings) for cutoff in trial.test_cutoffs],
        "train_cutoffs": [_local(cutoff, settings) for cutoff in trial.train_cutoffs],
        "train_known_until": _local(trial.known_until, settings),
        "test_known_until": _local(trial.judged_until, settings),
        "train_rows": trial.train_rows,
        "train_customers": trial.train_customers,
        "test_rows": len(trial.rows),
        "test_rows_of_unseen_customers": int((~trial.seen).sum()),
        "train_snapshot": trial.train_snapshot,
        "test_snapshot": trial.test_snapshot,
        "params": trial.params,
    }


def _kept_out(study: Study, settings: Settings) -> Entry:
    found = study.kept_out
    if not isinstance(found, KeptOut):
        return {"abstained": found}
    told: Entry = {"abstained": None, "share": found.share, "cutoff": _local(found.cutoff, settings), "cells": {}}
    for name, (rows, probability) in found.cells.items():
        told["cells"][name] = jury(rows, {OURS: probability}, settings, study.model).on(np.ones(len(rows), dtype=bool))
    rows, without = list(found.cells.values())[-1]
    both = jury(rows, {OURS: found.whole, "without_them": without}, settings, study.model)
    told["gain_of_having_seen_them"] = both.on(np.ones(len(rows), dtype=bool))["against"].get("without_them")
    return told
