"""What a campaign did, kept: told once when its window is over, and again only where the log was corrected since.

    campaigns/<campaign>/effect.json    every telling with the instant it was made at; none is ever overwritten

Costs and margins are those that the campaign was planned with, so that a catalogue that changes adds no telling. A
figure that somebody acted on stays there as it was told. Start reading at `closed`.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from campaigns.ledger.effect import Effect
from campaigns.ledger.told import as_json
from churn.errors import DataError
from features.atomic import write_json
from features.treatments import treatments_file

FILE = "effect.json"


class BrokenEffect(DataError):
    """What was told of a campaign before cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is no list of effects.",
            mend="put it back from a backup; or move it away, and `churn campaign effect` tells it anew, without what "
            "was told before.",
        )


def closed(folder: Path, effect: Effect, now: datetime) -> list[dict[str, Any]]:
    """Keep an effect beside those told before, unless it says the same as the last; all of them.

    Args:
        folder: the artifacts of the business.
        effect: measured now.
        now: by the business's clock.

    Returns:
        Every telling, the oldest first: `told_at` and what `as_json` gives.

    Raises:
        BrokenEffect: what was told before cannot be read.
    """
    before, content = tellings(folder, effect.campaign), as_json(effect)
    if before and _says_the_same(before[-1], _as_read(content)):
        return before
    told = [*before, {"told_at": now.isoformat(), **_as_read(content)}]
    write_json(effect_file(folder, effect.campaign), told)
    return told


def tellings(folder: Path, campaign: str) -> list[dict[str, Any]]:
    """What was told of a campaign so far, the oldest first.

    Raises:
        BrokenEffect: it cannot be read.
    """
    path = effect_file(folder, campaign)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise BrokenEffect(path) from error
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise BrokenEffect(path)
    return told


def effect_file(folder: Path, campaign: str) -> Path:
    """Where the tellings of a campaign lie."""
    return treatments_file(folder, campaign).with_name(FILE)


def _says_the_same(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a telling says what one of before said; what only a later version tells adds none."""
    return all(before[name] == now[name] for name in (before.keys() & now.keys()) - {"told_at"})


def _as_read(content: dict[str, Any]) -> dict[str, Any]:
    """As JSON gives it back: keys and numbers as they are read again."""
    plain: dict[str, Any] = json.loads(json.dumps(content))
    return plain
