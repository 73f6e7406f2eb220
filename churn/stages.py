"""Where does each customer stand? The seven stages of the lifecycle, each customer in exactly one at any instant.

    prospect   no qualifying event yet
    new        the first one is at most `new_days` old
    active     neither new nor loyal nor lapsing
    loyal      `loyal_orders` of them within `loyal_days`
    lapsing    silent for `lapsing_share` of what makes lapsed; a subscription: over, but within its grace
    lapsed     silent for longer than the rule of the definition allows
    won back   came back from lapsed at most `won_back_days` ago

Where several fit, lapsed > won back > lapsing > loyal > new > active. Judged by what was known at that instant, so a
late arrival changes no stage, and an order that was taken back is gone from the moment we knew it. Comebacks are read
from the events that are visible then, in the order in which they happened. Start reading at `stages`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import EPOCH, Int64Array, from_us, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle, StageRules
from churn.events import BoolArray, Events, before
from churn.lapse import Trace, trace


class Stage(StrEnum):
    """A stage of the lifecycle."""

    PROSPECT = "prospect"
    NEW = "new"
    ACTIVE = "active"
    LOYAL = "loyal"
    LAPSING = "lapsing"
    LAPSED = "lapsed"
    WON_BACK = "won_back"


class Five(NamedTuple):
    """One of the five stages that the trade speaks of."""

    en: str
    zh: str


FIVE = {
    Stage.PROSPECT: Five("acquisition", "获取"),
    Stage.NEW: Five("conversion", "转化"),
    Stage.ACTIVE: Five("loyalty", "忠诚"),
    Stage.LOYAL: Five("loyalty", "忠诚"),
    Stage.LAPSING: Five("retention", "挽留"),
    Stage.LAPSED: Five("reactivation", "再激活"),
    Stage.WON_BACK: Five("reactivation", "再激活"),
}

PRECEDENCE = (Stage.LAPSED, Stage.WON_BACK, Stage.LAPSING, Stage.LOYAL, Stage.NEW)


@dataclass(frozen=True)
class Standing:
    """Where customers stand at one instant. All arrays have shape (k,): customers with any visible event.

    Args:
        customer: index into `Events.customers`, ascending.
        stage: values of `Stage`, dtype object.
        last_us: their last qualifying event, microseconds since 1970 UTC; -1 for a prospect.
        lapse_day: the first local day on which they count as lapsed if nothing more happens; -1 for a prospect.
    """

    customer: Int64Array
    stage: NDArray[np.object_]
    last_us: Int64Array
    lapse_day: Int64Array

    def is_in(self, *stages: Stage) -> BoolArray:
        """Who is in one of these stages. Shape (k,)."""
        return np.isin(self.stage, [stage.value for stage in stages])


def stages(events: Events, lifecycle: Lifecycle, cutoff: datetime) -> pd.DataFrame:
    """The stage of every customer of whom anything is known before an instant.

    Args:
        events: a log; what the instant cannot know is left out here.
        lifecycle: definition, stage rules and calendar.
        cutoff: any instant, aware.

    Returns:
        One row a customer, sorted by customer.
        Columns: customer_id, stage, last_qualifying_at (null for a prospect).
    """
    cutoff_us = to_us(cutoff)
    visible = before(events, cutoff_us)
    now = standing(visible, lifecycle, cutoff_us)
    last = pd.Series(now.last_us).where(now.last_us >= 0).astype("Int64")
    return pd.DataFrame(
        {
            "customer_id": visible.customers[now.customer],
            "stage": now.stage,
            "last_qualifying_at": pd.to_datetime(last, unit="us", utc=True).dt.as_unit("us"),
        }
    )


def by_stage(stage: pd.Series) -> dict[Stage, int]:
    """Customers of each stage, those with nobody too, in the order of the lifecycle.

    Args:
        stage: one value of `Stage` a customer; what is none is not counted.
    """
    counts = stage.value_counts()
    return {one: int(counts.get(one.value, 0)) for one in Stage}


def standing(visible: Events, lifecycle: Lifecycle, cutoff_us: int) -> Standing:
    """Where customers stand, judged by events that are all visible at the cutoff already."""
    told = trace(visible, qualifies(visible, lifecycle.definition, lifecycle.calendar), lifecycle)
    today = (lifecycle.calendar.day_of(from_us(cutoff_us)) - EPOCH).days
    size = len(visible.customers)
    last = np.full(size, -1, dtype=np.int64)
    last[told.customer] = np.arange(len(told.customer))  # the last of several assignments stays
    seen = np.bincount(visible.customer, minlength=size) > 0
    fits = _fits(told, lifecycle.rules, today=today, size=size, last=last)
    stage = np.full(size, Stage.ACTIVE.value, dtype=object)
    for name in reversed(PRECEDENCE):
        stage[fits[name]] = name.value
    stage[last < 0] = Stage.PROSPECT.value
    return Standing(
        customer=np.flatnonzero(seen),
        stage=stage[seen],
        last_us=_at(told.time_us, last)[seen],
        lapse_day=_at(told.lapse_day, last)[seen],
    )


def _fits(told: Trace, rules: StageRules, *, today: int, size: int, last: Int64Array) -> dict[Stage, BoolArray]:
    """Whom each stage would fit, before precedence. Each of shape (c,)."""
    first_day = told.day[told.starts]
    new = np.zeros(size, dtype=np.bool_)
    new[told.customer[told.starts]] = first_day >= today - rules.new_days
    within = told.day >= today - rules.loyal_days
    returned = told.comeback & (told.day >= today - rules.won_back_days)
    return {
        Stage.LAPSED: today >= _at(told.lapse_day, last),
        Stage.WON_BACK: np.bincount(told.customer[returned], minlength=size) > 0,
        Stage.LAPSING: today >= _at(told.fading_day, last),
        Stage.LOYAL: np.bincount(told.customer[within], minlength=size) >= rules.loyal_orders,
        Stage.NEW: new,
    }


def _at(values: Int64Array, index: Int64Array) -> Int64Array:
    """`values[index]`, and -1 where the index is -1."""
    return np.append(values, -1)[index]
