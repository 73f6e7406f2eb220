"""Customers whose columns wander a little from week to week, for tests of drift."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.monitoring_sections import Monitoring
from monitoring.champion import Champion, champions
from monitoring.drift.judging import Drift, look
from monitoring.drift.reference import Reference, look_at
from monitoring.drift.weeks import Past, week_of
from tests.monitored_shop import Shop

NAMES = ("spend", "orders", "visits", "still", "gifts", "clicks_ever")
FIRST = datetime(2023, 1, 2, tzinfo=UTC)
CUSTOMERS, WEEKS, LEARNED = 1200, 90, 60
RULES = Monitoring()


class World:
    """Customers whose columns wander a little from week to week; in May, gifts are twice."""

    def __init__(self, shop: Shop, *, customers: int = CUSTOMERS, weeks: int = WEEKS, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.base = self.random.gamma(2.0, size=(customers, len(NAMES)))
        self.base[:, 1] = self.random.poisson(3.0, customers)
        self.frames = [self._week(at) for at in range(weeks)]
        (given,) = champions(shop.settings.folder, "monitored")
        bundle = given.bundle.model_copy(
            update={"features": NAMES, "reasons": {}, "usual": {}, "texts": {}, "categories": {}}
        )
        learned = pd.concat(
            [one.assign(event_timestamp=at) for at, one in enumerate(self.frames[:LEARNED:4])], ignore_index=True
        )
        told = self.probability(learned)
        bundle = bundle.model_copy(update={"percentiles": tuple(np.quantile(told, np.linspace(0, 1, 101)))})
        self.champion: Champion = replace(given, bundle=Bundle.model_validate(bundle.model_dump()))
        self.reference: Reference = look_at(self.champion, learned)
        self.learned = (self.at(0), self.at(LEARNED))
        self.known_until = self.at(LEARNED) + timedelta(days=bundle.gap_days + bundle.horizon_days)
        told_weeks = [self._counted(place, one) for place, one in enumerate(self.frames)]
        self.past = Past(tuple(told_weeks))

    @staticmethod
    def at(place: int) -> datetime:
        return FIRST + timedelta(days=7 * place)

    def _week(self, place: int) -> pd.DataFrame:
        frame = pd.DataFrame(self.base.copy(), columns=list(NAMES))
        frame["spend"] *= self.random.uniform(0.98, 1.02)
        frame["gifts"] *= 1 + (self.at(place).month == 5)
        some = self.random.random(len(frame)) < 0.05
        frame.loc[some, "visits"] = self.random.gamma(2.0, size=int(some.sum()))
        return frame

    def probability(self, frame: pd.DataFrame) -> FloatArray:
        return 1 / (1 + np.exp(frame["visits"].to_numpy() - 2))

    def _counted(self, place: int, frame: pd.DataFrame):  # a Week
        return week_of(self.champion.bundle, self.reference, frame, self.probability(frame), self.at(place))

    def look(self, frame: pd.DataFrame, place: int = WEEKS - 1, **more: object) -> Drift:
        known = {"now": self.at(place), "learned": self.learned, "known_until": self.known_until} | more
        return look(self.champion, self.reference, self.past, frame, self.probability(frame), RULES, **known)


def jumped(drift: Drift) -> list[str]:
    return sorted(one.feature for one in drift.features if one.has_jumped)


def moved(drift: Drift) -> list[str]:
    return sorted(one.feature for one in drift.features if one.has_moved)
