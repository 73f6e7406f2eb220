"""What `python benchmarks/features.py` runs and prints. Start reading at `main`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.race.log import write_log
from benchmarks.race.rounds import ROOT, Figures, race

QUICK = ((150_000, 2),)  # events, rounds
FULL = ((1_000_000, 3), (5_000_000, 2))
MANY = 1_000_000  # events; with more, frames run once
CUTOFFS = 24
ENGINES = ("kernel", "floor", "duckdb", "polars", "pandas")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(usage="see the head of benchmarks/features.py")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if arguments.large:
            figures = _large(work)
        elif arguments.plot:
            figures = _plotted(work, arguments.plot)
        else:
            figures = _figures(work, quick=arguments.quick)
    print(json.dumps({"figures": {"cores": os.cpu_count()} | figures}, indent=None if arguments.json else 1))


def _figures(work: Path, *, quick: bool) -> Figures:
    figures: Figures = {}
    for events, rounds in QUICK if quick else FULL:
        figures |= _raced(work / str(events), events, rounds, quick=quick)
    figures |= _run("featuretools_dfs", "1" if quick else "3")
    return figures | _run("refresh", *("50000", "150") if quick else ("1000000", "1000"))


def _raced(folder: Path, events: int, rounds: int, *, quick: bool) -> Figures:
    """The figures of one size; the last size raced gives the ratios their names without a size."""
    print(f"{events:,} events", file=sys.stderr)
    log = write_log(folder, events)
    found = race(
        folder, ENGINES, CUTOFFS, rounds, customers=log.customers, once={"polars", "pandas"} if quick else set()
    )
    size = f"{events // 1000}k_x_{CUTOFFS}"
    cpu = {engine: told["cpu_s"] for engine, told in found.items()}
    ratios = {"kernel_vs_floor": cpu["kernel"] / cpu["floor"], "best_sql_vs_kernel": cpu["duckdb"] / cpu["kernel"]}
    ratios |= {f"{peer}_vs_kernel": cpu[peer] / cpu["kernel"] for peer in ("polars", "pandas")}
    each = {f"{engine}_{name}_{size}": value for engine, told in found.items() for name, value in told.items()}
    each |= {f"{name}_{size}": value for name, value in ratios.items()}
    return {"events": log.events, "customers": log.customers, "cutoffs": CUTOFFS} | ratios | each


def _run(module: str, *arguments: str) -> Figures:
    """The figures that a module of its own prints."""
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.race.{module}", *arguments]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f"{module} failed:\n{found.stderr[-2000:]}")
    return dict(json.loads(found.stdout.splitlines()[-1]))


def _large(work: Path) -> Figures:
    from benchmarks.race.large import large

    return large(work)


def _plotted(work: Path, target: Path) -> Figures:
    from benchmarks.race.growth import growth

    return growth(work, target)
