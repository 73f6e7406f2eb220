"""What the catalogue knows and a log cannot fill: each feature with what it waits for.

Compares a log's set with that of the same log and everything that the catalogue knows beside it. Reads names only.
Start reading at `missing`.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from churn.definition import Lifecycle
from churn.sections import Features, Wanted
from features.catalogue import catalogue
from features.catalogue.kinds import ALL
from features.catalogue.present import Present
from features.feature import Feature
from features.formula import QUALIFYING, Aggregate, Formula, Holiday, HolidayBefore, Shift, parts, selections

MANY = 4  # kinds that one feature looks at: any of them does
OPTIONAL = {"points_expired"}  # counts where there is any
CHINA = ("CN",)  # stands for any country, where a business has named none


class Missing(NamedTuple):
    """A feature that this log cannot fill, and what it waits for."""

    feature: Feature
    waits_for: str


def missing(
    kinds: Collection[str], columns: Mapping[str, Collection[str]], lifecycle: Lifecycle, wanted: Features
) -> list[Missing]:
    """The features that the catalogue knows and this log has not, in the order of the catalogue.

    Args:
        kinds: kinds of event in the log.
        columns: for each kind, the columns that live in it.
        lifecycle: whose qualifying events are the backbone.
        wanted: the `[features]` of the business; its own features and what it leaves out do not count.
    """
    wanted = Wanted.of(wanted).model_copy(update={"own": (), "leave_out": ()})
    log = Present(tuple(sorted(kinds)), columns, lifecycle, wanted)
    ours = set(catalogue(list(kinds), columns, lifecycle, wanted).names)
    filled = _filled(log)
    whole = catalogue(list(filled), filled, lifecycle, wanted.model_copy(update={"holidays": wanted.holidays or CHINA}))
    return [Missing(one, _waits_for(one, log)) for one in whole if one.name not in ours]


def _filled(log: Present) -> dict[str, set[str]]:
    """The log with every kind and column that the catalogue knows beside its own; the backbone stays what it is."""
    others = {name: set(known) for name, known in ALL.items() if name not in {"order", "purchase"} or name in log.kinds}
    for kind in log.qualifying:
        others[kind] = set(ALL["order"]) | others.get(kind, set())
    return {name: {*others.get(name, ()), *log.columns.get(name, ())} for name in (*others, *log.kinds)}


def _waits_for(feature: Feature, log: Present) -> str:
    """What the log lacks of it: a kind, a column, or a setting."""
    if isinstance(feature.formula, Holiday | HolidayBefore):
        return "[features] holidays or big_days"
    looked_at = [kind for one in selections(feature.formula) for kind in one.kinds]
    kinds = sorted({kind for kind in looked_at if kind not in (*log.kinds, QUALIFYING)})
    if len(kinds) > MANY:
        return f"events of a kind such as {kinds[-1]}"
    if kinds:
        return f"events of kind {' and '.join(one for one in kinds if one not in OPTIONAL) or kinds[0]}"
    qualifying = log.qualifying
    places = dict.fromkeys(kind for one in looked_at for kind in (qualifying if one == QUALIFYING else (one,)))
    asked = _columns(feature.formula) or {column for kind in places for column in ALL.get(kind, ())}
    lacking = sorted(column for column in asked if not any(log.has(column, kind) for kind in places))
    return f"{' and '.join(lacking)} of {' or '.join(places)}" if lacking else "a longer [definition] lookback_days"


def _columns(formula: Formula) -> set[str]:
    """The columns that a formula reads."""
    mine = {formula.column} if isinstance(formula, Aggregate | Shift) and formula.column else set()
    return mine.union(*(_columns(part) for part in parts(formula)))
