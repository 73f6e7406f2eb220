"""What somebody spends within the horizon if they come: a ridge line on log amounts, and what it is worth in money.

The line is fitted to customers who came and whose amounts are known. Customers it had not seen, in groups of equal
prediction, then say what the prediction is worth: the mean of their amounts (pooled so that it never falls) and, as an
interval, the amounts between which nine of ten of the group lay, with the finite-sample correction of split conformal
prediction. Start reading at `fit_value`; why a line: docs/adr/0018.

Source: Vovk, Gammerman, Shafer (2005), "Algorithmic Learning in a Random World", section 4.5 (Mondrian groups); Lei et
al. (2018), "Distribution-free predictive inference for regression", JASA 113(523).
"""

import math

import numpy as np

from churn.events import FloatArray
from churn.outlook_value import Value
from training.logistic import signed_log
from training.outlook.why_not import CannotTell
from training.rows import IntArray, Rows, fold_of

FOLDS = 4
PENALTY = 100.0  # of squared slopes, features scaled to one
ROWS_A_GROUP, MOST_GROUPS = 200, 20
FEWEST_AT_TOP = 50
FEWEST_ROWS = 200
FEWEST_PRICED = 0.5  # of those who came named an amount
TAIL = 0.05
CLIP = 4.0  # standard deviations


def fit_value(rows: Rows, model: str) -> Value:
    """Fit line and knots.

    Args:
        rows: training rows.
        model: churn or reactivation, which says who came.

    Raises:
        CannotTell: no_amounts, or too_few.
    """
    spend = rows.after["spend_amount"]
    came = rows.outcome == (0.0 if model == "churn" else 1.0)
    priced = came & (spend > 0)
    if priced.sum() < FEWEST_PRICED * came.sum() or not priced.any():
        raise CannotTell("no_amounts")
    if priced.sum() < FEWEST_ROWS:
        raise CannotTell("too_few")
    mine = rows.take(priced)
    z = signed_log(np.where(rows.columns.is_category, np.nan, mine.X))
    amount, fold = mine.after["spend_amount"], fold_of(mine.customer, FOLDS, seed=0)
    held_out = np.empty(len(mine))
    for number in range(FOLDS):
        inside = fold == number
        held_out[inside] = _told(_line(z[~inside], np.log(amount[~inside])), z[inside])
    means, slopes, level = _line(z, np.log(amount))
    knots, expected, low, high = _knots(held_out, amount)
    return Value(
        means=tuple(means.tolist()),
        slopes=tuple(slopes.tolist()),
        level=level,
        knots=tuple(knots.tolist()),
        expected=tuple(expected.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )


def _line(z: FloatArray, log_amount: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Means of the columns, slopes a unit and the level at the means."""
    null = np.isnan(z)
    known = np.maximum((~null).sum(axis=0), 1)
    means = np.where(null, 0.0, z).sum(axis=0) / known
    off = np.where(null, 0.0, z - means)
    spread = np.sqrt((off**2).mean(axis=0))
    varies = spread > 1e-9
    scale = np.where(varies, spread, 1.0)
    columns, level = np.where(varies, off / scale, 0.0), float(log_amount.mean())
    centred = columns - columns.mean(axis=0)
    weights = np.linalg.solve(
        centred.T @ centred + PENALTY * np.eye(columns.shape[1]), centred.T @ (log_amount - level)
    )
    slopes = np.where(varies, weights / scale, 0.0)
    return means, slopes, level - float(columns.mean(axis=0) @ weights)


def _told(line: tuple[FloatArray, FloatArray, float], z: FloatArray) -> FloatArray:
    means, slopes, level = line
    told: FloatArray = level + np.where(np.isnan(z), 0.0, z - means) @ slopes
    return told


def _knots(told: FloatArray, amount: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean prediction, mean amount and the ends of the interval, group by group; none of them falls."""
    groups = _groups(np.argsort(told, kind="stable"))
    knots = np.array([told[one].mean() for one in groups])
    keep = np.append(True, np.diff(knots) > 1e-9)
    groups = [one for one, kept in zip(groups, keep, strict=True) if kept]
    size = np.array([float(len(one)) for one in groups])
    mean = np.array([amount[one].mean() for one in groups])
    ends = np.array([_ends(np.sort(amount[one])) for one in groups])
    expected, low, high = (_never_falling(column, size).round(4) for column in (mean, ends[:, 0], ends[:, 1]))
    return knots[keep], expected, np.minimum(low, expected), np.maximum(high, expected)


def _groups(order: IntArray) -> list[IntArray]:
    """Rows in groups of equal prediction, finer among the highest, where most of the money is."""
    groups = np.array_split(order, max(1, min(MOST_GROUPS, len(order) // ROWS_A_GROUP)))
    top = groups.pop()
    while len(top) >= 2 * FEWEST_AT_TOP:
        half = len(top) // 2
        groups.append(top[:half])
        top = top[half:]
    return [*groups, top]


def _ends(ascending: FloatArray) -> tuple[float, float]:
    """Amounts between which a further customer of the group lies in nine of ten cases."""
    rank = min(math.ceil((len(ascending) + 1) * (1 - TAIL)), len(ascending))
    return float(ascending[len(ascending) - rank]), float(ascending[rank - 1])


def _never_falling(values: FloatArray, size: FloatArray) -> FloatArray:
    """The nearest column that does not fall: neighbours that would are pooled, weighted by their size."""
    pools: list[tuple[float, float, int]] = []  # mean, rows, groups
    for value, rows in zip(values.tolist(), size.tolist(), strict=True):
        pool = (value, rows, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, before, groups = pools.pop()
            rows_in_all = before + pool[1]
            pool = ((mean * before + pool[0] * pool[1]) / rows_in_all, rows_in_all, groups + pool[2])
        pools.append(pool)
    return np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])
