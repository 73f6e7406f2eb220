"""May uplift be claimed? Order and level of what was told, each with its interval, and a verdict.

    effect      what the action changes on average
    qini        how much better than by chance customers are ranked by what it changes for them
    uplift@k    what it changes for the highest-ranked tenth, fifth, third
    groups      fifths by rank: what was told, what was found

Trusted only where the interval of `qini` lies above 0, and every group was told what was found, within an interval that
holds for all of them together. Everything is of customers whom the model had not seen. Start reading at `judged`.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from campaigns.uplift.training import Trained
from churn.metrics_uplift import FloatArray, Ranked, Trial, draws_of

TRUSTED, NO_ORDER, NOT_CALIBRATED = "trusted", "no_order", "not_calibrated"
SHARES: Final = (0.1, 0.2, 0.3)
GROUPS: Final = 5
AT_ONCE = 50  # draws: what fits into memory beside a hundred thousand rows
POINTS = 51  # of the drawn curve


@dataclass(frozen=True)
class Figure:
    """A number with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """Customers of like rank: what they were told on average, and what was found."""

    n: int
    told: float
    found: Figure
    holds: bool


@dataclass(frozen=True)
class Judged:
    """What a model is worth, on customers whom it had not seen.

    Args:
        verdict: `trusted`, or the code of the reason why not.
        rows, customers: how many; treated: rows of the treated.
        base: share that comes if nobody acts.
        effect, qini: see the head of this file. top: uplift by share.
        groups: highest rank first. curve: share of the base and gain, with its interval.
        learners: chosen fold by fold, and `learner` of all rows; slope: of its shrinking.
    """

    verdict: str
    rows: int
    customers: int
    treated: int
    base: float
    effect: Figure
    qini: Figure
    top: dict[float, Figure]
    groups: tuple[Group, ...]
    curve: tuple[tuple[float, Figure], ...]
    learners: tuple[str, ...]
    learner: str
    slope: float

    @property
    def is_trusted(self) -> bool:
        """Whether plans may count on it."""
        return self.verdict == TRUSTED


def judged(trained: Trained, trial: Trial, customer: np.ndarray, *, draws: int, confidence: float, seed: int) -> Judged:
    """Judge a model by what became of customers whom it had not seen.

    Args:
        trained: the model, and what it told of them.
        trial: what happened, as it was. Of n rows.
        customer: whose. Shape (n,).
        draws: of the intervals.
        confidence: of the intervals.
        seed: of the draws.
    """
    rank, group = trained.rank, _groups(trained.rank)
    exact = _measures(trained.less, rank, group, np.ones((len(trial), 1)))
    drawn = [
        _measures(trained.less, rank, group, draws_of(customer, min(AT_ONCE, draws - first), seed + first))
        for first in range(0, draws, AT_ONCE)
    ]
    found = {name: (exact[name][..., 0], np.concatenate([one[name] for one in drawn], axis=-1)) for name in exact}
    groups = _told(trained.told, group, *found["groups"], confidence=confidence)
    order = _figure(*found["qini"], confidence)
    verdict = NO_ORDER if not order.low > 0 else TRUSTED if all(one.holds for one in groups) else NOT_CALIBRATED
    held = ~trial.treated
    return Judged(
        verdict=verdict, rows=len(trial), customers=len(np.unique(customer)), treated=int(trial.treated.sum()),
        base=float(np.average(trial.outcome[held], weights=trial.weight[held])),
        effect=_figure(*found["effect"], confidence), qini=order,
        top={
            share: _figure(found["top"][0][place], found["top"][1][place], confidence)
            for place, share in enumerate(SHARES)
        },
        groups=groups, learners=trained.learners, learner=trained.model.learner, slope=trained.model.slope,
        curve=tuple(
            (float(share), _figure(found["curve"][0][place], found["curve"][1][place], confidence))
            for place, share in enumerate(np.linspace(0, 1, POINTS))
        ),
    )  # fmt: skip


def _measures(less: Trial, rank: FloatArray, group: np.ndarray, weights: FloatArray) -> dict[str, FloatArray]:
    """Every figure in every draw; draws lie along the last axis."""
    along = Ranked.of(less, rank, weights)
    share, gain = along.curve()
    points = np.linspace(0, 1, POINTS)
    curve = [np.interp(points, share[:, draw], gain[:, draw]) for draw in range(weights.shape[1])]
    by_group = [
        Ranked.of(less.take(mine), np.zeros(int(mine.sum())), weights[mine]).effect()
        for mine in (group == one for one in range(GROUPS))
    ]
    return {
        "effect": along.effect(), "qini": along.qini(), "top": np.stack([along.uplift_at(one) for one in SHARES]),
        "groups": np.stack(by_group), "curve": np.stack(curve, axis=1),
    }  # fmt: skip


def _groups(rank: FloatArray) -> np.ndarray:
    """Fifths by rank, the highest first; equal ranks by position, so that none is empty. Shape (n,)."""
    group = np.empty(len(rank), dtype=np.int64)
    for number, rows in enumerate(np.array_split(np.argsort(-rank, kind="stable"), GROUPS)):
        group[rows] = number
    return group


def _told(
    told: FloatArray, group: np.ndarray, found: FloatArray, drawn: FloatArray, *, confidence: float
) -> tuple[Group, ...]:
    """What groups were told and what was found; the intervals of all of them hold together (Bonferroni)."""
    widened = 1 - (1 - confidence) / GROUPS
    made = []
    for one in range(GROUPS):
        mine = told[group == one]
        at = _figure(found[one], drawn[one], widened)
        made.append(Group(len(mine), float(mine.mean()), at, at.low <= float(mine.mean()) <= at.high))
    return tuple(made)


def _figure(value: FloatArray, drawn: FloatArray, confidence: float) -> Figure:
    """A number with the interval that its draws span, as far on either side as a normal curve would."""
    half = NormalDist().inv_cdf((1 + confidence) / 2) * float(np.std(drawn, ddof=1))
    exact = float(value)
    return Figure(exact, exact - half, exact + half) if math.isfinite(half) else Figure(exact, -math.inf, math.inf)
