"""Numbers, money and days as the pages tell them. Start anywhere."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from churn.calendar import Calendar

NOTHING = "–"


def percent(share: float | None) -> str:
    """A share of one as per cent; below one per cent with a digit more."""
    if share is None:
        return NOTHING
    return f"{100 * share:.1f}%" if share < 0.01 else f"{100 * share:.0f}%"


def rank(percentile: float | None) -> str:
    """A percentile, which never says that nobody lies higher."""
    return percent(min(percentile or 0.0, 99.0) / 100)


def money(amount: float | None, currency: str) -> str:
    """An amount in the business's currency."""
    if amount is None:
        return NOTHING
    return f"{amount:,.0f} {currency}" if abs(amount) >= 100 else f"{amount:,.2f} {currency}"


def moment(at: datetime | None, calendar: Calendar) -> str:
    """An instant in the business's time zone."""
    return NOTHING if at is None else f"{at.astimezone(ZoneInfo(calendar.timezone)):%Y-%m-%d %H:%M}"


def day(at: datetime | date | None, calendar: Calendar) -> str:
    """A day of the business."""
    if at is None:
        return NOTHING
    return (calendar.day_of(at) if isinstance(at, datetime) else at).isoformat()
