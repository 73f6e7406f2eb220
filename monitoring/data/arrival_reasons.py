"""What odd arrivals mean for a verdict: a kind that stopped is watched, and what depends on it is named.

Start reading at `about_arrivals`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from churn.page import Two
from monitoring.data.incoming import Incoming
from monitoring.data.outages import Outage
from monitoring.data.refused import Refused
from monitoring.reason import Reason

NAMED: Final = 4  # kinds, and features of each, that a reason names
AHEAD: Final = timedelta(minutes=5)  # clocks of two machines differ by less
CLOCK: Final[Two] = (
    "set the clock of this machine right, or mend the times of the source, then run `churn ingest` and monitor again.",
    "校准本机时钟，或修正数据源的时间，再运行 `churn ingest` 并重新监控。",
)
FEED: Final[Two] = (
    (
        "look at the source behind it and mend it there, then run `churn ingest` and `churn features materialise`; do "
        "not retrain before. If it ended for good, leave it out and run `churn retrain`."
    ),
    (
        "检查其数据源并在源头修复，再运行 `churn ingest` 与 `churn features materialise`；此前不要重训。"
        "若已永久停止，请移除后运行 `churn retrain`。"
    ),
)
TWICE: Final[Two] = (
    "look whether a file was loaded twice without `event_id`; if the business explains it (a campaign), do nothing.",
    "检查是否有文件在没有 `event_id` 的情况下被重复载入；若业务上有解释（活动），则无需处理。",
)
LATER: Final[Two] = (
    (
        "see why the source delivers late: features of the last days lack what has not come; a later `churn ingest` "
        "and `churn features materialise` take it in."
    ),
    (
        "查明数据源为何延迟：最近几天的特征缺少尚未到达的事件；"
        "之后的 `churn ingest` 与 `churn features materialise` 会补上。"
    ),
)
MENDS: Final = {"source_silent": FEED, "volume_fell": FEED, "volume_rose": TWICE, "arrives_late": LATER}
ROWS: Final[Two] = (
    (
        "read log/rejects.parquet, which has each of them with its reason; correct the source or its [[source]], then "
        "run `churn ingest` and `churn features materialise` again."
    ),
    (
        "查看 log/rejects.parquet（含每行及原因），更正数据源或其 [[source]]，"
        "再运行 `churn ingest` 与 `churn features materialise`。"
    ),
)
SAYS: Final[dict[str, Two]] = {
    "source_silent": (
        "No event has come for longer than ever before, in hours",
        "已超过以往最长时间没有事件到达（小时）",
    ),
    "volume_fell": ("Far fewer events came than in any week before", "到达的事件远少于以往任何一周"),
    "volume_rose": ("Far more events came than in any week before", "到达的事件远多于以往任何一周"),
    "arrives_late": ("Events reach us days after they happened, as a share", "事件在发生数天后才到达（比例）"),
}


def about_arrivals(found: Incoming | None, now: datetime) -> Iterator[Reason]:
    """Reasons of the business as a whole, one a code: the kind that is worst gives the numbers.

    Args:
        found: what comes in; None where it was not looked at.
        now: the instant judged.
    """
    if found is None:
        return
    if found.last_event_at > now + AHEAD:
        hours = (found.last_event_at - now).total_seconds() / 3600
        what = (
            "The log has events that lie in the future: the clock went back, or a source's is wrong; in hours.",
            "日志中有未来的事件：时钟被调回，或数据源的时钟有误（小时）。",
        )
        yield Reason("cannot_tell", "clock_moved", what, round(hours, 2), 0, CLOCK, "data.html#freshness")
    for code in SAYS:
        mine = [one for one in found.judged.outages if one.code == code]
        if mine:
            yield _reason(code, mine, found)


def about_refused(found: Sequence[Refused]) -> Iterator[Reason]:
    """Whether the rows of a source are refused of late, though few of all rows are."""
    if found:
        named = ", ".join(f"{one.source} ({one.refused:,} / {one.rows:,})" for one in found[:NAMED])
        what = (
            f"Of the rows that have come since an earlier run, more were refused than may be: {named}.",
            f"自先前一次监控以来新到的行中，被拒的比例超过允许值：{named}。",
        )
        about, share = tuple(one.source for one in found), _short(found[0].share)
        yield Reason("watch", "rows_refused", what, share, found[0].limit, ROWS, "data.html#sources", about)


def _reason(code: str, mine: Sequence[Outage], found: Incoming) -> Reason:
    worst, more = mine[0], len(mine) - NAMED
    named = ", ".join(_named(one) for one in mine[:NAMED]) + (f" +{more}" if more > 0 else "")
    features = list(dict.fromkeys(name for one in mine for name in found.features.get(one.kind, ())))
    made, made_zh = _made_of(features)
    en, zh = SAYS[code]
    what = (f"{en}: {named}.{made}", f"{zh}：{named}。{made_zh}")
    about, place = tuple(one.kind for one in mine), f"data.html#{worst.kind}"
    return Reason("watch", code, what, _short(worst.number), _short(worst.bar), MENDS[code], place, about)


def _named(one: Outage) -> str:
    """A kind with its figure beside what is usual."""
    if one.code == "arrives_late":
        return f"{one.kind} ({one.number:.0%}, {one.usual:.0%})"
    if one.code == "source_silent":
        return f"{one.kind} ({one.number:,.0f} h)"
    return f"{one.kind} ({one.number:,.0f}, {one.usual:,.0f})"


def _made_of(features: Sequence[str]) -> Two:
    if not features:
        return "", ""
    named, more = ", ".join(features[:NAMED]), len(features) - NAMED
    rest = (f" and {more} more", f" 等另 {more} 个") if more > 0 else ("", "")
    return f" Features that depend on it: {named}{rest[0]}.", f"依赖它的特征：{named}{rest[1]}。"


def _short(number: float) -> float:
    return round(number, 3)
