"""Everybody's score with reasons, as `churn score --all` writes it: customers a second, CPU and peak memory.

    python benchmarks/everyone.py                          100,000 customers of the fixed model; a CPU-minute
    python benchmarks/everyone.py --customers 1000000      an hour where other work has the cores, else seven minutes
    python benchmarks/everyone.py --quick                  20,000
    python benchmarks/everyone.py --json                   prints {"figures": {...}} alone

One process, one thread. The clock runs from the first row read to the last file in place. Left out are start-up, which
is said beside it, the answers of the night in the on-line store, and the journal of changes. `million_minutes` are of
CPU, computed from that of a customer unless a million was asked for. Memory is the whole process's, imports included.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before benchmarks/features.py, which hides the package

from benchmarks.fixed_model import NAMES, SET_HASH, SLUG, appointed, vectors
from churn.clock import StoppedClock
from churn.sections import Business
from churn.settings import Settings
from churn.tables import INSTANT
from features import parquet
from features.atomic import write_json
from features.current_file import MANIFEST_FILE, NIGHTLY, ROWS_FILE, STATED
from features.snapshot_file import table_of
from serving import batch, champion
from serving.scorer import Scorer

CHUNK = 50_000
NOW = pd.Timestamp("2026-01-01T12:00:00Z")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    customers = asked.customers or (20_000 if asked.quick else 100_000)
    with tempfile.TemporaryDirectory() as folder:
        figures = scored(Settings(business=Business(slug=SLUG, clock="log"), artifacts=Path(folder)), customers)
    print(json.dumps({"figures": figures}, indent=None if asked.json else 1))


def scored(settings: Settings, customers: int) -> dict[str, Any]:
    """Make a business with so many customers and score them all."""
    appointed(settings.folder)
    write_customers(settings.folder / "features", customers)
    began = time.process_time()
    clock = StoppedClock(NOW.to_pydatetime())
    scorer = Scorer(champion.load(settings), clock, "log", timedelta(hours=36), "d" * 12)
    scorer.warm()
    start_s, before, wall = time.process_time() - began, time.process_time(), time.perf_counter()
    held = peak_mb()
    report = batch.score_everyone(settings, scorer)
    cpu_s, wall_s = time.process_time() - before, time.perf_counter() - wall
    assert report.scored == customers
    return {
        "customers": customers,
        "cpu_us_a_customer": round(1e6 * cpu_s / customers, 1),
        "wall_s": round(wall_s, 1),
        "customers_a_cpu_second": round(customers / cpu_s),
        "million_minutes": round((cpu_s if customers == 1_000_000 else cpu_s * 1e6 / customers) / 60, 1),
        "load_and_warm_cpu_s": round(start_s, 2),
        "peak_mb_before": round(held),
        "peak_mb": round(peak_mb()),
    }


def write_customers(folder: Path, customers: int) -> None:
    """The rows of now, chunk by chunk."""
    folder.mkdir(parents=True)
    instants = {"event_timestamp": NOW, "created_timestamp": NOW}
    with ExitStack() as stack:
        writer = None
        for seed, first in enumerate(range(0, customers, CHUNK), 1):
            count = min(CHUNK, customers - first)
            ids = [f"F{number:07d}" for number in range(first, first + count)]
            frame = pd.DataFrame({"customer_id": pd.Series(ids, dtype=object)})
            for name, instant in instants.items():
                frame[name] = pd.Series([instant] * count).astype(INSTANT)
            frame["stage"], frame["model"] = "active", pd.Series(["churn"] * count, dtype=object)
            frame["label"] = pd.Series([pd.NA] * count, dtype="boolean")
            frame = frame.join(pd.DataFrame(vectors(count, seed), columns=[*NAMES]))
            table = table_of(frame, [*NAMES], **beside(count))
            writer = writer or stack.enter_context(closing(parquet.writer(folder / ROWS_FILE, table.schema)))
            writer.write_table(table)
    manifest = {"as_of": NOW.isoformat(), "rows": customers, "feature_set": {"hash": SET_HASH, "names": [*NAMES]}}
    write_json(folder / MANIFEST_FILE, manifest)


def beside(rows: int) -> dict[str, pa.Array]:
    """What stands beside the features of each row."""
    us = pa.array(np.full(rows, NOW.value // 1000))
    nothing = pa.nulls(rows, pa.string())
    hashes = pa.array([SET_HASH] * rows)
    return {"as_of_us": us, "known_at_us": us, "feature_set_hash": hashes, STATED: nothing, NIGHTLY: nothing}


def peak_mb() -> float:
    """Peak resident memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
