"""Rows on line of ids that are nobody's any more: merged into somebody else, or with every event withdrawn.

Such a customer has no row today, so nothing would ever write over the last one they had. Before the rows of now are
written, those of who is not among them are dropped, unless the row is newer than now: somebody's first event may just
have come in live. Start reading at `drop_departed`.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.current_file import NoCurrent, read_customers
from features.holders import read_holders
from features.online import RowStore, batches

AT_ONCE = 1000


def departed(folder: Path, now: pa.ChunkedArray) -> list[str]:
    """Who had a row when the rows of now were written last, or lost an id to somebody else, and has none now.

    Args:
        folder: the artifacts of the business.
        now: customers who have a row now, as texts.
    """
    had = [pa.chunked_array([sorted(read_holders(folder).changed())], pa.string())]
    with suppress(NoCurrent):
        had.append(read_customers(folder / "features"))
    return sorted({one for ids in had for one in ids.filter(pc.invert(pc.is_in(ids, now))).to_pylist()})


def drop_departed(store: RowStore, customer_ids: Iterable[str], as_of: datetime) -> int:
    """Drop these customers' rows, as far as they are not newer than a cutoff; how many.

    Raises:
        StoreUnavailable: the store does not answer.
    """
    dropped = 0
    for some in batches(customer_ids, AT_ONCE):
        rows = store.rows(some)
        dropped += store.remove([row.customer_id for row in rows if row is not None and row.as_of <= as_of])
    return dropped
