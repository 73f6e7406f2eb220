"""How cost grows: CPU-seconds of kernel, best SQL and floor by events, by cutoffs and by customers. A plot.

Events and customers grow together in the first panel; in the third the events stay and are shared by more customers.
Start reading at `growth`.
"""

from pathlib import Path

from benchmarks.race.child import cpu_seconds
from benchmarks.race.engines import ENGINES
from benchmarks.race.log import write_log
from benchmarks.race.rounds import Figures
from benchmarks.race.task import cutoffs

EVENTS = (125_000, 250_000, 500_000, 1_000_000)
CUTOFFS = (1, 6, 12, 24, 36)
EACH = (200, 100, 50, 25)  # events a customer
BASE = 500_000  # events, where it is not they that grow
MILLION = 1_000_000
COLOURS = {"kernel": "tab:blue", "duckdb": "tab:orange", "floor": "tab:gray"}
NAMES = {"kernel": "our kernel", "duckdb": "DuckDB, SQL a kind", "floor": "scan and hash once"}
Curves = dict[str, list[float]]


def growth(work: Path, target: Path, *, rounds: int = 1) -> Figures:
    """Measure, draw into `target`, and tell what was drawn."""
    for engine in COLOURS:
        _seconds(engine, _log(work, EVENTS[0] // 10), 6)  # imports count for nobody
    by_events, by_cutoffs, by_customers = ({engine: [] for engine in COLOURS} for _ in range(3))  # type: Curves
    for events in EVENTS:
        _add(by_events, _log(work, events), 24, rounds)
    for count in CUTOFFS:
        _add(by_cutoffs, _log(work, BASE), count, rounds)
    for each in EACH:
        _add(by_customers, _log(work, BASE, each), 24, rounds)
    panels = {
        "events, in millions (24 cutoffs)": ([events / MILLION for events in EVENTS], by_events),
        "cutoffs (500,000 events)": (list(CUTOFFS), by_cutoffs),
        "customers, in thousands (500,000 events, 24 cutoffs)": ([BASE / each / 1000 for each in EACH], by_customers),
    }
    _draw(panels, target)
    return {f"growth_{name.split(',')[0].split(' ')[0]}": {"x": x} | curves for name, (x, curves) in panels.items()}


def _log(work: Path, events: int, each: int = 50) -> Path:
    folder = work / f"{events}-{each}"
    if not folder.exists():
        write_log(folder, events, each=each)
    return folder


def _add(curves: Curves, folder: Path, count: int, rounds: int) -> None:
    for engine, values in curves.items():
        values.append(min(_seconds(engine, folder, count) for _ in range(rounds)))


def _seconds(engine: str, folder: Path, count: int) -> float:
    """CPU-seconds of one run in this process."""
    begin = cpu_seconds()
    for made in ENGINES[engine](folder, cutoffs(count)):
        del made
    return cpu_seconds() - begin


def _draw(panels: dict[str, tuple[list[float], Curves]], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg" if target.suffix == ".svg" else "agg")
    mpl.rcParams["svg.hashsalt"] = "churn"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(13, 4), layout="constrained")
    for axis, (label, (x, curves)) in zip(axes, panels.items(), strict=True):
        for engine, colour in COLOURS.items():
            axis.plot(x, curves[engine], "o-", color=colour, label=NAMES[engine])
        axis.set(xlabel=label, ylabel="CPU-seconds", ylim=(0, None), xlim=(0, None))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False)
    figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)
