"""Does the active base come as forecast? Past forecasts of a log, by models of the time, held against what came.

Run: python benchmarks/forecast.py [--quick] [--json] [--seed N] [--customers N] [--records FOLDER] [--log CHURN_TOML]
         [--step N] [--least N] [--each]

Every month both models are fitted to what had matured by then, as in benchmarks/bands.py, and forecast the active base
of 30, 60 and 90 days later as `churn monitor` does: from what the log knew at that moment. Coverage is the share of
months whose base lay in the interval of 90 %. `as now` is the error of saying that nothing changes. Final test cutoffs
of the real logs are left out.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.bands import CUSTOMERS, QUICK_CUSTOMERS, of_log, of_simulation
from benchmarks.promises import Asked
from benchmarks.rolled import rolled
from churn.bundle import Bundle
from churn.calendar import EPOCH, from_us, to_us
from churn.settings import Settings
from cli.opened import open_log
from features.log import LogManifest
from features.parts import log_parts
from monitoring.business.base import base
from monitoring.business.edges import month_edges
from monitoring.business.forecast import Forecast, Outlooks, forecast
from monitoring.business.segments import TOTAL, Dimension, Segmentation
from monitoring.business.sight import Sight
from monitoring.business.survey import survey
from monitoring.business.survival import wilson
from monitoring.reading.customers import numbers_of
from monitoring.reading.newest import Told

SEED = 13
EVERYBODY = Segmentation((Dimension(TOTAL, (TOTAL,)),), None)


def sight_of(one: Asked, model: str, settings: Settings) -> tuple[Sight, Told]:
    """What a model of the past saw, and what it told."""
    raw, order = np.unique(one.raw, return_index=True)
    told = one.probability[order]
    bundle = SimpleNamespace(
        model=model, gap_days=settings.definition.gap_days, horizon_days=settings.definition.horizon_days,
        outlook=one.outlook, probability=lambda grid: np.interp(grid, raw, told),
    )  # fmt: skip
    numbers = numbers_of(pa.array(one.rows.customer, type=pa.string()))
    rank = np.argsort(numbers)
    return Sight(cast(Bundle, bundle)), Told(numbers[rank], one.probability[rank])


def forecasts(settings: Settings, manifest: LogManifest, at: datetime, asked: dict[str, Asked]) -> Outlooks:
    """What would have been told at a cutoff, or why nothing."""
    lifecycle = settings.lifecycle
    edges = month_edges(manifest.first_event_at, at, lifecycle.calendar)
    first_day = (lifecycle.calendar.day_of(manifest.first_event_at) - EPOCH).days
    fold = base(edges, first_day, {model: sight_of(one, model, settings) for model, one in asked.items()})
    survey(_parts(settings), lifecycle, edges, EVERYBODY, [fold])
    return forecast(fold, at)


def came(settings: Settings, manifest: LogManifest, due_us: set[int]) -> dict[int, int]:
    """The active base at these instants, as the whole log knows it."""
    lifecycle = settings.lifecycle
    edges = month_edges(manifest.first_event_at, manifest.observed_until, lifecycle.calendar)
    first_day = (lifecycle.calendar.day_of(manifest.first_event_at) - EPOCH).days
    fold = base(edges, first_day, {}, sorted(due_us))
    survey(_parts(settings), lifecycle, edges, EVERYBODY, [fold])
    return dict(zip(fold.due_us.tolist(), fold.came.tolist(), strict=True))


def _parts(settings: Settings) -> Any:
    return log_parts(settings.folder, taking_back=settings.definition.taking_back)


def measured(told: list[Forecast], actual: dict[int, int]) -> dict[str, float]:
    """Coverage and errors of each horizon."""
    rows = pd.DataFrame(
        {"days": one.horizon_days, "came": actual[to_us(one.due)], "now": one.active, "told": one.expected,
         "low": one.low, "high": one.high} for one in told
    ).astype({"low": float, "high": float})  # fmt: skip
    found: dict[str, float] = {}
    for days, each in rows.groupby("days"):
        held = each[each["low"].notna()]
        inside = int(((held["came"] >= held["low"]) & (held["came"] <= held["high"])).sum())
        share = wilson(inside, len(held)) if len(held) else None
        found |= {f"{days}_forecasts": len(each)}
        found |= {f"{days}_coverage": share.value, f"{days}_coverage_low": share.low} if share else {}
        found |= {f"{days}_coverage_high": share.high} if share else {}
        found |= {
            f"{days}_half_width": ((held["high"] - held["low"]) / 2 / held["came"]).mean(),
            f"{days}_error": (each["told"] / each["came"] - 1).abs().mean(),
            f"{days}_bias": (each["told"] / each["came"] - 1).mean(),
            f"{days}_error_as_now": (each["now"] / each["came"] - 1).abs().mean(),
        }
    return {name: round(float(value), 4) for name, value in found.items()}


def options() -> argparse.Namespace:
    """What is asked for."""
    found = argparse.ArgumentParser()
    found.add_argument("--quick", action="store_true", help="a smaller shop")
    found.add_argument("--json", action="store_true")
    found.add_argument("--seed", type=int, default=SEED, help="of the simulated shop")
    found.add_argument("--customers", type=int, default=CUSTOMERS, help="of the simulated shop")
    found.add_argument("--step", type=int, default=1, help="ask at every so many-th cutoff")
    found.add_argument("--least", type=int, default=8, help="mature cutoffs that a model needs at least")
    found.add_argument("--records", type=Path, help="folder that keeps what fitted models said")
    found.add_argument("--each", action="store_true", help="print every forecast")
    found.add_argument("--log", type=Path, help="churn.toml of an ingested log; a simulated shop where none is given")
    return found.parse_args()


def main() -> None:
    """Measure and print."""
    given = options()
    with tempfile.TemporaryDirectory() as scratch:
        size = QUICK_CUSTOMERS if given.quick else given.customers
        if given.log:
            settings, snapshot = of_log(given.log)
        else:
            settings, snapshot, _ = of_simulation(Path(scratch), size, seed=given.seed)
        asked: dict[int, dict[str, Asked]] = {}
        for model in ("churn", "reactivation"):
            asking = rolled(snapshot, model, settings, None, step=given.step, records=given.records, least=given.least)
            for one in asking:
                asked.setdefault(int(one.rows.cutoff_us[0]), {})[model] = one
        manifest, told, untold = open_log(settings).manifest, list[Forecast](), Counter[str]()
        for at_us, models in sorted(asked.items()):
            found = forecasts(settings, manifest, from_us(at_us), models)
            told += found.told
            untold[found.code] += not found.told
        told = [one for one in told if one.due <= manifest.observed_until]
        actual = came(settings, manifest, {to_us(one.due) for one in told})
    for one in told if given.each else ():
        parts = [round(part) for part in (one.kept, one.come, one.returned, one.new)]
        ends = [end and round(end) for end in (one.low, one.high)]
        print(one.horizon_days, one.as_of.date(), one.active, parts, round(one.expected), ends, actual[to_us(one.due)])
    figures = {f"untold_{code}": float(n) for code, n in untold.items() if n} | (measured(told, actual) if told else {})
    lines = "\n".join(f"{name:28} {each}" for name, each in figures.items())
    print(json.dumps({"figures": figures}) if given.json else lines)


if __name__ == "__main__":
    main()
