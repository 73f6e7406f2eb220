"""What an answer says beside its probability: interval, horizons, next event, days left, value. Null with a code.

    raw, probability, packed vectors --champion's outlook--> fields of Score, one dict a customer

A bundle without an outlook gives nulls with the code `no_outlook`; what its outlook could not learn is null with the
code it keeps. Dates are days of the business. Knows no store and no server. Start reading at `told`.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from churn.bundle import Bundle, FloatArray
from churn.calendar import Calendar
from churn.horizon_bands import horizon_intervals
from churn.outlook import Curve, Outlook
from serving.schemas import NOT_CONFIGURED, WireDays, WireHorizon, WireNextEvent, WireValue

NO_OUTLOOK = "no_outlook"
CODES = {"band": "interval_code", "curve": "next_event_code", "remaining": "remaining_active_days_code"}
PLAIN: Mapping[str, Any] = {**dict.fromkeys(CODES.values(), NO_OUTLOOK), "value_code": NOT_CONFIGURED}


def told(
    bundle: Bundle,
    raw: FloatArray,
    probability: FloatArray,
    vectors: FloatArray,
    as_of: Sequence[datetime],
    calendar: Calendar,
) -> list[Mapping[str, Any]]:
    """Fields of `Score` for each customer.

    Args:
        bundle: the champion's.
        raw: log-odds. Shape (n,).
        probability: calibrated. Shape (n,).
        vectors: as the store packs them, category codes as they are. Shape (n, f).
        as_of: each customer's cutoff.
        calendar: of the business.
    """
    outlook = bundle.outlook
    if outlook is None:
        return [PLAIN] * len(raw)
    codes: dict[str, str] = {field: outlook.missing[part] for part, field in CODES.items() if part in outlook.missing}
    columns: dict[str, list[Any]] = {}
    if outlook.band:
        low, high = outlook.band.interval(probability)
        columns |= {"probability_low": low.tolist(), "probability_high": high.tolist()}
    if outlook.curve:
        columns |= _horizons(bundle, outlook, outlook.curve, raw, probability, as_of, calendar)
    if outlook.remaining:
        most = outlook.remaining.beyond_days
        columns["remaining_active_days"] = [_days(row, most) for row in outlook.remaining.days(raw).tolist()]
    if outlook.value:
        columns |= _value(outlook, probability, vectors)
    codes["value_code"] = outlook.missing.get("value", "")
    settled: dict[str, Any] = {name: code or None for name, code in codes.items()}
    rows = zip(*columns.values(), strict=True) if columns else [()] * len(raw)
    return [settled | dict(zip(columns, row, strict=True)) for row in rows]


def _horizons(
    bundle: Bundle,
    outlook: Outlook,
    curve: Curve,
    raw: FloatArray,
    probability: FloatArray,
    as_of: Sequence[datetime],
    calendar: Calendar,
) -> dict[str, list[Any]]:
    churns = bundle.model == "churn"
    silent = curve.silent(raw, probability if churns else 1 - probability)
    asked = silent if churns else 1 - silent
    places = [curve.days.index(day) for day in outlook.horizons_days]
    own = places[outlook.horizons_days.index(bundle.horizon_days)]
    asked[:, own] = probability  # what is served, to the last bit
    days = curve.days_until(silent)
    each = zip(as_of, days.tolist(), strict=True)
    return {
        "horizons": _each_horizon(outlook, asked[:, places], bundle.horizon_days, falls=churns),
        "next_event": [_next_event(at, row, bundle.gap_days, curve.days[-1], calendar) for at, row in each],
    }


def _each_horizon(outlook: Outlook, asked: FloatArray, own_days: int, *, falls: bool) -> list[list[WireHorizon]]:
    codes = [_why_no_interval(outlook, day, own_days) for day in outlook.horizons_days]
    low, high = (end.tolist() for end in horizon_intervals(outlook, asked, own_days, falls=falls))
    return [
        [
            WireHorizon(day, told, None if code else below, None if code else above, code)
            for day, told, below, above, code in zip(outlook.horizons_days, *row, codes, strict=True)
        ]
        for row in zip(asked.tolist(), low, high, strict=True)
    ]


def _why_no_interval(outlook: Outlook, day: int, own_days: int) -> str | None:
    if "band" in outlook.missing:
        return outlook.missing["band"]
    return None if day == own_days or str(day) in outlook.bands else outlook.unbanded.get(str(day), NO_OUTLOOK)


def _next_event(at: datetime, days: Sequence[float], gap_days: int, most: float, calendar: Calendar) -> WireNextEvent:
    begins = calendar.day_of(at)

    def day_of(after: float) -> date | None:
        return None if math.isnan(after) else begins + timedelta(days=gap_days + int(after))

    early, middle, late = (day_of(one) for one in days)
    later = None if late else begins + timedelta(days=gap_days + int(most))
    return WireNextEvent(expected=middle, earliest=early, latest=late, later_than=later)


def _days(days: Sequence[float], most: float) -> WireDays:
    low, middle, high = (None if math.isnan(one) else one for one in days)
    return WireDays(expected=middle, low=low, high=high, more_than=None if high is not None else most)


def _value(outlook: Outlook, probability: FloatArray, vectors: FloatArray) -> dict[str, list[Any]]:
    assert outlook.value is not None
    amounts = outlook.value.amounts(vectors)
    each = zip(*(one.tolist() for one in amounts), strict=True)
    return {
        "value": [WireValue(expected_amount=one, low_amount=low, high_amount=high) for one, low, high in each],
        "value_at_risk": (probability * amounts.expected).tolist(),
    }
