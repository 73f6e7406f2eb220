"""What the site shows of arrivals: events a week by kind, silence, late data, sources. Start reading at `sections`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape
from typing import Final

from churn.page import Two, both, table
from monitoring.data.arrivals import KindWeeks
from monitoring.data.incoming import Incoming
from monitoring.data.outages import Outage, late_shares
from monitoring.data.refused import REFUSED, ROWS
from monitoring.section import Figure, Section
from monitoring.site.lines import Limit, Series, line
from monitoring.site.sparks import spark

SHOWN_WEEKS: Final = 104
PICTURES: Final = 4
EVENTS: Final[Two] = ("events a week", "每周事件")
MEASURES: Final[dict[str, Two]] = {
    "source_silent": ("hours without an event", "无事件小时数"), "volume_fell": EVENTS, "volume_rose": EVENTS,
    "arrives_late": ("share that came late", "延迟到达比例"),
}  # fmt: skip
WORDS: Final[dict[str, Two]] = {
    "source_silent": ("silent", "无事件"), "volume_fell": ("fewer", "减少"), "volume_rose": ("more", "增多"),
    "arrives_late": ("late", "延迟"),
}  # fmt: skip
NOTE: Final[Two] = (
    (
        "Events that happened in a week and were known by its end, the newest week last. A kind is odd when it goes "
        "farther from the weeks before than it, and all kinds together, ever did."
    ),
    "在一周内发生且在该周结束前已知的事件，最右为最新一周。若某类事件偏离之前各周的程度超过其自身及全部类别的以往水平，即为异常。",
)


def sections(found: Incoming | None, now: datetime) -> Iterator[Section]:
    """What comes in, for the page of the data; nothing where it was not looked at.

    Args:
        found: what comes in.
        now: the instant judged.
    """
    if found is None:
        return
    body = _told(found) + "".join(_picture(found, one) for one in found.judged.outages[:PICTURES]) + _kinds(found)
    yield Section("data", "arrivals", ("Does the log arrive as ever?", "日志是否照常到达？"), body, NOTE)
    if found.sources:
        note = ("As churn ingest read them last.", "以最近一次 churn ingest 为准。")
        yield Section("data", "sources", ("The sources", "数据源"), _sources(found, now), note)


def figures(found: Incoming | None) -> Iterator[Figure]:
    """By kind: events of the newest week, hours of silence, share late, whether it is odd. By source: rows, refused."""
    if found is None:
        return
    for source in found.sources:
        labels = {"source": source.key}
        yield Figure(ROWS, source.rows, "Rows of the source as the last ingest read it.", labels)
        yield Figure(REFUSED, source.faulty, "Those of them that were refused as faulty.", labels)
    odd = {one.kind: one for one in found.judged.outages}
    for kind, one in found.seen.kinds.items():
        labels = {"kind": kind}
        yield Figure("churn_monitor_week_events", one.events[0], "Events of the newest week, as known then.", labels)
        hours = one.silent_hours[0]
        if hours is not None:
            yield Figure(
                "churn_monitor_silent_hours", hours, "Hours since the newest event, where the log ends.", labels
            )
        if found.seen.tells_arrival and one.arrived[0]:
            late = one.late[0] / one.arrived[0]
            yield Figure("churn_monitor_late_ratio", late, "Share that came two days or more after the event.", labels)
        if found.judged.limit is not None:
            yield Figure(
                "churn_monitor_arrival_is_odd", float(kind in odd), "1 where it does not arrive as ever.", labels
            )


def _told(found: Incoming) -> str:
    if found.judged.limit is None:
        n = found.judged.weeks
        said: Two = (f"Too few weeks to say what is usual: {n}.", f"周数太少，无法判断何为正常：{n}。")
        return f"<p>{both(*said)}</p>"
    more = ""
    if found.superseded or found.withdrawn:
        more = both(
            f" Corrected later: {found.superseded:,} of {found.events:,} versions; withdrawn: {found.withdrawn:,}.",
            f" 事后更正：{found.events:,} 个版本中的 {found.superseded:,} 个；撤回：{found.withdrawn:,}。",
        )
    weeks = found.judged.weeks
    fine = both(
        f"Held against {weeks} past weeks, {len(found.judged.outages)} of {len(found.seen.kinds)} kinds are odd.",
        f"与过去 {weeks} 周相比，{len(found.seen.kinds)} 类事件中有 {len(found.judged.outages)} 类异常。",
    )
    return f'<p class="{"" if found.judged.outages else "fine"}">{fine}{more}</p>'


def _picture(found: Incoming, odd: Outage) -> str:
    """An odd kind's weeks, the newest last, with the bar that it has passed."""
    one = found.seen.kinds[odd.kind]
    values: list[float | None] = [float(count) for count in one.events]
    if odd.code == "source_silent":
        values = list(one.silent_hours)
    elif odd.code == "arrives_late":
        values = list(late_shares(one))
    shown = values[:SHOWN_WEEKS][::-1]
    labels = [f"{found.seen.end - timedelta(weeks=back):%Y-%m-%d}" for back in range(len(shown))][::-1]
    named = tuple(f"{odd.kind}: {words}" for words in MEASURES[odd.code])
    limits = [Limit(odd.bar, ("no quiet week passes this", "正常周不会越过此线"))]
    is_share = odd.code == "arrives_late"
    return line(
        [Series((named[0], named[1]), shown)], labels, title=(named[0], named[1]), limits=limits, as_percent=is_share,
        from_zero=True, is_wide=True,
    )  # fmt: skip


