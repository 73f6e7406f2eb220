"""A business for what is counted of the log: customers who order, leave, complain; drawn by chance, without a shop."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn.calendar import EPOCH
from churn.definition import ChurnDefinition, Lifecycle, Silence
from churn.events import Events
from features.parts import InMemory, Part
from monitoring.business.edges import Edges, month_edges
from monitoring.business.levels import learn
from monitoring.business.segments import Segmentation
from monitoring.business.survey import Fold, survey

FIRST = pd.Timestamp("2023-01-01", tz="UTC")
DAYS = 720
CYCLE = Lifecycle(ChurnDefinition(lapse=Silence(days=60)))


@dataclass(frozen=True)
class Drawn:
    """A log and what to ask of it."""

    frame: pd.DataFrame
    edges: Edges
    segmentation: Segmentation

    @property
    def first_day(self) -> int:
        return (FIRST.date() - EPOCH).days

    def walk(self, *folds: Fold, parts: int = 1) -> None:
        """Show the log to folds, in so many parts of whole customers."""
        survey(parts_of(self.frame, parts), CYCLE, self.edges, self.segmentation, folds)


def parts_of(frame: pd.DataFrame, parts: int) -> Sequence[Part]:
    ids = sorted(frame["customer_id"].unique())
    return [InMemory(Events.from_frame(frame[frame["customer_id"].isin(ids[at::parts])])) for at in range(parts)]


def draw(customers: int = 600, *, seed: int = 1, complaint_harm: float = 0.0, kinds: Sequence[str] = ()) -> Drawn:
    """Orders every twelve days or so until a customer leaves; a complaint makes some leave at once.

    Args:
        customers: how many.
        seed: of chance.
        complaint_harm: the share of complaints after which a customer orders no more.
        kinds: further kinds of event, one for each customer on a day of their time.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, str, float, str | None, float]] = []
    for number in range(customers):
        who, day = f"c{number:05}", float(rng.uniform(0, DAYS - 120))
        rows.append((who, "profile.region", day, str(rng.choice(["east", "west"])), np.nan))
        rows += [(who, kind, float(rng.uniform(day, DAYS)), None, float(rng.integers(1, 6))) for kind in kinds]
        while day < DAYS:
            rows.append((who, "order", day, "tea", 10.0))
            gone = rng.random() < 0.06
            if rng.random() < 0.05:
                rows.append((who, "complaint", min(day + 1, DAYS - 0.01), None, np.nan))
                gone |= rng.random() < complaint_harm
            if gone:
                break
            day += float(rng.exponential(12)) + 0.5
    return of(rows)


def of(rows: Sequence[tuple[str, str, float, str | None, float]]) -> Drawn:
    """A business of rows: customer, kind, day from the start, category, amount or score."""
    frame = pd.DataFrame(rows, columns=["customer_id", "event_type", "day", "category", "amount"])
    frame["event_timestamp"] = FIRST + pd.to_timedelta((frame["day"] * 86_400).round(), unit="s")
    frame["score"] = frame["amount"].where(frame["event_type"] == "survey")
    frame["reason_code"] = frame["category"].where(frame["event_type"] == "complaint")
    frame = frame.drop(columns="day").astype({"customer_id": object, "event_type": object})
    frame["event_timestamp"] = frame["event_timestamp"].dt.as_unit("us")
    edges = month_edges(FIRST.to_pydatetime(), (FIRST + pd.Timedelta(days=DAYS)).to_pydatetime(), CYCLE.calendar)
    return Drawn(frame, edges, learn(parts_of(frame, 1), CYCLE, edges, attributes=("region",)))
