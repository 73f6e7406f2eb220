"""The forecasts that were told, and what came: `monitoring/forecasts.jsonl`, a line each.

A forecast of an instant and horizon replaces the one told before of the same. Once its day has come it is judged once,
by what is known then, and keeps what came; a later correction of the log changes it no more. A line that cannot be read
is left out and counted. Holds sums alone, nobody's id. Start reading at `read_forecasts`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from churn.calendar import to_us
from features.atomic import write_text
from monitoring.business.forecast import Forecast

FILE = "monitoring/forecasts.jsonl"
KEPT_DAYS = 1100
MOST_DUE = 60  # instants looked at in one run


def read_forecasts(folder: Path) -> tuple[list[Forecast], int]:
    """All that were told, oldest first, and how many lines cannot be read."""
    path = folder / FILE
    if not path.is_file():
        return [], 0
    found, unreadable = [], 0
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found.append(Forecast.from_json(json.loads(line)))
        except (ValueError, TypeError, KeyError):
            unreadable += 1
    return sorted(found, key=lambda one: (one.as_of, one.horizon_days)), unreadable


def due(told: Iterable[Forecast], observed_until: datetime) -> list[int]:
    """Instants, microseconds since 1970 UTC, of forecasts whose day has come and that nobody judged; the newest."""
    open_ones = {to_us(one.due) for one in told if one.actual is None and one.due <= observed_until}
    return sorted(open_ones)[-MOST_DUE:]


def judged(told: Iterable[Forecast], came: Mapping[int, int]) -> list[Forecast]:
    """Forecasts with what came. Args: came: instant to the active base then."""
    return [
        replace(one, actual=came[to_us(one.due)]) if one.actual is None and to_us(one.due) in came else one
        for one in told
    ]


def keep_forecasts(folder: Path, told: Sequence[Forecast], new: Sequence[Forecast]) -> None:
    """Write all: those of before, and those of now, which replace others of the same instant and horizon."""
    every = {(one.as_of, one.horizon_days): one for one in (*told, *new)}
    last = max((one.as_of for one in every.values()), default=None)
    rows = [every[key] for key in sorted(every) if last and key[0] >= last - timedelta(days=KEPT_DAYS)]
    write_text(folder / FILE, "".join(json.dumps(one.as_json()) + "\n" for one in rows))
