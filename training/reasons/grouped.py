"""Contributions by group of reasons: what a score rests on, as it is told.

Start reading at `Groups`.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from churn.bundle import Bundle
from churn.events import BoolArray, FloatArray
from churn.explanation import usual_contributions

SYMPTOMS: Final = ("silence", "rhythm", "season", "tenure")  # they tell that somebody is leaving, not what for

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """The groups of reasons of a model.

    Args:
        codes: of the groups, as the features have them.
        members: the columns of each.
        usual: what each feature contributes to the score of the usual customer. Shape (f,).
    """

    codes: tuple[str, ...]
    members: tuple[IntArray, ...]
    usual: FloatArray

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        """The groups of a model's features; a feature without one goes to `other`."""
        mine = np.array([bundle.reasons.get(name, "other") for name in bundle.features])
        codes = tuple(dict.fromkeys(mine.tolist()))
        return cls(codes, tuple(np.flatnonzero(mine == code) for code in codes), usual_contributions(bundle))

    def sums(self, contributions: FloatArray) -> FloatArray:
        """Contributions of each group beyond the usual. Shape (n, g), from (n, f) or (n, f + 1) with the base value."""
        beyond = contributions[:, : len(self.usual)] - self.usual
        return np.column_stack([beyond[:, members].sum(axis=1) for members in self.members])

    @property
    def is_symptom(self) -> BoolArray:
        """Groups that tell that somebody is leaving, not what for. Shape (g,)."""
        return np.isin(self.codes, SYMPTOMS)


def strongest(sums: FloatArray) -> IntArray:
    """The group that moved each score most, either way. Shape (n,)."""
    return np.asarray(np.abs(sums).argmax(axis=1))


def raising(sums: FloatArray, among: BoolArray | None = None) -> IntArray:
    """The group that raised each score most; -1 where none did. Shape (n,).

    Args:
        sums: of each group. Shape (n, g).
        among: groups that may be named; all where None. Shape (g,).
    """
    allowed = sums if among is None else np.where(among, sums, -np.inf)
    top = allowed.argmax(axis=1)
    return np.asarray(np.where(allowed[np.arange(len(sums)), top] > 0, top, -1))


def spread_of(sums: FloatArray) -> FloatArray:
    """The usual size of each group's contribution: root mean square over customers. Shape (g,)."""
    return np.asarray(np.sqrt((sums**2).mean(axis=0)) + 1e-9)