def _kinds(found: Incoming) -> str:
    odd = {one.kind: one for one in found.judged.outages}
    head = [
        both("kind", "类别"), both("events a week", "每周事件"), both("newest week", "最新一周"),
        both("usually", "通常"), both("silent, hours", "无事件小时数"), both("late", "延迟"),
        both("features", "特征数"), "",
    ]  # fmt: skip
    order = sorted(found.seen.kinds, key=lambda kind: (kind not in odd, -sum(found.seen.kinds[kind].events)))
    rows = [_kind(found, kind, odd.get(kind)) for kind in order]
    return f'<div class="scroll">{table(head, rows)}</div>'


def _kind(found: Incoming, kind: str, odd: Outage | None) -> list[str]:
    one = found.seen.kinds[kind]
    past = one.events[:SHOWN_WEEKS][::-1]
    drawn = spark([float(count) for count in past], title=(f"{kind}, events a week", f"{kind}，每周事件"))
    hours = one.silent_hours[0]
    silent = "–" if hours is None else f"{hours:,.1f}"
    said = f"<b>{both(*WORDS[odd.code])}</b>" if odd else ""
    return [
        f'<code id="{escape(kind)}">{escape(kind)}</code>', drawn, f"{one.events[0]:,}", _usually(one), silent,
        _late(found, one), str(len(found.features.get(kind, ()))), said,
    ]  # fmt: skip


def _usually(one: KindWeeks) -> str:
    before = sorted(one.events[1:9])
    return f"{before[0]:,} – {before[-1]:,}" if before else "–"


def _late(found: Incoming, one: KindWeeks) -> str:
    if not found.seen.tells_arrival:
        return both("not told", "未提供")
    return f"{one.late[0] / one.arrived[0]:.1%}" if one.arrived[0] else "–"


def _sources(found: Incoming, now: datetime) -> str:
    head = [
        both("source", "数据源"),
        both("rows", "行"),
        both("refused", "拒收"),
        both("newest event, days old", "最新事件距今天数"),
    ]
    rows = []
    for one in found.sources:
        age = "–" if one.newest_at is None else f"{(now - one.newest_at).total_seconds() / 86_400:,.1f}"
        share = f"{one.refused:,} ({one.refused / max(one.rows, 1):.1%})"
        rows.append([f"<code>{escape(one.name)}</code>", f"{one.rows:,}", share, age])
    return table(head, rows)
