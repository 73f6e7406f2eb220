"""What a learner reads: the rows of one model out of a snapshot, as arrays.

Answers: which columns are features, which of them are codes of texts, who is in which customer fold (`fold_of`), and
are there rows enough to learn from or to judge by (`why_too_few`). Reads snapshot frames only; knows no learner and
no vendor. Start reading at `Rows`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import from_us
from churn.errors import DataError
from churn.events import BoolArray, FloatArray, micros
from churn.tables import OUTCOMES

IntArray = NDArray[np.int64]
BLOCK = 2_048  # rows at a time


class TooFewRows(DataError):
    """A cohort is too small, or one outcome too rare, to learn from or to judge by."""

    def __init__(self, model: str, role: str, why: str, *, mend: str = "") -> None:
        super().__init__(
            f"The {model} model cannot be trained: its {role} rows have {why}.",
            mend=mend
            or "give a longer log, more cutoffs ([training] max_cutoffs, every_days), or lower [training] min_rows and "
            "min_positives knowing what that costs; `churn definition preview` counts rows and outcomes.",
        )
        self.why = why


class InfiniteFeatures(DataError):
    """A feature is infinite for somebody: no model can learn from that, and null would hide the fault."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        told = ", ".join(f"{name} ({count} rows)" for name, count in counts.items())
        super().__init__(
            f"Features are infinite: {told}.",
            mend="mend the events behind them (an amount or quantity that is no number one can add up), or leave the "
            "features out with [features] leave_out, and freeze again; null is fine, infinity is not.",
        )


@dataclass(frozen=True)
class Columns:
    """The features of a snapshot, in the order of the packed vector.

    Args:
        names: the features.
        categories: those whose values are codes of texts.
    """

    names: tuple[str, ...]
    categories: tuple[str, ...] = ()

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        """The features that a snapshot's manifest lists."""
        listed = manifest["feature_set"]
        coded = tuple(one["name"] for one in listed.get("features", ()) if one.get("is_category"))
        return cls(tuple(listed["names"]), coded)

    @property
    def is_category(self) -> BoolArray:
        """Which features are codes of texts. Shape (f,)."""
        return np.isin(self.names, self.categories)


@dataclass(frozen=True)
class Rows:
    """Customers at cutoffs with their features and what became of them; mature ones only.

    Args:
        columns: what the columns of `X` are.
        X: features, NaN where null. Shape (n, f).
        outcome: 1.0 churned (or reactivated), 0.0 not. Shape (n,).
        customer: ids. Shape (n,).
        cutoff_us: microseconds since 1970 UTC. Shape (n,).
        stage: of the lifecycle at the cutoff, values of `Stage`. Shape (n,).
        after: what came when: each column of OUTCOMES, shape (n,); empty where the snapshot has none.
        treated: rows whose treatment is modelled: a level of their own; None: no row's is. Shape (n,).
        stands: how often each calibrates where treatment is modelled: the treated never. Shape (n,).
    """

    columns: Columns
    X: FloatArray
    outcome: FloatArray
    customer: NDArray[np.object_]
    cutoff_us: IntArray
    stage: NDArray[np.object_]
    after: Mapping[str, FloatArray] = field(default_factory=dict)
    treated: BoolArray | None = None
    stands: IntArray | None = None

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Columns, model: str) -> Self:
        """The rows of one model; rows whose outcome is still unknown are left out."""
        asked = (frame["model"] == model) & frame["label"].notna()
        mine = frame if asked.all() else frame[asked]
        return cls(
            columns=columns,
            X=_matrix(mine, columns.names),
            outcome=mine["label"].to_numpy(dtype=np.float64),
            customer=mine["customer_id"].to_numpy(dtype=object),
            cutoff_us=micros(mine["event_timestamp"]),
            stage=mine["stage"].to_numpy(dtype=object),
            after={one: mine[one].to_numpy(dtype=np.float64) for one in OUTCOMES.names if one in mine},
        )

    def __len__(self) -> int:
        return len(self.outcome)

    def take(self, rows: NDArray[Any]) -> "Rows":
        """These rows, a mask or positions."""
        return Rows(
            columns=self.columns,
            X=self.X[rows],
            outcome=self.outcome[rows],
            customer=self.customer[rows],
            cutoff_us=self.cutoff_us[rows],
            stage=self.stage[rows],
            after={name: values[rows] for name, values in self.after.items()},
            treated=None if self.treated is None else self.treated[rows],
            stands=None if self.stands is None else self.stands[rows],
        )

    @property
    def level_us(self) -> IntArray:
        """What tells levels apart: the cutoff and, where treatment is modelled, whether treated. Shape (n,)."""
        return self.cutoff_us if self.treated is None else self.cutoff_us + self.treated

    @property
    def calibrating(self) -> IntArray:
        """Positions of the rows that say how likely it is, each as often as it stands for somebody. Shape (m,)."""
        every = np.arange(len(self))
        return every if self.stands is None else np.repeat(every, self.stands)

    def column(self, name: str) -> FloatArray:
        """One feature. Shape (n,)."""
        return self.X[:, self.columns.names.index(name)]

    @property
    def cutoffs(self) -> tuple[datetime, ...]:
        """The cutoffs, ascending."""
        return tuple(from_us(int(cutoff)) for cutoff in np.unique(self.cutoff_us))

    def why_too_few(self, *, min_rows: int, min_positives: int) -> str | None:
        """What is missing, or None where there is enough."""
        happened = int(self.outcome.sum())
        rarer = min(happened, len(self) - happened)
        if len(self) < min_rows:
            return f"{len(self)} rows, fewer than {min_rows}"
        if rarer < min_positives:
            return f"{rarer} rows of the rarer outcome, fewer than {min_positives}"
        return None


def _matrix(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    """Columns side by side, NaN where null; by blocks, as frames lie by columns and models by rows. Shape (n, f)."""
    found = np.empty((len(frame), len(names)))
    columns = [_column(frame[one]) for one in names]
    for first in range(0, len(frame) if columns else 0, BLOCK):
        rows = slice(first, first + BLOCK)
        np.stack([one[rows] for one in columns], axis=1, out=found[rows])
    return found


def _column(one: "pd.Series[Any]") -> FloatArray:
    if isinstance(one.dtype, np.dtype) and one.dtype != object:
        return np.asarray(one, dtype=np.float64)
    return one.to_numpy(dtype=np.float64, na_value=np.nan)  # a type with a null of its own


def fold_of(customers: Sequence[str] | NDArray[np.object_], folds: int, *, seed: int) -> IntArray:
    """The fold of each customer: a hash of the id, so that a customer is in one fold in every snapshot and machine."""
    salt = seed.to_bytes(8, "little", signed=True)
    codes, ids = pd.factorize(np.asarray(customers, dtype=object))
    hashed = [int.from_bytes(blake2b(str(i).encode(), digest_size=8, salt=salt).digest(), "little") for i in ids]
    return np.array([one % folds for one in hashed], dtype=np.int64)[codes]


def refuse_infinite(rows: Rows) -> None:
    """Raise InfiniteFeatures where a feature is infinite."""
    found = np.zeros(rows.X.shape[1], dtype=np.int64)
    for first in range(0, len(rows), BLOCK):
        infinite = np.isinf(rows.X[first : first + BLOCK])
        if infinite.any():
            found += infinite.sum(axis=0)
    if found.any():
        raise InfiniteFeatures({rows.columns.names[place]: int(found[place]) for place in np.flatnonzero(found)})
