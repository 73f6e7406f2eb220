"""The figures and tables of the input-data report's page: totals, models, sources.

Reads measures, gives HTML. Start reading at `tiles`.
"""

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from churn.calendar import from_us
from churn.page import both, table
from features.input_findings import Seen
from features.input_readiness import Ready
from features.input_sources import SourceProfile
from features.input_words import duration

if TYPE_CHECKING:
    from features.input_report import InputReport


def tiles(report: "InputReport") -> str:
    """The totals, one a tile."""
    seen, found = report.seen, report.seen.profile
    back = f"{found.returning / found.active:.0%}" if found.active else "–"
    told = [
        (f"{found.events:,}", both("events", "事件")),
        (f"{found.customers:,}", both("customers", "客户")),
        (f"{found.refused:,}", both(f"of {found.rows:,} rows refused", f"行被拒绝，共 {found.rows:,} 行")),
        (back, both("of them came twice or more", "来过两次及以上")),
        (
            f"{seen.history_days:,} d",
            both(
                f"of history; {seen.least_days:,} to train, {seen.wanted_days:,} for whole lookbacks",
                f"历史；训练至少 {seen.least_days:,}，完整回看 {seen.wanted_days:,}",
            ),
        ),
        (f"{len(found.kinds):,}", both("kinds of event", "事件类型")),
    ]
    return '<div class="tiles">' + "".join(f'<div class="tile"><b>{n}</b>{words}</div>' for n, words in told) + "</div>"


def models(ready: Sequence[Ready]) -> str:
    """Rows and outcomes of each model."""
    if not ready:
        return f"<p>{both('Not counted: no log was written.', '未统计：日志未写入。')}</p>"
    head = [
        both("model", "模型"), both("ready", "就绪"), both("rows to train on", "训练行"), both("came true", "发生"),
        both("did not", "未发生"), both("rows to test on", "测试行"),
        both("came true", "发生"), both("did not", "未发生"),
        both("cutoffs", "截点"),
    ]  # fmt: skip
    return table(head, [_model(one) for one in ready])


def sources(seen: Seen) -> str:
    """Rows, freshness and late arrivals of each source."""
    head = [
        both("source", "数据源"), both("rows", "行"), both("refused", "拒绝"), both("events", "事件"),
        both("first event", "最早"), both("last event", "最新"), both("age", "距今"),
        both("late: median", "迟到：中位数"), "90 %", "99 %", both("repeated", "重复"),
    ]  # fmt: skip
    return table(head, [_source(one, seen) for one in seen.profile.sources])


def _model(one: Ready) -> list[str]:
    least = "" if one.counted >= 1 or not one.counted else "≥ "
    counts = [f"{least}{n:,}" for part in (one.train, one.test) for n in (part.rows, part.positives, part.negatives)]
    state = both("yes", "是") if one.why is None else both(f"no ({one.why})", f"否（{one.why_zh}）")
    return [escape(one.model), state, *counts, f"{one.cutoffs[0]} + {one.cutoffs[1]}"]


def _source(one: SourceProfile, seen: Seen) -> list[str]:
    late = ["–"] * 3 if one.late is None else [duration(seconds) for seconds in one.late.seconds[:3]]
    days = ["–"] * 3
    if one.first_us is not None and one.last_us is not None:
        age = (seen.now - from_us(one.last_us)) / timedelta(seconds=1)
        day = seen.settings.lifecycle.calendar.day_of
        days = [f"{day(from_us(one.first_us))}", f"{day(from_us(one.last_us))}", duration(age)]
    repeated = "–" if one.repeated is None else f"{one.repeated:,}"
    refused = f"{sum(one.refused.values()):,}"
    return [escape(one.key), f"{one.rows:,}", refused, f"{one.events:,}", *days, *late, repeated]
