"""Which way a score must go with a feature, where the business says so: signs for the line and for the trees.

`rising` says that the likelier a customer is to stay away, the higher the feature: the churn probability may not fall
with it, and the reactivation probability may not rise. A null is no value and stays free. Start reading at `signs_of`.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np

from churn.errors import SettingsError
from churn.model_sections import Way
from training.rows import Columns, IntArray

SIGNS = {"rising": 1, "falling": -1}


class UnknownMonotone(SettingsError):
    """`[training] monotone` names features that the snapshot has not, or that have no order."""

    def __init__(self, unknown: Sequence[str], unordered: Sequence[str], names: Sequence[str]) -> None:
        told = [f"there is no feature {name!r}{_near(name, names)}" for name in unknown]
        told += [f"{name!r} is a text, which neither rises nor falls" for name in unordered]
        super().__init__(
            f"[training] monotone: {'; '.join(told)}.",
            mend="name features as `churn features list` does, each rising or falling, or take the line out.",
        )


def signs_of(columns: Columns, monotone: Mapping[str, Way], model: str) -> IntArray:
    """The sign of each feature: 1 the score may not fall with it, -1 may not rise, 0 free. Shape (f,).

    Args:
        columns: the features.
        monotone: of [training].
        model: churn or reactivation.

    Raises:
        UnknownMonotone: a name is no feature, or that of a text.
    """
    unknown = [name for name in monotone if name not in columns.names]
    unordered = [name for name in monotone if name in columns.categories]
    if unknown or unordered:
        raise UnknownMonotone(unknown, unordered, columns.names)
    lost = 1 if model == "churn" else -1
    found = [lost * SIGNS[monotone[name]] if name in monotone else 0 for name in columns.names]
    return np.array(found, dtype=np.int64)


def _near(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
