"""Names and days that a command was given and that there are not: told with those there are."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from churn.errors import SettingsError


class UntriedAction(SettingsError):
    """An action is named that no campaign had."""

    def __init__(self, action: str, known: Sequence[str]) -> None:
        near = get_close_matches(action, known, n=1)
        super().__init__(
            f"No campaign had an action {action!r}.",
            mend=(f"did you mean {near[0]}? " if near else "")
            + (f"There are {', '.join(known)}." if known else "Plan one with `churn campaign plan`, or import one."),
        )


class DayToCome(SettingsError):
    """A day is asked for that has not begun."""

    def __init__(self, day: str, now: datetime) -> None:
        super().__init__(
            f"What will be on {day} cannot be told: it is {now:%Y-%m-%d %H:%M} UTC.",
            mend="name a day that has begun, as YYYY-MM-DD.",
        )
