"""What became of each saved segment, and what is expected of it: who left, what the model says, what they are worth.

    members as of the newest instant whose horizon is over --> how many of those asked about left, with an interval
    members of now --newest scores, VALUES of that instant--> mean probability of leaving, mean margin expected

Of whoever is in a segment today nobody knows yet whether they leave. Everybody together stands beside the segments, to
compare with. A segment that goes by the value tier has no past. Start reading at `outcomes_of`.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.people import VALUES_FILE
from campaigns.segments.asking import Asked, asked_of
from campaigns.segments.instants import at_instants
from campaigns.segments.intervals import share_of
from campaigns.segments.members import instant_of_now
from campaigns.segments.rfm import churn_scores, newest_matured
from churn.cohort import CHURN, cohort
from churn.settings import Settings
from features import parquet
from features.heirs import heirs_of, outcomes
from features.log import read_log_manifest
from features.parts import HERE, Engine, Part, log_parts

EVERYBODY: Final = "everybody"


@dataclass(frozen=True)
class Outcomes:
    """What is told of the segments.

    Args:
        matured_at: the instant of which it is told who left; None where none has matured.
        rows: by name of the segment, and of everybody. Keys: left (share with interval; of a segment without a past
            null), scored, mean_probability, valued, mean_clv_amount.
    """

    matured_at: datetime | None
    rows: dict[str, dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"matured_at": self.matured_at and self.matured_at.isoformat(), "segments": self.rows}


def outcomes_of(
    settings: Settings, found: pd.DataFrame, as_of: datetime | None = None, *, engine: Engine = HERE
) -> Outcomes:
    """What became of the segments.

    Args:
        settings: whose.
        found: members of now, as `members` gives them.
        as_of: the instant of `found`; that of the rows of now where None.
        engine: where parts of the log are read.
    """
    manifest = read_log_manifest(settings.folder)
    now = instant_of_now(settings)
    instant = now if as_of is None else as_of
    names = [name for name in found.columns if name != "customer_id"]
    every = asked_of(settings, manifest, names)
    asked = every.without(every.tiered)
    until = min(instant, manifest.observed_until)
    matured: datetime | None = newest_matured(settings, until)
    left: dict[str, tuple[int, int]] = {}
    if matured is not None and matured > manifest.first_event_at:
        parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
        work = partial(part_outcomes, asked=asked, cutoff=matured, observed_until=until)
        counts = np.sum(list(engine.map(work, parts)), axis=0)
        left = {name: (int(gone), int(n)) for name, (gone, n) in zip([*asked.names, EVERYBODY], counts, strict=True)}
    else:
        matured = None
    told = _with_scores(settings, found, instant, is_now=instant == now)
    confidence = settings.segments.confidence
    rows = {
        name: {"left": share_of(*left[name], confidence) if name in left else None, **_means(told, name)}
        for name in [*names, EVERYBODY]
    }
    return Outcomes(matured, rows)


def part_outcomes(part: Part, *, asked: Asked, cutoff: datetime, observed_until: datetime) -> NDArray[np.int64]:
    """Who left, and of how many asked about, by segment and of everybody. Shape (s + 1, 2); what an engine maps."""
    events = part.read()
    people = cohort(events, asked.lifecycle, cutoff)
    people = people[people["model"] == CHURN].reset_index(drop=True)
    label = outcomes(
        people, events, asked.lifecycle, cutoff=cutoff, observed_until=observed_until, heirs=heirs_of(part, events)
    )
    (at,) = at_instants(events, asked, [cutoff])
    rows = np.searchsorted(events.customers, people["customer_id"].to_numpy(dtype=object))
    mine = np.column_stack([at.members[rows], np.ones(len(rows), dtype=np.bool_)])
    gone = label.eq(other=True).to_numpy(dtype=bool)
    return np.column_stack([mine[gone].sum(axis=0), mine.sum(axis=0)]).astype(np.int64)


def _with_scores(settings: Settings, found: pd.DataFrame, instant: datetime, *, is_now: bool) -> pd.DataFrame:
    """Members with their probability of leaving, where scores are of that instant, and the margin expected of them."""
    scores, _ = churn_scores(settings, instant)
    told = found.merge(scores, on="customer_id", how="left")
    path = settings.folder / VALUES_FILE
    if not is_now or not path.exists():
        return told.assign(clv_amount=np.nan)
    values = parquet.read_frame(path).reindex(columns=["customer_id", "clv_amount"])
    return told.merge(values, on="customer_id", how="left")


def _means(told: pd.DataFrame, name: str) -> dict[str, Any]:
    mine = told if name == EVERYBODY else told[told[name]]
    return {
        "scored": int(mine["probability"].notna().sum()), "mean_probability": _mean(mine["probability"]),
        "valued": int(mine["clv_amount"].notna().sum()), "mean_clv_amount": _mean(mine["clv_amount"]),
    }  # fmt: skip


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if values.notna().any() else None
