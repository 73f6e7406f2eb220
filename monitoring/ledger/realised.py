"""Did the scores come true? Every answer joined with what became of the customer, once the horizon is over.

Until then the word is *immature*, with the day on which it ends; never zero. Of several answers about a customer on
one local day the first is judged, so that a customer who was asked about a hundred times counts once. Intervals come
from resampling customers, not rows, since one customer's cutoffs rise and fall together.

Reads scores and a log; knows no verdict. Start reading at `realised`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from churn.definition import Lifecycle
from churn.errors import DataError
from churn.events import Events, FloatArray
from churn.metrics import CalibrationBin, base_rate, brier, ece, log_loss, roc_auc
from churn.outcomes import OneOutcome
from features.heirs import heirs_among, outcomes
from features.holders import NOBODY, Holders
from monitoring.reading.windows import Scores

MOST_RESAMPLES, FEWEST_RESAMPLES, RESAMPLED_ROWS = 200, 50, 1_000_000  # large tables have narrow intervals anyway
COVERED = (5.0, 95.0)  # percentiles between which an interval lies: 90 %
MOST_CUTOFFS = 200  # newest mature ones that are judged
ASKED = ["customer_id", "model", "model_version", "cutoff"]


class MixedCutoffs(DataError):
    """A score has no cutoff, so nobody can say when its horizon is over."""

    def __init__(self, rows: int) -> None:
        super().__init__(
            f"{rows} scores have a probability and no cutoff.",
            mend="remove those lines from scores/, or score again with `churn score --all`.",
        )


@dataclass(frozen=True)
class Interval:
    """A figure with the range that it has in nine of ten resamples of the customers."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Realised:
    """What became of the answers of one model version.

    Args:
        model: churn or reactivation. version: name/3.
        state: mature, too_few (not enough rows, or one outcome only) or immature (no horizon is over yet).
        n: judged answers. positives: how many came true.
        immature: answers whose horizon is not over. first_mature_at: when the first of them is.
        figures: roc_auc, log_loss, brier, ece, expected_rate, actual_rate, rate_ratio (actual over expected).
        bins: calibration, lowest scores first.
        base_log_loss: log loss of telling everybody the actual rate: the bar.
        left_out: mature answers not judged, by reason.
    """

    model: str
    version: str
    state: str
    n: int
    positives: int
    immature: int
    first_mature_at: datetime | None
    figures: dict[str, Interval]
    bins: tuple[CalibrationBin, ...]
    base_log_loss: float | None
    left_out: dict[str, int]


def realised(
    scores: Scores,
    read: Callable[[], Events],
    lifecycle: Lifecycle,
    *,
    observed_until: datetime,
    min_rows: int,
    min_positives: int,
    seed: int,
    holders: Holders = NOBODY,
) -> list[Realised]:
    """What became of every model version's answers, newest version first.

    Args:
        scores: all answers.
        read: gives the log; asked only when a horizon is over.
        lifecycle: definition and calendar; answers under another definition are left out.
        observed_until: the log is complete up to here.
        min_rows: fewer mature answers: too few to say.
        min_positives: fewer of either outcome, likewise.
        seed: of the resampling.
        holders: the id map of the log: who was merged bought on under another id.

    Raises:
        MixedCutoffs: a score without cutoff.
    """
    answers = scores.frame
    if answers["cutoff"].isna().any():
        raise MixedCutoffs(int(answers["cutoff"].isna().sum()))
    answers = _first_of_the_day(answers, lifecycle)
    cutoffs = {one: lifecycle.outcome_window(one.to_pydatetime()).end for one in answers["cutoff"].unique()}
    ends = answers["cutoff"].map(cutoffs).astype(answers["cutoff"].dtype)
    known = ends <= pd.Timestamp(observed_until)
    mature = _labelled(answers[known], read, lifecycle, observed_until, holders)
    found = []
    for (model, version), rows in answers.groupby(["model", "model_version"], sort=False):
        mine = mature[(mature["model"] == model) & (mature["model_version"] == version)]
        waiting = ends[rows.index][~known[rows.index]]
        judged, left_out = _judged(mine, lifecycle.definition.id)
        found.append(
            (
                rows["scored_at"].max(),
                _outcome(str(model), str(version), judged, left_out, waiting, min_rows, min_positives, seed),
            )
        )
    return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _first_of_the_day(answers: pd.DataFrame, lifecycle: Lifecycle) -> pd.DataFrame:
    """Of several answers of a version about a customer and a local day, the first."""
    day = answers["cutoff"].dt.tz_convert(lifecycle.calendar.timezone).dt.date
    order = answers.assign(day=day).sort_values(["cutoff", "scored_at"], kind="stable")
    return order.drop_duplicates(["customer_id", "model", "model_version", "day"], keep="first").drop(columns="day")


