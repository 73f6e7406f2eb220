"""What a drawn case and a chapter of them are, and how to read the drawings."""

from typing import NamedTuple

LEGEND = (
    "A day a character, midnight to midnight: `o` an order, `p` an order of a sample, `r` the return of the last "
    "order in full, `s` a subscription's renewal, `n` its cancellation, `v` a visit, `x` a complaint, `b` an order "
    "that reached us long after the drawing ends, `w` the day on which the last order is withdrawn, `q` an order under "
    "another id, `j` the day on which we know that this id is theirs too, `.` a day without events. `|` is the cutoff, "
    "the midnight before the next character. The log is complete up to the end of the drawing."
)


class Case(NamedTuple):
    """One drawn customer, and what must be said of them."""

    timeline: str
    stage: str  # a stage, or - where nothing is known of the customer
    model: str  # churn, reactivation or -
    outcome: str  # churned, stayed, reactivated, away, immature or -
    because: str = ""


class Chapter(NamedTuple):
    """Cases of one definition, written as in churn.toml."""

    title: str
    text: str
    toml: str
    cases: tuple[Case, ...]
