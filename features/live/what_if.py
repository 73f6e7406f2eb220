"""What if this had happened? Rows of customers with events that nobody stored, by the kernel of every batch.

Each is computed by itself, under a label of its own: the events that were imagined and, where a known customer is
named, everything that log and inbox say of them. Nothing is written. Start reading at `imagine`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from churn.definition import Lifecycle
from features.feature_set import FeatureSet
from features.live.event import LiveEvent
from features.live.inbox import Inbox, Row
from features.live.index import INDEX, Found, Index, IndexUnavailable
from features.live.pieces import laid_out, rows_of_log
from features.live.refresh import rows_at
from features.log import LOG_SCHEMA
from features.online import OnlineRow

NOBODY = Found(0, LOG_SCHEMA.empty_table(), tells_solutions=False)
NOT_YET = "a new log is being taken up"


@dataclass(frozen=True)
class Imagined:
    """A customer as somebody imagines them.

    Args:
        events: what is to have happened, whoever they name.
        customer_id: of a known customer whose own events count too; None for nobody's.
    """

    events: Sequence[LiveEvent]
    customer_id: str | None = None


def imagine(
    customers: Sequence[Imagined],
    cutoff_us: int,
    *,
    inbox: Inbox,
    index: Index,
    features: FeatureSet,
    lifecycle: Lifecycle,
) -> list[OnlineRow | None]:
    """Their rows as of an instant, in their order; None of whom nothing is known then.

    Args:
        customers: few, for they are computed in one piece.
        cutoff_us: microseconds since 1970 UTC; later events are left out.
        inbox: where live events lie.
        index: what the log says.
        features: what to compute.
        lifecycle: what churn means.

    Raises:
        IndexUnavailable: the index does not reach far enough yet; ask again. InboxUnavailable: it does not answer.
    """
    named = sorted({one.customer_id for one in customers if one.customer_id is not None})
    found, live = _known(inbox, index, named) if named else (NOBODY, [])
    schema, known = found.rows.schema, pa.concat_tables([found.rows, rows_of_log(live, found.rows.schema)])
    tables = []
    for place, one in enumerate(customers):
        label = f"{place:04d}"
        told = [_row(event, label) for event in one.events]
        theirs = known.filter(pc.equal(known["customer_id"], pa.scalar(one.customer_id, pa.string())))
        tables += [_relabelled(theirs, label), rows_of_log(told, schema)]
    events = laid_out(tables, lifecycle.definition.taking_back)
    tells = found.tells_solutions
    rows = rows_at(events, features, lifecycle, cutoff_us, tells_solutions=tells) if len(events) else []
    by_label = {int(row.customer_id): row for row in rows}
    return [by_label.get(place) for place in range(len(customers))]


def _known(inbox: Inbox, index: Index, customer_ids: Sequence[str]) -> tuple[Found, list[Row]]:
    """What log and inbox say of customers, as one state."""
    found = index.rows(customer_ids)
    if found is None:
        raise IndexUnavailable(INDEX, NOT_YET)
    reach, rows = inbox.ledger.after(found.upto, customer_ids)
    if reach.thinned_upto > found.upto:
        raise IndexUnavailable(INDEX, NOT_YET)
    return found, rows


def _row(event: LiveEvent, label: str) -> Row:
    """An event as the inbox would keep it, known from the moment it happened."""
    return (0, event.time_us, *replace(event, customer_id=label).values())


def _relabelled(rows: pa.Table, label: str) -> pa.Table:
    place = rows.schema.get_field_index("customer_id")
    ids = pa.array([label] * len(rows), type=rows.schema.field(place).type)
    return rows.set_column(place, rows.schema.field(place), ids)
