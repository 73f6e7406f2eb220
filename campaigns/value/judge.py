"""Which estimator serves a business: each is held to past cohorts, as it would have stood then.

    cohort at k <-- estimators fitted on what was over by then <-- cohorts at k + 4 and before
        mean absolute error, error of the total, rank correlation, share within the interval; beside `last_year`

The loss is mean absolute error plus the size of the mean error, both in money a customer: the first alone would favour
who expects too little of everybody, since most spend nothing. An estimator serves only if no other's loss is lower and
its own is below that of the naive rule. Where the log is too short for the learned one to be judged so, the probability
model alone may serve. Intervals widen until earlier cohorts lay within them as promised; whether they held is told of
the newest, which had no say in that (campaigns/value/coverage.py). Start reading at `judged`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from campaigns.value.bands import Bands
from campaigns.value.cohorts import JUDGED, Past
from campaigns.value.coverage import Held, counted, narrowest
from campaigns.value.estimators import AsBefore, Estimator, Silent
from campaigns.value.pasts import QUARTER
from campaigns.value.probability_model import rank_correlation

NO_PAST, NO_MONEY, NONE_BETTER, NONE_FITS = "short_past", "no_amounts", "no_better_than_before", "none_fits"
WHY: Final = {
    NO_PAST: (
        "the log is too short: no cohort of 200 customers was followed through a whole horizon",
        "日志太短：没有200名以上客户的群体被完整跟踪过一个周期",
    ),
    NO_MONEY: ("the qualifying events name no amount", "计入的事件没有金额"),
    NONE_BETTER: (
        "on past cohorts no estimate was better than what customers had spent before",
        "在历史群体上，没有任何估计优于客户此前的消费额",
    ),
    NONE_FITS: ("no estimator could be fitted", "没有可拟合的估计模型"),
    "no_margin_ratio": ("[value] margin_ratio is not set", "未设置 [value] margin_ratio"),
    "no_purchase": ("they have bought nothing yet", "尚无购买记录"),
}


@dataclass(frozen=True)
class Judgement:
    """One estimator on one cohort.

    Args:
        estimator: its code. cutoff: the cohort's instant, in ISO form. customers: of it.
        expected_amount, spent_amount: in all.
        mean_absolute_amount: error a customer. rank: Spearman's of expected and spent.
        held: by group of customers, how many lay within their interval; empty without one.
        why: code where it said nothing; then there are no numbers.
    """

    estimator: str
    cutoff: str
    customers: int
    expected_amount: float = float("nan")
    spent_amount: float = float("nan")
    mean_absolute_amount: float = float("nan")
    rank: float = float("nan")
    held: tuple[Held, ...] = ()
    why: str | None = None

    @property
    def loss(self) -> float:
        """Mean absolute error and the size of the mean error, in money a customer."""
        return self.mean_absolute_amount + abs(self.expected_amount - self.spent_amount) / max(self.customers, 1)

    @property
    def total_error_ratio(self) -> float:
        """How far the total expected was from the total spent, as a share of it."""
        return self.expected_amount / self.spent_amount - 1 if self.spent_amount else float("nan")


@dataclass(frozen=True)
class Choice:
    """Who serves, and on which evidence.

    Args:
        estimator: its code; None where nobody can be stood behind.
        why: code where nobody serves.
        tail: which of TAILS its intervals take; None where none held what is promised.
        judgements: of every estimator on every cohort.
        widths: of the cohorts that chose the tail; none where the log has but one.
        newest: of the cohort that tells whether it held, and chose nothing; None where it has no interval.
    """

    estimator: str | None
    why: str | None = None
    tail: int | None = None
    judgements: list[Judgement] = field(default_factory=list)
    widths: tuple[Judgement, ...] = ()
    newest: Judgement | None = None

    @property
    def apart(self) -> bool:
        """Whether the horizons of those that chose the tail were over when the newest cohort began."""
        mine = [one.cutoff for one in self.judgements]
        return not any(one.cutoff in mine for one in self.widths)


def judged(past: Past, estimators: Sequence[Estimator]) -> Choice:
    """Hold estimators to past cohorts, and choose.

    Args:
        past: everybody now, and the cohorts before.
        estimators: who may serve, without the naive rule.
    """
    if not past.judged:
        return Choice(None, NO_PAST)
    if not any(one.spent.any() or one.pasts.spend_amount.any() for one in past.cohorts.values()):
        return Choice(None, NO_MONEY)
    found = [_judged(past, one, k) for k in past.judged for one in (*estimators, AsBefore())]
    losses = {one.code: _loss(found, one.code) for one in estimators}
    able = {code: pair for code, pair in losses.items() if pair is not None}
    if not able:
        return Choice(None, NONE_FITS, judgements=found)
    told = ({one.cutoff for one in found if one.estimator == code and not one.why} for code in able)
    shared = set.intersection(*told)

    def loss(code: str) -> float:
        return _mean([one.loss for one in found if one.estimator == code and one.cutoff in shared])

    best = min(able, key=loss)
    own, naive = able[best]
    if own >= naive:
        return Choice(None, NONE_BETTER, judgements=found)
    return _with_interval(past, next(one for one in estimators if one.code == best), found)


def _with_interval(past: Past, serving: Estimator, found: list[Judgement]) -> Choice:
    """Who serves, with the narrowest interval that held in cohorts before the newest, and how it held in that one."""
    mine = [one for one in found if one.estimator == serving.code]  # the newest first
    newest = mine[0] if mine[0].held else None
    over = [k for k in sorted(past.cohorts) if k >= past.judged[0] + QUARTER][:JUDGED]
    apart = [one for one in (_judged(past, serving, k) for k in over) if one.held]
    widths = apart or [one for one in mine[1:] if one.held]
    return Choice(serving.code, None, narrowest([one.held for one in widths]), found, tuple(widths), newest)


def _judged(past: Past, estimator: Estimator, k: int) -> Judgement:
    cohort, learned = past.cohorts[k], past.learned_by(k)
    named = {"estimator": estimator.code, "cutoff": cohort.instant.isoformat(), "customers": len(cohort)}
    fitted = estimator.fit(cohort.pasts, learned)
    if isinstance(fitted, Silent):
        return Judgement(**named, why=fitted.why)  # type: ignore[arg-type]
    expected, spent = fitted.expected(cohort.pasts), cohort.spent
    before = estimator.before(learned)
    bands = None if isinstance(before, Silent) else Bands.of(*before)
    return Judgement(
        **named,  # type: ignore[arg-type]
        expected_amount=float(expected.sum()), spent_amount=float(spent.sum()),
        mean_absolute_amount=float(np.abs(expected - spent).mean()), rank=rank_correlation(expected, spent),
        held=() if bands is None else counted(bands, cohort.pasts, expected, spent),
    )  # fmt: skip


def _loss(found: Sequence[Judgement], code: str) -> tuple[float, float] | None:
    """Its mean loss, and that of the naive rule on the same cohorts; None where it said nothing."""
    mine = {one.cutoff: one.loss for one in found if one.estimator == code and one.why is None}
    naive = {one.cutoff: one.loss for one in found if one.estimator == AsBefore().code}
    return (_mean(list(mine.values())), _mean([naive[cutoff] for cutoff in mine])) if mine else None


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
