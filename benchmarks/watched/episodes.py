"""What weekly verdicts come to: false alarms of quiet weeks, and the delay until a fault is seen.

Start reading at `caught`.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from scipy.stats import chi2

Line = dict[str, Any]
WEEKS_A_QUARTER = 13
SURE = 0.9


def quiet_figures(lines: Sequence[Line]) -> dict[str, Any]:
    """False alarms of quiet weeks: weeks with an alarm that was not there the week before, as alerts tell them once.

    The rate has a Poisson interval. Source: Garwood (1936), Biometrika 28.
    """
    told, codes = 0, Counter[str]()
    for _, shop in groupby(sorted(lines, key=_order), key=lambda line: line["seed"]):
        before: set[tuple[str, str]] = set()
        for line in shop:
            now = {(who, code) for who, code in line["alarms"]}
            told += bool(now - before)
            codes.update(f"{who} {code}" for who, code in now - before)
            before = now
    quarters, tail = len(lines) / WEEKS_A_QUARTER, (1 - SURE) / 2
    low = chi2.ppf(tail, 2 * told) / 2 if told else 0.0
    high = chi2.ppf(1 - tail, 2 * told + 2) / 2
    return {
        "weeks": len(lines), "alarms": told, "per_quarter": told / quarters,
        "low": float(low) / quarters, "high": float(high) / quarters, "codes": dict(codes.most_common()),
        "weeks_in_alarm": sum(bool(line["alarms"]) for line in lines),
        "verdicts": dict(Counter(line["verdict"] for line in lines)),
    }  # fmt: skip


def caught(lines: Sequence[Line], quiet: Sequence[Line]) -> dict[str, Any]:
    """What rang after a fault began and does not ring in the same week of the quiet shop, each with its first week.

    The first of it need not speak of the fault: a shop that changes has other chance weeks too.

    Args:
        lines: of a shop with the fault.
        quiet: of the same shop without it.
    """
    without = {line["week"]: {(who, code) for who, code in line["alarms"]} for line in quiet}
    since = lines[0]["since"]
    later = [line for line in sorted(lines, key=_order) if line["week"] >= since]
    first: dict[str, int] = {}
    for line in later:
        for who, code in sorted({(who, code) for who, code in line["alarms"]} - without.get(line["week"], set())):
            first.setdefault(f"{who} {code}", line["week"] - since)
    return {
        "caught": bool(first), "delay_weeks": min(first.values(), default=None), "first": first,
        "weeks_in_alarm": sum(bool(line["alarms"]) for line in later), "weeks": len(later),
        "verdicts": dict(Counter(line["verdict"] for line in later)),
    }  # fmt: skip


def _order(line: Line) -> tuple[int, int]:
    return line["seed"], line["week"]
