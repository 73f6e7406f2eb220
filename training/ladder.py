"""Which learner may serve with so few customers? Rule, BG/NBD, or the learner of all features, whichever has shown it.

    recency rule --beaten, surely?--> BG/NBD --beaten, surely?--> LightGBM

Each is fitted to some customers at earlier cutoffs and judged on *other* customers at *later* ones, all of it within
rows that had matured. A richer learner serves only if the low end of its skill over the rule is above 0; where both
are, LightGBM, which gives reasons from all features, unless BG/NBD is surely better than it. A log too short for later
cutoffs is judged on other customers alone, and says so.
Reads training rows; knows no test row and no registry. Start reading at `choose`.

Why and how cautious: docs/adr/0015-small-data.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from churn.definition import Lifecycle
from churn.events import BoolArray, FloatArray
from churn.grade import Learner
from churn.outcomes import OneOutcome
from training.baseline import RecencyRule
from training.btyd.rival import Abstains, Known, fit_btyd
from training.fit import Fitted
from training.ladder_split import Split, split_of
from training.plan import numbered
from training.recipe import Recipe
from training.rows import Rows, fold_of
from training.skill import skill_intervals, surprise

ORDER: tuple[Learner, ...] = ("recency_rule", "bg_nbd", "lightgbm")
FOLDS = 4
MOST_CUSTOMERS = 4_000  # that take part at first: where there are so many the choice is easy
ENOUGH_CUSTOMERS = MOST_CUSTOMERS / FOLDS * 0.9  # judged, so that a look whether it is settled is worth it
SURE = 0.99  # one-sided confidence that a richer learner beats the rule; how it was found: docs/adr/0015
LOTS = 10_000


@dataclass(frozen=True)
class Rung:
    """A richer learner beside the rule.

    Args:
        learner: which.
        skill: share of the rule's log loss that it takes away, on customers and cutoffs it had not seen.
        low, high: where that lies, surely; the low end also when outcomes rise or fall as they may in another season.
        why_not: why it was not tried, or None.
    """

    learner: Learner
    skill: float | None = None
    low: float | None = None
    high: float | None = None
    why_not: str | None = None

    @property
    def passes(self) -> bool:
        """Surely better than the rule."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True)
class Choice:
    """Who may serve, and what it rests on.

    Args:
        learner: the choice.
        rungs: the richer learners.
        judged_on: later cutoffs and other customers, or other customers alone.
        customers: so many were judged on.
        drift: log-odds by which outcomes were raised and lowered.
    """

    learner: Learner
    rungs: tuple[Rung, ...]
    judged_on: str
    customers: int
    drift: float

    def rule_instead(self, why_not: str) -> "Choice":
        """The rule serves: whoever was chosen turned out not to be able to."""
        rungs = (replace(one, why_not=why_not) if one.learner == self.learner else one for one in self.rungs)
        return replace(self, learner="recency_rule", rungs=tuple(rungs))

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        return {**asdict(self), "rungs": [asdict(rung) for rung in self.rungs]}


Probabilities = Callable[[Rows, Rows], FloatArray | str]


def choose(
    rows: Rows,
    model: str,
    lifecycle: Lifecycle,
    known_at: Callable[[int], Known],
    *,
    boost: Callable[[Rows], Fitted],
    seed: int,
    richest: Learner = "lightgbm",
    why_not: str | None = None,
) -> Choice:
    """Choose who may serve.

    Args:
        rows: training rows, all of them mature.
        model: churn or reactivation.
        lifecycle: when an outcome is known.
        known_at: what BG/NBD may learn at a cutoff (microseconds since 1970 UTC).
        boost: fits LightGBM to rows.
        seed: of folds and draws.
        richest: no richer learner is tried.
        why_not: why LightGBM is not even tried, or None.
    """
    split = split_of(rows, lifecycle)
    known = known_at(split.known_us)

    def counting(learn: Rows, judge: Rows) -> FloatArray | str:
        fitted = fit_btyd("bg_nbd", model, learn, known)
        return fitted.why if isinstance(fitted, Abstains) else fitted.probability(judge)

    def boosting(learn: Rows, judge: Rows) -> FloatArray | str:
        thin = why_not or too_thin(learn, seed)
        if thin:
            return thin
        try:
            fitted = boost(learn)
        except OneOutcome as error:
            return error.problem
        return fitted.calibrator.probability(fitted.raw(numbered(judge, fitted.categories)))

    rungs: dict[Learner, Probabilities] = {"bg_nbd": counting, "lightgbm": boosting}
    tries = {learner: told for learner, told in rungs.items() if ORDER.index(learner) <= ORDER.index(richest)}
    for most in (MOST_CUSTOMERS, None):
        takes_part = _some(rows, most, seed=seed)
        judged = _judged(rows, model, split, takes_part, tries, seed=seed)
        chosen = _chosen(judged, split, seed=seed)
        if takes_part.all() or chosen.learner == "lightgbm":
            break
    return chosen


