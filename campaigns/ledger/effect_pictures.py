"""What an effect looks like: differences with their intervals against none, and how alike the sides were before.

Inline SVG, no script. Start reading at `intervals`.
"""

from collections.abc import Sequence
from html import escape

from churn.page import Two

WIDTH, ROW, LEFT, RIGHT = 760, 34, 250, 165
STYLE = (
    ".hold{stroke:var(--bar);stroke-width:3} .dot{fill:var(--bar)} .other{stroke:var(--rest);stroke-width:2}"
    " .otherdot{fill:var(--quiet)} .zero{stroke:var(--quiet);stroke-dasharray:3 3} .bad{fill:var(--error)}"
    " svg .name{font-size:12px;fill:var(--ink)} svg .told{font-size:11px}"
)


class Interval:
    """A line of the picture: a name, a value with its bounds, and what is written beside it.

    Args:
        name: in both languages. value, low, high: in one unit a picture. told: the same in words.
        is_beside: drawn quieter: it stands beside another.
    """

    def __init__(self, name: Two, value: float, low: float, high: float, told: str, *, is_beside: bool = False) -> None:
        self.name, self.value, self.low, self.high = name, value, low, high
        self.told, self.is_beside = told, is_beside


def intervals(title: Two, lines: Sequence[Interval]) -> str:
    """Each difference as a bar from its lower to its upper bound, against the line where there is none.

    Args:
        title: what it shows, in both languages.
        lines: of one unit.
    """
    low, high = min(0.0, *(one.low for one in lines)), max(0.0, *(one.high for one in lines))
    pad = 0.06 * ((high - low) or 1.0)

    def x(value: float) -> float:
        return LEFT + (value - low + pad) / (high - low + 2 * pad) * (WIDTH - LEFT - RIGHT)

    height = ROW * len(lines) + 14
    drawn = [f'<line class="zero" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="4" y2="{height - 4}"/>']
    for place, one in enumerate(lines):
        y, kind = ROW * place + 24, "other" if one.is_beside else "hold"
        drawn += [
            _named(one.name, y),
            f'<line class="{kind}" x1="{x(one.low):.1f}" x2="{x(one.high):.1f}" y1="{y}" y2="{y}"/>',
            f'<circle class="{"otherdot" if one.is_beside else "dot"}" cx="{x(one.value):.1f}" cy="{y}" r="5"/>',
            f'<text class="told" x="{WIDTH - RIGHT + 10}" y="{y + 4}">{escape(one.told)}</text>',
        ]
    return _picture(title, height, drawn)


def alike(title: Two, gaps: dict[str, float], names: dict[str, Two]) -> str:
    """How far the sides were apart before, in each thing that was known, as a share of its spread.

    Args:
        title: what it shows, in both languages.
        gaps: treated less held out, in standard deviations, by name.
        names: of what was known, in both languages; a name that is not there stands as it is.
    """
    reach = max(0.3, *(abs(gap) for gap in gaps.values()))

    def x(value: float) -> float:
        return LEFT + (value + reach) / (2 * reach) * (WIDTH - LEFT - RIGHT)

    height = 22 * len(gaps) + 20
    wide = x(0.1) - x(-0.1)
    drawn = [
        f'<rect class="rest" opacity=".35" x="{x(-0.1):.1f}" width="{wide:.1f}" y="4" height="{height - 8}"/>',
        f'<line class="zero" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="4" y2="{height - 4}"/>',
    ]
    for place, (name, gap) in enumerate(gaps.items()):
        y = 22 * place + 20
        drawn += [
            _named(names.get(name, (name, name)), y),
            f'<circle class="{"dot" if abs(gap) <= 0.1 else "bad"}" cx="{x(gap):.1f}" cy="{y}" r="4"/>',
            f'<text class="told" x="{WIDTH - RIGHT + 10}" y="{y + 4}">{gap:+.2f}</text>',
        ]
    return _picture(title, height, drawn)


def _named(name: Two, y: float) -> str:
    en, zh = (escape(one) for one in name)
    return f'<text class="name en" x="0" y="{y + 4}">{en}</text><text class="name zh" x="0" y="{y + 4}">{zh}</text>'


def _picture(title: Two, height: float, drawn: Sequence[str]) -> str:
    told = escape(" / ".join(dict.fromkeys(title)))
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img"><title>{told}</title>{"".join(drawn)}</svg>'
