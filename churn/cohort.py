"""Who is asked about at a cutoff, and by which model?

Positively defined: the churn model asks about customers with a qualifying event who are not lapsed, the reactivation
model about lapsed ones. Prospects, customers who are not eligible, and those who lapsed longer ago than
`win_back_within_days` are asked about by neither. Judged by what was known at the cutoff. Knows nothing of outcomes.
"""

from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import EPOCH, Int64Array, from_us, to_us
from churn.conditions import eligible
from churn.definition import Lifecycle
from churn.events import Events, before
from churn.stages import Stage, standing

CHURN, REACTIVATION = "churn", "reactivation"
MODELS = (CHURN, REACTIVATION)


def everyone(events: Events, lifecycle: Lifecycle, cutoff: datetime) -> pd.DataFrame:
    """Every customer of whom anything is known before a cutoff, with the model that is asked about them.

    Args:
        events: a log; what the cutoff cannot know is left out here.
        lifecycle: definition, stage rules and calendar.
        cutoff: the first instant of the future, aware.

    Returns:
        One row a customer, sorted by customer.
        Columns: customer_id, stage, model (churn, reactivation or null).
    """
    asked = who_is_asked(events, lifecycle, to_us(cutoff))
    return pd.DataFrame({"customer_id": events.customers[asked.customer], "stage": asked.stage, "model": asked.model})


class Asked(NamedTuple):
    """Customers of whom anything is known, and which model is asked about each. All of shape (k,).

    Args:
        customer: index into `Events.customers`, ascending.
        stage: values of `Stage`, dtype object.
        model: churn, reactivation or None, dtype object.
    """

    customer: Int64Array
    stage: NDArray[np.object_]
    model: NDArray[np.object_]


def who_is_asked(events: Events, lifecycle: Lifecycle, cutoff_us: int) -> Asked:
    """`everyone` as arrays."""
    visible = before(events, cutoff_us)
    now = standing(visible, lifecycle, cutoff_us)
    may = eligible(visible, lifecycle.definition, cutoff_us, lifecycle.calendar)[now.customer]
    lapsed = now.is_in(Stage.LAPSED)
    reachable = lapsed.copy()
    within = lifecycle.definition.win_back_within_days
    if within is not None:
        reachable &= now.lapse_day >= (lifecycle.calendar.day_of(from_us(cutoff_us)) - EPOCH).days - within
    model = np.full(len(now.stage), None, dtype=object)
    model[may & ~lapsed & ~now.is_in(Stage.PROSPECT)] = CHURN
    model[may & reachable] = REACTIVATION
    return Asked(now.customer, now.stage, model)


def cohort(events: Events, lifecycle: Lifecycle, cutoff: datetime) -> pd.DataFrame:
    """The customers asked about at a cutoff: the rows of `everyone` that have a model.

    Returns:
        One row a customer, sorted by customer, index 0..k-1. Columns: customer_id, stage, model.
    """
    everybody = everyone(events, lifecycle, cutoff)
    return everybody[everybody["model"].notna()].reset_index(drop=True)
