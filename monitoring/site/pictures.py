"""Pictures of shares and counts: bars, pairs of bars, stacks, triangles of cohorts, calibration.

See monitoring/site/plots.py, which offers them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from churn.metrics import CalibrationBin
from churn.page import Two, both
from monitoring.site.canvas import (
    HEIGHT,
    TONES,
    WIDE,
    WIDTH,
    Plane,
    Tone,
    framed,
    legend,
    picture,
    plain,
    ticks,
    told,
    words,
)  # fmt: skip

HEATS = 10  # steps of colour
SQUARE, PAD = 240, 30
SHARES_WIDTH, SHARES_HEIGHT, FOOT = 260, 110, 18
THEN_NOW: tuple[tuple[Tone, Two], ...] = (("then", ("when it learned", "训练时")), ("now", ("now", "当前")))
IMMATURE: Two = ("not over yet", "尚未成熟")


@dataclass(frozen=True)
class Bar:
    """A row of `bars`.

    Args:
        name: in front of it.
        value: None: cannot be told, and `told` says why.
        low, high: ends of its interval.
        tone: its colour.
        told: instead of the number behind it.
    """

    name: Two
    value: float | None
    low: float | None = None
    high: float | None = None
    tone: Tone = "now"
    told: Two | None = None


@dataclass(frozen=True)
class Cell:
    """A cell of `heat`: a value, or None; one whose time is not over is hatched; `told` where it is hovered."""

    value: float | None
    is_mature: bool = True
    told: str = ""


def bars(rows: Sequence[Bar], *, title: Two, as_percent: bool = True, caption: Two | None = None) -> str:
    """A bar a row, from zero, with its interval; a table, so that long names wrap."""
    top = max([abs(end) for row in rows for end in (row.value, row.high) if end is not None], default=0.0) or 1.0
    lines = "".join(_bar(row, top, as_percent) for row in rows)
    body = f'<table class="bars"><tbody>{lines}</tbody></table>'
    return framed(body, title=title, caption=caption)


def _bar(row: Bar, top: float, as_percent: bool) -> str:
    number = both(*row.told) if row.told else told(row.value, as_percent=as_percent)
    drawn = '<rect class="rest" x="0" y="3" width="1000" height="10"/>'
    if row.value is not None:
        drawn += (
            f'<rect class="fill s-{row.tone}" x="0" y="3" width="{1000 * max(row.value, 0) / top:.1f}" height="10"/>'
        )
    if row.low is not None and row.high is not None:
        low, high = (1000 * max(one, 0) / top for one in (row.low, row.high))
        drawn += f'<path class="whisker" d="M{low:.1f} 0V16M{high:.1f} 0V16M{low:.1f} 8H{high:.1f}"/>'
    said = escape(f"{' / '.join(dict.fromkeys(row.name))}: {told(row.value, as_percent=as_percent)}")
    svg = f'<svg viewBox="0 0 1000 16" preserveAspectRatio="none" role="img"><title>{said}</title>{drawn}</svg>'
    return f'<tr><th scope="row">{both(*row.name)}</th><td class="picture">{svg}</td><td>{number}</td></tr>'


def stacked(
    parts: Sequence[tuple[Two, Sequence[float]]],
    labels: Sequence[str | Two],
    *,
    title: Two,
    tones: Sequence[Tone] = TONES,
    as_share: bool = False,
    is_wide: bool = False,
    caption: Two | None = None,
) -> str:
    """Parts of a whole over time, a column a place, the first part lowest.

    Args:
        parts: name and numbers (not negative) of each part, as many as `labels`.
        labels: what stands below each column.
        title: heading.
        caption: a sentence under it.
        tones: a colour a part.
        as_share: of each column's sum, instead of numbers.
        is_wide: takes the whole width of the page.
    """
    sums = [sum(values[at] for _, values in parts) for at in range(len(labels))]
    scaled = [[one / (sums[at] or 1.0) if as_share else one for at, one in enumerate(values)] for _, values in parts]
    levels = ticks(0.0, 1.0 if as_share else max(sums, default=1.0))
    width = WIDE if is_wide else WIDTH
    plane = Plane(-0.5, len(labels) - 0.5, 0.0, levels[-1], width=width)
    across = plane.x(1) - plane.x(0)
    drawn, lower = [], [0.0] * len(labels)
    for (name, values), share, tone in zip(parts, scaled, tones, strict=False):
        for at, one in enumerate(share):
            top, bottom = plane.y(lower[at] + one), plane.y(lower[at])
            said = escape(f"{plain(labels[at])}, {plain(name)}: {told(values[at], as_percent=False)}")
            drawn.append(
                f'<rect class="fill s-{tone}" x="{plane.x(at) - 0.4 * across:.1f}" y="{top:.1f}" '
                f'width="{0.8 * across:.1f}" height="{bottom - top:.1f}"><title>{said}</title></rect>'
            )
            lower[at] += one
    places = [float(at) for at in range(len(labels))]
    svg = [*plane.grid(levels, as_percent=as_share), *plane.below(places, labels), *drawn]
    names = legend([(tone, name) for (name, _), tone in zip(parts, tones, strict=False)])
    return framed(
        picture(width, HEIGHT, title, svg, caption), title=title, legend=names, caption=caption, is_wide=is_wide
    )


def heat(
    rows: Sequence[tuple[str | Two, Sequence[Cell | None]]],
    columns: Sequence[str | Two],
    *,
    title: Two,
    corner: Two = ("", ""),
    beside: Sequence[tuple[Two, Sequence[str]]] = (),
    as_percent: bool = True,
    top: float | None = None,
    caption: Two | None = None,
) -> str:
    """A triangle of cohorts as a table: the more, the darker; what is not over yet is hatched, None is no cell.

    Args:
        rows: label and cells of each cohort, at most as many as `columns`.
        columns: labels above.
        title: heading.
        caption: a sentence under it.
        corner: what rows are.
        beside: further columns of plain text right of the labels (customers a cohort), a text a row.
        as_percent: values are shares.
        top: the value that is darkest; the highest where None.
    """
    highest = top or max([one.value or 0.0 for _, cells in rows for one in cells if one], default=1.0) or 1.0
    head = "".join(f"<th>{_told(one)}</th>" for one in (corner, *(name for name, _ in beside), *columns))
    lines = "".join(
        f'<tr><th scope="row">{_told(label)}</th>{"".join(f"<td>{escape(texts[at])}</td>" for _, texts in beside)}'
        f"{''.join(_cell(one, highest, as_percent) for one in cells)}</tr>"
        for at, (label, cells) in enumerate(rows)
    )
    some = any(one and not one.is_mature for _, cells in rows for one in cells)
    names = legend([("now", IMMATURE)], ["hatched"]) if some else ""
    table = (
        f'<div class="scroll"><table class="heat"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
    )
    return framed(table, title=title, legend=names, caption=caption, is_wide=True)


def _told(label: str | Two) -> str:
    return escape(label) if isinstance(label, str) else both(*label)


def _cell(one: Cell | None, highest: float, as_percent: bool) -> str:
    if one is None:
        return '<td class="none"></td>'
    hint = f' title="{escape(one.told)}"' if one.told else ""
    step = 0 if one.value is None else round(HEATS * min(max(one.value / highest, 0.0), 1.0))
    kind = f"h{step}" if one.is_mature else "hatched"
    return f'<td class="{kind}"{hint}>{told(one.value, as_percent=as_percent)}</td>'


def shares(
    then: Sequence[int],
    now: Sequence[int],
    *,
    title: Two,
    with_null: bool = True,
    names: tuple[tuple[Tone, Two], ...] = THEN_NOW,
    caption: Two | None = None,
) -> str:
    """Bars of the shares a bin, reference beside current; the last two bins are unseen and null.

    Args:
        then: reference counts.
        now: current counts over the same bins. Shape (bins,).
        title: heading.
        caption: a sentence under it.
        with_null: whether the last two bins are drawn.
        names: colour and name of the two sides.
    """
    if not with_null:
        then, now = then[:-2], now[:-2]
    sides = [[count / max(sum(side), 1) for count in side] for side in (then, now)]
    top, step = max(*sides[0], *sides[1], 1e-9), SHARES_WIDTH / len(then)
    parts = []
    for side, (tone, name), inset in zip(sides, names, (0.08, 0.5), strict=True):
        for place, share in enumerate(side):
            height = share / top * (SHARES_HEIGHT - FOOT)
            parts.append(
                f'<rect class="fill s-{tone}" x="{(place + inset) * step:.1f}" y="{SHARES_HEIGHT - FOOT - height:.1f}" '
                f'width="{step * 0.4:.1f}" height="{height:.1f}">'
                f"<title>{escape(plain(name))}: {share:.1%}</title></rect>"
            )
    foot, low = SHARES_HEIGHT - 4, ("low … high", "低 … 高")
    parts.append(words(0, foot, (f"{low[0]}, to {top:.0%}", f"{low[1]}，至 {top:.0%}")))
    if with_null:
        parts.append(words(SHARES_WIDTH - step - 3, foot, ("new", "未见"), anchor="end"))
        parts.append(words(SHARES_WIDTH, foot, ("null", "空"), anchor="end"))
    svg = picture(SHARES_WIDTH, SHARES_HEIGHT, title, parts, caption)
    return framed(svg, title=title, legend=legend(names), caption=caption)


def dots(bins: Sequence[CalibrationBin], *, title: Two, caption: Two | None = None) -> str:
    """What was told against what happened, a dot a bin; on the diagonal, they agree."""
    top = ticks(0.0, max([max(one.mean_score, one.base_rate) for one in bins], default=1.0))[-1]
    inner = SQUARE - 2 * PAD

    def place(share: float) -> float:
        return share / top * inner

    circles = "".join(
        f'<circle class="dot s-now" cx="{PAD + place(one.mean_score):.1f}" '
        f'cy="{SQUARE - PAD - place(one.base_rate):.1f}" r="4">'
        f"<title>{one.n:,}: {one.mean_score:.1%} → {one.base_rate:.1%}</title></circle>"
        for one in bins
    )
    frame = f'<rect class="frame" x="{PAD}" y="{PAD}" width="{inner}" height="{inner}"/>'
    equal = f'<line class="limit" x1="{PAD}" y1="{SQUARE - PAD}" x2="{SQUARE - PAD}" y2="{PAD}"/>'
    texts = [
        words(PAD, SQUARE - PAD + 14, "0"),
        words(SQUARE - PAD, SQUARE - PAD + 14, (f"told, to {top:.0%}", f"预测，至 {top:.0%}"), anchor="end"),
        words(PAD, PAD - 6, (f"happened, to {top:.0%}", f"实际，至 {top:.0%}")),
    ]
    svg = picture(SQUARE, SQUARE, title, [frame, equal, circles, *texts], caption)
    return framed(svg, title=title, caption=caption).replace('class="plot"', 'class="plot square"', 1)
