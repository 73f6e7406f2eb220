"""The events that a cutoff sees, one by one in plain Python, and which of them a selection means."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from churn.calendar import from_us
from churn.conditions import fulfils, qualifies
from churn.definition import Lifecycle
from churn.events import Events, Texts
from features.formula import QUALIFYING, Selection


@dataclass(frozen=True)
class Seen:
    """One event that a cutoff sees."""

    customer: str
    kind: str
    counts: bool
    time_us: int
    day: date
    columns: dict[str, float | str | None]
    meets: frozenset[str] = frozenset()


def in_window(mine: list[Seen], selection: Selection, days: int | None, cutoff: datetime, zone: ZoneInfo) -> list[Seen]:
    today = cutoff.astimezone(zone).date()
    chosen = [one for one in mine if selected(one, selection)]
    return [one for one in chosen if days is None or one.day >= today - timedelta(days=days)]


def selected(one: Seen, selection: Selection) -> bool:
    of_kind = one.counts if selection.kinds == (QUALIFYING,) else one.kind in selection.kinds
    of_reason = not selection.reason_codes or one.columns["reason_code"] in selection.reason_codes
    return of_kind and of_reason and (not selection.where or selection.where in one.meets)


def seen(events: Events, lifecycle: Lifecycle, wheres: Iterable[str]) -> Iterable[Seen]:
    zone = ZoneInfo(lifecycle.calendar.timezone)
    counts = qualifies(events, lifecycle.definition, lifecycle.calendar)
    met = {where: fulfils(events, where, lifecycle.calendar) for where in wheres}
    for row in range(len(events)):
        columns: dict[str, float | str | None] = {}
        for name in ("amount", "quantity", "discount_amount", "score"):
            value = float(getattr(events, name)[row])
            columns[name] = None if math.isnan(value) else value
        for name in ("channel", "category", "reason_code"):
            texts: Texts = getattr(events, name)
            columns[name] = texts.levels[texts.codes[row]] if texts.codes[row] >= 0 else None
        happened = from_us(int(events.time_us[row]))
        day = happened.astimezone(zone).date()
        customer = str(events.customers[events.customer[row]])
        kind = events.kind.levels[events.kind.codes[row]]
        meets = frozenset(where for where, rows in met.items() if rows[row])
        yield Seen(customer, kind, bool(counts[row]), int(events.time_us[row]), day, columns, meets)
