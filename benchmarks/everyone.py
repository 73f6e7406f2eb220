"""The nightly job: everybody's row of now, as `churn features materialise` writes it, then everybody's score.

    python benchmarks/everyone.py                          100,000 customers; three CPU-minutes
    python benchmarks/everyone.py --customers 1000000      some fifteen minutes on free cores; 6 GB of disk
    python benchmarks/everyone.py --quick                  20,000; within two minutes
    python benchmarks/everyone.py --json                   prints {"figures": {...}} alone

Each step runs in one process and one thread. *materialise* is the whole command on a simulated shop whose customers are
there many times over (benchmarks/crowd.py), start-up and the on-line store (SQLite) included. *score* is that of
`churn score --all` on the fixed model, with reasons, from the first row read to the last file in place. Left out are
start-up, which is said beside it, the answers of the night in the on-line store, and the journal of changes. Minutes of
a million are of CPU, computed from that of a customer unless a million was asked for: few customers make start-up look
dear. Memory is the whole process's, imports included.
"""

import argparse
import json
import os
import resource
import subprocess
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
        figures = materialised(Path(folder), customers)
    with tempfile.TemporaryDirectory() as folder:
        figures |= scored(Settings(business=Business(slug=SLUG, clock="log"), artifacts=Path(folder)), customers)
    print(json.dumps({"figures": figures}, indent=None if asked.json else 1))


def materialised(folder: Path, customers: int) -> dict[str, Any]:
    """Make a crowd of so many customers and write everybody's row of now, by the commands of a person."""
    root = Path(__file__).resolve().parents[1]
    spent(root, "benchmarks/crowd.py", str(folder), str(customers))
    wall = time.perf_counter()
    used = spent(root, "-m", "cli", "features", "materialise", "-c", str(folder / "churn.toml"))
    cpu_s = used.ru_utime + used.ru_stime
    return {
        "materialise_cpu_us_a_customer": round(1e6 * cpu_s / customers, 1),
        "materialise_wall_s": round(time.perf_counter() - wall, 1),
        "materialise_million_minutes": million_minutes(cpu_s, customers),
        "materialise_peak_mb": round(used.ru_maxrss / 1024),
    }


def spent(root: Path, *command: str) -> resource.struct_rusage:
    """What a Python process of its own took."""
    process = subprocess.Popen([sys.executable, *command], cwd=root, stdout=sys.stderr)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return used


def million_minutes(cpu_s: float, customers: int) -> float:
    """Minutes of CPU that a million customers take, by what so many took."""
    return round((cpu_s if customers == 1_000_000 else cpu_s * 1e6 / customers) / 60, 1)


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
        "million_minutes": million_minutes(cpu_s, customers),
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
