"""What a feature is made of: a selection of events, an operation over a window, and arithmetic between the two.

A formula is a value: equal formulas mean the same number, whatever they are called. `features/compute.py` evaluates
them, `features/feature.py` is the grammar that builds them. Named tuples, because one customer's row must not wait
for slower hashes. Knows no array and no event. Start reading at `Aggregate`.
"""

import math
from typing import Any, NamedTuple

QUALIFYING = "*"  # stands for the events that the definition counts, whatever their kinds


class Selection(NamedTuple):
    """Which events an aggregate looks at.

    Args:
        kinds: kinds of event, or `(QUALIFYING,)`.
        reason_codes: only events with one of these reason codes; empty for all.
    """

    kinds: tuple[str, ...]
    reason_codes: tuple[str, ...] = ()


class Aggregate(NamedTuple):
    """One operation over the selected events of a window `[local midnight `days` days before the cutoff, cutoff)`.

    Args:
        selection: which events.
        operation: a name in `features.operations.OPERATIONS`.
        column: the column of EVENTS it reads, where it reads one.
        days: length of the window; None for everything before the cutoff.
    """

    selection: Selection
    operation: str
    column: str | None = None
    days: int | None = None


class Ratio(NamedTuple):
    """`scale` x numerator / denominator; null where the denominator is zero or either is null."""

    numerator: "Formula"
    denominator: "Formula"
    scale: float = 1.0


class Difference(NamedTuple):
    """Left minus right, no lower than `least`; null where either is null."""

    left: "Formula"
    right: "Formula"
    least: float = -math.inf


class Season(NamedTuple):
    """Where in the local year the cutoff's day lies, as the sine or cosine of its angle."""

    part: str


Formula = Aggregate | Ratio | Difference | Season


def longest_window(formula: Formula) -> int:
    """The longest bounded window in a formula, in days; 0 where none is bounded."""
    match formula:
        case Aggregate(days=days):
            return days or 0
        case Ratio(numerator=one, denominator=other) | Difference(left=one, right=other):
            return max(longest_window(one), longest_window(other))
        case Season():
            return 0


def formula_json(formula: Formula) -> dict[str, Any]:
    """A formula as it stands in manifests, and in the hash of a feature set."""
    match formula:
        case Ratio(numerator=one, denominator=other, scale=scale):
            return {"ratio": [formula_json(one), formula_json(other)], "scale": scale}
        case Difference(left=one, right=other, least=least):
            told = {"difference": [formula_json(one), formula_json(other)]}
            return told | ({"least": least} if math.isfinite(least) else {})
        case Aggregate(selection=selection):
            return formula._asdict() | {"selection": selection._asdict()}
        case Season():
            return formula._asdict()
