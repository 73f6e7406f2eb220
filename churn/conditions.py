"""Which events count, and which customers are asked about: the conditions of `[definition]`, evaluated on a log.

Reads a log's arrays; reads no clock. The language itself is churn/grammar.py. Start reading at `qualifies`.
"""

import numpy as np

from churn.calendar import Calendar
from churn.definition import ChurnDefinition
from churn.events import BoolArray, Events


def qualifies(events: Events, definition: ChurnDefinition, calendar: Calendar | None = None) -> BoolArray:
    """Which events are qualifying ones.

    Args:
        events: a log, or the part of it that may be seen.
        definition: whose `qualifying` is asked.
        calendar: whose days `did ... within N days` counts; needed only where it occurs.

    Returns:
        Shape (n,).
    """
    del calendar
    return events.is_kind(*definition.qualifying)


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
    del definition, cutoff_us, calendar
    return np.ones(len(events_before.customers), dtype=np.bool_)
