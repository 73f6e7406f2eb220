"""Holidays, lunar ones too, and the big days of a business: when the next comes, and what it brought the year before.

Only where `[features] holidays` or `big_days` name some: a shop in one country does not keep the feasts of another.
"""

from features.catalogue.present import Present
from features.catalogue.season import YEAR_DAYS
from features.feature import Feature
from features.feature_set import grouped
from features.formula import Holiday, HolidayBefore
from features.public_holidays import holiday_calendar
from features.words import many

BEFORE_DAYS, AFTER_DAYS = 14, 7


def features(log: Present) -> list[Feature]:
    """Days to and since holidays, holidays in the horizon, and the customer's events around the next one a year ago."""
    if not (log.wanted.holidays or log.wanted.big_days):
        return []
    calendar = holiday_calendar(log.wanted.holidays, log.wanted.big_days)
    definition, event = log.lifecycle.definition, log.backbone
    ahead = Holiday("ahead", calendar, definition.gap_days, definition.horizon_days)
    around = f"from {BEFORE_DAYS} days before the next holiday's last occurrence to {AFTER_DAYS} days after"
    words = (
        ("holiday_days_to_next", "days until the next holiday", "距下一个节日的天数"),
        ("holiday_days_since", "days since a holiday began", "距上一个节日的天数"),
        ("holiday_days_ahead", "holidays in the horizon", "预测期内的节假日天数"),
    )
    asks = (Holiday("next", calendar), Holiday("since", calendar), ahead)
    out = [Feature(*told, "days", ask) for told, ask in zip(words, asks, strict=True)]
    if definition.lookback_days >= YEAR_DAYS:
        before = HolidayBefore(event.selection, calendar, BEFORE_DAYS, AFTER_DAYS)
        en, zh = f"number of {many(event.en)} {around}", f"去年同一节日前后的{event.zh}次数"
        out.append(Feature(f"{event.slug}_count_last_holiday", en, zh, "events", before))
    return grouped("season", out)
