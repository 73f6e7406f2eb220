"""Whom customers referred, and what those have spent since: the part of a customer's value that others pay.

    events `referral` (who referred) and `referred` (who was), related_customer_id --> each pair once

Reads two kinds of event of the log. Start reading at `referred`.
"""

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.events import FloatArray
from churn.settings import Settings
from features.kind_rows import rows_of_kinds

KINDS = ("referral", "referred")


def referred(
    settings: Settings, instant: datetime, customer_ids: NDArray[np.object_], spend: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Customers that each customer referred, and what those spent.

    Args:
        settings: whose log.
        instant: only what was known before it counts.
        customer_ids: everybody, each once. Shape (n,).
        spend: what each of them spent so far. Shape (n,).

    Returns:
        Counts, and money. Each of shape (n,).
    """
    rows = rows_of_kinds(settings, KINDS, known_before=instant)
    rows = rows[rows["related_customer_id"].notna()]
    by = rows["event_type"] == "referral"
    pairs = pd.DataFrame(
        {
            "giver": rows["customer_id"].where(by, rows["related_customer_id"]),
            "taker": rows["related_customer_id"].where(by, rows["customer_id"]),
        }
    ).drop_duplicates()
    everybody = pd.Index(customer_ids)
    giver, taker = (everybody.get_indexer(pd.Index(pairs[name])) for name in ("giver", "taker"))
    known = (giver >= 0) & (giver != taker)
    brought = np.where(taker >= 0, spend[taker], 0.0)[known] if len(spend) else np.zeros(0)
    counts = np.bincount(giver[known], minlength=len(everybody)).astype(np.float64)
    return counts, np.bincount(giver[known], weights=brought, minlength=len(everybody)).astype(np.float64)
