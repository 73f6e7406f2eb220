"""What all pictures of the site are drawn on: scales, words in two languages, grid, legend. Inline SVG, no script.

    words(x, y, (en, zh))       a text of which one language is shown
    picture(width, height, ...) the whole <svg>, with a title for those who cannot see it
    framed(svg, ...)            picture, legend and caption as one <figure>

Start reading at `picture`; what can be drawn is in monitoring/site/plots.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from churn.page import Two, both

Tone = Literal["now", "then", "third", "fourth", "fifth", "sixth", "seventh", "good", "bad"]
TONES: tuple[Tone, ...] = ("now", "third", "fourth", "fifth", "sixth", "seventh", "then")
WIDTH, WIDE, HEIGHT = 480, 960, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 24
MOST_TICKS = 4
LETTER = 6.2  # width of a letter, about
NOTHING = "–"


def words(x: float, y: float, text: Two | str, *, anchor: str = "start", kind: str = "") -> str:
    """A text of a picture, in both languages where they differ; escaped here."""
    en, zh = (text, text) if isinstance(text, str) else text
    each = [(en, kind)] if en == zh else [(en, f"en {kind}".strip()), (zh, f"zh {kind}".strip())]
    return "".join(
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{_class(one)}>{escape(what)}</text>' for what, one in each
    )


def plain(text: Two | str) -> str:
    """A text for where only one can stand: both languages in one."""
    return text if isinstance(text, str) else " / ".join(dict.fromkeys(text))


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def picture(width: float, height: float, title: Two, parts: Sequence[str], about: Two | None = None) -> str:
    """An SVG that says in both languages what it shows.

    Args:
        width: of its own measure; it grows and shrinks with the page.
        height: likewise.
        title: what it shows.
        parts: SVG.
        about: what is to be seen in it, in a sentence.
    """
    told = f"<desc>{escape(' / '.join(dict.fromkeys(about)))}</desc>" if about else ""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img"><title>{escape(plain(title))}</title>'
        f"{told}{''.join(parts)}</svg>"
    )


def framed(svg: str, *, title: Two, legend: str = "", caption: Two | None = None, is_wide: bool = False) -> str:
    """A picture with its heading, its legend and a quieter sentence."""
    said = f"<p>{both(*caption)}</p>" if caption else ""
    kind = "plot wide" if is_wide else "plot"
    return f'<figure class="{kind}"><figcaption><b>{both(*title)}</b>{said}</figcaption>{svg}{legend}</figure>'


def legend(entries: Sequence[tuple[Tone, Two]], kinds: Sequence[str] = ()) -> str:
    """What each colour stands for; none where there is but one. `kinds`: also `dashed` or `hatched`, by entry."""
    if len(entries) < 2 and not any(kinds):
        return ""
    more = [*kinds, *[""] * len(entries)]
    marks = "".join(
        f'<span><i class="s-{tone}{f" {kind}" if kind else ""}"></i>{both(*name)}</span>'
        for (tone, name), kind in zip(entries, more, strict=False)
    )
    return f'<p class="legend">{marks}</p>'


def told(value: float | None, *, as_percent: bool) -> str:
    """A number beside a picture, short."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if as_percent:
        return f"{100 * value:.1f}%" if abs(value) < 0.1 and value else f"{100 * value:.0f}%"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Round numbers from below `low` to above `high`, 1, 2 or 5 times a power of ten apart."""
    if not high > low:
        low, high = (low - 0.5, low + 0.5) if low else (0.0, 1.0)
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


@dataclass(frozen=True)
class Plane:
    """A field to draw in: numbers to places.

    Args:
        first, last: ends of the numbers across. low, high: of those upwards.
        width, height: of the picture, edges included. top: of the upper edge.
    """

    first: float
    last: float
    low: float
    high: float
    width: float = WIDTH
    height: float = HEIGHT
    top: float = TOP

    def x(self, value: float) -> float:
        """Where a number lies across."""
        return LEFT + (value - self.first) / ((self.last - self.first) or 1.0) * (self.width - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Where a number lies upwards."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.height - BOTTOM - share * (self.height - BOTTOM - self.top)

    def grid(self, at: Sequence[float], *, as_percent: bool) -> list[str]:
        """Lines across at these numbers, each with its number."""
        step = at[1] - at[0] if len(at) > 1 else 1.0
        digits = max(0, -math.floor(math.log10(100 * step) + 1e-9)) if as_percent else None
        return [
            f'<line class="base" x1="{LEFT}" x2="{self.width - RIGHT}" y1="{self.y(one):.1f}" y2="{self.y(one):.1f}"/>'
            + words(LEFT - 5, self.y(one) + 4, told(one, as_percent=False) if digits is None else f"{one:.{digits}%}",
                    anchor="end")
            for one in at
        ]  # fmt: skip

    def below(self, places: Sequence[float], labels: Sequence[str | Two]) -> list[str]:
        """Labels under the field, no more than fit; the last is always among them."""
        if not labels:
            return []
        half = LETTER * max(len(one if isinstance(one, str) else one[0]) for one in labels) / 2
        spread = (self.width - LEFT - RIGHT) / len(labels)
        drawn: list[str] = []
        free = math.inf
        for at in reversed(range(len(labels))):
            x, anchor = self.x(places[at]), "middle"
            if x + half > self.width:
                x, anchor = self.width, "end"
            left = x - (2 * half if anchor == "end" else half)
            right = x + (0 if anchor == "end" else half)
            if right + max(12.0, min(spread, half)) <= free and left > 0:
                kind = "spare" if len(drawn) % 2 else ""  # left out where the page is narrow and letters are larger
                drawn.append(words(x, self.height - 7, labels[at], anchor=anchor, kind=kind))
                free = left
        return drawn