def _some(rows: Rows, most: int | None, *, seed: int) -> BoolArray:
    """The rows of so many customers, drawn by a hash of their ids; all where None. Shape (n,)."""
    share = 1.0 if most is None else most / max(len(set(rows.customer)), 1)
    if share >= 1:
        return np.ones(len(rows), dtype=np.bool_)
    return np.asarray(fold_of(rows.customer, LOTS, seed=seed + 2) < np.ceil(LOTS * share))


def _chosen(judged: "_Judged", split: Split, *, seed: int) -> Choice:
    rungs = tuple(_rung(learner, found, judged, split.drift, seed=seed) for learner, found in judged.found.items())
    passing: list[Learner] = [rung.learner for rung in rungs if rung.passes]
    best: Learner = passing[-1] if passing else "recency_rule"
    if len(passing) > 1:
        counting, boosting = (np.asarray(judged.found[learner]) for learner in passing)
        low = skill_intervals([(boosting, counting)], judged.customer, seed=seed, sure=SURE)[0][0]
        best = passing[0] if low > 0 else best
    return Choice(best, rungs, split.told, judged.customers, split.drift)


def too_thin(learn: Rows, seed: int) -> str | None:
    """Why LightGBM cannot hold out customers by turns, or None."""
    fold = fold_of(learn.customer, Recipe().folds, seed=seed)
    for number in range(Recipe().folds):
        others = learn.outcome[fold != number]
        if not (fold == number).any() or not 0 < others.sum() < len(others):
            return "too few customers for some of them to be held out"
    return None


@dataclass(frozen=True)
class _Judged:
    """Surprise of each row that was judged: the rule's, and each learner's or why there is none; and its outcome."""

    rule: FloatArray
    found: dict[Learner, FloatArray | str]
    customer: Sequence[str]
    outcome: FloatArray

    @property
    def customers(self) -> int:
        return len(set(self.customer))


def _judged(
    rows: Rows, model: str, split: Split, takes_part: BoolArray, tries: dict[Learner, Probabilities], *, seed: int
) -> _Judged:
    """Let everybody judge customers they have not seen, fold by fold, until it is settled that LightGBM is better."""
    fold = fold_of(rows.customer, FOLDS, seed=seed + 3)
    judged = _Judged(np.zeros(0), dict.fromkeys(tries, np.zeros(0)), [], np.zeros(0))
    for number in range(FOLDS):
        learn = rows.take(takes_part & split.learn & (fold != number))
        judge = rows.take(takes_part & split.judge & (fold == number))
        if not 0 < learn.outcome.sum() < len(learn) or not len(judge):
            continue
        judged = _more(judged, learn, judge, model, tries)
        if judged.customers >= ENOUGH_CUSTOMERS and _chosen(judged, split, seed=seed).learner == "lightgbm":
            break
    return judged


def _more(judged: _Judged, learn: Rows, judge: Rows, model: str, tries: dict[Learner, Probabilities]) -> _Judged:
    """What was judged so far, and another fold."""
    rule = surprise(judge, RecencyRule.fit(learn, model).probability(judge))
    found: dict[Learner, FloatArray | str] = {}
    for learner, before in judged.found.items():
        told = before if isinstance(before, str) else tries[learner](learn, judge)
        found[learner] = told if isinstance(told, str) else np.concatenate([before, surprise(judge, told)])
    customer, outcome = [*judged.customer, *judge.customer.tolist()], np.concatenate([judged.outcome, judge.outcome])
    return _Judged(np.concatenate([judged.rule, rule]), found, customer, outcome)


def _rung(learner: Learner, found: FloatArray | str, judged: _Judged, drift: float, *, seed: int) -> Rung:
    if isinstance(found, str) or not len(found):
        return Rung(learner, why_not=found if isinstance(found, str) else "no part of the customers has both outcomes")
    weights = [np.where(judged.outcome > 0, np.exp(by), 1.0) for by in (0.0, -drift, drift)]
    pairs = [(weight * judged.rule, weight * found) for weight in weights]
    ends = skill_intervals(pairs, judged.customer, seed=seed, sure=SURE)
    return Rung(learner, 1 - float(found.sum() / judged.rule.sum()), min(low for low, _ in ends), ends[0][1])
