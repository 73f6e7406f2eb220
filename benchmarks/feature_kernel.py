"""The feature kernel beside DuckDB SQL and a pandas loop over cutoffs: same log, same catalogue, equal cells, one run.

    python -m benchmarks.feature_kernel            20,000 customers, 3 years, 24 cutoffs
    python -m benchmarks.feature_kernel --quick    2,000 customers, 2 years, 6 cutoffs

CPU-seconds of the process and its threads, best of the rounds, interleaved; every engine starts from sorted arrays in
memory and ends with a cube in memory. Also one customer, computed alone at an arbitrary instant.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from churn.calendar import Calendar, to_us
from churn.definition import Lifecycle
from churn.events import Events
from features.catalogue import catalogue
from features.catalogue.page import EVERYTHING
from features.compute import Cube, compute
from features.feature import Feature
from features.formula import QUALIFYING, Aggregate, Difference, Formula, Ratio, Season, Selection
from features.operations import ZERO_OF_NOTHING, text_code
from features.simulation import SimulationSettings, simulate
from tests.oracle_duckdb import DAY_US, oracle, table_of

SHOP = Lifecycle(calendar=Calendar("Asia/Shanghai"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    customers, years, count = (2_000, 2, 6) if arguments.quick else (20_000, 3, 24)
    events = Events.from_frame(simulate(SimulationSettings(customers=customers, years=years)).events)
    wanted = [one for one in catalogue(list(EVERYTHING), EVERYTHING, SHOP) if not isinstance(one.formula, Season)]
    last = date(2023 + years - 1, 12, 1)
    cutoffs = [SHOP.calendar.midnight(last - timedelta(days=30 * back)) for back in range(count)][::-1]
    print(f"{len(events):,} events, {len(events.customers):,} customers, {count} cutoffs, {len(wanted)} features")
    engines: dict[str, Callable[[], Cube]] = {
        "kernel": lambda: compute(events, cutoffs, wanted, SHOP),
        "DuckDB SQL": lambda: oracle(events, cutoffs, wanted, SHOP),
        "pandas loop": lambda: pandas_loop(events, cutoffs, wanted),
    }
    cubes, seconds = race(engines, arguments.rounds)
    for name, cube in cubes.items():
        np.testing.assert_allclose(cube, cubes["kernel"], rtol=1e-9, atol=1e-9, err_msg=name)
        print(f"{name:12} {seconds[name]:8.2f} CPU-s   {seconds[name] / seconds['kernel']:6.1f} x the kernel   equal")
    single(events, cutoffs[-1] + timedelta(hours=14), wanted)
    print(f"peak memory of the run: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def race(engines: dict[str, Callable[[], Cube]], rounds: int) -> tuple[dict[str, Cube], dict[str, float]]:
    cubes: dict[str, Cube] = {}
    seconds = dict.fromkeys(engines, float("inf"))
    for _ in range(rounds):
        for name, engine in engines.items():
            begin = time.process_time()
            cubes[name] = engine()
            seconds[name] = min(seconds[name], time.process_time() - begin)
    return cubes, seconds


def single(events: Events, now: datetime, wanted: Sequence[Feature]) -> None:
    counts = np.bincount(events.customer)
    median = events.of([events.customers[np.argsort(counts)[len(counts) // 2]]])
    spent = []
    for _ in range(300):
        begin, cpu = time.perf_counter(), time.process_time()
        compute(median, [now], wanted, SHOP)
        spent.append((1e3 * (time.perf_counter() - begin), 1e3 * (time.process_time() - cpu)))
    wall, cpu_ms = np.median(spent, axis=0)
    print(f"one customer of {len(median)} events: median {wall:.2f} ms wall, {cpu_ms:.2f} ms CPU")


def pandas_loop(events: Events, cutoffs: Sequence[datetime], wanted: Sequence[Feature]) -> Cube:
    """What a good pandas programmer writes: filter by cutoff, one group-by a selection and window."""
    log = table_of(events, SHOP)
    log["day"] = SHOP.calendar.days_of(events.time_us)
    everybody = pd.RangeIndex(len(events.customers))
    cube = np.full((len(everybody), len(cutoffs), len(wanted)), np.nan)
    for k, cutoff in enumerate(cutoffs):
        at = to_us(cutoff)
        seen = log[(log["time_us"] < at) & (log["known_us"] < at) & (log["void_us"] >= at)]
        known: dict[Formula, pd.Series] = {}
        slices: dict[tuple[Selection, int | None], pd.DataFrame] = {}
        today = int(SHOP.calendar.days_of(np.array([at]))[0])
        for f, feature in enumerate(wanted):
            cube[:, k, f] = _value(feature.formula, seen, slices, known, at, today, everybody).to_numpy()
    return cube


def _value(
    formula: Formula, seen: pd.DataFrame, slices: dict, known: dict, at: int, today: int, everybody: pd.RangeIndex
) -> pd.Series:
    if formula not in known:
        rest = (seen, slices, known, at, today, everybody)
        match formula:
            case Ratio(one, other, scale):
                by = _value(other, *rest)
                known[formula] = scale * (_value(one, *rest) / by.where(by != 0))
            case Difference(one, other, least):
                known[formula] = (_value(one, *rest) - _value(other, *rest)).clip(lower=least)
            case Aggregate(selection, operation, column, days):
                if (selection, days) not in slices:
                    slices[selection, days] = _rows(seen, selection, days, today)
                found = _aggregate(slices[selection, days], operation, column, at).reindex(everybody)
                known[formula] = found.fillna(0.0) if operation in ZERO_OF_NOTHING else found
    return known[formula]


def _rows(seen: pd.DataFrame, selection: Selection, days: int | None, today: int) -> pd.DataFrame:
    mine = seen["counts"] if selection.kinds == (QUALIFYING,) else seen["kind"].isin(selection.kinds)
    if selection.reason_codes:
        mine = mine & seen["reason_code"].isin(selection.reason_codes)
    if days is not None:
        mine = mine & (seen["day"] >= today - days)
    return seen[mine]


def _aggregate(rows: pd.DataFrame, operation: str, column: str | None, at: int) -> pd.Series:
    by = rows.groupby("customer")
    if operation.startswith("gap"):
        days = rows.drop_duplicates(["customer", "day"])
        gaps = days.groupby("customer")["day"].diff().groupby(days["customer"])
        method = {"gap_mean": "mean", "gap_std": "std", "gap_longest": "max", "gap_last": "last"}[operation]
        return getattr(gaps, method)()
    if operation.startswith("days_since"):
        return (at - (by["time_us"].min() if operation.endswith("first") else by["time_us"].max())) / DAY_US
    if operation == "latest":
        return by[column].last().map(text_code, na_action="ignore").astype("float64")
    if operation == "count":
        return by.size().astype("float64")
    method = {"total": "sum", "mean": "mean", "peak": "max", "last": "last", "distinct": "nunique"}
    return getattr(by[column or "day"], method.get(operation, "nunique"))().astype("float64")


if __name__ == "__main__":
    main()