def _labelled(
    answers: pd.DataFrame,
    read: Callable[[], Events],
    lifecycle: Lifecycle,
    observed_until: datetime,
    holders: Holders,
) -> pd.DataFrame:
    """Mature answers with their outcome; null for customers whom the log does not know (any more)."""
    answers = answers.assign(outcome=np.nan)
    newest = sorted(answers["cutoff"].unique(), reverse=True)[:MOST_CUTOFFS]
    if not newest:
        return answers
    asked = set(answers["customer_id"])
    whole = read()
    events, heirs = whole.of(asked), heirs_among(whole, asked, holders)
    for cutoff in newest:
        rows = answers[(answers["cutoff"] == cutoff) & answers["customer_id"].isin(events.customers)]
        at = cutoff.to_pydatetime()
        became = outcomes(rows, events, lifecycle, cutoff=at, observed_until=observed_until, heirs=heirs)
        answers.loc[rows.index, "outcome"] = became.to_numpy(dtype=np.float64, na_value=np.nan)
    return answers


def _judged(mature: pd.DataFrame, definition_id: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """The answers that can be judged, and why others cannot."""
    other = mature["definition_id"] != definition_id
    unknown = ~other & mature["outcome"].isna()
    left_out = {"other_definition": int(other.sum()), "no_outcome": int(unknown.sum())}
    return mature[~other & ~unknown], {why: rows for why, rows in left_out.items() if rows}


def _outcome(
    model: str,
    version: str,
    judged: pd.DataFrame,
    left_out: dict[str, int],
    waiting: pd.Series,
    min_rows: int,
    min_positives: int,
    seed: int,
) -> Realised:
    outcome = judged["outcome"].to_numpy(dtype=np.float64)
    positives = int(outcome.sum())
    enough = len(outcome) >= min_rows and min(positives, len(outcome) - positives) >= min_positives
    probability = judged["probability"].to_numpy(dtype=np.float64)
    rate = positives / max(len(outcome), 1)
    state = "mature" if enough else ("too_few" if len(outcome) else "immature")
    return Realised(
        model=model,
        version=version,
        state=state,
        n=len(outcome),
        positives=positives,
        immature=len(waiting),
        first_mature_at=waiting.min().to_pydatetime() if len(waiting) else None,
        figures=_figures(outcome, probability, judged["customer_id"].to_numpy(), seed) if enough else {},
        bins=ece(outcome, probability).bins if enough else (),
        base_log_loss=log_loss(outcome, np.full(len(outcome), rate)) if enough else None,
        left_out=left_out,
    )


def _figures(outcome: FloatArray, probability: FloatArray, customer: np.ndarray, seed: int) -> dict[str, Interval]:
    """Every figure with its interval, by resampling customers with all their rows."""
    random = np.random.default_rng(seed)
    code = np.unique(customer.astype(str), return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(code.max() + 2))
    draws = []
    for _ in range(min(max(RESAMPLED_ROWS // len(outcome), FEWEST_RESAMPLES), MOST_RESAMPLES)):
        drawn = random.integers(0, len(starts) - 1, len(starts) - 1)
        lengths = starts[drawn + 1] - starts[drawn]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = order[np.repeat(starts[drawn], lengths) + within]
        try:
            draws.append(_measured(outcome[rows], probability[rows]))
        except OneOutcome:  # says nothing about ranking; rare, for there are enough of either
            continue
    table = pd.DataFrame(draws)
    whole = _measured(outcome, probability)
    return {
        name: Interval(value, *(float(edge) for edge in np.percentile(table[name], COVERED)))
        for name, value in whole.items()
    }


def _measured(outcome: FloatArray, probability: FloatArray) -> dict[str, float]:
    expected, actual = float(probability.mean()), base_rate(outcome)
    return {
        "roc_auc": roc_auc(outcome, probability),
        "log_loss": log_loss(outcome, probability),
        "brier": brier(outcome, probability),
        "ece": ece(outcome, probability).ece,
        "expected_rate": expected,
        "actual_rate": actual,
        "rate_ratio": actual / max(expected, 1e-12),
    }
