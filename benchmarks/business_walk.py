"""How long the walk for the business figures takes, and how much memory, on a bucket as large as a million's.

    python -m benchmarks.business_walk -c churn.toml --times 50

Reads one bucket of a log, lays its customers out that many times under names of their own, and walks over them, as
`churn monitor` does: stock, value, cohorts, and all that is told of hazards; without forecasts, which need models.
"""

import argparse
import os
import resource
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from churn.clock import clock
from churn.events import Events, Texts
from churn.settings import load
from features.log import read_log_manifest
from features.parts import InMemory
from monitoring.business.hazards import Folds
from monitoring.business.taking_stock import ground, take_stock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-c", "--config", type=Path, default=Path("churn.toml"))
    parser.add_argument("--times", type=int, default=50)
    asked = parser.parse_args()
    settings = load(asked.config)
    manifest = read_log_manifest(settings.folder)
    on = ground(settings, manifest, clock(settings.business.clock, manifest.observed_until).now())
    started = time.process_time()
    bucket = on.parts[0].read()
    reading = time.process_time() - started
    large = tiled(bucket, asked.times)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    started = time.process_time()
    folds = Folds(settings, on, manifest, [], os.environ).folds
    take_stock(settings, replace(on, parts=[InMemory(large)]), more=folds)
    taken = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(large.customers):,} customers, {len(large):,} events: {taken:.1f} s of CPU")
    print(f"memory before {before:.2f} GB, at most {peak:.2f} GB; reading, estimated: {reading * asked.times:.1f} s")


def tiled(events: Events, times: int) -> Events:
    """The same customers several times, under names of their own."""
    size = len(events.customers)
    made: dict[str, Any] = {}
    for field in fields(events):
        values = getattr(events, field.name)
        if field.name == "customers":
            made[field.name] = np.array([f"{nth:04d}-{one}" for nth in range(times) for one in values], dtype=object)
        elif field.name == "customer":
            made[field.name] = np.concatenate([values + nth * size for nth in range(times)]).astype(np.int32)
        elif isinstance(values, Texts):
            made[field.name] = Texts(np.tile(values.codes, times), values.levels)
        else:
            made[field.name] = np.tile(values, times)
    return Events(**made)


if __name__ == "__main__":
    main()
