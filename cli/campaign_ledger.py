"""`churn campaign list`: what was planned for whom, and when its effect can be told."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from churn.calendar import Calendar
from churn.settings import Settings
from cli.outcome import Outcome

if TYPE_CHECKING:
    from campaigns.ledger.listed import Campaign


def listed(settings: Settings) -> Outcome:
    """Every campaign of the business."""
    from campaigns.ledger import listed as room
    from serving.now import clock_of

    now, calendar = clock_of(settings).now(), Calendar(settings.business.timezone)
    found = room.listed(settings.folder)
    as_json = [
        {name: _plain(value) for name, value in asdict(one).items()} | {"is_over": one.is_over(now)} for one in found
    ]
    lines = [_line(one, now, calendar) for one in found]
    return Outcome(
        "\n".join(lines or ["No campaign was planned yet: `churn campaign plan --id NAME` plans one."]), as_json
    )


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _line(one: "Campaign", now: datetime, calendar: Calendar) -> str:
    done = f"{calendar.day_of(one.window_end):%Y-%m-%d}"
    told = (
        f"over since {done}: `churn campaign effect --id {one.campaign}`" if one.is_over(now) else f"open until {done}"
    )
    return (
        f"{one.campaign}: planned {calendar.day_of(one.planned_at):%Y-%m-%d}, {one.treated:,} to contact, "
        f"{one.held_out:,} held out; {', '.join(one.actions)}; {', '.join(one.owners) or 'nobody in charge'}; {told}"
    )
