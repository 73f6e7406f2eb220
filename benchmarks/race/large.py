"""50 million events x 12 cutoffs in bounded memory: from a sorted log, and from one in the order of time.

The kernel works file by file of the log; its peak is that of the largest file. The order of time is what sources come
in; sorting it by bucket and customer is DuckDB's, under a limit of memory, with the order that ingest sorts by. Each
step is a process of its own, whose peak above its imports is told. Start reading at `large`.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from benchmarks.race.child import MB, cpu_seconds, peak, resident
from benchmarks.race.log import write_log
from benchmarks.race.rounds import ROOT, Figures, run

EVENTS, CUTOFFS, BUCKETS = 50_000_000, 12, 64
LIMIT = "3.5GB"  # of DuckDB, so that the process stays within 4 GiB
BY_TIME = "by_time.parquet"


def large(work: Path, events: int = EVENTS) -> Figures:
    """Figures by name; sizes of the files in MB."""
    log = write_log(work, events, buckets=BUCKETS)
    figures: Figures = {"large_events": log.events, "large_customers": log.customers, "large_cutoffs": CUTOFFS}
    figures |= {f"large_kernel_{name}": value for name, value in run("kernel", work, CUTOFFS).items()}
    _step("shuffle", work)
    shutil.rmtree(work / "log")
    figures["large_by_time_file_mb"] = (work / BY_TIME).stat().st_size / MB
    return figures | {f"large_sort_{name}": value for name, value in _step("sort", work).items()}


def _step(name: str, work: Path) -> Figures:
    command = [sys.executable, "-m", "benchmarks.race.large", name, str(work)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f"{name} failed:\n{found.stderr[-2000:]}")
    return dict(json.loads(found.stdout.splitlines()[-1]))


def shuffle(work: Path) -> None:
    """Write the log anew in the order of time."""
    _copy(work, f"SELECT * FROM read_parquet('{work}/log/bucket=*.parquet') ORDER BY event_timestamp", BY_TIME)


def sort(work: Path) -> None:
    """Sort the log in the order of time by bucket, customer and time again."""
    bucket = f"('0x' || substr(md5(customer_id), 1, 8))::BIGINT % {BUCKETS}"
    _copy(work, f"SELECT * FROM '{work}/{BY_TIME}' ORDER BY {bucket}, customer_id, event_timestamp", "sorted.parquet")


def _copy(work: Path, query: str, target: str) -> None:
    with duckdb.connect(config={"temp_directory": str(work / "spill")}) as connection:
        connection.execute(f"SET memory_limit = '{LIMIT}'")
        connection.execute(f"COPY ({query}) TO '{work}/{target}' (COMPRESSION zstd, ROW_GROUP_SIZE 131072)")


def main() -> None:
    """One step in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["shuffle", "sort"])
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    base, cpu, begin = resident(), cpu_seconds(), time.perf_counter()
    {"shuffle": shuffle, "sort": sort}[arguments.step](arguments.work)
    told = {"cpu_s": cpu_seconds() - cpu, "wall_s": time.perf_counter() - begin, "peak_mb": (peak() - base) / MB}
    print(json.dumps(told | {"written_mb": resource.getrusage(resource.RUSAGE_SELF).ru_oublock * 512 / MB}))


if __name__ == "__main__":
    main()
