"""The RFM grid of a business as of an instant: customers, money, what became of such customers, what the model says.

    log as of then --> edges --> cells: customers, money
    log as of the newest instant whose horizon is over --same edges--> who left of those in each cell then
    newest scores, where they are of that very instant --> mean probability of each cell

What became of a cell's customers is told of those who stood in it then; of today's nobody knows yet. Start reading at
`rfm_of`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from campaigns.people import NoScores, people_of
from campaigns.segments.asking import Asked, asked_of
from campaigns.segments.grid import TYPES, Edges, edges_of
from campaigns.segments.instants import at_instants
from campaigns.segments.intervals import share_of
from campaigns.segments.members import instant_of_now
from churn.cohort import CHURN, cohort
from churn.settings import Settings
from features.heirs import heirs_of, outcomes
from features.log import read_log_manifest
from features.parts import HERE, Engine, Part, log_parts
from features.snapshots import last_midnight

STANDING = ("silence_days", "orders", "amount")


@dataclass(frozen=True)
class Rfm:
    """The grid as of an instant.

    Args:
        as_of: the instant.
        edges: what parts it.
        cells: one row a cell with anybody in it. Columns: silence, orders, amount (places of the classes), customers,
            amount_total, realised (share with interval of those who left; its `n` 0 where nothing matured), scored
            (how many have a probability of leaving), mean_probability.
        types: the same, one row a type; columns type instead of the places.
        customers: known then.
        matured_at: the instant of which it is told who left; None where none has matured.
        why_unscored: why no probability is told; None where there is one.
    """

    as_of: datetime
    edges: Edges
    cells: pd.DataFrame
    types: pd.DataFrame
    customers: int
    matured_at: datetime | None
    why_unscored: str | None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        silence, orders, amount = self.ranges
        cells = [
            {"days_since_last_order": silence[row["silence"]], "orders": orders[row["orders"]],
             "amount": amount[row["amount"]], **_figures(row)}
            for row in self.cells.to_dict("records")
        ]  # fmt: skip
        types = [
            {"type": row["type"], "en": TYPES[row["type"]][0], "zh": TYPES[row["type"]][1], **_figures(row)}
            for row in self.types.to_dict("records")
        ]
        return {
            "as_of": self.as_of.isoformat(), "customers": self.customers, "edges": self.edges.as_json(),
            "matured_at": self.matured_at and self.matured_at.isoformat(), "why_unscored": self.why_unscored,
            "types": types, "cells": cells,
        }  # fmt: skip

    @property
    def ranges(self) -> tuple[list[str], list[str], list[str]]:
        """The classes of silence, orders and money as people read them."""
        return self.edges.ranges


def _figures(row: dict[Any, Any]) -> dict[str, Any]:
    mean = row["mean_probability"]
    return {
        "customers": int(row["customers"]), "amount_total": round(float(row["amount_total"]), 2),
        "realised": row["realised"], "scored": int(row["scored"]),
        "mean_probability": None if np.isnan(mean) else round(float(mean), 6),
    }  # fmt: skip


def rfm_of(settings: Settings, as_of: datetime | None = None, *, engine: Engine = HERE) -> Rfm:
    """The grid.

    Args:
        settings: whose.
        as_of: the instant; that of the rows of now where None.
        engine: where parts of the log are read.

    Raises:
        NoLog: nothing was ingested.
    """
    manifest = read_log_manifest(settings.folder)
    asked = asked_of(settings, manifest, ())
    instant = instant_of_now(settings) if as_of is None else as_of
    people = _standing(settings, asked, instant, engine)
    edges = _edges(people, settings, asked)
    until = min(instant, manifest.observed_until)
    matured = newest_matured(settings, until)
    left = _left(settings, asked, matured, until, engine) if matured > manifest.first_event_at else None
    scores, why = churn_scores(settings, instant)
    placed = _placed(people.merge(scores, on="customer_id", how="left"), edges)
    before = None if left is None else _placed(left, edges)
    confidence = settings.segments.confidence
    cells = _counted(placed[placed["cell"] >= 0], before, "cell", confidence)
    places = np.array(edges.cells, dtype=np.int64).reshape(-1, 3)[cells["cell"].to_numpy()]
    cells = cells.drop(columns="cell").assign(silence=places[:, 0], orders=places[:, 1], amount=places[:, 2])
    types = _counted(placed, before, "type", confidence)
    types["type"] = [list(TYPES)[place] for place in types["type"]]
    return Rfm(instant, edges, cells, types, len(people), matured if before is not None else None, why)


def grid_edges(settings: Settings, as_of: datetime | None, engine: Engine = HERE) -> tuple[datetime, Edges]:
    """The instant that is meant, and the edges of the grid as of then."""
    asked = asked_of(settings, read_log_manifest(settings.folder), ())
    instant = instant_of_now(settings) if as_of is None else as_of
    return instant, _edges(_standing(settings, asked, instant, engine), settings, asked)


def _edges(people: pd.DataFrame, settings: Settings, asked: Asked) -> Edges:
    silence, orders, amount = (people[name].to_numpy() for name in STANDING)
    return edges_of(silence, orders, amount, settings.segments, asked.grid_days)


def _standing(settings: Settings, asked: Asked, instant: datetime, engine: Engine) -> pd.DataFrame:
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    frames = list(engine.map(partial(part_standing, asked=asked, instant=instant), parts))
    return pd.concat([_frame(), *frames], ignore_index=True)


def part_standing(part: Part, *, asked: Asked, instant: datetime) -> pd.DataFrame:
    """Silence, orders and money of one part's customers; what an engine maps over the parts."""
    events = part.read()
    (at,) = at_instants(events, asked.without(asked.names), [instant])
    columns = {name: getattr(at, name)[at.known] for name in STANDING}
    return pd.DataFrame({"customer_id": events.customers[at.known], **columns})


