"""Events of the inbox as rows of the log, and rows of some customers as the arrays that every kernel works on.

`laid_out` gives what `features.log_reading.read_events` would give if the same rows lay in the log, in its order, so
that a row computed from them is the batch's row bit by bit (tests/law/test_live.py). Start reading at `laid_out`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from churn.events import NUMBERS, TEXTS, Events
from churn.orders import TakingBack
from features.live.event import FIELDS
from features.live.inbox import Row
from features.log import LOG_SCHEMA
from features.log_reading import events_of

INGESTED, FIRST = 1, 2  # places in a row of the inbox: seq, ingested_us, then the fields of LiveEvent
AT = {name: FIELDS.index(name) + FIRST for name in FIELDS} | {"ingested_at": INGESTED}
AT["event_timestamp"] = AT["time_us"]


def rows_of_log(rows: Sequence[Row], schema: pa.Schema = LOG_SCHEMA) -> pa.Table:
    """Events of the inbox as rows of the log, in the order in which they came.

    Args:
        rows: as a Ledger gives them.
        schema: columns of the log; one that no live event has is null.
    """
    return pa.table(
        [pa.array([row[AT[f.name]] if f.name in AT else None for row in rows], type=f.type) for f in schema],
        schema=schema,
    )


def laid_out(tables: Sequence[pa.Table], taking_back: TakingBack) -> Events:
    """Rows of the log, whatever order they come in, as arrays.

    Args:
        tables: all that there is of some customers.
        taking_back: kinds that are orders, and that take them back.
    """
    events = events_of(pa.concat_tables(tables, promote_options="default"), taking_back)
    ties: list[Any] = [getattr(events, name).codes for name in TEXTS] + [getattr(events, name) for name in NUMBERS]
    keys = (events.void_us, *ties, events.known_us, events.kind.codes, events.time_us, events.customer)
    return events.take(np.lexsort(keys))
