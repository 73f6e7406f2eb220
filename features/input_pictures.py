"""The pictures of the input-data report: events per week and kind, activity by hour, completeness of columns.

Reads measures, gives HTML. Start reading at `weekly`.
"""

from collections.abc import Sequence
from html import escape

from churn.page import both
from features.input_calendar import NIGHT_HOURS, SourceTimes, Weeks
from features.input_plots import bars, thinned
from features.input_sources import SourceProfile

KINDS = 18  # pictures of the commonest kinds; the table of the report has them all


def weekly(weeks: Weeks) -> str:
    """A picture for each kind of event, the commonest first; all of them over the same weeks."""
    largest = sorted(weeks.kinds.items(), key=lambda item: (-sum(item[1]), item[0]))
    drawn = "".join(_week(weeks, kind, counts) for kind, counts in largest[:KINDS])
    if len(largest) > KINDS:
        more = len(largest) - KINDS
        drawn += f'<p class="quiet">{both(f"and {more} kinds more", f"另有 {more} 类")}</p>'
    return drawn


def hours(sources: Sequence[SourceProfile], times: Sequence[SourceTimes]) -> str:
    """A picture for each source that has times of day."""
    drawn = "".join(
        _figure(
            source.key, bars(when.hours, [(h, f"{h}:00") for h in (0, 6, 12, 18)], title=source.key, dim=_dim(when))
        )
        for source, when in zip(sources, times, strict=True)
        if sum(when.hours)
    )
    return drawn or f"<p>{both('No source tells the time of day.', '没有数据源提供时刻。')}</p>"


def completeness(sources: Sequence[SourceProfile]) -> str:
    """Bars of how filled the columns of each source are."""
    parts = []
    for source in sources:
        rows = "".join(
            f'<span>{escape(name)}</span><i style="--to:{one.share:.1%}"></i><span>{_percent(one.share)}</span>'
            for name, one in source.columns.items()
        )
        parts.append(f'<figure><h3>{escape(source.key)}</h3><div class="full">{rows}</div></figure>')
    return "".join(parts)


def _percent(share: float) -> str:
    """Whole percent, but never 100 % of what is not all, nor 0 % of what is something."""
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def _week(weeks: Weeks, kind: str, counts: Sequence[int]) -> str:
    values, together = thinned(counts)
    first, last = weeks.mondays[0], weeks.mondays[-1]
    words = [(0, f"{first:%Y-%m-%d}"), (len(values) - 1, f"{last:%Y-%m-%d}")] if len(values) > 1 else [(0, str(first))]
    note = "" if together == 1 else both(f" ({together} weeks a bar)", f"（每柱 {together} 周）")
    return _figure(kind, bars(values, words, title=kind), f"{sum(counts):,}{note}")


def _figure(name: str, picture: str, note: str = "") -> str:
    told = f' <span class="quiet">{note}</span>' if note else ""
    return f"<figure><h3>{escape(name)}{told}</h3>{picture}</figure>"


def _dim(when: SourceTimes) -> set[int]:
    if when.quiet is None or not when.quiet.is_by_day:
        return set()
    return {(when.quiet.start + place) % 24 for place in range(NIGHT_HOURS)}
