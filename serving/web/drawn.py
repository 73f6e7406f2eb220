"""Small pictures inside the pages: bars of probabilities, shares, horizons; SVG without style or script.

Each has a title that says in words what it shows. Texts in, a text out. Start reading at `bar`.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDE, ROW, LEFT, RIGHT = 640, 30, 90, 70


class Measure(NamedTuple):
    """One bar: its name, its length and its interval, all in [0, 1], and what it says."""

    name: str
    share: float
    low: float | None
    high: float | None
    text: str


Ends = tuple[float | None, float | None]  # of an interval, in [0, 1]


def bar(share: float, title: str, ends: Ends = (None, None), *, tone: str = "fill") -> str:
    """A bar from 0 to 1, with an interval on it where there is one."""
    marks = f'<rect x="0" y="2" width="1000" height="10" rx="3" class="rest"/>{_filled(share, tone)}'
    low, high = ends
    if low is not None and high is not None:
        a, b = 1000 * low, 1000 * high
        marks += f'<path d="M{a:.1f} 0V14M{b:.1f} 0V14M{a:.1f} 7H{b:.1f}" class="whisker" fill="none"/>'
    return (
        f'<svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img"><title>{escape(title)}</title>{marks}</svg>'
    )


def bars(measures: Sequence[Measure], title: str) -> str:
    """Bars below one another, each with its name and its number."""
    drawn = "".join(_row(place, one) for place, one in enumerate(measures))
    return f'<svg viewBox="0 0 {WIDE} {ROW * len(measures)}" role="img"><title>{escape(title)}</title>{drawn}</svg>'


def _row(place: int, one: Measure) -> str:
    top, span = ROW * place, WIDE - LEFT - RIGHT
    middle = top + ROW / 2
    text = (
        f'<text x="{LEFT - 10}" y="{middle + 4}" text-anchor="end">{escape(one.name)}</text>'
        f'<rect x="{LEFT}" y="{top + 8}" width="{span}" height="14" rx="3" class="rest"/>'
        f'<rect x="{LEFT}" y="{top + 8}" width="{span * one.share:.1f}" height="14" rx="3" class="fill"/>'
        f'<text x="{WIDE - RIGHT + 10}" y="{middle + 4}">{escape(one.text)}</text>'
    )
    if one.low is None or one.high is None:
        return text
    a, b = LEFT + span * one.low, LEFT + span * one.high
    ends = f"M{a:.1f} {middle - 5}V{middle + 5}M{b:.1f} {middle - 5}V{middle + 5}M{a:.1f} {middle}H{b:.1f}"
    return f'{text}<path d="{ends}" class="whisker" fill="none"/>'


def _filled(share: float, tone: str) -> str:
    return f'<rect x="0" y="2" width="{1000 * share:.1f}" height="10" rx="3" class="{tone}"/>'