def _frame() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": np.zeros(0, dtype=object), **{name: np.zeros(0) for name in STANDING}})


def newest_matured(settings: Settings, until: datetime) -> datetime:
    """The newest midnight whose horizon is over by an instant."""
    life, definition = settings.lifecycle, settings.definition
    cutoff = last_midnight(life, life.calendar.plus_days(until, -(definition.gap_days + definition.horizon_days)))
    return cutoff if life.is_mature(cutoff, until) else life.calendar.midnight(
        life.calendar.day_of(cutoff) - timedelta(days=1)
    )  # fmt: skip


def _left(settings: Settings, asked: Asked, cutoff: datetime, until: datetime, engine: Engine) -> pd.DataFrame:
    """Who was asked about at a matured cutoff, where they stood, and whether they left."""
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    work = partial(part_left, asked=asked, cutoff=cutoff, observed_until=until)
    return pd.concat([_frame().assign(left=False), *engine.map(work, parts)], ignore_index=True)


def part_left(part: Part, *, asked: Asked, cutoff: datetime, observed_until: datetime) -> pd.DataFrame:
    """Standing and outcome of one part's customers of the churn model; what an engine maps over the parts."""
    events = part.read()
    people = cohort(events, asked.lifecycle, cutoff)
    people = people[people["model"] == CHURN].reset_index(drop=True)
    label = outcomes(
        people, events, asked.lifecycle, cutoff=cutoff, observed_until=observed_until, heirs=heirs_of(part, events)
    )
    (at,) = at_instants(events, asked.without(asked.names), [cutoff])
    rows = np.searchsorted(events.customers, people["customer_id"].to_numpy(dtype=object))
    columns = {name: getattr(at, name)[rows] for name in STANDING}
    return people[["customer_id"]].assign(**columns, left=label.eq(other=True).to_numpy(dtype=bool))


def churn_scores(settings: Settings, instant: datetime) -> tuple[pd.DataFrame, str | None]:
    """The newest probabilities of leaving by customer, and why there is none; they must be of that very instant."""
    nobody = pd.DataFrame({"customer_id": np.zeros(0, dtype=object), "probability": np.zeros(0)})
    try:
        people = people_of(settings)
    except NoScores:
        return nobody, "no_scores"
    if people.cutoff != instant:
        return nobody, "scores_of_another_instant"
    return people.rows.loc[people.rows["model"] == CHURN, ["customer_id", "probability"]], None


def _placed(people: pd.DataFrame, edges: Edges) -> pd.DataFrame:
    arrays = [people[name].to_numpy(dtype=np.float64) for name in STANDING]
    return people.assign(cell=edges.cell_of(*arrays), type=edges.type_of(*arrays))


def _counted(placed: pd.DataFrame, before: pd.DataFrame | None, by: str, confidence: float) -> pd.DataFrame:
    """One row a cell, or a type, with anybody in it."""
    grouped = placed.groupby(by, sort=True)
    found = pd.DataFrame(
        {
            "customers": grouped.size(),
            "amount_total": grouped["amount"].sum(),
            "scored": grouped["probability"].count(),
            "mean_probability": grouped["probability"].mean(),
        }
    )
    then = {} if before is None else before.groupby(by)["left"].agg(["sum", "size"]).to_dict("index")
    counts = [then.get(place, {"sum": 0, "size": 0}) for place in found.index]
    realised = pd.Series([share_of(int(one["sum"]), int(one["size"]), confidence) for one in counts], index=found.index)
    return found.assign(realised=realised).reset_index()
