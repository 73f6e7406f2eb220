"""Lines over time and steps, with bands, levels and marked moments. See monitoring/site/plots.py. Start at `line`."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle

from churn.page import Two
from monitoring.site.canvas import (
    BOTTOM,
    LEFT,
    RIGHT,
    TONES,
    TOP,
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

MARK_ROWS, MARK_HEIGHT = 3, 13
MOST_DOTS = 80


@dataclass(frozen=True)
class Series:
    """A line of a picture.

    Args:
        name: for the legend.
        values: a number a place; None: not known there.
        low, high: ends of its band, as many; empty: no band.
        tone: its colour; the next free one where None.
        is_estimate: drawn dashed.
    """

    name: Two
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    tone: Tone | None = None
    is_estimate: bool = False


@dataclass(frozen=True)
class Mark:
    """A moment that a picture marks: `at` in places (0 is the first), or as the picture's `at` counts."""

    at: float
    words: Two


@dataclass(frozen=True)
class Limit:
    """A level that a picture marks."""

    value: float
    words: Two


def line(
    series: Sequence[Series],
    labels: Sequence[str | Two],
    *,
    title: Two,
    at: Sequence[float] = (),
    limits: Sequence[Limit] = (),
    marks: Sequence[Mark] = (),
    as_percent: bool = False,
    from_zero: bool = False,
    is_wide: bool = False,
    caption: Two | None = None,
) -> str:
    """Numbers over time.

    Args:
        series: the lines, each as long as `labels`.
        labels: what stands below each place (a day).
        title: heading of the picture.
        at: where each place lies; evenly spaced where empty.
        limits: levels, as a threshold.
        marks: moments, as a promotion.
        as_percent: the numbers are shares of one.
        from_zero: the field begins at zero.
        is_wide: takes the whole width of the page.
        caption: a sentence under the heading.
    """
    known = tuple(series), tuple(labels), tuple(at), tuple(limits), tuple(marks)
    look = _Look(*known, as_percent=as_percent, from_zero=from_zero, is_wide=is_wide)
    return _framed(look, title, caption)


def steps(
    series: Sequence[Series],
    at: Sequence[float],
    *,
    title: Two,
    labels: Sequence[str | Two] = (),
    marks: Sequence[Mark] = (),
    limits: Sequence[Limit] = (),
    as_percent: bool = True,
    is_wide: bool = False,
    caption: Two | None = None,
) -> str:
    """What holds until the next step (survival), from zero; `at` are the steps, below them are numbers or `labels`."""
    below = labels or [told(one, as_percent=False) for one in at]
    known = tuple(series), tuple(below), tuple(at), tuple(limits), tuple(marks)
    look = _Look(*known, as_percent=as_percent, from_zero=True, is_wide=is_wide, in_steps=True)
    return _framed(look, title, caption)


@dataclass(frozen=True)
class _Look:
    """What `line` and `steps` draw."""

    series: tuple[Series, ...]
    labels: tuple[str | Two, ...]
    at: tuple[float, ...]
    limits: tuple[Limit, ...]
    marks: tuple[Mark, ...]
    as_percent: bool
    from_zero: bool
    is_wide: bool
    in_steps: bool = False

    @property
    def places(self) -> list[float]:
        """Where each place lies."""
        return list(self.at) or [float(place) for place in range(len(self.labels))]

    @property
    def levels(self) -> list[float]:
        """The lines across."""
        seen = [one for each in self.series for one in (*each.values, *each.low, *each.high) if one is not None]
        seen += [limit.value for limit in self.limits]
        return (
            ticks(min(seen, default=0.0), max(seen, default=0.0))
            if not self.from_zero
            else ticks(min([0.0, *seen]), max([0.0, *seen]))
        )

    @property
    def plane(self) -> Plane:
        """The field."""
        places, levels = self.places, self.levels
        top, width = TOP + MARK_HEIGHT * min(len(self.marks), MARK_ROWS), WIDE if self.is_wide else WIDTH
        return Plane(min(places, default=0.0), max(places, default=1.0), levels[0], levels[-1], width=width, top=top)


