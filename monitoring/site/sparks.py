"""A figure's way over the runs, small, beside its value. Start reading at `spark`."""

from collections.abc import Sequence

from churn.page import Two
from monitoring.site.canvas import Tone, picture

SPARK_WIDTH, SPARK_HEIGHT = 120, 28


def spark(values: Sequence[float | None], *, title: Two, tone: Tone = "now") -> str:
    """A figure's way over the runs, small, without axes; its last value a dot. Empty where there are fewer than 2."""
    known = [one for one in values if one is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    pad = (high - low or abs(high) or 1.0) * 0.15

    def place(at: int, value: float) -> tuple[float, float]:
        across = 3 + at / max(len(values) - 1, 1) * (SPARK_WIDTH - 6)
        return across, SPARK_HEIGHT - (value - low + pad) / (high - low + 2 * pad) * SPARK_HEIGHT

    points = [place(at, one) for at, one in enumerate(values) if one is not None]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    x, y = points[-1]
    parts = [
        f'<path class="stroke s-{tone}" d="M{path}"/>',
        f'<circle class="dot s-{tone}" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>',
    ]
    return f'<span class="spark">{picture(SPARK_WIDTH, SPARK_HEIGHT, title, parts)}</span>'
