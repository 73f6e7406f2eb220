"""How far the reasons of a model can be trusted: sums, deletion, stability, and what customers said themselves.

    version, its snapshots, the log --report_of--> `Reasons` --training/reasons/page.py--> reasons/<model>.html, .json

Start reading at `report_of`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from churn.bundle import Bundle
from churn.events import BoolArray, FloatArray
from churn.explanation import usual_contributions
from churn.stated import SPEAK_OF, Stated
from training.explain import Importance, Trees, of_contributions
from training.reasons.deletion import Deletion, deletion
from training.reasons.grouped import Groups, spread_of
from training.reasons.heard import OpenNow, Said
from training.reasons.hits import HitRates, hit_rates
from training.reasons.stability import FIXED, Manner, Stability, stability
from training.rows import Rows

SHOWN: Final = 2_000  # test rows that are explained
LEAST_STATED: Final = 30  # customers who left and had said why: fewer are too few to count hits
LEAST_SAID: Final = 5  # customers who used the same words: those of fewer are not repeated
OTHER_WORDS: Final = "other_words"


@dataclass(frozen=True)
class Group:
    """One group of reasons, over all rows.

    Args:
        code: of `churn.reasons.GROUPS`. share: of all movement of scores. log_odds: mean size of its contribution.
        raises: share of customers whose chance it raises. first: share for whom it is the strongest.
    """

    code: str
    share: float
    log_odds: float
    raises: float
    first: float


@dataclass(frozen=True)
class Reasons:
    """What is said of a model's reasons.

    Args:
        model: churn or reactivation. version: its number in the registry. model_hash: names it.
        rows: test rows that were explained.
        features: what each moves, the strongest first. groups: likewise.
        off: the largest difference between a raw score and the sum of its contributions and base value.
        deletion: the deletion test. stability: under refit; None where it was not asked for or cannot be told.
        stated: codes of causes that customers stated in the year before the test cutoffs, and how many did.
        open_cases: complaints and tickets that nobody had solved at the newest test cutoff; None where the log never
            says that one was solved.
        hits: of modelled reasons against stated ones, of those who then left; None where too few had said why.
    """

    model: str
    version: int
    model_hash: str
    rows: int
    features: tuple[Importance, ...]
    groups: tuple[Group, ...]
    off: float
    deletion: Deletion
    stability: Stability | None
    stated: Mapping[str, int]
    open_cases: Mapping[str, OpenNow | None]
    hits: HitRates | None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "model": self.model,
            "version": self.version,
            "model_hash": self.model_hash,
            "rows": self.rows,
            "sums_off_by": self.off,
            "groups": [vars(one) for one in self.groups],
            "features": [vars(one) for one in self.features],
            "deletion": self.deletion.as_json(),
            "stability": self.stability.as_json() if self.stability else None,
            "stated": dict(self.stated),
            "open_cases": {kind: one and vars(one) for kind, one in self.open_cases.items()},
            "hits": self.hits.as_json() if self.hits else None,
        }


@dataclass(frozen=True)
class Asked:
    """A model and the rows that it is asked to explain.

    Args:
        bundle: all but the trees. trees: the trees.
        rows: test rows. X: prepared. contributions: of each feature, then the base value.
    """

    bundle: Bundle
    trees: Trees
    rows: Rows
    X: FloatArray
    contributions: FloatArray

    @property
    def beyond(self) -> FloatArray:
        """Contributions beyond the usual. Shape (n, f)."""
        return self.contributions[:, :-1] - usual_contributions(self.bundle)

    @classmethod
    def of(cls, bundle: Bundle, booster: str, rows: Rows) -> "Asked":
        """Explain evenly chosen rows, at most about `SHOWN`."""
        few = rows.take(np.arange(0, len(rows), max(1, len(rows) // SHOWN)))
        X, trees = bundle.prepare(few.X), Trees(booster)
        return cls(bundle, trees, few, X, trees.contributions(X))


def report_of(
    asked: Asked,
    *,
    version: int,
    model_hash: str,
    said: Said,
    learned: Rows | None,
    seed: int,
    open_cases: Mapping[str, OpenNow | None] | None = None,
    manner: Manner = FIXED,
    progress: Callable[[str], None] = lambda _text: None,
) -> Reasons:
    """Hold a model's reasons to their tests.

    Args:
        asked: the model and its rows.
        version: its number.
        model_hash: its name.
        said: what customers stated before each cutoff, by customer and cutoff.
        learned: rows that it learned from, to fit again; None: stability is not told.
        seed: of draws.
        open_cases: that nobody has solved, by kind; none were looked for where None.
        manner: in which it was fitted.
        progress: told what is going on.
    """
    bundle, groups = asked.bundle, Groups.of(asked.bundle)
    sums = groups.sums(asked.contributions)
    stays = None
    if learned is not None and bundle.learner == "lightgbm":
        stays = stability(
            learned, asked.rows.X, sums, bundle, trees=bundle.trees, seed=seed, manner=manner, progress=progress
        )
    return Reasons(
        model=bundle.model,
        version=version,
        model_hash=model_hash,
        rows=len(asked.rows),
        features=tuple(of_contributions(asked.beyond, asked.X, bundle, asked.trees.gain())),
        groups=told_groups(sums, groups),
        off=float(np.abs(asked.contributions.sum(axis=1) - asked.trees.raw(asked.X)).max(initial=0.0)),
        deletion=deletion(asked.trees.raw, asked.X, sums, asked.rows.cutoff_us, groups, seed=seed),
        stability=stays,
        stated=_counted(said),
        open_cases=open_cases or {},
        hits=_hits(asked, sums, groups, said),
    )


def told_groups(sums: FloatArray, groups: Groups) -> tuple[Group, ...]:
    """Each group over all rows, the strongest first."""
    size = np.abs(sums)
    mean, first = size.mean(axis=0), np.bincount(size.argmax(axis=1), minlength=len(groups.codes)) / len(sums)
    total = float(mean.sum()) or 1.0
    return tuple(
        Group(groups.codes[g], float(mean[g]) / total, float(mean[g]), float((sums[:, g] > 0).mean()), float(first[g]))
        for g in np.argsort(-mean, kind="stable")
    )


def _counted(said: Said) -> dict[str, int]:
    """Customers by the cause that they stated last, one that the taxonomy lacks by its words where several used them.

    Words of few customers may be free text, and say who they are of: those are counted together.
    """
    latest: dict[str, tuple[int, Stated]] = {}
    for (who, cutoff), ones in said.items():
        latest[who] = max(latest.get(who, (cutoff, ones[0])), (cutoff, ones[0]), key=lambda one: one[0])
    causes = Counter(one.code for _, one in latest.values() if one.code)
    words = Counter(one.said for _, one in latest.values() if not one.code)
    shared = {f"“{said}”": count for said, count in words.items() if count >= LEAST_SAID}
    rest = Counter({OTHER_WORDS: words.total() - sum(shared.values())})
    return dict((causes + Counter(shared) + rest).most_common())


def _hits(asked: Asked, sums: FloatArray, groups: Groups, said: Said) -> HitRates | None:
    """Of churn rows whose customers then left: does the modelled reason hit what they had stated?"""
    if asked.bundle.model != "churn":
        return None
    keys: Iterable[tuple[str, int]] = zip(asked.rows.customer.tolist(), asked.rows.cutoff_us.tolist(), strict=True)
    causes = [next((one.code for one in said.get(key, ()) if one.code), None) for key in keys]
    left: BoolArray = (asked.rows.outcome > 0) & np.array([cause is not None for cause in causes])
    if left.sum() < LEAST_STATED:
        return None
    truth = [str(causes[place]) for place in np.flatnonzero(left)]
    return hit_rates(sums[left], groups, truth, SPEAK_OF, spread=spread_of(sums))
