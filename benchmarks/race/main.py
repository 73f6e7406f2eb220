"""What `python benchmarks/features.py` runs and prints. Start reading at `main`."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.race.log import write_log
from benchmarks.race.rounds import Figures, race

QUICK = ((250_000, 2),)  # events, rounds
FULL = ((1_000_000, 3), (5_000_000, 2))
CUTOFFS = 24
ENGINES = ("kernel", "floor", "duckdb", "polars", "pandas")


def main() -> None:
    parser = argparse.ArgumentParser(usage="see the head of benchmarks/features.py")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures: Figures = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as work:
        for events, rounds in QUICK if arguments.quick else FULL:
            figures |= _raced(Path(work) / str(events), events, rounds)
    print(json.dumps({"figures": figures}, indent=None if arguments.json else 1))


def _raced(folder: Path, events: int, rounds: int) -> Figures:
    """The figures of one size; the last size raced gives the ratios their names without a size."""
    print(f"{events:,} events", file=sys.stderr)
    log = write_log(folder, events)
    found = race(folder, ENGINES, CUTOFFS, rounds, customers=log.customers)
    size = f"{events // 1000}k_x_{CUTOFFS}"
    cpu = {engine: told["cpu_s"] for engine, told in found.items()}
    ratios = {"kernel_vs_floor": cpu["kernel"] / cpu["floor"], "best_sql_vs_kernel": cpu["duckdb"] / cpu["kernel"]}
    ratios |= {f"{peer}_vs_kernel": cpu[peer] / cpu["kernel"] for peer in ("polars", "pandas")}
    each = {f"{engine}_{name}_{size}": value for engine, told in found.items() for name, value in told.items()}
    return {"events": log.events, "customers": log.customers, "cutoffs": CUTOFFS} | ratios | each
