"""Every rival's distance to ours in log loss and AUC, with one standard error either way, a panel a log and model."""

from pathlib import Path

import matplotlib as mpl

from benchmarks.learners.compare import OURS
from benchmarks.learners.table import Cells

PEERS = ("logistic", "bg_nbd", "pareto_nbd", "lightgbm_default", "xgboost", "catboost", "flaml")
GREY, BLUE = "#777777", "#2457a6"


def picture(cells: Cells, target: Path) -> None:
    """Draw the differences that are close enough to share an axis; the rules and the base rate are far behind."""
    mpl.use("Agg")
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(cells), 2, figsize=(9, 1.6 * len(cells) + 0.6), squeeze=False, layout="constrained")
    for row, ((log, model), found) in zip(axes, cells.items(), strict=True):
        shown = [one for name in PEERS[::-1] for one in found if one.learner == name and name != OURS]
        for axis, measure in zip(row, ("loss", "auc"), strict=True):
            for place, one in enumerate(shown):
                behind, error = getattr(one, f"{measure}_behind"), getattr(one, f"{measure}_error")
                colour = BLUE if behind < -error else GREY
                axis.errorbar(behind, place, xerr=error, fmt="o", color=colour, markersize=4, capsize=2)
            axis.axvline(0, color="black", linewidth=0.8)
            axis.set_yticks(range(len(shown)), [one.learner for one in shown] if axis is row[0] else [], fontsize=7)
            axis.tick_params(axis="x", labelsize=7)
            axis.set_title(f"{log}, {model}: {'log loss' if measure == 'loss' else 'AUC'} behind ours", fontsize=8)
    figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else {})
    plt.close(figure)
