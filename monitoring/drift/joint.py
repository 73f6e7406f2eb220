"""Joint drift: can rows of now be told from those of the week before by several columns together?

Columns that were joined from other customers keep each its distribution, so no PSI sees them; trees do. The measure is
the ROC AUC of a domain classifier, its bar what the same classifier told of past weeks that nobody complained of.
Columns that differ from week to week by themselves (a campaign, days since one) are left out, and so are those of which
counts in bins do not say whether they do: they would tell the weeks apart on any quiet day. Pure but for the trees of
monitoring/drift/classifier.py. Start reading at `told_apart`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.metrics import roc_auc
from monitoring.drift.classifier import FOLDS, tell_apart
from monitoring.drift.reference import may_outgrow
from monitoring.drift.weeks import Past, distance, judged_names

MOST_ROWS: Final = 10_000  # a side
FEWEST_ROWS: Final = 200  # a side, below which nothing can be told
FEWEST_WEEKS: Final = 5  # of the past, below which a margin stands for what they would teach
LEAST_AUC: Final = 0.55  # nobody mends what cannot be told better than this
MARGIN: Final = 0.05
RESTLESS, WILD = 0.05, 0.1  # distance from week to week, usual and largest, beyond which a column tells weeks apart
MOST_ALIKE: Final = 0.9  # share of rows in one bin, beyond which counts do not tell whether a column moves
NAMED: Final = 5


@dataclass(frozen=True)
class Joint:
    """Whether rows of now can be told from earlier ones.

    Args:
        auc: 0.5 where they cannot. bar: what no quiet week is expected to pass.
        rows: of the smaller side. columns: that were used.
        by: the columns that tell them apart, with their share of the gain, largest first.
        weeks: of the past that the bar rests on.
    """

    auc: float
    bar: float
    rows: int
    columns: int
    by: tuple[tuple[str, float], ...]
    weeks: int

    @property
    def has_moved(self) -> bool:
        """Whether columns no longer fit together as they did."""
        return self.auc > self.bar


def columns_of(bundle: Bundle, past: Past) -> list[str]:
    """The columns that do not tell weeks apart by themselves; numbers only."""
    growing = {name for name in bundle.features if may_outgrow(name, bundle.reasons.get(name, ""))}
    judged = {name for name in judged_names(bundle, bundle.features) if name not in bundle.categories} - growing
    counts, names = past.columns.counts, past.columns.names
    if len(counts) < 2:
        return [name for name in bundle.features if name in judged]
    week = np.nan_to_num(distance(counts[:-1], counts[1:]))
    alike = counts[-1].max(axis=-1) / np.maximum(counts[-1].sum(axis=-1), 1)
    still = (np.median(week, axis=0) <= RESTLESS) & (week.max(axis=0) <= WILD) & (alike <= MOST_ALIKE)
    known = {name for name, one in zip(names, still, strict=True) if one}
    return [name for name in bundle.features if name in judged & known]


def told_apart(
    before: FloatArray,
    now: FloatArray,
    names: Sequence[str],
    *,
    customers: tuple[NDArray[np.uint64], NDArray[np.uint64]] | None = None,
) -> tuple[float, tuple[tuple[str, float], ...], int] | None:
    """How well rows can be told apart, and by what.

    Args:
        before: columns of earlier rows. Shape (n, f).
        now: of today's. Shape (m, f).
        names: of the columns.
        customers: a number for each row's customer, before and now, so that no customer is in both folds; rows are
            taken in turn where nobody says.

    Returns:
        ROC AUC, the columns by their share of the gain, and rows of the smaller side; None for too few rows.
    """
    sides = [before, now]
    keys = list(customers) if customers else [np.arange(len(side), dtype=np.uint64) for side in sides]
    for place, side in enumerate(sides):
        if len(side) > MOST_ROWS:
            some = np.sort(np.argsort(keys[place], kind="stable")[:MOST_ROWS])
            sides[place], keys[place] = side[some], keys[place][some]
    rows = min(len(side) for side in sides)
    if rows < FEWEST_ROWS or not names:
        return None
    X = np.concatenate(sides)
    is_now = np.repeat([False, True], [len(side) for side in sides])
    fold = (np.concatenate(keys) % np.uint64(FOLDS)).astype(np.int64)
    told = tell_apart(np.where(np.isfinite(X), X, np.nan), is_now, fold)
    auc = float(np.mean([roc_auc(is_now[fold == one].astype(float), told.score[fold == one]) for one in range(FOLDS)]))
    order = np.argsort(-told.gain, kind="stable")[:NAMED]
    return auc, tuple((names[place], float(told.gain[place])) for place in order if told.gain[place] > 0), rows


def bar_of(past: Past, chance: float) -> float:
    """What the classifier tells of a quiet week at most: the past's mean and its spread, with what few weeks allow for.

    Args:
        past: with the AUC of quiet weeks.
        chance: of a further one to pass, see `monitoring.budget`.

    Source: prediction interval of a further observation (Student); its quantile by the expansion of Cornish and Fisher.
    """
    told = np.sort([one.auc for one in past.joint])
    if len(told) < FEWEST_WEEKS:
        return max(LEAST_AUC, float(told.max()) + MARGIN) if len(told) else LEAST_AUC + MARGIN
    kept = told[:-1] if len(told) > FEWEST_WEEKS else told  # one of them may have been anything but quiet
    reach = _student(1 - chance, len(kept) - 1) * (1 + 1 / len(kept)) ** 0.5
    return max(LEAST_AUC, float(kept.mean() + reach * kept.std(ddof=1)))


def joint_of(
    before: FloatArray,
    now: FloatArray,
    names: Sequence[str],
    past: Past,
    chance: float,
    *,
    customers: tuple[NDArray[np.uint64], NDArray[np.uint64]] | None = None,
) -> Joint | None:
    """How well rows of now can be told from earlier ones, with its bar; None for too few rows.

    Args:
        before: columns of the week before. Shape (n, f).
        now: of today. Shape (m, f).
        names: of the columns, see `columns_of`.
        past: with the AUC of quiet weeks.
        chance: of a false alarm, see `monitoring.budget`.
        customers: see `told_apart`.
    """
    told = told_apart(before, now, names, customers=customers)
    if told is None:
        return None
    auc, by, rows = told
    return Joint(auc, bar_of(past, chance), rows, len(names), by, len(past.joint))


def _student(share: float, degrees: int) -> float:
    """Quantile of Student's t, exact to a percent from four degrees on."""
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3
