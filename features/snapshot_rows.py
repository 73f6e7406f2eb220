"""The rows of a snapshot for one part of the customers: a pure function of their events.

    asked(events of the part)     cohort x features x labels at each cutoff, and what came when (OUTCOMES)
    standing(events of the part)  everybody as of now x features, without labels

A customer's rows depend on that customer's events alone, so that the rows of a log are those of its parts laid
together, however it is parted (tests/law/test_parts.py). That is what local runs, a Dask cluster and Spark share;
`part_rows` and `part_current` read a part and do it, which is what an engine maps. Start reading at `asked`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from churn.aftermath import Aftermath
from churn.calendar import NEVER, to_us
from churn.cohort import cohort, everyone
from churn.definition import Lifecycle
from churn.events import Events
from churn.stated_text import texts
from churn.tables import OUTCOMES, SNAPSHOT_KEYS
from features.category_words import Tally, tally
from features.compute import Cube, compute
from features.feature_set import FeatureSet
from features.heirs import NO_HEIRS, Heirs, aftermath, heirs_of, outcomes
from features.parts import Part
from features.snapshot_file import STATED, content_of, table_of


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
        Keys of SNAPSHOT, OUTCOMES, then one float64 column a feature, NaN where null. Sorted by cutoff and customer.
    """
    people = _labelled(events, lifecycle, Question(tuple(cutoffs), observed_until), heirs)
    cube = compute(events, cutoffs, features, lifecycle)
    return _with_features(people, events, features, cutoffs, [cube[:, place] for place in range(len(cutoffs))])


@dataclass(frozen=True)
class Standing:
    """Everybody's row as of now of one part.

    Args:
        frame: keys of SNAPSHOT, then the features, then what each stated (`churn.stated_text`); sorted by customer.
        tells_solutions: whether the part says of any case that it was solved.
    """

    frame: pd.DataFrame
    tells_solutions: bool


def standing(events: Events, *, features: FeatureSet, lifecycle: Lifecycle, now: datetime) -> Standing:
    """Everybody's row as of now: stage, model (null where no model is asked) and features, without labels.

    Args:
        events: all events of some customers.
        features: what to compute.
        lifecycle: what churn means.
        now: the cutoff; any instant.

    Returns:
        Its rows, in which `model` may be null, `label` always is.
    """
    people = everyone(events, lifecycle, now)[["customer_id", "stage", "model"]]
    people = people.assign(label=pd.array([pd.NA] * len(people), dtype="boolean"))
    cube = compute(events, [now], features, lifecycle)
    frame = _with_features([people], events, features, [now], [cube[:, 0]])
    said, tells = texts(events, to_us(now), lifecycle.words)
    places = np.searchsorted(events.customers, frame["customer_id"].to_numpy(dtype=object))
    frame[STATED] = np.array(said, dtype=object)[places]
    return Standing(frame, tells)


@dataclass(frozen=True)
class Question:
    """What one snapshot asks of a log.

    Args:
        cutoffs: aware instants, ascending and distinct.
        observed_until: labels know what had reached us before it; a cutoff that is immature by then has null labels.
        without: customers who are left out, as they objected to scoring.
    """

    cutoffs: tuple[datetime, ...]
    observed_until: datetime
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PartRows:
    """The rows of one part, ready to be written, and what they add to the whole.

    Args:
        table: the rows as they are laid into Parquet.
        content: the number that stands for them.
        first_us: when the first event of the part happened; `NEVER` where it has none.
        texts: how many of its customers have each text that features keep as a code.
    """

    table: pa.Table
    content: int
    first_us: int
    texts: Tally


def part_rows(
    part: Part, *, features: FeatureSet, lifecycle: Lifecycle, questions: Sequence[Question]
) -> list[PartRows]:
    """Read one part and make its rows of each snapshot asked for; what an engine maps over the parts.

    Features are computed once at the cutoffs of all of them: they depend on the cutoff alone, labels on both instants.
    """
    events = part.read()
    heirs = heirs_of(part, events)
    cutoffs = sorted({cutoff for question in questions for cutoff in question.cutoffs})
    cube = compute(events, cutoffs, features, lifecycle)
    first_us = int(events.time_us.min()) if len(events) else NEVER
    made = []
    for question in questions:
        people = _labelled(events, lifecycle, question, heirs)
        planes = [cube[:, cutoffs.index(cutoff)] for cutoff in question.cutoffs]
        frame = _with_features(people, events, features, question.cutoffs, planes)
        texts = tally(frame, features.categories, events)
        made.append(PartRows(table_of(frame, features.names), content_of(frame, features.names), first_us, texts))
    return made


def part_current(part: Part, *, features: FeatureSet, lifecycle: Lifecycle, now: datetime) -> Standing:
    """Read one part and make its rows of now; what an engine maps over the parts."""
    return standing(part.read(), features=features, lifecycle=lifecycle, now=now)


def _labelled(events: Events, lifecycle: Lifecycle, question: Question, heirs: Heirs) -> list[pd.DataFrame]:
    """Who is asked about at each cutoff, what became of them, and when."""
    until, found = question.observed_until, []
    known = Aftermath.known(events, lifecycle, until)
    theirs = None if heirs.events is None else Aftermath.known(heirs.events, lifecycle, until)
    for cutoff in question.cutoffs:
        asked = cohort(events, lifecycle, cutoff)
        if question.without:
            asked = asked[~asked["customer_id"].isin(question.without)].reset_index(drop=True)
        label = outcomes(asked, events, lifecycle, cutoff=cutoff, observed_until=until, heirs=heirs)
        after = aftermath(asked, known, cutoff=cutoff, holders=heirs.holders, theirs=theirs)
        keys = asked[["customer_id", "stage", "model"]].assign(label=label.astype("boolean"))
        found.append(pd.concat([keys, after], axis=1))
    return found


def _with_features(
    cohorts: Sequence[pd.DataFrame],
    events: Events,
    features: FeatureSet,
    cutoffs: Sequence[datetime],
    planes: Sequence[Cube],
) -> pd.DataFrame:
    """Lay keys and features side by side, cutoff by cutoff; a plane has the features of all customers at a cutoff."""
    keys, rows = [], []
    for members, cutoff, plane in zip(cohorts, cutoffs, planes, strict=True):
        people = members.sort_values("customer_id", kind="stable", ignore_index=True)
        instant = pd.Series(np.full(len(people), to_us(cutoff), dtype="datetime64[us]")).dt.tz_localize("UTC")
        after = [name for name in OUTCOMES.names if name in people]
        keys.append(people.assign(event_timestamp=instant, created_timestamp=instant)[[*SNAPSHOT_KEYS.names, *after]])
        position = np.searchsorted(events.customers, people["customer_id"].to_numpy(dtype=object))
        rows.append(plane[position])
    shape = np.zeros((0, len(features.names)))
    values = pd.DataFrame(np.concatenate([shape, *rows]), columns=list(features.names))
    table = pd.concat(keys, ignore_index=True) if keys else pd.concat([SNAPSHOT_KEYS.empty(), OUTCOMES.empty()], axis=1)
    return pd.concat([_typed(table), values], axis=1)


def _typed(keys: pd.DataFrame) -> pd.DataFrame:
    """Keys in the types of their table; texts as plain objects, null as None."""
    texts = {
        column.name: keys[column.name].astype(object).where(keys[column.name].notna(), None)
        for column in SNAPSHOT_KEYS
        if column.dtype == "str"
    }
    return keys.assign(**texts, label=keys["label"].astype("boolean"))
