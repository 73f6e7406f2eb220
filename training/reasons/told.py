"""The reasons of a challenger, quickly held to what can be told at once: for its card. `churn explain` tells the rest.

Start reading at `reasons_told`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from training.challenger import Challenger
from training.explain import Importance, of_contributions
from training.reasons.deletion import Deletion, deletion
from training.reasons.grouped import Groups
from training.reasons.pictures import reason_pictures
from training.reasons.report import Asked, Group, told_groups

CUSTOMERS: Final = 300


@dataclass(frozen=True)
class ReasonsTold:
    """What a card tells of reasons.

    Args:
        features: what each moves, the strongest first. groups: likewise.
        off: the largest difference between a raw score and the sum of its contributions.
        deletion: the deletion test. rows: explained.
        pictures: file name to PNG.
    """

    features: tuple[Importance, ...]
    groups: tuple[Group, ...]
    off: float
    deletion: Deletion
    rows: int
    pictures: dict[str, bytes]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "rows": self.rows,
            "sums_off_by": self.off,
            "groups": [asdict(one) for one in self.groups],
            "features": [asdict(one) for one in self.features],
            "deletion": self.deletion.as_json(),
        }


def reasons_told(challenger: Challenger, *, seed: int) -> ReasonsTold:
    """Explain test rows and try the deletion test on some of them."""
    asked = Asked.of(challenger.bundle, challenger.booster, challenger.test_rows)
    groups = Groups.of(asked.bundle)
    sums = groups.sums(asked.contributions)
    found = of_contributions(asked.beyond, asked.X, asked.bundle, asked.trees.gain())
    return ReasonsTold(
        tuple(found),
        told_groups(sums, groups),
        float(np.abs(asked.contributions.sum(axis=1) - asked.trees.raw(asked.X)).max(initial=0.0)),
        deletion(asked.trees.raw, asked.X, sums, asked.rows.cutoff_us, groups, seed=seed, customers=CUSTOMERS),
        len(asked.rows),
        reason_pictures(found, asked.beyond, asked.X, asked.bundle),
    )
