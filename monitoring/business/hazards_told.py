"""What machines are told of hazards: figures for Prometheus and the history, and `hazards.json` of a run.

What cannot be told is null with its code, or left out; small cells join `other`. Start reading at `content`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from features.atomic import write_text
from monitoring.business.after_event import KINDS, OUTCOMES, WINDOWS_DAYS, Ratio
from monitoring.business.critical_months import Month, monthly, peaks
from monitoring.business.funnel import STEPS
from monitoring.business.hazards import Hazards, after_by_segment, cells_of
from monitoring.business.lapsed import (
    AGE,
    AGES,
    OPEN,
    REACH,
    REACHES,
    REASON,
    REASONS,
    SIGN,
    SIGNS,
    VALUES,
)  # fmt: skip
from monitoring.business.lifetimes import returns
from monitoring.business.satisfaction import ASKED, CASES
from monitoring.business.segments import TOTAL, Dimension
from monitoring.business.shown import shown
from monitoring.business.survival import Spells, curve, median, within
from monitoring.section import Figure

FILE = "hazards.json"
SILENT_DAYS, WITHIN_DAYS = (7, 14, 30, 60, 90, 180, 365), 30
KEPT_DAYS = (30, 90, 180, 365, 730)
Json = dict[str, Any]


def figures(found: Hazards) -> Iterator[Figure]:
    """What can be told."""
    lives = found.lifetimes.lives.get((TOTAL, TOTAL))
    half = median(curve(lives))[0] if lives is not None and lives.count else None
    if half is not None:
        yield Figure(
            "churn_monitor_median_lifetime_days", half, "Days after the first order by which half have lapsed."
        )
    if found.lapsed.total:
        yield Figure("churn_monitor_lapsed_now_customers", found.lapsed.total, "Customers who are lapsed now.")
    for one in found.outlooks.told:
        labels = {"horizon_days": str(one.horizon_days)}
        meaning = "Customers who will be active after so many days, as the models tell."
        yield Figure("churn_monitor_active_forecast_customers", one.expected, meaning, labels)
    for days in sorted({one.horizon_days for one in found.past}):
        held = [one.held for one in found.past if one.horizon_days == days and one.held is not None]
        if held:
            meaning = "Share of earlier forecasts of so many days whose 90 % interval held what came."
            share = sum(held) / len(held)
            yield Figure("churn_monitor_active_forecast_coverage", share, meaning, {"horizon_days": str(days)})


def write(found: Hazards, folder: Path) -> None:
    """Write the file into the folder of a run."""
    write_text(folder / FILE, json.dumps(content(found), ensure_ascii=False, allow_nan=False) + "\n")


def content(found: Hazards) -> Json:
    """The whole file."""
    return {
        "format_version": 1,
        "knowledge": "everything as known at as_of: past periods are restated",
        "min_cell": found.min_cell,
        "survival": _survival(found),
        "silence": _silence(found),
        "silence_by_segment": {one.name: _silent(found, one) for one in found.lifetimes.segmentation.dimensions[1:]},
        "after_event": _after(found),
        "forecast": _forecast(found),
        "lapsed": _lapsed(found),
        "satisfaction": _satisfaction(found),
        "funnel": _funnel(found),
    }


def _survival(found: Hazards) -> Json:
    lives, lifetimes = found.lifetimes.lives, found.lifetimes
    none = Spells.none(longest=lifetimes.longest)
    months = monthly(lives.get((TOTAL, TOTAL), none), least=found.min_cell)
    return {
        "all": _curve(lives.get((TOTAL, TOTAL), none)),
        "won_back": _curve(lifetimes.later) if lifetimes.later.count >= found.min_cell else None,
        "months": [asdict(one) for one in months],
        "critical": _critical(months),
        "after_order": [asdict(one) if one else None for one in lifetimes.after_order()],
        "quarters": {name: _curve(one) for name, one in lifetimes.quarters.items() if one.count >= found.min_cell},
        "segments": {one.name: _levels(found, one) for one in lifetimes.segmentation.dimensions[1:]},
    }


def _levels(found: Hazards, dimension: Dimension) -> Json:
    told: Json = {}
    for name, spells in cells_of(found, dimension, found.lifetimes.lives):
        months = monthly(spells, least=found.min_cell)
        hazards = [round(one.hazard.value, 6) for one in months]
        told[name] = _curve(spells) | {"hazard_30d": hazards, "critical": _critical(months)}
    return told


def _critical(months: list[Month]) -> list[Json]:
    return [asdict(one) | {"ratio": _finite(one.ratio)} for one in peaks(months)]


def _curve(spells: Spells) -> Json:
    """Survival at some days; what was not watched is left out, a median that was not reached is null."""
    told = curve(spells)
    days = [day for day in KEPT_DAYS if day <= told.watched_days]
    half, low, high = median(told)
    return {
        "customers": spells.count, "lapsed": int(spells.ended.sum()), "watched_days": told.watched_days,
        "median_days": half, "median_low": low, "median_high": high, "is_mature": half is not None,
        "survival": {str(day): [float(one[day]) for one in (told.survival, told.low, told.high)] for day in days},
    }  # fmt: skip


def _silence(found: Hazards) -> list[Json]:
    groups = found.lifetimes.silence()
    told = [(days, returns(groups, days, WITHIN_DAYS)) for days in SILENT_DAYS]
    return [{"silent_days": days, "within_days": WITHIN_DAYS} | asdict(one) for days, one in told if one is not None]


def _silent(found: Hazards, dimension: Dimension) -> Json:
    """The chance of a return within 30 days by days of silence, and how many pauses it rests on; null: not watched."""
    told: Json = {}
    for name, spells in cells_of(found, dimension, found.lifetimes.silent):
        shares = {days: within(curve(spells), days, WITHIN_DAYS) for days in SILENT_DAYS}
        told[name] = {
            str(days): {"value": one.value, "n": one.n} if one and one.n >= found.min_cell else None
            for days, one in shares.items()
        }
    return told


def _after(found: Hazards) -> list[Json]:
    rows = []
    for kind in KINDS:
        for outcome in OUTCOMES:
            for days in WINDOWS_DAYS:
                told = found.after.ratio(kind, outcome, window_days=days)
                rows.append({"kind": kind, "outcome": outcome, "within_days": days} | _ratio(told))
    for kind, outcome, dimension, level, told in after_by_segment(found):
        within = {"kind": kind, "outcome": outcome, "within_days": WINDOWS_DAYS[-1]}
        rows.append(within | {"dimension": dimension, "level": level} | _ratio(told))
    return rows


def _ratio(told: Ratio | None) -> Json:
    return {"ratio": None, "code": "too_few"} if told is None else {"ratio": asdict(told)}


def _forecast(found: Hazards) -> Json:
    judged = [one.as_json() for one in found.past if one.actual is not None]
    return {
        "code": found.outlooks.code, "told": [one.as_json() for one in found.outlooks.told], "judged": judged[-180:],
        "immature": sum(one.actual is None for one in found.past), "unreadable": found.unreadable,
    }  # fmt: skip


def _lapsed(found: Hazards) -> Json:
    lapsed = found.lapsed
    told: Json = {"customers": lapsed.total, "reach": None if lapsed.reach is not None else "not_configured"}
    tables: list[tuple[str, tuple[str, ...]]] = [(AGE, tuple(name for _, name in AGES)), (REASON, REASONS)]
    tables += [(REACH, REACHES)] if lapsed.reach is not None else []
    tables += [(SIGN, SIGNS)] if lapsed.tells_signs else []
    tables += [(OPEN, ("solved_or_none", "open"))] if OPEN in lapsed.counts else []
    tables += [(one.name, one.levels) for one in lapsed.segmentation.dimensions[1:]]
    for table, levels in tables:
        counts, money = lapsed.by_value(table), lapsed.money_of(table)
        told[f"by_{table}"] = {
            cell.name: {
                "customers": int(counts[list(cell.places)].sum()),
                "of_value": dict(zip(VALUES, counts[list(cell.places)].sum(axis=0).tolist(), strict=True)),
                "money_a_year": round(float(money[list(cell.places)].sum()), 2),
            }
            for cell in shown(levels, counts.sum(axis=1), found.min_cell)
        }
    return told


def _satisfaction(found: Hazards) -> Json:
    told = found.satisfaction
    stages = {kind: told.by_stage(kind, least=found.min_cell) for kind in ASKED}
    cases = {
        kind: {what: asdict(one) if (one := told.done_within(kind, what)) else None for what in ("answered", "solved")}
        for kind in CASES
        if kind in told.solved and told.solved[kind].count
    }
    return {
        "by_stage": {kind: {stage: asdict(one) for stage, one in each.items()} for kind, each in stages.items()},
        "by_quarter": {
            kind: {name: asdict(one) for name, one in told.quarters(kind, least=found.min_cell).items()}
            for kind in ASKED
        },
        "by_segment": {
            kind: {
                one.name: {name: asdict(mine) for name, mine in told.by_segment(kind, one, least=found.min_cell)}
                for one in told.segmentation.dimensions[1:]
            }
            for kind in ASKED
        },
        "cases": cases,
    }


def _funnel(found: Hazards) -> Json:
    funnel = found.funnel
    if funnel.code != "told" or funnel.counts()[0] < found.min_cell:
        return {"code": funnel.code if funnel.code != "told" else "too_few"}
    return {
        "code": "told", "kinds": dict(zip(STEPS, funnel.leads, strict=False)), "immature": funnel.immature,
        **_steps(found, TOTAL, (0,)),
        "segments": {
            one.name: {
                cell.name: _steps(found, one.name, cell.places)
                for cell in shown(one.levels, funnel.reached[one.name][:, 0], found.min_cell)
            }
            for one in funnel.dimensions
        },
    }  # fmt: skip


def _steps(found: Hazards, dimension: str, places: Sequence[int]) -> Json:
    funnel, least = found.funnel, 1 if dimension == TOTAL else found.min_cell
    days = [funnel.median_days(step, dimension, places, least=least) for step in range(len(STEPS) - 1)]
    return {"customers": dict(zip(STEPS, funnel.counts(dimension, places), strict=True)), "median_days": days}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
