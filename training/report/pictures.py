"""The report's pictures as SVG: calibration with intervals, gains, an interval on a line. Start at `calibration`."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

SIDE, LEFT, BOTTOM = 300.0, 34.0, 26.0  # of a square picture, in its own units
COLOURS = ("var(--bar)", "#b3261e", "#2e7d4f", "#a86500", "#7b4fa8", "#5d6774", "#1a8a8a")
Figure = Mapping[str, Any]


def calibration(bins: Sequence[Figure], title: str, across: str, up: str) -> str:
    """What was told against what happened, a point a bin, each with its interval; the diagonal is perfect."""
    top = max(0.05, *(float(one[key] or 0) for one in bins for key in ("told", "value", "high")))
    marks = [_line(0, 0, 1, 1, "var(--rest)")]
    for one in bins:
        x, y = one["told"] / top, one["value"] / top
        if one["low"] is not None:
            marks.append(_line(x, one["low"] / top, x, min(one["high"] / top, 1.0), COLOURS[0], width=1.5))
        marks.append(
            f'<circle cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="3.5" fill="{COLOURS[0]}"><title>'
            f"n {one['n']:,}: {one['told']:.3f} → {one['value']:.3f}</title></circle>"
        )
    return _frame("".join(marks), title, across, up, top)


def gains(
    curves: Mapping[str, Sequence[Figure]],
    labels: Mapping[str, tuple[str, str]],
    title: str,
    across: str,
    up: str,
) -> str:
    """Share of the outcomes found among the highest-scored share, a line a learner, the first one thick.

    Args:
        curves: points of each learner.
        labels: its name in English and in Chinese.
        title: above it, HTML already, as are the texts of the axes.
        across: what the horizontal axis holds.
        up: what the vertical one holds.
    """
    marks = [_line(0, 0, 1, 1, "var(--rest)")]
    for place, (learner, points) in enumerate(curves.items()):
        at = [(0.0, 0.0), *((one["share"], one["value"]) for one in points), (1.0, 1.0)]
        path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in at)
        colour, width = COLOURS[place % len(COLOURS)], 2.2 if place == 0 else 1.0
        marks.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
        marks.append(
            f'<text x="{_x(0.48):.0f}" y="{_y(0.34) + 13 * place:.0f}" style="fill:{colour}">'
            f"{_both(*labels[learner])}</text>"
        )
    return _frame("".join(marks), title, across, up, 1.0)


def whisker(one: Figure | None, low: float, high: float) -> str:
    """A figure and its interval on a line from `low` to `high`."""
    if not one or one["value"] is None:
        return ""
    width, span = 120.0, max(high - low, 1e-9)

    def at(value: float) -> float:
        return 4 + (width - 8) * min(max((value - low) / span, 0.0), 1.0)

    bar = ""
    if one["low"] is not None:
        ends = f'x1="{at(one["low"]):.1f}" x2="{at(one["high"]):.1f}"'
        bar = f'<line {ends} y1="7" y2="7" stroke="var(--bar)" stroke-width="2"/>'
    return (
        f'<svg class="whisker" viewBox="0 0 {width:.0f} 14"><line x1="4" x2="{width - 4:.0f}" y1="7" y2="7" '
        f'stroke="var(--line)"/>{bar}<circle cx="{at(one["value"]):.1f}" cy="7" r="3.5" fill="var(--bar)"/></svg>'
    )


def _both(en: str, zh: str) -> str:
    """A text inside a picture, where HTML's span means nothing."""
    return f'<tspan class="en">{escape(en)}</tspan><tspan class="zh">{escape(zh)}</tspan>'


def _x(share: float) -> float:
    return LEFT + share * (SIDE - LEFT - 8)


def _y(share: float) -> float:
    return SIDE - BOTTOM - share * (SIDE - BOTTOM - 8)


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float = 1.0) -> str:
    return (
        f'<line x1="{_x(x0):.1f}" y1="{_y(y0):.1f}" x2="{_x(x1):.1f}" y2="{_y(y1):.1f}" '
        f'stroke="{colour}" stroke-width="{width}"/>'
    )


def _frame(marks: str, title: str, across: str, up: str, top: float) -> str:
    """A square with quarters on both axes; texts of the axes are HTML already."""
    grid = ""
    for quarter in (0.0, 0.25, 0.5, 0.75, 1.0):
        grid += _line(0, quarter, 1, quarter, "var(--line)", 0.6)
        grid += f'<text x="{LEFT - 4}" y="{_y(quarter) + 3:.0f}" text-anchor="end">{quarter * top:.2g}</text>'
        grid += f'<text x="{_x(quarter):.0f}" y="{SIDE - 12:.0f}" text-anchor="middle">{quarter * top:.2g}</text>'
    caption = f"<figcaption>{across} · {up}</figcaption>"
    return f'<figure><h3>{title}</h3><svg viewBox="0 0 {SIDE:.0f} {SIDE:.0f}">{grid}{marks}</svg>{caption}</figure>'
