"""Which events count, and which customers are asked about: the conditions of `[definition]`, evaluated on a log.

Everything is evaluated for all events, or all customers, at once. A `did` looks back from an event's own instant, or
from the cutoff, over `[local midnight N days before, that instant)`, so an event never answers for itself. Reads a
log's arrays and no clock. The language is churn/grammar.py. Start reading at `qualifies`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import eq, ge, gt, le, lt, ne

import numpy as np

from churn.calendar import Calendar, Int64Array
from churn.definition import ChurnDefinition
from churn.errors import SettingsError
from churn.events import BoolArray, Events, FloatArray, Int32Array, Texts
from churn.grammar import Compare, Condition, Did, Every, IsNull, Not, Some, kinds_in
from churn.parsing import parse_eligible, parse_qualifying

COMPARISONS: dict[str, Callable[[FloatArray, float], BoolArray]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}
Facts = Callable[[Compare | IsNull], Texts | FloatArray]
BEGINNING = np.iinfo(np.int64).min  # an instant before every other


@dataclass(frozen=True)
class Looks:
    """From where a condition looks back: one customer and one instant a row.

    Args:
        customer: index of the customer. Shape (m,).
        until_us: events before this instant are seen. Shape (m,).
        since_us: the instant at which the window of so many days begins. (days) -> shape (m,).
    """

    customer: Int32Array
    until_us: Int64Array
    since_us: Callable[[int], Int64Array]


def qualifies(events: Events, definition: ChurnDefinition, calendar: Calendar | None = None) -> BoolArray:
    """Which events are qualifying ones.

    Args:
        events: a log, or the part of it that may be seen.
        definition: whose `qualifying` is asked.
        calendar: whose days `did ... within N days` counts; needed only where it occurs.

    Returns:
        Shape (n,).

    Raises:
        ValueError: a `did ... within` needs the calendar, and none was given.
    """
    looks = Looks(events.customer, events.time_us, lambda days: _starts_us(events.time_us, days, calendar))
    found = np.zeros(len(events), dtype=np.bool_)
    for entry in map(parse_qualifying, definition.qualifying):
        of_kind = events.is_kind(entry.kind)
        found |= of_kind if entry.where is None else of_kind & _holds(entry.where, events, looks)
    return found


def fulfils(events: Events, where: str, calendar: Calendar) -> BoolArray:
    """Which events meet a condition, as it may stand behind `where` in `qualifying`.

    Args:
        events: a log, or the part of it that may be seen.
        where: the condition.
        calendar: whose days `did ... within N days` counts.

    Returns:
        Shape (n,).

    Raises:
        ConditionError: it cannot be read.
    """
    condition = parse_qualifying(f"event where {where}").where
    looks = Looks(events.customer, events.time_us, lambda days: _starts_us(events.time_us, days, calendar))
    return _holds(condition, events, looks) if condition is not None else np.ones(len(events), dtype=np.bool_)


def eligible(events_before: Events, definition: ChurnDefinition, cutoff_us: int, calendar: Calendar) -> BoolArray:
    """Which customers may be asked about at a cutoff.

    Args:
        events_before: what was known at the cutoff.
        definition: whose `eligible` is asked; everybody where it is unset.
        cutoff_us: the cutoff, microseconds since 1970 UTC.
        calendar: whose days windows count.

    Returns:
        One a customer of the log. Shape (c,).
    """
    size = len(events_before.customers)
    if definition.eligible is None:
        return np.ones(size, dtype=np.bool_)
    looks = Looks(
        customer=np.arange(size, dtype=np.int32),
        until_us=np.full(size, cutoff_us, dtype=np.int64),
        since_us=lambda days: np.full(size, calendar.window_start_us(cutoff_us, days), dtype=np.int64),
    )
    return _holds(parse_eligible(definition.eligible), events_before, looks)


def holds_of(condition: Condition, events_before: Events, facts: Facts, looks: Looks) -> BoolArray:
    """Of which customers a condition holds that speaks of them.

    Args:
        condition: read by churn.segment_parsing.
        events_before: what was known at the instant.
        facts: the column that a test speaks of, a row a look.
        looks: one a customer, at the instant.

    Returns:
        Shape (m,).
    """
    return _holds(condition, events_before, looks, facts)


def check_kinds(definition: ChurnDefinition, kinds: Iterable[str]) -> None:
    """Hold the kinds that a definition names against those of a whole log.

    Args:
        definition: `qualifying` must have a kind that the log has; every kind named must be near none it misspells.
        kinds: the kinds of event in the log.

    Raises:
        SettingsError: no qualifying kind occurs, or one that is named looks like a misspelt one of the log.
    """
    present = sorted(set(kinds))
    entries = [parse_qualifying(entry) for entry in definition.qualifying]
    named = [kind for entry in entries for kind in (entry.kind, *kinds_in(entry.where))]
    named += kinds_in(parse_eligible(definition.eligible)) if definition.eligible else ()
    for kind in dict.fromkeys(named):
        near = near_kinds(kind, present)
        if kind not in present and near:
            raise _unknown_kind(kind, present, f"did you mean {near[0]!r}? ")
    if not any(entry.kind in present for entry in entries):
        raise _unknown_kind(entries[0].kind, present, "")


def near_kinds(kind: str, present: Sequence[str]) -> list[str]:
    """Kinds of a log of which another one looks like a misspelling, nearest first."""
    return [like for like in get_close_matches(kind, present, cutoff=0.8) if not _is_prefixed(kind, like)]


def _is_prefixed(kind: str, like: str) -> bool:
    """Whether one is the other with a prefix: `unsubscribe` is no misspelt `subscribe`, nor `reorder` an `order`."""
    shorter, longer = sorted((kind, like), key=len)
    return longer.endswith(shorter) and len(longer) - len(shorter) > 1


def _unknown_kind(kind: str, present: Sequence[str], hint: str) -> SettingsError:
    return SettingsError(
        f"[definition] names events of kind {kind!r}, and the log has none.",
        mend=f"{hint}The log has {', '.join(map(repr, present)) or 'no events'}; correct [definition], "
        "or the `event_type` of a [[source]].",
    )


def _holds(condition: Condition, events: Events, looks: Looks, facts: Facts | None = None) -> BoolArray:
    """Whether a condition holds, for each row of `looks`; columns are those of `events`, row by row, or of `facts`."""
    column_of = facts or (lambda test: getattr(events, test.column))
    match condition:
        case Every(parts):
            return _bools(np.logical_and.reduce([_holds(part, events, looks, facts) for part in parts]))
        case Some(parts):
            return _bools(np.logical_or.reduce([_holds(part, events, looks, facts) for part in parts]))
        case Not(inner):
            return ~_holds(inner, events, looks, facts)
        case IsNull():
            values = column_of(condition)
            return values.codes < 0 if isinstance(values, Texts) else np.isnan(values)
        case Compare():
            return _compares(condition, column_of(condition))
        case Did():
            return _did(condition, events, looks)


def _bools(values: object) -> BoolArray:
    return np.asarray(values, dtype=np.bool_)


def _compares(test: Compare, values: Texts | FloatArray) -> BoolArray:
    """A column compared with values; false where it is null."""
    if isinstance(values, Texts):
        among = values.is_any(str(value) for value in test.values)
        return ~among & (values.codes >= 0) if test.operator in ("!=", "not in") else among
    known = ~np.isnan(values)
    if test.operator in COMPARISONS:
        return known & COMPARISONS[test.operator](values, float(test.values[0]))
    return known & np.isin(values, np.array(test.values, dtype=np.float64), invert=test.operator == "not in")


def _did(did: Did, events: Events, looks: Looks) -> BoolArray:
    """Whether each look sees such an event in its window."""
    such = events.is_kind(did.kind)
    if did.where is not None:
        such &= _holds(did.where, events, looks)
    since_us = np.full(len(looks.until_us), BEGINNING) if did.days is None else looks.since_us(did.days)
    instants = np.unique(events.time_us[such])
    span = len(instants) + 1  # ranks instead of instants, so that customer and time fit into one number
    keys = events.customer[such] * np.int64(span) + np.searchsorted(instants, events.time_us[such])
    base = looks.customer * np.int64(span)
    upto = np.searchsorted(keys, base + np.searchsorted(instants, looks.until_us))
    return upto > np.searchsorted(keys, base + np.searchsorted(instants, since_us))


def _starts_us(time_us: Int64Array, days: int, calendar: Calendar | None) -> Int64Array:
    """Where the window of so many days before each instant begins."""
    if calendar is None:
        raise ValueError("`did ... within N days` in a qualifying condition needs a calendar: whose days?")
    if not len(time_us):
        return time_us
    day = calendar.days_of(time_us) - days
    first = int(day.min())
    return calendar.midnights_us(first, int(day.max()))[day - first]
