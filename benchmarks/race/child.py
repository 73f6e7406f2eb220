"""One engine, one run, in a process of its own, so that its CPU-seconds and its peak memory are its own.

    python -m benchmarks.race.child ENGINE FOLDER CUTOFFS [--save PLACE]

Prints JSON: CPU-seconds of the process, its threads and its children; wall seconds; peak memory above what the imports
had taken; rows. With --save, columns are kept for comparing and the peak counts for nothing. Start reading at `main`.
"""

import argparse
import importlib
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.race.engines import ENGINES, cells_of
from benchmarks.race.task import NAMES, cutoffs

MB = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("cutoffs", type=int)
    parser.add_argument("--save", type=Path)
    arguments = parser.parse_args()
    warm(arguments.engine)
    at, saving, base = cutoffs(arguments.cutoffs), 0.0, resident()
    begin, cpu = time.perf_counter(), cpu_seconds()
    for made in ENGINES[arguments.engine](arguments.folder, at):
        if arguments.save:
            start = time.thread_time()
            save(made, arguments.save, len(at))
            saving += time.thread_time() - start
        del made
    told = {"cpu_s": cpu_seconds() - cpu - saving, "wall_s": time.perf_counter() - begin}
    print(json.dumps(told | {"peak_mb": (peak() - base) / MB}))


def warm(engine: str) -> None:
    """Import what the engine imports, so that imports count for nobody."""
    names = ["features.compute", "features.log_reading", "benchmarks.race.sql"]
    for name in [*names, "benchmarks.race.frames"] if engine in {"polars", "pandas"} else names:
        importlib.import_module(name)


def save(made: Any, place: Path, cutoffs_count: int) -> None:
    """Append the cells of what an engine yielded to raw files, a column each."""
    cells = cells_of(made)
    place.mkdir(exist_ok=True)
    with (place / "row").open("ab") as file:
        (cells.customer * cutoffs_count + cells.cutoff).astype(np.int64).tofile(file)
    for column in range(len(NAMES)):
        with (place / str(column)).open("ab") as file:
            cells.column(column).astype(np.float64).tofile(file)


def cpu_seconds() -> float:
    """User and system time of this process, its threads and its ended children."""
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def resident() -> float:
    """Bytes in memory now; the peak is counted from here on where the system lets us reset it."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak() -> float:
    """Most bytes that were in memory since `resident`."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024.0 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
