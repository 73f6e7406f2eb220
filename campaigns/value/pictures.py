"""The picture of the page of value: figures with their intervals, one beneath the other, against a line. Start there.

Inline SVG; texts in, a text out.
"""

from collections.abc import Sequence
from html import escape

from churn.page import Two

LEFT, WIDE, RIGHT, HIGH, TOP, BOTTOM = 215, 380, 130, 26, 6, 20
STYLE = """
.whiskers line{stroke:var(--bar);stroke-width:2} .whiskers circle{fill:var(--bar)}
.whiskers line.goal{stroke:var(--warning);stroke-width:1.4;stroke-dasharray:4 3} .whiskers text{font-size:11px}
.whiskers line.base{stroke:var(--line);stroke-width:1} svg.whiskers{max-width:730px}
"""
Whisker = tuple[Two, float, float, float, str]


def whiskers(rows: Sequence[Whisker], *, goal: float, goal_text: str, from_zero: bool, title: str) -> str:
    """Figures with their intervals; empty where there is none.

    Args:
        rows: name in two languages, figure, low and high end, and the figure in words.
        goal: where the dashed line stands.
        goal_text: what it means.
        from_zero: whether the axis begins at nothing; otherwise a little below what is drawn.
        title: for those who cannot see it.
    """
    if not rows:
        return ""
    top = max(goal, *(row[3] for row in rows))
    bottom = 0.0 if from_zero else min(goal, *(row[2] for row in rows))
    room = (top - bottom) * 1.06 or 1.0
    start = bottom if from_zero else top - room

    def x(value: float) -> float:
        return LEFT + WIDE * (value - start) / room

    height = TOP + HIGH * len(rows)
    drawn = [f'<line class="base" x1="{LEFT}" x2="{LEFT + WIDE}" y1="{height}" y2="{height}"/>']
    for at, (name, value, low, high, text) in enumerate(rows):
        y = TOP + HIGH * (at + 0.5)
        drawn.append(
            f"{_name(name, y + 4)}"
            f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}"/>'
            f'<circle cx="{x(value):.1f}" cy="{y}" r="4"/>'
            f'<text x="{LEFT + WIDE + 8}" y="{y + 4}">{escape(text)}</text>'
        )
    drawn.append(
        f'<line class="goal" x1="{x(goal):.1f}" x2="{x(goal):.1f}" y1="{TOP}" y2="{height}"/>'
        f'<text x="{x(goal):.1f}" y="{height + 14}" text-anchor="middle">{escape(goal_text)}</text>'
    )
    size = f"0 0 {LEFT + WIDE + RIGHT} {height + BOTTOM}"
    return f'<svg class="whiskers" viewBox="{size}" role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'


def _name(name: Two, y: float) -> str:
    return "".join(
        f'<text class="{language}" x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(text)}</text>'
        for language, text in zip(("en", "zh"), name, strict=True)
    )