def _framed(look: _Look, title: Two, caption: Two | None) -> str:
    plane, places = look.plane, look.places
    toned = list(zip(look.series, _tones(look.series), strict=True))
    parts = [
        *plane.grid(look.levels, as_percent=look.as_percent), *plane.below(places, look.labels),
        *(_limit(plane, one) for one in look.limits), *(_mark(plane, row, one) for row, one in enumerate(look.marks)),
        *(_drawn(plane, one, tone, places, in_steps=look.in_steps) for one, tone in toned),
        *(_points(plane, one, tone, look) for one, tone in toned),
    ]  # fmt: skip
    names = legend([(tone, one.name) for one, tone in toned], ["dashed" if one.is_estimate else "" for one, _ in toned])
    svg = picture(plane.width, plane.height, title, parts, caption)
    return framed(svg, title=title, legend=names, caption=caption, is_wide=look.is_wide)


def _tones(series: Sequence[Series]) -> list[Tone]:
    taken = {each.tone for each in series}
    free = cycle([one for one in TONES if one not in taken] or TONES)
    return [next(free) if one.tone is None else one.tone for one in series]


def _drawn(plane: Plane, one: Series, tone: Tone, places: Sequence[float], *, in_steps: bool) -> str:
    """Band and line of a series, in as many pieces as it has gaps."""
    band = ""
    if one.low and one.high:
        for piece in _pieces([one.low, one.high]):
            upper = _path(plane, [(places[at], one.high[at]) for at in piece], in_steps=in_steps)
            lower = _path(plane, [(places[at], one.low[at]) for at in piece], in_steps=in_steps)
            band += f'<path class="band s-{tone}" d="M{upper}L{"L".join(reversed(lower.split("L")))}Z"/>'
    strokes = "".join(
        f'<path class="stroke s-{tone}{" dashed" if one.is_estimate else ""}" '
        f'd="M{_path(plane, [(places[at], one.values[at]) for at in piece], in_steps=in_steps)}"/>'
        for piece in _pieces([one.values])
        if len(piece) > 1
    )
    return band + strokes


def _pieces(columns: Sequence[Sequence[float | None]]) -> list[list[int]]:
    """Runs of places where all of the columns have a number."""
    pieces: list[list[int]] = [[]]
    for place, values in enumerate(zip(*columns, strict=True)):
        if all(value is not None for value in values):
            pieces[-1].append(place)
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _path(plane: Plane, points: Sequence[tuple[float, float | None]], *, in_steps: bool) -> str:
    made: list[str] = []
    before: float | None = None
    for across, upwards in points:
        if in_steps and before is not None:
            made.append(f"{plane.x(across):.1f} {plane.y(before):.1f}")
        made.append(f"{plane.x(across):.1f} {plane.y(upwards or 0.0):.1f}")
        before = upwards
    return "L".join(made)


def _points(plane: Plane, one: Series, tone: Tone, look: _Look) -> str:
    """A dot a number, which says what it is; where there would be too many, only for those that stand alone."""
    alone = {piece[0] for piece in _pieces([one.values]) if len(piece) == 1}
    few = len(one.values) <= MOST_DOTS
    return "".join(
        f'<circle class="dot s-{tone}" cx="{plane.x(look.places[at]):.1f}" cy="{plane.y(value):.1f}" r="2.2">'
        f"<title>{escape(plain(look.labels[at]))}: {told(value, as_percent=look.as_percent)}</title></circle>"
        for at, value in enumerate(one.values)
        if value is not None and (few or at in alone)
    )


def _limit(plane: Plane, one: Limit) -> str:
    y = plane.y(one.value)
    return (
        f'<line class="limit" x1="{LEFT}" x2="{plane.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f"{words(plane.width - RIGHT, y - 4, one.words, anchor='end', kind='limit')}"
    )


def _mark(plane: Plane, row: int, one: Mark) -> str:
    x, y = plane.x(one.at), TOP - 4 + MARK_HEIGHT * (row % MARK_ROWS)
    anchor, beside = ("end", -4) if x > plane.width * 0.6 else ("start", 4)
    return (
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 6:.1f}" y2="{plane.height - BOTTOM}"/>'
        f"{words(x + beside, y + 4, one.words, anchor=anchor, kind='mark')}"
    )
