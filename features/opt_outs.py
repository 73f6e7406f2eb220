"""Who said that they do not want this: to be judged by a score, to be contacted at all, or by one channel.

Opt-outs are events like any other, so they have a day, come in by every source and live, are corrected, replayed and
forgotten: `opt_out`, and `opt_in` that takes one back. Their `category` says what of: scoring, contact, audience, or
the code of a channel; none says contact. Of several the one that happened last counts, of one instant the opt-out.
Start reading at `opt_outs`.
"""

from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from churn.settings import Settings
from features.kind_rows import rows_of_kinds
from features.log import NoLog

OPT_OUT, OPT_IN = "opt_out", "opt_in"
SCORING, CONTACT, AUDIENCE = "scoring", "contact", "audience"
COLUMNS: Final = ["customer_id", "category", "since"]


def opt_outs(settings: Settings, as_of: datetime | None = None) -> pd.DataFrame:
    """Every opt-out that stands.

    Args:
        settings: whose.
        as_of: by what had happened and was known before this instant; by all that is known where None.

    Returns:
        Columns: customer_id, category (scoring, contact, audience or the code of a channel), since (datetime64[us,
        UTC]); one row a customer and category, sorted. None where there is no log.

    Raises:
        BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox of live events.
    """
    try:
        rows = rows_of_kinds(settings, (OPT_OUT, OPT_IN), known_before=as_of)
    except NoLog:
        rows = pd.DataFrame(columns=["customer_id", "category", "event_type", "event_timestamp"])
    what = rows["category"].fillna("").astype(str).str.strip().str.lower()
    told = rows.assign(category=what.mask(what == "", CONTACT), is_out=rows["event_type"] == OPT_OUT)
    last = told.sort_values(["customer_id", "category", "event_timestamp", "is_out"], kind="stable")
    last = last[~last.duplicated(["customer_id", "category"], keep="last")]
    standing = last[last["is_out"].to_numpy(dtype=np.bool_)].rename(columns={"event_timestamp": "since"})
    return standing[COLUMNS].reset_index(drop=True)
