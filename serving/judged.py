"""What a champion says of one row, before it is told to anybody: numbers, and reasons in both languages.

An answer is a `Judged` and what only the moment of asking knows. It is the same whether the champion was asked now or
in the night (serving/nightly.py), to the last bit. Knows no store and no server. Start reading at `judge`.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from churn.calendar import Calendar
from churn.explanation import Explained
from features.online import OnlineRow
from serving import outlook
from serving.champion import Champion
from serving.schemas import NOT_CONFIGURED, Score, WireDays, WireHorizon, WireNextEvent, WireReason, WireValue
from serving.stated import stated_beside

HOUR_S = 3600
Source = Literal["fresh", "nightly"]


class Moment(NamedTuple):
    """When is asked: now, by which clock, how old features may be, whose days dates are; and in which language."""

    now: datetime
    clock: str
    max_age: timedelta
    calendar: Calendar
    language: str


class Grounds(msgspec.Struct, frozen=True, array_like=True):
    """One reason, in English and Chinese."""

    code: str
    en: str
    zh: str
    direction: str | None
    actionable: bool
    feature: str | None
    value: float | None
    usual_value: float | None
    share: float
    value_text: str | None = None
    usual_text: str | None = None

    def worded(self, language: str) -> WireReason:
        """As an answer tells it."""
        return WireReason(
            self.code, self.zh if language == "zh" else self.en, self.direction, self.actionable, self.feature,
            self.value, self.usual_value, self.share, self.value_text, self.usual_text,
        )  # fmt: skip


class Judged(msgspec.Struct, frozen=True, array_like=True):
    """What a champion says of one row."""

    probability: float
    percentile: float
    band: str
    reasons: list[Grounds]
    probability_low: float | None = None
    probability_high: float | None = None
    interval_code: str | None = None
    horizons: list[WireHorizon] = []
    next_event: WireNextEvent | None = None
    next_event_code: str | None = None
    remaining_active_days: WireDays | None = None
    remaining_active_days_code: str | None = None
    value: WireValue | None = None
    value_code: str | None = NOT_CONFIGURED
    value_at_risk: float | None = None


def judge(champion: Champion, rows: Sequence[OnlineRow], calendar: Calendar, top: int) -> list[Judged]:
    """What one champion says of rows that are its to judge, in their order.

    Args:
        champion: who is asked.
        rows: of its feature set.
        calendar: whose days dates are.
        top: at most so many reasons a customer.

    Raises:
        FloatingPointError: a probability is no number.
    """
    if not rows:
        return []
    bundle, vectors = champion.bundle, np.vstack([row.vector for row in rows])
    prepared = bundle.prepare(vectors)
    raw, contributions = champion.trees.explained(prepared) if top else (champion.trees.raw(prepared), None)
    probabilities = bundle.probability(raw)
    if not np.isfinite(probabilities).all():
        raise FloatingPointError(f"{champion.version} gave a probability that is no number")
    percentiles, bands = bundle.percentile(probabilities), bundle.band(probabilities)
    reasons: list[list[Explained]] = [[] for _ in rows]
    if contributions is not None:
        reasons = champion.explainer.explain(contributions, vectors, top=top)
    further = outlook.told(bundle, raw, probabilities, vectors, [row.as_of for row in rows], calendar)
    numbers = zip(probabilities.tolist(), percentiles.tolist(), bands, reasons, further, strict=True)
    return [
        Judged(probability, percentile, band, [_grounds(one) for one in told], **more)
        for probability, percentile, band, told, more in numbers
    ]


def told_of(champion: Champion, row: OnlineRow, judged: Judged, moment: Moment, source: Source) -> Score:
    """A judgement as an answer, with what only the moment of asking knows."""
    bundle, graded = champion.bundle, champion.graded[moment.language]
    return Score(
        score_id=os.urandom(16).hex(),
        customer_id=row.customer_id,
        stage=row.stage,
        model=bundle.model,
        outcome=bundle.label,
        probability=judged.probability,
        percentile=judged.percentile,
        band=judged.band,
        reasons=[one.worded(moment.language) for one in judged.reasons],
        value=judged.value,
        value_code=judged.value_code,
        features_as_of=row.as_of,
        features_age_hours=hours(moment.now - row.as_of),
        known_at=row.known_at,
        scored_at=moment.now,
        valid_until=row.as_of + moment.max_age,
        horizon_days=bundle.horizon_days,
        gap_days=bundle.gap_days,
        clock=moment.clock,
        model_version=champion.version,
        model_hash=champion.model_hash,
        snapshot_hash=bundle.snapshot_hash,
        definition_id=bundle.definition_id,
        feature_set_hash=row.feature_set_hash,
        probability_low=judged.probability_low,
        probability_high=judged.probability_high,
        interval_code=judged.interval_code,
        horizons=judged.horizons,
        next_event=judged.next_event,
        next_event_code=judged.next_event_code,
        remaining_active_days=judged.remaining_active_days,
        remaining_active_days_code=judged.remaining_active_days_code,
        value_at_risk=judged.value_at_risk,
        served_from=source,
        **graded,
        **stated_beside(row, moment.language, moment.calendar),
    )


def hours(span: timedelta) -> float:
    """A span as answers tell it."""
    return round(span.total_seconds() / HOUR_S, 2)


def _grounds(one: Explained) -> Grounds:
    share = round(one.share, 4)
    return Grounds(
        one.code, one.en, one.zh, one.direction, one.actionable, one.feature, one.value, one.usual, share,
        one.value_text, one.usual_text,
    )  # fmt: skip
