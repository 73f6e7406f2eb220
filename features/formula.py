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
        where: only events that meet this condition, in the language of churn/grammar.py; empty for all.
    """

    kinds: tuple[str, ...]
    reason_codes: tuple[str, ...] = ()
    where: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it stands in manifests; a condition only where there is one."""
        told = self._asdict()
        return told if self.where else {name: told[name] for name in ("kinds", "reason_codes")}


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


class AtMost(NamedTuple):
    """1 where a formula is no more than a bound, 0 where it is more, null where it is null."""

    inner: "Formula"
    bound: float


class Followed(NamedTuple):
    """What became of the selected events of a window: did an event `by` follow, at their instant or later?

    Where both selections are the same, an event is followed by a later one only. Days are local ones.

    Args:
        selection: the events asked about: tickets, invitations, orders.
        by: the events that answer them; one of them answers everything that is open.
        what: `share`: of those more than `within_days` days ago, the share followed within so many days; `open`: how
            many nothing has followed yet; `oldest_open`: days since the first of them; `wait`: mean days until
            those that were followed were.
        within_days: for `share`.
        days: length of the window; None for everything before the cutoff.
    """

    selection: Selection
    by: Selection
    what: str
    within_days: int = 0
    days: int | None = None


class Shift(NamedTuple):
    """How far the mix of a text column has moved: half the sum of the absolute differences between the shares of its
    texts in a window of `days` and in one of `beside_days`. 0: the same mix; 1: nothing in common.
    """  # noqa: D205  # one sentence

    selection: Selection
    column: str
    days: int
    beside_days: int


class HolidayCalendar(NamedTuple):
    """Whose holidays count.

    Args:
        countries: ISO 3166 codes, with a subdivision after a hyphen where one is meant.
        big_days: days of every year as MM-DD, beside the countries' own.
        checksum: of the dates that these were known to mean, so that other dates are another feature.
    """

    countries: tuple[str, ...]
    big_days: tuple[str, ...]
    checksum: int


class Holiday(NamedTuple):
    """Where the cutoff's day lies among the holidays.

    Args:
        what: `next`: days until the next one begins; `since`: days since the latest began; `ahead`: holidays among
            the `days` days from `first` days after the cutoff's day on.
        calendar: whose holidays.
        first: for `ahead`. days: for `ahead`.
    """

    what: str
    calendar: HolidayCalendar
    first: int = 0
    days: int = 0


class HolidayBefore(NamedTuple):
    """Events around the next holiday's last occurrence: from `before_days` days before the day on which it began
    until `after_days` days after; a lunar holiday is met where it was. Null where none is known.
    """  # noqa: D205  # one sentence

    selection: Selection
    calendar: HolidayCalendar
    before_days: int
    after_days: int


Formula = Aggregate | Ratio | Difference | Season | AtMost | Followed | Shift | Holiday | HolidayBefore


def longest_window(formula: Formula) -> int:
    """The longest bounded window in a formula, in days; 0 where none is bounded."""
    match formula:
        case Aggregate(days=days) | Followed(days=days):
            return days or 0
        case Shift(days=days, beside_days=beside):
            return max(days, beside)
        case _:
            return max((longest_window(part) for part in parts(formula)), default=0)


def parts(formula: Formula) -> tuple[Formula, ...]:
    """The formulas that a formula is worked out from."""
    match formula:
        case Ratio(numerator=one, denominator=other) | Difference(left=one, right=other):
            return one, other
        case AtMost(inner=inner):
            return (inner,)
        case _:
            return ()


def selections(formula: Formula) -> tuple[Selection, ...]:
    """Every selection of events that a formula looks at."""
    mine = tuple(one for one in formula if isinstance(one, Selection))
    return mine + tuple(one for part in parts(formula) for one in selections(part))


def formula_json(formula: Formula) -> dict[str, Any]:
    """A formula as it stands in manifests, and in the hash of a feature set."""
    match formula:
        case Ratio(numerator=one, denominator=other, scale=scale):
            return {"ratio": [formula_json(one), formula_json(other)], "scale": scale}
        case Difference(left=one, right=other, least=least):
            told = {"difference": [formula_json(one), formula_json(other)]}
            return told | ({"least": least} if math.isfinite(least) else {})
        case AtMost(inner=inner, bound=bound):
            return {"at_most": formula_json(inner), "bound": bound}
        case _:
            return _told(formula)


def _told(formula: Aggregate | Season | Followed | Shift | Holiday | HolidayBefore) -> dict[str, Any]:
    """The fields by name; what an aggregate or a season is called follows from them."""
    named = formula._asdict().items()
    told = {name: value.as_json() if isinstance(value, Selection) else value for name, value in named}
    told |= {name: value._asdict() for name, value in told.items() if isinstance(value, HolidayCalendar)}
    return told if isinstance(formula, Aggregate | Season) else {"formula": type(formula).__name__.lower()} | told
