"""Small pictures of the input-data report as inline SVG: bars of a day, bars of the weeks. No library, no script.

Start reading at `bars`.
"""

from collections.abc import Collection, Sequence
from html import escape

WIDTH, HEIGHT, FOOT = 320, 92, 16
MOST_BARS = 160


def bars(values: Sequence[int], labels: Sequence[tuple[int, str]], *, title: str, dim: Collection[int] = ()) -> str:
    """Bars side by side over a base line.

    Args:
        values: their heights.
        labels: which bar has which words below it.
        title: for those who cannot see it.
        dim: bars behind which a band is drawn.
    """
    top, step = max(values, default=0) or 1, WIDTH / max(len(values), 1)
    room = HEIGHT - FOOT - 12
    drawn = "".join(
        f'<rect class="bar" x="{place * step:.1f}" '
        f'y="{12 + room * (1 - value / top):.1f}" width="{max(step * 0.82, 0.8):.1f}" '
        f'height="{room * value / top:.1f}"/>'
        for place, value in enumerate(values)
        if value
    )
    drawn = "".join(_band(place * step, step) for place in sorted(dim)) + drawn
    words = "".join(_label(place * step, text) for place, text in labels)
    base = f'<line class="base" x1="0" y1="{HEIGHT - FOOT}" x2="{WIDTH}" y2="{HEIGHT - FOOT}"/>'
    most = f'<text x="0" y="8">{top:,}</text>'
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{base}{drawn}{most}{words}</svg>'
    )


def thinned(values: Sequence[int]) -> tuple[list[int], int]:
    """Neighbouring bars added up until they can be told apart; and how many make one."""
    together = -(-len(values) // MOST_BARS) or 1
    return [sum(values[start : start + together]) for start in range(0, len(values), together)], together


def _band(x: float, width: float) -> str:
    return f'<rect class="dim" x="{x:.1f}" y="12" width="{width:.1f}" height="{HEIGHT - FOOT - 12}"/>'


def _label(x: float, text: str) -> str:
    anchor = "start" if x < WIDTH * 0.1 else "end" if x > WIDTH * 0.85 else "middle"
    return f'<text x="{min(x, WIDTH):.1f}" y="{HEIGHT - 3}" text-anchor="{anchor}">{escape(text)}</text>'
