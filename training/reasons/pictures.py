"""Two pictures of a model's reasons: what each feature does to each score, and how its value matters. PNG files."""

from io import BytesIO
from typing import Any, Final

import numpy as np

from churn.bundle import Bundle
from churn.events import FloatArray
from training.explain import Importance

TOP: Final = 12
DEPENDENCE: Final = 6
POINTS: Final = 1_000


def reason_pictures(
    found: list[Importance], contributions: FloatArray, X: FloatArray, bundle: Bundle
) -> dict[str, bytes]:
    """File name to PNG: summary.png, dependence.png.

    Args:
        found: features, the strongest first.
        contributions: of each feature. Shape (n, f) or (n, f + 1).
        X: prepared rows. Shape (n, f).
        bundle: names the features.
    """
    from matplotlib.figure import Figure

    step = max(1, len(X) // POINTS)
    few, moved = X[::step], contributions[::step]
    return {
        "summary.png": _png(_summary(Figure(figsize=(7.5, 5)), found, moved, few, bundle)),
        "dependence.png": _png(_dependence(Figure(figsize=(9, 5)), found, moved, few, bundle)),
    }


def _summary(figure: Any, found: list[Importance], moved: FloatArray, X: FloatArray, bundle: Bundle) -> Any:
    """One dot a customer and feature: right of the line it raises the chance; dark is a high value."""
    axes, random = figure.subplots(), np.random.default_rng(0)
    names = [one.feature for one in found[:TOP]][::-1]
    for height, name in enumerate(names):
        place = bundle.features.index(name)
        jitter = height + random.uniform(-0.3, 0.3, len(X))
        axes.scatter(moved[:, place], jitter, c=_rank(X[:, place]), cmap="viridis_r", s=4, linewidths=0, vmin=0, vmax=1)
    axes.axvline(0, color="0.7", linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="contribution, log-odds", title="What each feature does to each score (dark: high value)")
    return figure


def _dependence(figure: Any, found: list[Importance], moved: FloatArray, X: FloatArray, bundle: Bundle) -> Any:
    names = [one.feature for one in found if one.feature not in bundle.categories][:DEPENDENCE]
    places = figure.subplots(2, DEPENDENCE // 2, squeeze=False).ravel()
    for axes in places[len(names) :]:
        axes.set_axis_off()
    for axes, name in zip(places, names, strict=False):
        place = bundle.features.index(name)
        axes.scatter(X[:, place], moved[:, place], s=4, linewidths=0, color="#2563a8")
        known = X[~np.isnan(X[:, place]), place]
        if len(known):
            low, high = np.quantile(known, [0.0, 0.98])
            axes.set_xlim(low, high if high > low else low + 1)
        axes.set_title(name, fontsize=8)
        axes.tick_params(labelsize=7)
    return figure


def _rank(values: FloatArray) -> FloatArray:
    """Place among the known values, 0 to 1; null in the middle."""
    known = ~np.isnan(values)
    rank = np.full(len(values), 0.5)
    distinct = np.unique(values[known])
    if len(distinct) > 1:
        rank[known] = np.searchsorted(distinct, values[known]) / (len(distinct) - 1)
    return rank


def _png(figure: Any) -> bytes:
    buffer = BytesIO()
    figure.tight_layout()
    figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
    return buffer.getvalue()
