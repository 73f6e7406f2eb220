"""What became of each customer of a cohort? Null for all of them while the horizon is not over.

    churn model          silence, own cadence: no qualifying event in the outcome window
                         subscription: lapsed, by the rule, at the end of the outcome window
    reactivation model   a qualifying event in the outcome window

The outcome window is `[cutoff + gap, cutoff + gap + horizon)`, in calendar days. Judged by what had reached us, and
stood, before `observed_until`: an order of the horizon that was taken back in full by then never counted. Stayers of
an immature cutoff are null too, since to keep the positives alone would skew the base rate.
"""

from datetime import datetime

import numpy as np
import pandas as pd

from churn.calendar import NEVER, to_us
from churn.cohort import CHURN
from churn.conditions import qualifies
from churn.definition import Lifecycle, Subscription
from churn.events import BoolArray, Events, before, between
from churn.stages import Stage, standing


def label(
    cohort: pd.DataFrame, events: Events, lifecycle: Lifecycle, *, cutoff: datetime, observed_until: datetime
) -> pd.Series:
    """Say of each customer of a cohort whether they churned, or were reactivated.

    Args:
        cohort: who was asked about. Columns: customer_id, model.
        events: a log.
        lifecycle: definition, stage rules and calendar.
        cutoff: the first instant of their future.
        observed_until: the log is complete up to here; what reached us later is left out.

    Returns:
        churned where the model is churn, reactivated where it is reactivation; all null while immature.
        dtype boolean, index that of the cohort.
    """
    if not lifecycle.is_mature(cutoff, observed_until):
        return pd.Series(pd.NA, index=cohort.index, dtype="boolean", name="label")
    window, known_us = lifecycle.outcome_window(cutoff), to_us(observed_until)
    start_us, end_us = to_us(window.start), to_us(window.end)
    came = _came(before(events, known_us), lifecycle, start_us, end_us)
    gone = ~came
    if isinstance(lifecycle.definition.lapse, Subscription):
        gone = _lapsed(between(events, -NEVER, end_us, known_before_us=known_us), lifecycle, end_us)
    who = pd.Index(events.customers).get_indexer(pd.Index(cohort["customer_id"]))
    asked_churn = (cohort["model"] == CHURN).to_numpy(dtype=np.bool_)
    outcome = np.where(asked_churn, gone[who], came[who])
    return pd.Series(outcome, index=cohort.index, dtype="boolean", name="label")


def _came(known: Events, lifecycle: Lifecycle, start_us: int, end_us: int) -> BoolArray:
    """Who had a qualifying event in `[start, end)`. Shape (c,)."""
    inside = (known.time_us >= start_us) & (known.time_us < end_us)
    inside &= qualifies(known, lifecycle.definition, lifecycle.calendar)
    return np.bincount(known.customer[inside], minlength=len(known.customers)) > 0


def _lapsed(known: Events, lifecycle: Lifecycle, end_us: int) -> BoolArray:
    """Who was lapsed at an instant, whoever has an event at all. Shape (c,)."""
    then = standing(known, lifecycle, end_us)
    lapsed = np.ones(len(known.customers), dtype=np.bool_)  # whose every order was taken back has left, too
    lapsed[then.customer] = then.is_in(Stage.LAPSED, Stage.PROSPECT)
    return lapsed
