"""Weeks of early signs as a file of `monitoring/cache/`: sums over customers, nobody's own. Start at `read_kept`."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from features.atomic import write_json
from monitoring.before.early import EarlyWeek

FORM = 1


@dataclass(frozen=True)
class Kept:
    """What weeks that are kept were computed of; of anything else they are computed again.

    Args:
        features: hash of the feature set. definition: id of the churn definition.
        days: that were early. buckets: of the log that were read. share: of their customers.
    """

    features: str
    definition: str
    days: int
    buckets: int
    share: float


def read_kept(path: Path, form: Kept) -> dict[datetime, EarlyWeek]:
    """Weeks by cutoff; none where there is no file, or one of something else, or one that cannot be read."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["form"] == FORM and told["of"] == asdict(form):
            weeks = [EarlyWeek(**one | {"at": datetime.fromisoformat(one["at"])}) for one in told["weeks"]]
            return {one.at: one for one in weeks}
    return {}


def write_kept(path: Path, form: Kept, weeks: Mapping[datetime, EarlyWeek]) -> None:
    """Keep weeks; where nothing can be written they are computed again next time."""
    told = [asdict(weeks[at]) | {"at": at.isoformat()} for at in sorted(weeks)]
    with suppress(OSError):
        write_json(path, {"form": FORM, "of": asdict(form), "weeks": told})
