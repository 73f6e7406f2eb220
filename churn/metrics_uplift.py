"""Metrics of uplift: does a score rank customers by what an action changes, and by how much does it change it?

A trial is a randomised campaign: chance, with a known propensity, decided who was treated. Each side counts by one over
the chance of being on it, so that campaigns with different hold-outs lie together.

    share of the base, highest scores first  x
    gain(x)    share treated that came true - share held out that did, of those within x, over the whole of each side
    qini       area between the gain and the straight line that a random order gives; 0 for a score that says nothing

Metrics take one weight a row and draw, so that intervals come from the same lines. Customers with equal scores are in
no order among themselves. Reads arrays; knows no table and no model. Start reading at `Trial`.

Sources: Radcliffe (2007), "Using control groups to target on predicted lift", Direct Marketing Analytics Journal (the
curve and its area); pylift 0.1.5, `pylift/eval.py`, `Q_qini` (the normalisation by the size of each side);
scikit-uplift 0.5.1, `uplift_at_k` (both strategies); Hájek (1971) (sides over their own weight).
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from churn.errors import DataError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
NOTHING = 1e-12  # a weight that no side can have


class WrongTrial(DataError):
    """These rows are no trial: nothing can be told from them."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"No uplift can be measured on these rows: {fault}.",
            mend="give one finite outcome, side and propensity a row, both sides, and leave out rows whose propensity "
            "is 0 or 1: nobody was chosen by chance there.",
        )


@dataclass(frozen=True)
class Trial:
    """What became of customers of whom chance treated some. Build it with `of`.

    Args:
        outcome: 1.0 where it came true, or money, or either less what was expected. Shape (n,).
        treated: False: held out. Shape (n,).
        propensity: the chance with which each was treated, in (0, 1). Shape (n,).
    """

    outcome: FloatArray
    treated: BoolArray
    propensity: FloatArray

    @classmethod
    def of(cls, outcome: FloatArray, treated: BoolArray, propensity: FloatArray) -> Self:
        """A trial, checked.

        Raises:
            WrongTrial: it is none.
        """
        made = cls(*(np.asarray(part, dtype) for part, dtype in zip(
            (outcome, treated, propensity), (np.float64, np.bool_, np.float64), strict=True
        )))  # fmt: skip
        if made.outcome.ndim != 1 or not made.outcome.shape == made.treated.shape == made.propensity.shape:
            raise WrongTrial("outcomes, sides and propensities differ in number")
        if not (np.isfinite(made.outcome).all() and np.isfinite(made.propensity).all()):
            raise WrongTrial("an outcome or a propensity is not finite")
        if not ((made.propensity > 0) & (made.propensity < 1)).all():
            raise WrongTrial("a propensity is 0 or 1, or lies outside")
        if not made.treated.any() or made.treated.all():
            raise WrongTrial(f"{'nobody' if not made.treated.any() else 'everybody'} was treated")
        return made

    def __len__(self) -> int:
        return len(self.outcome)

    def take(self, rows: NDArray[np.generic]) -> Self:
        """These rows, a mask or positions."""
        return replace(
            self, outcome=self.outcome[rows], treated=self.treated[rows], propensity=self.propensity[rows]
        )  # fmt: skip

    def less(self, treated: FloatArray, held_out: FloatArray) -> Self:
        """The same trial with outcomes less what was expected: as true on average, and less noisy.

        Args:
            treated: what was expected of each if treated, by a model that had not seen them. Shape (n,).
            held_out: the same if held out. Shape (n,).

        Source: Robins, Rotnitzky, Zhao (1994), JASA 89; with known propensities any expectation keeps it unbiased.
        """
        expected = (1 - self.propensity) * treated + self.propensity * held_out
        return replace(self, outcome=self.outcome - expected)

    @property
    def weight(self) -> FloatArray:
        """One over the chance of the side that each is on. Shape (n,)."""
        return 1 / np.where(self.treated, self.propensity, 1 - self.propensity)


