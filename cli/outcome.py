"""What a command gives back: a text for people, JSON for machines, an exit code for schedulers."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The result of a command.

    Args:
        text: what a person can act on.
        as_json: the same for machines.
        exit_code: the same for a scheduler.
    """

    text: str
    as_json: Any
    exit_code: int = 0
