"""Pictures of the page of segments, as inline SVG: a grid of cells, and the way of a share over months.

Start reading at `heat`.
"""

from collections.abc import Sequence
from html import escape

WIDE, HIGH, LEFT, TOP = 62, 34, 74, 22
LINE_WIDTH, LINE_HEIGHT, EDGE = 220, 46, 4
STYLE = """
.heat rect{fill:var(--bar);stroke:var(--paper)} .heat text{fill:var(--ink);font-size:10px}
.heat text.axis{fill:var(--quiet)} .way{fill:none;stroke:var(--bar);stroke-width:1.6}
.way-band{fill:var(--bar);opacity:.18} td svg{min-width:150px} .mark{color:var(--warning);font-weight:600}
.grid{grid-template-columns:repeat(auto-fill,minmax(min(430px,100%),1fr));margin-bottom:10px}
.grid figure{overflow-x:auto} th,td:has(code){white-space:normal;vertical-align:bottom}
"""
Grid = Sequence[Sequence[tuple[float | None, str]]]


def heat(cells: Grid, rows: Sequence[str], columns: Sequence[str], *, title: str) -> str:
    """A grid of cells, the darker the larger; what is None stays empty.

    Args:
        cells: for each row, a number and its words a column.
        rows: beside them.
        columns: above them.
        title: for those who cannot see it.
    """
    top = max((abs(value) for row in cells for value, _ in row if value is not None), default=0.0) or 1.0
    drawn = [
        f'<text class="axis" x="{LEFT + WIDE * (at + 0.5)}" y="14" text-anchor="middle">{escape(text)}</text>'
        for at, text in enumerate(columns)
    ]
    for at, (name, row) in enumerate(zip(rows, cells, strict=True)):
        y = TOP + at * HIGH
        drawn.append(f'<text class="axis" x="{LEFT - 6}" y="{y + 21}" text-anchor="end">{escape(name)}</text>')
        for place, (value, text) in enumerate(row):
            x = LEFT + place * WIDE
            if value is not None:
                depth = 0.08 + 0.6 * abs(value) / top
                drawn.append(f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" fill-opacity="{depth:.2f}"/>')
            drawn.append(f'<text x="{x + WIDE / 2}" y="{y + 21}" text-anchor="middle">{escape(text)}</text>')
    width, height = LEFT + WIDE * len(columns), TOP + HIGH * len(rows)
    said = escape(title)
    return f'<svg class="heat" viewBox="0 0 {width} {height}" role="img" aria-label="{said}">{"".join(drawn)}</svg>'


def way(shares: Sequence[tuple[float, float, float] | None], *, title: str) -> str:
    """The way of a share with its interval; a gap where nothing is known.

    Args:
        shares: share, low and high, in order of time.
        title: for those who cannot see it.
    """
    known = [one for one in shares if one is not None]
    if not known:
        return ""
    low, high = min(one[1] for one in known), max(one[2] for one in known)
    room, step = (high - low) or 1.0, LINE_WIDTH / max(len(shares) - 1, 1)

    def y(value: float) -> float:
        return EDGE + (LINE_HEIGHT - 2 * EDGE) * (1 - (value - low) / room)

    points = [(at * step, one) for at, one in enumerate(shares) if one is not None]
    band = [f"{x:.1f},{y(one[2]):.1f}" for x, one in points] + [f"{x:.1f},{y(one[1]):.1f}" for x, one in points[::-1]]
    line = " ".join(f"{x:.1f},{y(one[0]):.1f}" for x, one in points)
    return (
        f'<svg viewBox="0 0 {LINE_WIDTH} {LINE_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<polygon class="way-band" points="{" ".join(band)}"/><polyline class="way" points="{line}"/></svg>'
    )
