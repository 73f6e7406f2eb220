"""How many new customers are to be expected? The last quarter's rate, or the season's, whichever foretold better.

    recent   the daily rate of the last 90 days
    season   the same days a year before, times how the last 90 days compare with theirs a year before

Each is tried from earlier days of the log, whose following days are known; the one with the smaller error counts, and
its error is the spread. Reads daily counts. Start reading at `expected_arrivals`.

Source: Hyndman & Athanasopoulos (2021), Forecasting: Principles and Practice, 5.2 (seasonal naive) and 5.10 (rolling
origin).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt

from churn.calendar import Int64Array

RECENT_DAYS, YEAR_DAYS = 90, 365
ORIGINS, EVERY_DAYS, ENOUGH = 12, 30, 3
LEAST_SPREAD = 0.05
Method = Callable[[Int64Array, int, int], float | None]


@dataclass(frozen=True)
class Expected:
    """New customers to be expected.

    Args:
        value: how many. spread: standard deviation; None with too short a past to try it.
        method: recent or season.
    """

    value: float
    spread: float | None
    method: str


def expected_arrivals(daily: Int64Array, horizon_days: int) -> Expected | None:
    """New customers of the next days; None with less than a quarter of history.

    Args:
        daily: first orders of each day of the log, the last one being yesterday. Shape (d,).
        horizon_days: the days that are asked for.
    """
    value = _recent(daily, len(daily), horizon_days)
    if value is None:
        return None
    tried = {"recent": _errors(daily, horizon_days, _recent), "season": _errors(daily, horizon_days, _season)}
    rms = {name: sqrt(sum(one * one for one in errors) / len(errors)) for name, errors in tried.items() if errors}
    season = _season(daily, len(daily), horizon_days)
    if season is not None and len(tried["season"]) >= ENOUGH and rms["season"] < _fair(tried, rms):
        return Expected(season, _spread(season, rms["season"]), "season")
    known = len(tried["recent"]) >= ENOUGH
    return Expected(value, _spread(value, rms["recent"]) if known else None, "recent")


def _fair(tried: dict[str, list[float]], rms: dict[str, float]) -> float:
    """The error of `recent` at the origins at which the season could be tried too: the newest ones."""
    same = tried["recent"][: len(tried["season"])]
    return sqrt(sum(one * one for one in same) / len(same)) if same else rms.get("recent", 0.0)


def _spread(value: float, relative: float) -> float:
    return sqrt((max(relative, LEAST_SPREAD) * value) ** 2 + value)


def _recent(daily: Int64Array, origin: int, horizon_days: int) -> float | None:
    if origin < RECENT_DAYS:
        return None
    return float(daily[origin - RECENT_DAYS : origin].mean()) * horizon_days


def _season(daily: Int64Array, origin: int, horizon_days: int) -> float | None:
    before = origin - YEAR_DAYS
    if before < RECENT_DAYS:
        return None
    then = int(daily[before - RECENT_DAYS : before].sum())
    if not then:
        return None
    growth = float(daily[origin - RECENT_DAYS : origin].sum()) / then
    return float(daily[before : before + horizon_days].sum()) * growth


def _errors(daily: Int64Array, horizon_days: int, method: Method) -> list[float]:
    """Errors in logarithms from earlier days, newest first."""
    found = []
    for nth in range(ORIGINS):
        origin = len(daily) - horizon_days - nth * EVERY_DAYS
        told = method(daily, origin, horizon_days) if origin > 0 else None
        if told is None:
            break
        came = float(daily[origin : origin + horizon_days].sum())
        found.append(log((told + 1) / (came + 1)))
    return found
