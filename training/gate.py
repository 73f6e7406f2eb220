"""May a challenger serve? It must beat the rule and the base rate, and not be clearly worse than the champion.

And it must be proven that the on-line store gives its features as it learned them, bit by bit.

Reads numbers and probabilities; returns a verdict with its reasons. Start reading at `judge`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from churn.events import FloatArray
from churn.metrics import log_loss
from training.rows import Rows

ROUNDS = 2000
PARITY = "parity"
State = Literal["passed", "failed", "not_required"]


@dataclass(frozen=True)
class Check:
    """One condition of the gate: its name, how it went, and why."""

    name: str
    state: State
    why: str


@dataclass(frozen=True)
class Verdict:
    """Whether a challenger may serve, condition by condition."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """No condition failed."""
        return all(check.state != "failed" for check in self.checks)

    @property
    def failed(self) -> list[str]:
        """The names of the conditions that failed."""
        return [check.name for check in self.checks if check.state == "failed"]

    @property
    def reasons(self) -> list[str]:
        """Why not: the failed conditions in words."""
        return [check.why for check in self.checks if check.state == "failed"]

    def as_json(self) -> dict[str, Any]:
        """What `champion/<model>.json` keeps."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


@dataclass(frozen=True)
class Rival:
    """A champion's probabilities on the challenger's test rows."""

    name: str
    probability: FloatArray


def judge(
    metrics: Mapping[str, Mapping[str, float]],
    rows: Rows,
    probability: FloatArray,
    champion: Rival | str | None,
    parity: Check,
    *,
    seed: int,
) -> Verdict:
    """Hold a challenger to the gate.

    Args:
        metrics: of each learner on the test rows, pooled.
        rows: the test rows.
        probability: the challenger's on them. Shape (n,).
        champion: who serves now; a text says why they cannot be compared; None: nobody serves.
        parity: what `parity_check` says.
        seed: of the bootstrap.
    """
    mine = metrics["lightgbm"]
    checks = [_beats(mine, metrics[rival], rival) for rival in ("recency_rule", "base_rate")]
    checks.append(_against(rows, probability, champion, seed=seed))
    return Verdict((*checks, parity))


def _beats(mine: Mapping[str, float], theirs: Mapping[str, float], rival: str) -> Check:
    told = ", ".join(f"{name} {mine[name]:.4f} against {theirs[name]:.4f}" for name in ("log_loss", "roc_auc"))
    better = mine["log_loss"] < theirs["log_loss"] and mine["roc_auc"] > theirs["roc_auc"]
    verb = "beats" if better else "does not beat"
    return Check(f"beats_{rival}", "passed" if better else "failed", f"it {verb} the {rival.replace('_', ' ')}: {told}")


def _against(rows: Rows, probability: FloatArray, champion: Rival | str | None, *, seed: int) -> Check:
    name = "not_worse_than_champion"
    if champion is None:
        return Check(name, "not_required", "nobody serves yet")
    if isinstance(champion, str):
        return Check(name, "not_required", champion)
    low, high = paired_difference(rows.outcome, probability, champion.probability, rows.customer, seed=seed)
    ours, theirs = log_loss(rows.outcome, probability), log_loss(rows.outcome, champion.probability)
    told = (
        f"log loss {ours:.4f} against {theirs:.4f} of {champion.name} on the same {len(rows)} rows; "
        f"95% of the difference lies in [{low:+.4f}, {high:+.4f}]"
    )
    return Check(name, "failed" if low > 0 else "passed", ("clearly worse: " if low > 0 else "") + told)


def parity_check(certificate: Mapping[str, Any] | None, feature_set_hash: str, definition_id: str) -> Check:
    """Whether it is proven that on-line rows equal off-line rows, for the features and definition of a model.

    Args:
        certificate: of features/parity.py; None where there is none.
        feature_set_hash: the features that the model learned from.
        definition_id: what churn meant to it.
    """
    if certificate is None:
        return Check(PARITY, "failed", f"no certificate says that on-line rows of its features ({feature_set_hash}) "
                     "equal the off-line ones")  # fmt: skip
    if (certificate["feature_set_hash"], certificate["definition_id"]) != (feature_set_hash, definition_id):
        return Check(PARITY, "failed", f"its certificate is of other features ({certificate['feature_set_hash']})")
    count, mismatches = certificate["count"], certificate["mismatches"]
    told = f"{count - mismatches} of {count} on-line rows ({certificate['rows']}) equal the off-line ones"
    return Check(PARITY, "passed" if certificate["passed"] else "failed", told)


def paired_difference(
    outcome: FloatArray, ours: FloatArray, theirs: FloatArray, customers: Sequence[str] | Any, *, seed: int
) -> tuple[float, float]:
    """The 95% interval of our log loss less theirs; above 0 throughout means clearly worse.

    Whole customers are drawn, since the rows of one customer are no independent witnesses.

    Args:
        outcome: 1.0 or 0.0. Shape (n,), as are the others.
        ours: our probabilities.
        theirs: the champion's.
        customers: whose row it is.
        seed: of the draws.

    Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 (percentile interval), paired.
    """
    difference = _losses(outcome, ours) - _losses(outcome, theirs)
    codes, ids = pd.factorize(np.asarray(customers, dtype=object))
    total, size = np.bincount(codes, weights=difference), np.bincount(codes)
    random = np.random.default_rng(seed)
    drawn = np.empty(ROUNDS)
    for turn in range(ROUNDS):
        weight = random.poisson(1.0, len(ids))
        drawn[turn] = (weight * total).sum() / max(float((weight * size).sum()), 1.0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _losses(outcome: FloatArray, probability: FloatArray) -> FloatArray:
    return -np.where(outcome > 0, np.log(probability), np.log1p(-probability))
