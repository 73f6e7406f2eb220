"""The rows of a snapshot for one part of the customers: a pure function of their events.

    asked(events of the part)     cohort x features x labels at each cutoff
    standing(events of the part)  everybody as of now x features, without labels

A customer's rows depend on that customer's events alone, so that the rows of a log are those of its parts laid
together, however it is parted (tests/law/test_parts.py). That is what local runs, a Dask cluster and Spark share;
`part_rows` and `part_current` read a part and do it, which is what an engine maps. Start reading at `asked`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from churn.calendar import NEVER, to_us
from churn.cohort import cohort, everyone
from churn.definition import Lifecycle
from churn.events import Events
from churn.tables import SNAPSHOT_KEYS
from features.compute import compute
from features.feature_set import FeatureSet
from features.heirs import NO_HEIRS, Heirs, heirs_of, outcomes
from features.parts import Part
from features.snapshot_file import content_of, table_of


def asked(
    events: Events,
    *,
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    observed_until: datetime,
    heirs: Heirs = NO_HEIRS,
) -> pd.DataFrame:
    """Who is asked about at each cutoff, what was known about them, and what became of them.

    Args:
        events: all events of some customers; what a cutoff cannot know is left out here.
        features: what to compute.
        lifecycle: what churn means.
        cutoffs: aware instants, ascending and distinct.
        observed_until: labels know what had reached us before it; a cutoff that is immature by then has null labels.
        heirs: who took over from some of these customers, for their labels.

    Returns:
        Keys of SNAPSHOT, then one float64 column a feature, NaN where null. Sorted by cutoff and customer.
    """
    cohorts = [_labelled(events, lifecycle, cutoff, observed_until, heirs) for cutoff in cutoffs]
    return _with_features(cohorts, events, features, lifecycle, cutoffs)


def standing(events: Events, *, features: FeatureSet, lifecycle: Lifecycle, now: datetime) -> pd.DataFrame:
    """Everybody's row as of now: stage, model (null where no model is asked) and features, without labels.

    Args:
        events: all events of some customers.
        features: what to compute.
        lifecycle: what churn means.
        now: the cutoff; any instant.

    Returns:
        Keys of SNAPSHOT, then the features, sorted by customer; `model` may be null here, `label` always is.
    """
    people = everyone(events, lifecycle, now)[["customer_id", "stage", "model"]]
    people = people.assign(label=pd.array([pd.NA] * len(people), dtype="boolean"))
    return _with_features([people], events, features, lifecycle, [now])


@dataclass(frozen=True)
class PartRows:
    """The rows of one part, ready to be written, and what they add to the whole.

    Args:
        table: the rows as they are laid into Parquet.
        content: the number that stands for them.
        first_us: when the first event of the part happened; `NEVER` where it has none.
    """

    table: pa.Table
    content: int
    first_us: int


def part_rows(
    part: Part, *, features: FeatureSet, lifecycle: Lifecycle, cutoffs: Sequence[datetime], observed_until: datetime
) -> PartRows:
    """Read one part and make its rows of a snapshot; what an engine maps over the parts."""
    events = part.read()
    asking = partial(asked, features=features, lifecycle=lifecycle, cutoffs=cutoffs, observed_until=observed_until)
    frame = asking(events, heirs=heirs_of(part, events))
    first_us = int(events.time_us.min()) if len(events) else NEVER
    return PartRows(table_of(frame, features.names), content_of(frame, features.names), first_us)


def part_current(part: Part, *, features: FeatureSet, lifecycle: Lifecycle, now: datetime) -> pd.DataFrame:
    """Read one part and make its rows of now; what an engine maps over the parts."""
    return standing(part.read(), features=features, lifecycle=lifecycle, now=now)


def _labelled(
    events: Events, lifecycle: Lifecycle, cutoff: datetime, observed_until: datetime, heirs: Heirs
) -> pd.DataFrame:
    """Who is asked about at a cutoff, and what became of them."""
    asked = cohort(events, lifecycle, cutoff)
    outcome = outcomes(asked, events, lifecycle, cutoff=cutoff, observed_until=observed_until, heirs=heirs)
    return asked[["customer_id", "stage", "model"]].assign(label=outcome.astype("boolean"))


def _with_features(
    cohorts: Sequence[pd.DataFrame],
    events: Events,
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
) -> pd.DataFrame:
    """Lay keys and features side by side, cutoff by cutoff."""
    cube = compute(events, cutoffs, features, lifecycle)
    keys, rows = [], []
    for index, (members, cutoff) in enumerate(zip(cohorts, cutoffs, strict=True)):
        people = members.sort_values("customer_id", kind="stable", ignore_index=True)
        instant = pd.Series(np.full(len(people), to_us(cutoff), dtype="datetime64[us]")).dt.tz_localize("UTC")
        keys.append(people.assign(event_timestamp=instant, created_timestamp=instant)[SNAPSHOT_KEYS.names])
        position = np.searchsorted(events.customers, people["customer_id"].to_numpy(dtype=object))
        rows.append(cube[position, index])
    shape = np.zeros((0, len(features.names)))
    values = pd.DataFrame(np.concatenate([shape, *rows]), columns=list(features.names))
    table = pd.concat(keys, ignore_index=True) if keys else SNAPSHOT_KEYS.empty()
    return pd.concat([_typed(table), values], axis=1)


def _typed(keys: pd.DataFrame) -> pd.DataFrame:
    """Keys in the types of their table; texts as plain objects, null as None."""
    texts = {
        column.name: keys[column.name].astype(object).where(keys[column.name].notna(), None)
        for column in SNAPSHOT_KEYS
        if column.dtype == "str"
    }
    return keys.assign(**texts, label=keys["label"].astype("boolean"))
