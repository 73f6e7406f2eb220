"""What would hindsight change? Features as known at each cutoff beside features from what is known today.

A table of features that is computed today from a log as it stands today gives its past cutoffs what nobody knew then:
late arrivals, corrected amounts, orders that were cancelled later, customers who were merged later. A model that learns
from it has seen its future a little. Snapshots are not such tables; this report counts, cutoff by cutoff and feature by
feature, what would differ if they were. It names no customer. Start reading at `hindsight`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from churn.calendar import NEVER, to_us
from churn.cohort import who_is_asked
from churn.definition import Lifecycle
from churn.events import BoolArray, Events
from features.compute import compute
from features.feature_set import FeatureSet
from features.parts import HERE, Engine, Part, parts_of

Counts = NDArray[np.int64]
SHOWN = 15  # features in the text


@dataclass(frozen=True)
class Changed:
    """What hindsight changes, counted; of several parts the sum.

    Args:
        asked: customers in the cohort as known at each cutoff. Shape (k,).
        join: customers who would be in it, too. Shape (k,).
        leave: customers who would not be in it. Shape (k,).
        rows: those in both of whom some feature differs. Shape (k,).
        cells: of those in both, how many differ, by feature. Shape (k, f).
    """

    asked: Counts
    join: Counts
    leave: Counts
    rows: Counts
    cells: Counts

    @classmethod
    def nothing(cls, cutoffs: int, features: int) -> Self:
        """No customers."""
        none = np.zeros(cutoffs, dtype=np.int64)
        return cls(none, none, none, none, np.zeros((cutoffs, features), dtype=np.int64))

    def __add__(self, other: "Changed") -> "Changed":
        return Changed(*(getattr(self, name) + getattr(other, name) for name in self.__annotations__))


@dataclass(frozen=True)
class Hindsight:
    """The report.

    Args:
        cutoffs: ascending.
        names: of the features.
        changed: the counts.
    """

    cutoffs: tuple[datetime, ...]
    names: tuple[str, ...]
    changed: Changed

    @property
    def _both(self) -> Counts:
        """Customers in the cohort of each cutoff either way."""
        return self.changed.asked - self.changed.leave

    def by_feature(self) -> dict[str, float]:
        """Share of rows in which a feature differs, the worst first; features that never do are left out."""
        shares = _share(self.changed.cells.sum(axis=0), int(self._both.sum()))
        order = np.argsort(-shares, kind="stable")
        return {self.names[index]: float(shares[index]) for index in order if shares[index] > 0}

    def by_cutoff(self) -> list[dict[str, Any]]:
        """One entry a cutoff."""
        changed, both = self.changed, self._both
        return [
            {
                "cutoff": cutoff.isoformat(),
                "rows": int(changed.asked[index]),
                "would_join": int(changed.join[index]),
                "would_leave": int(changed.leave[index]),
                "rows_differ": float(_share(changed.rows[index], int(both[index]))),
                "cells_differ": float(_share(changed.cells[index].sum(), int(both[index]) * len(self.names))),
            }
            for index, cutoff in enumerate(self.cutoffs)
        ]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        changed, both = self.changed, int(self._both.sum())
        return {
            "rows": int(changed.asked.sum()),
            "would_join": int(changed.join.sum()),
            "would_leave": int(changed.leave.sum()),
            "rows_differ": float(_share(changed.rows.sum(), both)),
            "cells_differ": float(_share(changed.cells.sum(), both * len(self.names))),
            "features": self.by_feature(),
            "cutoffs": self.by_cutoff(),
        }

    def as_text(self) -> str:
        """For people."""
        told = self.as_json()
        if not (told["would_join"] or told["would_leave"] or told["rows_differ"]):
            return f"{told['rows']:,} rows at {len(self.cutoffs)} cutoffs: what was learned later would change none."
        worst = list(told["features"].items())
        lines = [
            f"{told['rows']:,} rows at {len(self.cutoffs)} cutoffs. Had they been computed from what is known today,",
            f"{told['rows_differ']:.2%} of rows and {told['cells_differ']:.3%} of cells would differ,",
            f"{told['would_join']:,} would join a cohort, {told['would_leave']:,} would leave one.",
            "Snapshots hold none of this: a cutoff sees what had reached us before it.",
            "",
            *(f"  {share:8.3%}  {name}" for name, share in worst[:SHOWN]),
            *([f"  and {len(worst) - SHOWN} more features (--json has them all)"] if len(worst) > SHOWN else []),
        ]
        return "\n".join(lines)


def hindsight(
    log: Events | Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    *,
    engine: Engine = HERE,
) -> Hindsight:
    """Compare what was known at cutoffs with what the log knows today.

    Args:
        log: the whole log: its parts, or all of its events.
        features: what to compute.
        lifecycle: what churn means.
        cutoffs: aware instants.
        engine: where parts are worked on.
    """
    cutoffs = sorted(set(cutoffs))
    work = partial(part_hindsight, features=features, lifecycle=lifecycle, cutoffs=cutoffs)
    total = Changed.nothing(len(cutoffs), len(features.names))
    for changed in engine.map(work, parts_of(log)):
        total = total + changed
    return Hindsight(tuple(cutoffs), tuple(features.names), total)


def part_hindsight(part: Part, *, features: FeatureSet, lifecycle: Lifecycle, cutoffs: Sequence[datetime]) -> Changed:
    """Read one part and count what hindsight changes in it; what an engine maps over the parts."""
    then = part.read()
    now = known_today(then)
    cubes = [compute(events, cutoffs, features, lifecycle) for events in (then, now)]
    same = (cubes[0] == cubes[1]) | (np.isnan(cubes[0]) & np.isnan(cubes[1]))
    asked = [np.array([_asked(events, lifecycle, cutoff) for cutoff in cutoffs]).T for events in (then, now)]
    both = asked[0] & asked[1]
    differs = ~same & both[:, :, None]
    return Changed(
        asked[0].sum(axis=0),
        (asked[1] & ~asked[0]).sum(axis=0),
        (asked[0] & ~asked[1]).sum(axis=0),
        differs.any(axis=2).sum(axis=0),
        differs.sum(axis=0),
    )


def known_today(events: Events) -> Events:
    """A log as if everything had been known when it happened, and nothing that was taken back since."""
    stands = events.take(events.void_us == NEVER)
    return replace(stands, known_us=stands.time_us)


def _asked(events: Events, lifecycle: Lifecycle, cutoff: datetime) -> BoolArray:
    """Who is in the cohort of a cutoff. Shape (c,)."""
    asked = who_is_asked(events, lifecycle, to_us(cutoff))
    found = np.zeros(len(events.customers), dtype=np.bool_)
    found[asked.customer[np.array([model is not None for model in asked.model], dtype=np.bool_)]] = True
    return found


def _share(count: Any, of: int) -> Any:  # a number or an array of them
    return count / of if of else count * 0.0