@dataclass(frozen=True)
class Ranked:
    """Sums of a trial along a score, highest first, level by level. Each of shape (levels, draws).

    Args:
        size: weight of the customers.
        treated: weight of the treated, each by one over their chance; held_out: of the others.
        came: weighted outcome of the treated; stayed_out: of the others.
    """

    size: FloatArray
    treated: FloatArray
    held_out: FloatArray
    came: FloatArray
    stayed_out: FloatArray

    @classmethod
    def of(cls, trial: Trial, scores: FloatArray, weights: FloatArray | None = None) -> Self:
        """Lay a trial out along a score.

        Args:
            trial: what happened.
            scores: anything that ranks. Shape (n,).
            weights: how often each row counts, a column a draw; once where None. Shape (n, draws).

        Raises:
            WrongTrial: scores are not finite, or not as many.
        """
        scores = np.asarray(scores, dtype=np.float64)
        if scores.shape != trial.outcome.shape or not np.isfinite(scores).all():
            raise WrongTrial("there is not one finite score a row")
        order = np.argsort(-scores, kind="stable")
        starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
        drawn = np.ones((len(trial), 1)) if weights is None else weights
        side, each = trial.treated[:, None], trial.weight[:, None]
        sides = [drawn * each * side, drawn * each * ~side]
        parts = [drawn, *sides, *(part * trial.outcome[:, None] for part in sides)]
        return cls(*(np.add.reduceat(part[order], starts, axis=0) for part in parts))

    def curve(self) -> tuple[FloatArray, FloatArray]:
        """Shares of the base and the gain up to them, from (0, 0) on. Shape (levels + 1, draws) each."""
        share, came, stayed = (_from_zero(one) for one in (self.size, self.came, self.stayed_out))
        gain = came / _total(self.treated) - stayed / _total(self.held_out)
        return share / _total(self.size), gain

    def effect(self) -> FloatArray:
        """What treating everybody changes, on average. Shape (draws,)."""
        return np.asarray(self.curve()[1][-1])

    def qini(self) -> FloatArray:
        """Area between the gain and the straight line to its end: pylift's `Q_qini`. Shape (draws,)."""
        share, gain = self.curve()
        area = (np.diff(share, axis=0) * (gain[1:] + gain[:-1]) / 2).sum(axis=0)
        return np.asarray(area - gain[-1] / 2)

    def uplift_at(self, share: float, *, by_side: bool = False) -> FloatArray:
        """What treating changes among the highest-scored share, tied ones in part. Shape (draws,).

        Args:
            share: of the base, in (0, 1].
            by_side: take that share of each side (scikit-uplift's `by_group`), not of both together (`overall`).

        Raises:
            WrongTrial: no such share.
        """
        if not 0 < share <= 1:
            raise WrongTrial(f"a share of {share} is not in (0, 1]")
        by = (self.treated, self.held_out) if by_side else (self.size, self.size)
        treated = _within(self.came, by[0], share) / np.maximum(_within(self.treated, by[0], share), NOTHING)
        held = _within(self.stayed_out, by[1], share) / np.maximum(_within(self.held_out, by[1], share), NOTHING)
        return np.asarray(treated - held)


def effect(trial: Trial) -> float:
    """What treating changed, on average over all rows, in the outcome's own unit."""
    return float(Ranked.of(trial, np.zeros(len(trial))).effect()[0])


def qini(trial: Trial, scores: FloatArray) -> float:
    """How much better than by chance a score ranks by what the action changes: area over the random line.

    Args:
        trial: what happened.
        scores: anything that ranks, highest for whom the action is said to change most. Shape (n,).

    Returns:
        In the outcome's unit a customer of the base; 0 is chance, below it worse than chance.
    """
    return float(Ranked.of(trial, scores).qini()[0])


def uplift_at(trial: Trial, scores: FloatArray, share: float, *, by_side: bool = False) -> float:
    """What treating changes among the highest-scored share; see `Ranked.uplift_at`."""
    return float(Ranked.of(trial, scores).uplift_at(share, by_side=by_side)[0])


def draws_of(customer: NDArray[np.generic], draws: int, seed: int) -> FloatArray:
    """How often each row counts in each draw: whole customers, however many of their rows there are.

    Args:
        customer: whose row. Shape (n,).
        draws: how many.
        seed: of chance.

    Returns:
        Exponential weights, of mean 1. Shape (n, draws).

    Source: Rubin (1981), "The Bayesian bootstrap", Ann. Statist. 9(1).
    """
    distinct, where = np.unique(customer, return_inverse=True)
    return np.asarray(np.random.default_rng(seed).standard_exponential((len(distinct), draws))[where])


def rank_within(scores: FloatArray, fold: IntArray) -> FloatArray:
    """Where each score stands among those of its fold, 0 to 1, ties in the middle. Shape (n,).

    Scores of models fitted to different folds are not compared: a fold that did badly by chance would be ranked above.
    """
    rank = np.empty(len(scores))
    for one in np.unique(fold):
        mine = np.flatnonzero(fold == one)
        _, where, counts = np.unique(scores[mine], return_inverse=True, return_counts=True)
        rank[mine] = (np.cumsum(counts) - counts / 2)[where] / len(mine)
    return rank


def _from_zero(sums: FloatArray) -> FloatArray:
    return np.concatenate([np.zeros((1, sums.shape[1])), np.cumsum(sums, axis=0)])


def _total(sums: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(sums.sum(axis=0), NOTHING))


def _within(sums: FloatArray, by: FloatArray, share: float) -> FloatArray:
    """What lies within the first share of `by`; of the level at its edge in part. Shape (draws,)."""
    reached, held = _from_zero(by), _from_zero(sums)
    wanted = share * reached[-1]
    at = np.clip((reached < wanted - NOTHING).sum(axis=0), 1, len(by))[None]
    (below, above), (less, more) = (
        (np.take_along_axis(one, at - 1, axis=0)[0], np.take_along_axis(one, at, axis=0)[0]) for one in (reached, held)
    )
    part = (wanted - below) / np.maximum(above - below, NOTHING)
    return np.asarray(less + np.clip(part, 0, 1) * (more - less))
