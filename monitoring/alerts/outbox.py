"""What was told and what still has to be: `monitoring/alerts.json`, kept until every receiver has its letters.

A letter is on disk before it is sent and stays until it was taken, with its id: at least once, nothing lost while a
receiver is down. Start reading at `deliver`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from features.atomic import write_json
from monitoring.alerts.letters import Letter
from monitoring.alerts.told import Told

ALERTS = Path("monitoring") / "alerts.json"
MOST = 200  # letters that wait; of more the oldest go, the alarms that last stand in the newest verdict anyway


@dataclass(frozen=True)
class Waiting:
    """A letter and who has not taken it yet, by id."""

    letter: Letter
    to: tuple[str, ...]


@dataclass(frozen=True)
class Outbox:
    """What was told of each alarm, and letters that wait."""

    told: tuple[Told, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    def with_letter(self, letter: Letter, to: Sequence[str]) -> "Outbox":
        """One more letter."""
        return replace(self, waiting=(*self.waiting, Waiting(letter, tuple(to)))[-MOST:])


@dataclass(frozen=True)
class Sent:
    """What became of the letters of one receiver: how many it took, and what was in the way of the rest."""

    shown: str
    taken: int
    problem: str | None = None


class Channel(Protocol):
    """A receiver of alerts."""

    @property
    def id(self) -> str:
        """In the file; nothing of its address."""
        ...

    @property
    def shown(self) -> str:
        """For people; no secret."""
        ...

    def send(self, letter: Letter) -> str | None:
        """Hand a letter over; what was in the way, or None where it was taken."""
        ...


def read(folder: Path) -> Outbox:
    """What stands there; nothing where the file is missing or broken: then what lasts is told once more.

    Args:
        folder: the artifacts of the business.
    """
    try:
        told = json.loads((folder / ALERTS).read_text(encoding="utf-8"))
        waiting = tuple(Waiting(dict(one["letter"]), tuple(map(str, one["to"]))) for one in told["waiting"])
        return Outbox(tuple(Told.from_json(one) for one in told["told"]), waiting)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Outbox()


def write(folder: Path, outbox: Outbox) -> None:
    """Keep it.

    Raises:
        OSError: it cannot be written.
    """
    waiting: list[Mapping[str, Any]] = [{"letter": one.letter, "to": one.to} for one in outbox.waiting]
    write_json(folder / ALERTS, {"told": [one.as_json() for one in outbox.told], "waiting": waiting})


def deliver(outbox: Outbox, channels: Sequence[Channel]) -> tuple[Outbox, list[Sent]]:
    """Send what waits, oldest first; a receiver that does not take one gets no further one in this run."""
    taken: dict[str, int] = {one.id: 0 for one in channels}
    failed: dict[str, str] = {}
    left = []
    for waiting in outbox.waiting:
        still = []
        for channel in channels:
            if channel.id not in waiting.to:
                continue
            problem = failed.get(channel.id) or channel.send(waiting.letter)
            if problem is None:
                taken[channel.id] += 1
            else:
                failed[channel.id] = problem
                still.append(channel.id)
        if still:
            left.append(Waiting(waiting.letter, tuple(still)))
    sent = [Sent(one.shown, taken[one.id], failed.get(one.id)) for one in channels]
    return replace(outbox, waiting=tuple(left)), [one for one in sent if one.taken or one.problem]
