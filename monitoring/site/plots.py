"""Small pictures as inline SVG: shares then and now side by side, and a calibration curve. No library, no script.

Start reading at `shares`.
"""

from collections.abc import Sequence

from churn.metrics import CalibrationBin

WIDTH, HEIGHT, PAD = 260, 96, 16
SQUARE = 200


def shares(then: Sequence[int], now: Sequence[int], *, title: str, with_null: bool = True) -> str:
    """Bars of the shares a bin, reference beside current; the last two bins are unseen and null.

    Args:
        then: reference counts. Shape (bins,).
        now: current counts over the same bins. Shape (bins,).
        title: for those who cannot see it.
        with_null: whether the last two bins are drawn.
    """
    if not with_null:
        then, now = then[:-2], now[:-2]
    sides = [[count / max(sum(side), 1) for count in side] for side in (then, now)]
    top = max(*sides[0], *sides[1], 1e-9)
    step = WIDTH / len(then)
    bars = []
    for side, kind in zip(sides, ("then", "now"), strict=True):
        for place, share in enumerate(side):
            height = share / top * (HEIGHT - PAD)
            left = place * step + (0.08 if kind == "then" else 0.5) * step
            bars.append(
                f'<rect class="{kind}" x="{left:.1f}" y="{HEIGHT - PAD - height:.1f}" '
                f'width="{step * 0.4:.1f}" height="{height:.1f}"/>'
            )
    texts = [_text(0, "low"), _text(WIDTH / 2, f"to {top:.0%}", "middle")]
    if with_null:
        texts = [
            _text(0, f"low … high, to {top:.0%}"),
            _text(WIDTH - step - 3, "new", "end"),
            _text(WIDTH, "null", "end"),
        ]
    else:
        texts.append(_text(WIDTH, "high", "end"))
    return _svg(WIDTH, HEIGHT, title, [*bars, *texts])


def calibration(bins: Sequence[CalibrationBin], *, title: str) -> str:
    """What was told against what happened, a dot a bin; on the diagonal, they agree."""
    top = max(max(one.mean_score, one.base_rate) for one in bins) * 1.05 or 1.0
    inner = SQUARE - 2 * PAD

    def place(share: float) -> float:
        return share / top * inner

    dots = "".join(
        f'<circle class="now" cx="{PAD + place(one.mean_score):.1f}" '
        f'cy="{SQUARE - PAD - place(one.base_rate):.1f}" r="4"/>'
        for one in bins
    )
    line = f'<line class="axis" x1="{PAD}" y1="{SQUARE - PAD}" x2="{SQUARE - PAD}" y2="{PAD}"/>'
    frame = f'<rect class="frame" x="{PAD}" y="{PAD}" width="{inner}" height="{inner}"/>'
    words = (
        f'<text x="{PAD}" y="{SQUARE - 3}">0</text>'
        f'<text x="{SQUARE - PAD}" y="{SQUARE - 3}" text-anchor="end">told, to {top:.0%}</text>'
        f'<text x="{PAD}" y="{PAD - 4}">happened, to {top:.0%}</text>'
    )
    return _svg(SQUARE, SQUARE, title, [frame, line, dots, words])


def _text(x: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - 3}" text-anchor="{anchor}">{words}</text>'


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{title}">'
        f"{''.join(parts)}</svg>"
    )
