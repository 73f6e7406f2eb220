"""From everybody's scores to the journal of changes: what `churn score --all` does once its files stand.

Reads the SCORES table of the batch block by block, so that memory does not grow with the number of customers. A batch
that was cut off here is taken in by the next one; until then the feed tells what it told before. Start at `tell_batch`.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from features import parquet
from serving.changes.journal import AT_ONCE, Counts, Journal
from serving.changes.state import State, state_of_row

OF_A_ROW = ("cutoff", "scored_at", "abstention")
COLUMNS = [*(one.name for one in fields(State) if one.name not in ("as_of_us", "told_us", "code")), *OF_A_ROW]


def tell_batch(
    folder: Path, scores: Path, *, least_change: float, forgotten: Callable[[list[str]], set[str]] = lambda _: set()
) -> Counts:
    """Take in what a batch told.

    Args:
        folder: the artifacts of the business.
        scores: the SCORES table of the batch.
        least_change: of the probability, below which the feed has no news.
        forgotten: names those of some customers who were erased meanwhile.

    Raises:
        ChangesUnavailable: the journal cannot be written.
    """
    journal, news, changes = Journal(folder), 0, 0
    try:
        with parquet.opened(scores) as file:
            for block in file.iter_batches(AT_ONCE, columns=COLUMNS):
                states = list(_states(block.to_pylist()))
                gone = forgotten([one.customer_id for one in states])
                told = journal.tell((one for one in states if one.customer_id not in gone), least_change=least_change)
                news, changes = news + told.news, changes + told.changes
        journal.begin()
    finally:
        journal.close()
    return Counts(news, changes)


def _states(rows: list[dict[str, object]]) -> Iterator[State]:
    for row in rows:
        state = state_of_row(row)
        if state is not None:
            yield state
