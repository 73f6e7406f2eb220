"""Rows for one node out of a snapshot that may be too large for it: whole customers, by a hash of their ids.

Start reading at `sampled`.
"""

import numpy as np
import pandas as pd

from features.snapshot_file import in_order, row_groups
from features.snapshots import Snapshot
from training.rows import Columns, Rows, fold_of

LOTS = 10_000


def sampled(snapshot: Snapshot, model: str, *, most_rows: int, seed: int) -> Rows:
    """The rows of one model, of as many customers as keep the snapshot's rows of all models below about `most_rows`.

    Reads a group of rows at a time. A snapshot with fewer rows is given whole, in its order.

    Args:
        snapshot: any.
        model: churn or reactivation.
        most_rows: rows to take, about.
        seed: of the draw; the same customers in every snapshot that is cut to the same share.
    """
    columns = Columns.of(snapshot.manifest)
    if len(snapshot) <= most_rows:
        return Rows.of(snapshot.frame, columns, model)
    lots = int(np.ceil(LOTS * most_rows / len(snapshot)))
    taken = [
        group[fold_of(group["customer_id"].to_numpy(dtype=object), LOTS, seed=seed) < lots]
        for group in row_groups(snapshot.rows_path, snapshot.feature_names)
    ]
    return Rows.of(in_order(pd.concat(taken, ignore_index=True)), columns, model)
