"""What became of a customer who is somebody else by now?

An outcome is judged by what was known when the horizon was over. If by then the ids of a customer had gone to another,
in a merge or a split, then what that other did tells what became of them: who went silent under the id of the hotline
and bought on under that of the shop has not left. `outcomes` asks `churn.labels.label` for the customer and for each
heir: churned only if all did, reactivated if one was. `aftermath` does so for the numbers beside the label: the first
to come tells when, money is added up, and who goes on longest has not lapsed. Start reading at `outcomes`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from churn.aftermath import Aftermath
from churn.calendar import to_us
from churn.cohort import CHURN
from churn.definition import Lifecycle
from churn.events import Events
from churn.labels import label
from features.holders import NOBODY, Holders, read_holders
from features.log_reading import read_events
from features.parts import Bucket, Part


@dataclass(frozen=True)
class Heirs:
    """Who took over from customers, and what they did.

    Args:
        holders: the id map.
        events: everything of those who took over; None where nobody did.
    """

    holders: Holders = NOBODY
    events: Events | None = None


NO_HEIRS = Heirs()


def heirs_of(part: Part, events: Events) -> Heirs:
    """Who took over from the customers of a part; their events lie in other buckets, and are read from there.

    Args:
        part: where it lies.
        events: its events.
    """
    if not isinstance(part, Bucket):
        return NO_HEIRS
    holders = read_holders(part.folder)
    lost = holders.changed() & set(events.customers)
    if not lost:
        return NO_HEIRS
    return Heirs(holders, read_events(part.folder, holders.heirs_ever(lost), taking_back=part.taking_back))


def heirs_among(events: Events, customer_ids: Iterable[str], holders: Holders) -> Heirs:
    """Who took over from some customers, where all of the log is here.

    Args:
        events: the whole log.
        customer_ids: of whom is asked.
        holders: the id map of the log.
    """
    lost = holders.changed() & set(customer_ids)
    return Heirs(holders, events.of(holders.heirs_ever(lost))) if lost else NO_HEIRS


def outcomes(
    asked: pd.DataFrame,
    events: Events,
    lifecycle: Lifecycle,
    *,
    cutoff: datetime,
    observed_until: datetime,
    heirs: Heirs = NO_HEIRS,
) -> pd.Series:
    """`churn.labels.label`, also where customers are somebody else by `observed_until`.

    Args:
        asked: who was asked about. Columns: customer_id, model.
        events: everything of these customers.
        lifecycle: definition, stage rules and calendar.
        cutoff: the first instant of their future.
        observed_until: the log is complete up to here.
        heirs: who took over from some of them.

    Returns:
        dtype boolean, index that of `asked`; all null while immature.
    """
    own = label(asked, events, lifecycle, cutoff=cutoff, observed_until=observed_until)
    if heirs.events is None or own.isna().all():
        return own
    theirs = _theirs(asked, heirs.events, heirs.holders, cutoff=cutoff, observed_until=observed_until)
    if theirs.empty:
        return own
    theirs["became"] = label(theirs, heirs.events, lifecycle, cutoff=cutoff, observed_until=observed_until)
    did, every = theirs.groupby("row")["became"], range(len(asked))
    all_did = did.all().reindex(every, fill_value=True).to_numpy(dtype=np.bool_)
    one_did = did.any().reindex(every, fill_value=False).to_numpy(dtype=np.bool_)
    churns, mine = (asked["model"] == CHURN).to_numpy(dtype=np.bool_), own.to_numpy(dtype=np.bool_)
    became = np.where(churns, mine & all_did, mine | one_did)
    return pd.Series(became, index=asked.index, dtype="boolean", name="label")


def aftermath(
    asked: pd.DataFrame,
    known: Aftermath,
    *,
    cutoff: datetime,
    holders: Holders = NOBODY,
    theirs: Aftermath | None = None,
) -> pd.DataFrame:
    """`churn.aftermath.Aftermath.of`, also where customers are somebody else by then.

    Args:
        asked: who was asked about. Columns: customer_id, model.
        known: everything of these customers.
        cutoff: the first instant of their future.
        holders: the id map.
        theirs: everything of those who took over; None where nobody did.

    Returns:
        Columns of OUTCOMES, index that of `asked`.
    """
    own = known.of(asked, cutoff)
    if theirs is None:
        return own
    heirs = _theirs(asked, theirs.events, holders, cutoff=cutoff, observed_until=theirs.observed_until)
    if heirs.empty:
        return own
    found = pd.concat([own.assign(row=np.arange(len(own))), theirs.of(heirs, cutoff).assign(row=heirs["row"])])
    each = found.groupby("row")
    lapsed = found["lapse_days"].notna().groupby(found["row"]).all()
    joined = {
        "next_event_days": each["next_event_days"].min(),
        "followed_days": each["followed_days"].max(),
        "spend_amount": each["spend_amount"].sum(min_count=1),
        "active_days": each["active_days"].max(),
        "lapse_days": each["lapse_days"].max().where(lapsed),
    }
    return pd.DataFrame(joined).set_axis(asked.index)


def _theirs(
    asked: pd.DataFrame, events: Events, holders: Holders, *, cutoff: datetime, observed_until: datetime
) -> pd.DataFrame:
    """Who took over from whom between two instants. Columns: customer_id (the heir), model, row (in `asked`)."""
    pairs = holders.heirs(cutoff_us=to_us(cutoff), observed_us=to_us(observed_until))
    pairs = pairs[pairs["heir"].isin(events.customers)]
    rows = asked[["customer_id", "model"]].assign(row=np.arange(len(asked)))
    theirs = rows.merge(pairs, left_on="customer_id", right_on="former")
    return theirs[["heir", "model", "row"]].rename(columns={"heir": "customer_id"})
