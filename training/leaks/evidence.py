"""What a hunt for leaks looks at: rows as they were known, the same rows in hindsight, and what came near and far.

    parts of the log --part_evidence--> rows at some training cutoffs --gathered--> `Evidence` of each model

Rows and their outcomes are those of training cutoffs, as known by the first test cutoff. One more thing is looked at:
who of them was silent in the last horizon of the log, since a value of today dated back tells that best; nothing that
fits a model reads it. Of a large log some parts do, which hold whole customers drawn by a hash.
Start reading at `gathered`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import to_us
from churn.cohort import CHURN, MODELS
from churn.definition import Lifecycle
from churn.events import BoolArray, Events, FloatArray, micros
from churn.labels import label
from features.compute import compute
from features.feature import Feature
from features.feature_set import FeatureSet
from features.formula import QUALIFYING, selections
from features.heirs import heirs_of
from features.hindsight import known_today
from features.parts import HERE, Engine, Part
from features.snapshot_rows import asked
from training.leaks.recorded import Recorded, recorded

MOST_ROWS: Final = 40_000  # rows a hunt looks at, about; whole parts of the log are left out beyond
MOST_CUTOFFS: Final = 6

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """Rows of one model at training cutoffs.

    Args:
        names: of the features. kinds: of event that each reads, by name; category: codes of texts. Shape (f,).
        X: features as known at the cutoff. later: the same from what is known today. Shape (n, f).
        outcome: 1.0 where the outcome came true. Shape (n,).
        far: 1.0 where the customer was silent in the last horizon of the log; NaN where that overlaps the row's own
            horizon. Shape (n,).
        customer: ids. cutoff_us: microseconds since 1970 UTC. Shape (n,).
        fresh: features at the test cutoffs, without outcomes; fresh_customer: whose. Shape (m, f) and (m,).
    """

    names: tuple[str, ...]
    kinds: Mapping[str, tuple[str, ...]]
    category: BoolArray
    X: FloatArray
    later: FloatArray
    outcome: FloatArray
    far: FloatArray
    customer: NDArray[np.object_]
    cutoff_us: IntArray
    fresh: FloatArray
    fresh_customer: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.outcome)

    def take(self, rows: BoolArray) -> "Evidence":
        """These rows."""
        of_rows = ("X", "later", "outcome", "far", "customer", "cutoff_us")
        return replace(self, **{name: getattr(self, name)[rows] for name in of_rows})

    def reads(self, kind: str) -> list[int]:
        """The columns of the features that read a kind of event."""
        return [place for place, name in enumerate(self.names) if kind in self.kinds[name]]


@dataclass(frozen=True)
class Gathered:
    """Everything a hunt reads: rows by model, and when events were recorded, by kind."""

    evidence: Mapping[str, Evidence]
    recorded: Recorded
    cutoffs: tuple[datetime, ...]
    share: float
    """Of the parts of the log that were looked at."""


def gathered(
    parts: Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    train: Sequence[datetime],
    test: Sequence[datetime],
    *,
    observed_until: datetime,
    engine: Engine = HERE,
) -> Gathered:
    """Gather the evidence of a log.

    Args:
        parts: of the log.
        features: whose leaks are looked for.
        lifecycle: what churn means.
        train: training cutoffs, ascending.
        test: test cutoffs; outcomes are looked at as known at the first of them, and none of theirs.
        observed_until: the end of the log.
        engine: where parts are worked on.
    """
    cutoffs = spread(train)
    work = partial(
        part_evidence, features=features, lifecycle=lifecycle, cutoffs=cutoffs, test=spread(test), end=observed_until
    )
    found: list[PartEvidence] = []
    for part in engine.map(work, parts):
        found.append(part)
        if sum(len(one.rows) for one in found) >= MOST_ROWS:
            break
    rows, fresh = (pd.concat([getattr(one, name) for one in found], ignore_index=True) for name in ("rows", "fresh"))
    evidence = {
        model: _of(rows[rows["model"] == model], fresh[fresh["model"] == model], features, lifecycle)
        for model in MODELS
    }
    seen = Recorded.together(one.recorded for one in found)
    return Gathered(evidence, seen, tuple(cutoffs), len(found) / max(len(parts), 1))


@dataclass(frozen=True)
class PartEvidence:
    """What one part holds.

    Args:
        rows: keys of SNAPSHOT, the features, those in hindsight with the prefix `later:`, and `far`.
        fresh: keys and features at the test cutoffs. recorded: when its events were recorded.
    """

    rows: pd.DataFrame
    fresh: pd.DataFrame
    recorded: Recorded


def part_evidence(
    part: Part,
    *,
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    test: Sequence[datetime],
    end: datetime,
) -> PartEvidence:
    """Read one part and gather its evidence; what an engine maps over the parts."""
    events, until = part.read(), min(test)
    asking = partial(asked, events, features=features, lifecycle=lifecycle, observed_until=until)
    rows = asking(cutoffs=cutoffs, heirs=heirs_of(part, events))
    rows = rows[rows["label"].notna()].reset_index(drop=True)
    cube = compute(known_today(events), cutoffs, features, lifecycle)
    places = np.searchsorted(events.customers, rows["customer_id"].to_numpy(dtype=object))
    instants = np.array([to_us(cutoff) for cutoff in cutoffs], dtype=np.int64)
    turns = np.searchsorted(instants, micros(rows["event_timestamp"]))
    later = pd.DataFrame(cube[places, turns], columns=[f"later:{name}" for name in features.names])
    told = pd.concat([rows, later], axis=1).assign(far=_far(rows, events, lifecycle, end))
    return PartEvidence(told, asking(cutoffs=test), recorded(events))


def spread(cutoffs: Sequence[datetime]) -> list[datetime]:
    """At most `MOST_CUTOFFS` of them, the first and the last among them, evenly."""
    ordered = sorted(set(cutoffs))
    places = np.unique(np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_CUTOFFS)).round().astype(int))
    return [ordered[int(place)] for place in places]


def kinds_of(feature: Feature, lifecycle: Lifecycle) -> tuple[str, ...]:
    """The kinds of event that a feature reads; without the qualifying ones where it reads others, too."""
    qualifying = set(lifecycle.definition.qualifying_kinds)
    found = {kind for selection in selections(feature.formula) for kind in selection.kinds}
    found = (found - {QUALIFYING}) | (qualifying if QUALIFYING in found else set())
    return tuple(sorted(found - qualifying or found))


def _far(frame: pd.DataFrame, events: Events, lifecycle: Lifecycle, until: datetime) -> FloatArray:
    """Who was silent in the last horizon before an instant, where that begins after the row's own ended."""
    definition, calendar = lifecycle.definition, lifecycle.calendar
    days = timedelta(days=definition.gap_days + definition.horizon_days)
    start = calendar.midnight(calendar.day_of(until) - days)
    everybody = frame[["customer_id"]].assign(model=CHURN)
    silent = label(everybody, events, lifecycle, cutoff=start, observed_until=until)
    newest = calendar.midnight(calendar.day_of(start) - days)
    apart = micros(frame["event_timestamp"]) <= to_us(newest)
    return np.where(apart, silent.to_numpy(dtype=np.float64, na_value=np.nan), np.nan)


def _of(table: pd.DataFrame, fresh: pd.DataFrame, features: FeatureSet, lifecycle: Lifecycle) -> Evidence:
    names = list(features.names)
    return Evidence(
        names=tuple(names),
        kinds={feature.name: kinds_of(feature, lifecycle) for feature in features},
        category=np.isin(names, features.categories),
        X=table[names].to_numpy(dtype=np.float64),
        later=table[[f"later:{name}" for name in names]].to_numpy(dtype=np.float64),
        outcome=table["label"].to_numpy(dtype=np.float64),
        far=table["far"].to_numpy(dtype=np.float64),
        customer=table["customer_id"].to_numpy(dtype=object),
        cutoff_us=micros(table["event_timestamp"]),
        fresh=fresh[names].to_numpy(dtype=np.float64),
        fresh_customer=fresh["customer_id"].to_numpy(dtype=object),
    )
