"""A small picture inside the pages: a bar of a probability or a share; SVG without style or script.

It has a title that says in words what it shows.
"""

from html import escape

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


def _filled(share: float, tone: str) -> str:
    return f'<rect x="0" y="2" width="{1000 * share:.1f}" height="10" rx="3" class="{tone}"/>'
