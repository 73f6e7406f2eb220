"""Pictures of a contest: CPU a request and latency of each server, as SVG for docs/performance.md. Start at `draw`."""

from pathlib import Path

from benchmarks.served.contest import Contest

AT = 8
COLOURS = {"fresh": "#1f6f8b", "nightly": "#49a9c4"}
OTHERS = "#b8b8b8"
PANELS = (("cpu_us", "CPU a request, µs"), ("per_s", "requests a second"), ("p99_ms", "p99, ms"))


def draw(contest: Contest, folder: Path) -> None:
    """Write serving.svg: medians over rounds, at eight connections."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "churn"
    from matplotlib import pyplot as plt

    names = [runner.name for runner in contest.runners]
    figure, axes = plt.subplots(1, len(PANELS), figsize=(10, 2.8), sharey=True, layout="constrained")
    for axis, (what, title) in zip(axes, PANELS, strict=True):
        values = [contest.median(name, AT, what) for name in names]
        bars = axis.barh(names, values, color=[COLOURS.get(name, OTHERS) for name in names])
        axis.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
        axis.set_title(title, fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.18)
    axes[0].invert_yaxis()
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "serving.svg", metadata={"Date": None})
    plt.close(figure)
