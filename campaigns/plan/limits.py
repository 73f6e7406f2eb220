"""What `--capacity` says, and the limits of a plan: of each action, each channel, and all contacts together.

    "phone=200", "coupon=50", "5000" + capacity of each [[action]] --> Limits

Start reading at `limits_of`.
"""

from collections.abc import Sequence

from campaigns.plan.problem import Limit
from churn.action_sections import Action
from churn.errors import SettingsError

EVERYTHING = "all"


class StrangeCapacity(SettingsError):
    """A capacity names nothing of the catalogue, or is no number."""

    def __init__(self, text: str, known: Sequence[str]) -> None:
        super().__init__(
            f"--capacity {text} cannot be read.",
            mend=f"say how many contacts: `--capacity 5000`, or of a channel or an action: {', '.join(known)}, as in "
            f"`--capacity {known[0] if known else 'phone'}=200`.",
        )


def limits_of(actions: Sequence[Action], capacities: Sequence[str] = ()) -> list[Limit]:
    """The limits of contacts of a plan.

    Args:
        actions: of the columns, in their order.
        capacities: as given on the command line, `name=count` or a count of all contacts.

    Raises:
        StrangeCapacity: one cannot be read.
    """
    found = [Limit(one.code, (place,), one.capacity) for place, one in enumerate(actions) if one.capacity is not None]
    return found + [_given(text, actions) for text in capacities]


def _given(text: str, actions: Sequence[Action]) -> Limit:
    name, _, count = text.rpartition("=")
    known = sorted({one.channel for one in actions} | {one.code for one in actions})
    if not count.strip().isdecimal() or (name and name not in known):
        raise StrangeCapacity(text, known)
    columns = tuple(place for place, one in enumerate(actions) if not name or name in (one.channel, one.code))
    return Limit(name or EVERYTHING, columns, int(count))
