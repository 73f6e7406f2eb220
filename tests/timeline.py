"""Drawn timelines: a day a character, from Monday 2024-01-01 on; every event happens at noon.

o order   p order of a sample   r return of the last order   v visit   x complaint   n cancel   . nothing
s subscription_start or renewal   b backlog: an order that reached us only after the log's end   w the last order is
withdrawn   q an order under another id   j it is known that the other id is theirs   | the cutoff, at the midnight
before the next character

log("o..o..|..o") is the log of customer "a"; cutoff_of gives the instant of `|`, end_of where the drawing ends.
"""

from datetime import date, datetime, timedelta

import pandas as pd

from churn.calendar import Calendar
from churn.events import Events

FIRST_DAY = date(2024, 1, 1)
KINDS = {
    "o": "order",
    "p": "order",
    "b": "order",
    "q": "order",
    "r": "return",
    "v": "visit",
    "x": "complaint",
    "n": "cancel",
    "s": "renewal",
}


def frame_of(timeline: str, *, customer: str = "a", calendar: Calendar = Calendar()) -> pd.DataFrame:
    """The EVENTS of one drawn timeline."""
    rows: list[dict[str, object]] = []
    last_order: str | None = None
    days = timeline.replace("|", "")
    for day, drawn in enumerate(days):
        happened = calendar.midnight(FIRST_DAY + timedelta(days=day)) + timedelta(hours=12)
        if drawn == "w":
            next(row for row in reversed(rows) if row["event_type"] == "order")["superseded_at"] = happened
        if drawn not in KINDS:
            continue
        if drawn in "op":
            last_order = f"{customer}-{day}"
        rows.append(
            {
                "customer_id": customer,
                "event_type": KINDS[drawn],
                "event_timestamp": happened,
                "ingested_at": happened + _until_known(drawn, days[day:]),
                "superseded_at": None,
                "order_id": last_order if drawn in "opr" else None,
                "amount": 10.0 if drawn in "opbqr" else None,
                "channel": "sample" if drawn == "p" else None,
            }
        )
    columns = (
        "customer_id",
        "event_type",
        "event_timestamp",
        "ingested_at",
        "superseded_at",
        "order_id",
        "amount",
        "channel",
    )
    drawn_frame = pd.DataFrame(rows, columns=list(columns))
    for name in ("event_timestamp", "ingested_at", "superseded_at"):
        drawn_frame[name] = pd.to_datetime(drawn_frame[name], utc=True).astype("datetime64[us, UTC]")
    return drawn_frame.astype({"amount": "float64"})


def _until_known(drawn: str, from_then_on: str) -> timedelta:
    """How long after it happened an event was known as this customer's; long after the drawing where none says so."""
    if drawn not in "bq":
        return timedelta()
    joined = from_then_on.find("j") if drawn == "q" else -1
    return timedelta(days=joined if joined >= 0 else 10_000)


def log(*timelines: str, calendar: Calendar = Calendar()) -> Events:
    """The log of several timelines, of customers a, b, c ..."""
    frames = [frame_of(drawn, customer=chr(ord("a") + nth), calendar=calendar) for nth, drawn in enumerate(timelines)]
    return Events.from_frame(pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0])


def cutoff_of(timeline: str, calendar: Calendar = Calendar()) -> datetime:
    """The midnight at which `|` stands."""
    return calendar.midnight(FIRST_DAY + timedelta(days=timeline.index("|")))


def end_of(timeline: str, calendar: Calendar = Calendar()) -> datetime:
    """The midnight after the last day drawn: the log is complete up to here."""
    return calendar.midnight(FIRST_DAY + timedelta(days=len(timeline.replace("|", ""))))
