"""ACTIONS: what to do about each customer now, and why; or that nothing is worth it, and why not.

    OFFERS --the best of each customer, if it earns anything--> tables/actions.parquet <-- a complaint that waits

An open complaint comes first, whatever it earns. What is recommended looks at one customer at a time: a budget, and how
many staff can reach, are the plan's matter (`churn campaign plan`). Start reading at `advise`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from campaigns.catalogue.eligible import CODES, WHY, Known
from campaigns.catalogue.offers import OPEN, Offers
from campaigns.catalogue.words import best_words, dear_words, refused_words, waiting_words
from campaigns.people import People
from campaigns.suppress import Doors
from churn.action_sections import Action
from churn.settings import Settings
from churn.tables import ACTIONS, INSTANT, NONE_WORTH_IT
from features import parquet
from features.atomic import write_whole

FILE: Final = Path("tables") / "actions.parquet"
ROWS: Final = 65_536  # written together
TOO_DEAR: Final = "costs_more"  # the best that is for them costs more than it brings
TYPES: Final = {"str": pa.string(), INSTANT: pa.timestamp("us", tz="UTC")}
SCHEMA: Final = pa.schema([(column.name, TYPES[column.dtype]) for column in ACTIONS])


@dataclass(frozen=True)
class Advised:
    """What was recommended.

    Args:
        path: of ACTIONS.
        actions: customers by the action recommended, most first.
        none: customers for whom nothing is worth it, by the code why, most first.
    """

    path: Path
    actions: dict[str, int]
    none: dict[str, int]


def advise(settings: Settings, people: People, doors: Doors, known: Known, offers: Offers) -> Advised:
    """Write the recommended action of everybody.

    Args:
        settings: whose.
        people: everybody.
        doors: who may be contacted, as are known and offers of the same people.
        known: news of products.
        offers: what each action would earn with each.

    Raises:
        OSError: the disk is full; what stood there stays.
    """
    best = _best(offers)
    service = first_of_complaints(settings, doors)
    actions: Counter[str] = Counter()
    none: Counter[str] = Counter()
    path = settings.folder / FILE

    def fill(draft: Path) -> None:
        with parquet.writer(draft, SCHEMA) as file:
            for block in _blocks(settings, people, doors, known, offers, best, service):
                file.write_table(pa.Table.from_pydict({name: block[name] for name in SCHEMA.names}, schema=SCHEMA))
                actions.update(code for code in block["action"] if code != NONE_WORTH_IT)
                none.update(code for code in block["why_code"] if code)

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, fill)
    return Advised(path, dict(actions.most_common()), dict(none.most_common()))


def withdraw(folder: Path) -> bool:
    """Take away the recommendations of before, for a catalogue that is empty by now; whether there were any.

    Args:
        folder: the artifacts of a business.
    """
    is_there = (folder / FILE).exists()
    (folder / FILE).unlink(missing_ok=True)
    return is_there


def first_of_complaints(settings: Settings, doors: Doors) -> NDArray[np.int64]:
    """The place in the catalogue of the action that resolves each customer's open complaint; OPEN where none.

    A person's duty, not a score's choice: an opt-out of scores does not keep anybody from it. Shape (n,).
    """
    found = np.full(len(doors.customer_ids), OPEN, dtype=np.int64)
    for place, action in reversed(list(enumerate(settings.action))):
        if action.kind == "complaint":
            found[doors.complains & pd.isna(doors.why_not(action, by_score=False))] = place
    return found


def _best(offers: Offers) -> NDArray[np.int64]:
    """The column that earns most with each customer, the first of equals; OPEN where none is for them."""
    if not offers.actions:
        return np.full(len(offers.turnable), OPEN, dtype=np.int64)
    held = np.where(np.isnan(offers.profit), -np.inf, offers.profit)
    found: NDArray[np.int64] = held.argmax(axis=1)
    found[np.isneginf(held.max(axis=1))] = OPEN
    return found


def _blocks(
    settings: Settings,
    people: People,
    doors: Doors,
    known: Known,
    offers: Offers,
    best: NDArray[np.int64],
    service: NDArray[np.int64],
) -> Iterator[dict[str, list[Any]]]:
    """The columns of ACTIONS, so many rows at a time, and beside them why nothing is worth it."""
    ids, stages = people.rows["customer_id"].to_numpy(dtype=object), people.rows["stage"].to_numpy(dtype=object)
    dues = {one.code: due_of(one, doors) for one in settings.action}
    for first in range(0, len(people), ROWS):
        told = [
            _row(settings, known, offers, row, int(best[row]), int(service[row]), dues)
            for row in range(first, min(first + ROWS, len(people)))
        ]
        names = ("action", "action_en", "action_zh", "why_en", "why_zh", "due", "why_code")
        columns = {name: list(column) for name, column in zip(names, zip(*told, strict=True), strict=True)}
        upto = first + len(told)
        yield {"customer_id": list(ids[first:upto]), "stage": list(stages[first:upto])} | columns


Row = tuple[str, str | None, str | None, str, str, datetime | None, str | None]


def _row(
    settings: Settings,
    known: Known,
    offers: Offers,
    row: int,
    best: int,
    service: int,
    dues: dict[str, datetime],
) -> Row:
    if service != OPEN:
        action = settings.action[service]
        return action.code, action.en, action.zh, *waiting_words(), dues[action.code], None
    if best == OPEN:
        code = CODES[int(offers.refused[row].min())] if offers.actions else TOO_DEAR
        return NONE_WORTH_IT, None, None, *refused_words(code), None, code
    if not offers.profit[row, best] > 0:
        return NONE_WORTH_IT, None, None, *dear_words(settings, offers, row, best), None, TOO_DEAR
    action = offers.actions[best]
    return action.code, action.en, action.zh, *best_words(settings, known, offers, row, best), dues[action.code], None


def reason_of(code: str) -> str:
    """Why nothing is worth it, in English."""
    return "the best costs more than it brings" if code == TOO_DEAR else WHY[code][0]


def due_of(action: Action, doors: Doors) -> datetime:
    """The local day on which an action that is decided now is due, as its first instant."""
    calendar = doors.calendar
    return calendar.window_start(doors.now, -action.due_days)
