"""`churn campaign due`: who is due on a day, as a list for each channel."""

import os
from datetime import date, timedelta

from churn.errors import SettingsError
from churn.settings import Settings
from cli.campaign_turns import minding
from cli.consents_told import consents_told
from cli.console import table
from cli.outcome import Outcome

AHEAD_DAYS = 60  # what is known today says nothing of later


class NoSuchDay(SettingsError):
    """A day is asked for that is over, or too far."""

    def __init__(self, day: date, today: date) -> None:
        super().__init__(
            f"Who is due on {day} cannot be told on {today}.",
            mend=f"name a day from {today} to {today + timedelta(days=AHEAD_DAYS)}; the list of a day that is over "
            "lies in campaigns/due/<day> of the artifacts.",
        )


class NoOccasions(SettingsError):
    """No action of the catalogue is due on a day of the customer's."""

    def __init__(self) -> None:
        super().__init__(
            "There is no [[action]] for an occasion in churn.toml, so nobody is ever due.",
            mend="write one of a kind such as birthday, thanks, after_sale or regular_contact; docs/actions.md.",
        )


def due(settings: Settings, asked: str | None) -> Outcome:
    """Write the lists of a day; running it again gives the same list, less what was done since.

    Raises:
        NoOccasions: the catalogue has none. NoSuchDay: the day is over, or too far. NoScores: nobody was scored yet.
    """
    from campaigns.due.day import WORDS, due_on
    from campaigns.due.told import write
    from campaigns.people import people_of
    from campaigns.suppress import doors_of
    from serving.now import clock_of

    if not any(one.is_occasional for one in settings.action):
        raise NoOccasions
    now = clock_of(settings).now()
    today = settings.lifecycle.calendar.day_of(now)
    day = today if asked is None else _day(asked)
    if not today <= day <= today + timedelta(days=AHEAD_DAYS):
        raise NoSuchDay(day, today)
    with minding(settings.folder):
        people = people_of(settings)
        doors = doors_of(settings, people, now, os.environ, with_tasks=False)  # it counts those of other days itself
        found = due_on(settings, people, doors, day, now, os.environ)
        files = write(settings.folder, day, found.tasks, settings.business.language)
    counts = found.tasks.groupby(["channel", "action"], sort=True).agg(
        customers=("customer_id", "size"), overdue=("is_overdue", "sum"), first_due=("due", "min")
    )
    rows = [{str(name): value for name, value in row.items()} for row in counts.reset_index().to_dict("records")]
    consents = consents_told(settings, people.rows["customer_id"])
    left = [
        {"action": action, "left out": WORDS[code][0], "occasions": count}
        for (action, code), count in found.left_by.items()
    ]
    tables = [table(one) for one in (rows, left) if one]
    text = "\n\n".join([f"Due on {day}: {len(found.tasks):,} tasks.", *tables, *found.notes, *consents])
    as_json = {
        "day": str(day), "tasks": len(found.tasks), "by": rows, "left_out": found.left_out,
        "notes": list(found.notes), "files": [str(path) for path in files],
    }  # fmt: skip
    return Outcome("\n".join([text, *map(str, files)]), as_json)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no day.", mend="write it as in --day 2026-02-17.") from error
