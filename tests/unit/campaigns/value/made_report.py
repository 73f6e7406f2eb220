"""A report of value as `report_of` makes it, small."""

from typing import Any


def channel(name: str, over: float | None = None, cohort: str = "all") -> dict[str, Any]:
    ends = {"over_cost": over, "over_cost_low": over and over - 1, "over_cost_high": over and over + 1}
    amounts = {"margin_amount": 60.0, "low_amount": 50.0, "high_amount": 70.0, "clv_amount": 40.0}
    cost = None if over is None else 10.0
    return {"channel": name, "cohort": cohort, "customers": 100, "followed": 80, "cost_amount": cost, **amounts, **ends}


def report(**changed: Any) -> dict[str, Any]:
    """The report; `channel` names its first channel, `covered` its coverage, other keys replace its own."""
    name, covered = changed.pop("channel", "search"), changed.pop("covered", 0.9)
    held = {"group": "once_lapsed", "en": "bought on one day, lapsed", "zh": "仅一天下单，已流失"}
    interval = {
        "promised": 0.9, "tail": 0.05, "covered": covered, "customers": 400, "cohort": "2025-01-01T00:00:00+00:00",
        "chosen_on": ["2024-10-01T00:00:00+00:00"], "is_apart": False,
        "groups": [{**held, "count": 360, "n": 400, "share": 0.9, "low": 0.87, "high": 0.93}],
    }  # fmt: skip
    judged = {
        "estimator": "two_part", "cutoff": "2025-01-01T00:00:00+00:00", "customers": 400, "why": None,
        "total_error_ratio": 0.1, "mean_absolute_amount": 12.0, "loss": 14.0, "rank": 0.5,
    }  # fmt: skip
    told = {
        "as_of": "2026-01-01T00:00:00+00:00", "currency": "CNY", "months": 12, "customers": 500,
        "estimator": "two_part", "why": None, "why_en": None, "why_zh": None, "clv_amount": 9000.0,
        "past_value_amount": 8000.0,
        "interval": interval, "high_value": 40, "high_potential": 60, "judgements": [judged], "notices": [],
        "tiers": {"parts": ["frequency"], "customers": {"high": 100}, "mean_clv_amount": {"high": 50.0}},
        "channels": [channel(name, 6.0), channel(name, 6.0, "2024"), channel("fair")],
        "channels_without_cost": ["fair"],
    }  # fmt: skip
    return told | changed
