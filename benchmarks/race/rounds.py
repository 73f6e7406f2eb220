"""Rounds in which the engines take turns, and the comparison of what they made. Start reading at `race`."""

import json
import subprocess
import sys
from collections.abc import Collection, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.engines import compared
from benchmarks.race.task import NAMES

ROOT = Path(__file__).parents[2]
Figures = dict[str, Any]


def race(
    folder: Path, engines: Sequence[str], cutoffs: int, rounds: int, *, customers: int, once: Collection[str] = ()
) -> dict[str, Figures]:
    """Let the engines take turns; the first round's cells are compared, the best round of each counts.

    Args:
        folder: artifacts with a log.
        engines: names in `benchmarks.race.engines.ENGINES`.
        cutoffs: how many.
        rounds: how many.
        customers: how many the log has.
        once: engines that take part in the first round alone.

    Returns:
        By engine: cpu_s, wall_s, peak_mb; rows where the engine makes rows.

    Raises:
        AssertionError: two engines differ in a cell.
    """
    figures: dict[str, Figures] = {}
    for number, engine in product(range(rounds), engines):
        if not number or engine not in once:
            place = folder / f"made-{engine}" if not number and engine != "floor" else None
            told = run(engine, folder, cutoffs, place)
            best = figures.setdefault(engine, {"cpu_s": float("inf"), "wall_s": float("inf"), "peak_mb": float("inf")})
            for name, value in told.items():
                if name != "peak_mb" or place is None or engine in once:
                    best[name] = min(best[name], value)
    kernel = Made(folder / "made-kernel")
    for engine in engines:
        if engine not in {"floor", "kernel"}:
            figures[engine]["rows"] = compare(kernel, Made(folder / f"made-{engine}"), engine, customers * cutoffs)
    figures["kernel"]["rows"] = customers * cutoffs
    return figures


def run(engine: str, folder: Path, cutoffs: int, save: Path | None = None) -> Figures:
    """One run in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.race.child", engine, str(folder), str(cutoffs)]
    command += ["--save", str(save)] if save else []
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f"{engine} failed:\n{found.stderr[-2000:]}")
    return dict(json.loads(found.stdout.splitlines()[-1]))


class Made:
    """The columns that an engine left in a folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.rows: NDArray[np.int64] = np.fromfile(place / "row", dtype=np.int64)

    def column(self, number: int) -> NDArray[np.float64]:
        """One of them, in the order of `row`."""
        return np.fromfile(self.place / str(number), dtype=np.float64)


def compare(kernel: Made, other: Made, engine: str, size: int) -> int:
    """Compare every cell that an engine made with the kernel's, and see that it left out none that says something.

    Returns:
        How many rows were compared.
    """
    place = np.full(size, -1)
    place[kernel.rows] = np.arange(len(kernel.rows))
    assert (place >= 0).all(), "the kernel left cells out"
    assert len(np.unique(other.rows)) == len(other.rows), f"{engine} made a row twice"
    mine = place[other.rows]
    left_out = np.ones(size, dtype=bool)
    left_out[mine] = False
    for number, name in enumerate(NAMES):
        ours = kernel.column(number)
        compared(other.column(number), ours[mine], f"{engine}: {name}")
        if name.endswith("_count_365d") and "_per_" not in name:
            assert not ours[left_out].any(), f"{engine} left out a customer who came"
    return len(mine)
