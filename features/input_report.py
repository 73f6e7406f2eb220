"""The input-data report: what came in, what is wrong with it, and whether models can learn from it.

    ingest/report.json    for machines: every measure and every finding, no value of a customer
    ingest/report.html    the same for people, one page that loads nothing

Made by `churn ingest` before anything is trained, and also where it refuses to replace the log. Measures come from
DuckDB tables of the ingest, readiness from the log just written. Start reading at `look`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from churn.calendar import from_us
from churn.errors import DataError
from churn.settings import Settings
from features.atomic import write_json, write_text
from features.input_calendar import SourceTimes, Weeks, times, weeks
from features.input_code import SEVERITIES
from features.input_finding import Finding, worst_first
from features.input_findings import Seen, channel_findings, findings
from features.input_lawful import lawful_findings
from features.input_personal import personal_findings
from features.input_profile import profile
from features.input_readiness import Ready, readiness_findings
from features.input_sources import MEANT, QUANTILES, SourceProfile
from features.reading import Rows

T = TypeVar("T")
REPORT = "ingest"  # the folder, below the artifacts of a business
JSON, HTML = "report.json", "report.html"
FORMAT_VERSION = 1
SHOWN = 3


class PersonalData(DataError):
    """A column of events or profiles holds details of people."""

    def __init__(self, found: Sequence[Finding], report: Path) -> None:
        lines = "".join(f"\n  {one.where}: {one.what['en']}" for one in found)
        super().__init__(
            f"Details of people would become attributes of events, and so features:{lines}\n"
            f"The log is as it was; the report is {report}.",
            mend="leave each column out of the mapping or map `md5(x)` of it under another name; contact details "
            "belong into the file of [contacts]. If it is none of a person, say so: [ingest] allow_personal = "
            + str([one.where for one in found]).replace("'", '"')
            + ".",
        )


@dataclass(frozen=True)
class InputReport:
    """What an ingest found.

    Args:
        seen: the measures, and what they are held against.
        weeks: events per week and kind.
        findings: worst first.
        readiness: of each model; empty where nothing came in.
        accepted: whether the log was replaced.
    """

    seen: Seen
    weeks: Weeks
    findings: tuple[Finding, ...]
    readiness: tuple[Ready, ...] = ()
    accepted: bool = False

    def with_readiness(self, ready: Sequence[Ready]) -> "InputReport":
        """The report of a log that was written, with what the models will find in it."""
        told = worst_first([*self.findings, *readiness_findings(ready)])
        return replace(self, readiness=tuple(ready), findings=told, accepted=True)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        counted = Counter(one.severity for one in self.findings)
        return {severity: counted[severity] for severity in SEVERITIES}

    def errors(self, *codes: str) -> list[Finding]:
        """The errors, or those of some codes."""
        return [one for one in self.findings if one.severity == "error" and (not codes or one.code in codes)]

    def as_json(self) -> dict[str, Any]:
        """For machines; instants in ISO form."""
        seen, profile_ = self.seen, self.seen.profile
        return {
            "format_version": FORMAT_VERSION,
            "business": seen.settings.business.name,
            "accepted": self.accepted,
            "now": seen.now.isoformat(),
            "clock": seen.settings.business.clock,
            "timezone": seen.settings.business.timezone,
            "observed_until": seen.observed_until.isoformat(),
            "counts": self.counts,
            "findings": [one.as_json() for one in self.findings],
            "rows": profile_.rows,
            "refused": profile_.refused,
            "events": profile_.events,
            "customers": profile_.customers,
            "repeat_share": _share(profile_.returning, profile_.active),
            "history": {
                "days": seen.history_days,
                "outcome_window_days": seen.window_days,
                "needed_days": seen.least_days,
                "wanted_days": seen.wanted_days,
            },
            "kinds": {name: asdict(kind) for name, kind in profile_.kinds.items()},
            "sources": [_source(*one, seen.now) for one in zip(profile_.sources, seen.times, strict=True)],
            "weeks": {"mondays": [day.isoformat() for day in self.weeks.mondays], "events": self.weeks.kinds},
            "readiness": [_ready(one) for one in self.readiness],
        }

    def summary(self, folder: Path) -> Iterator[str]:
        """Lines for a terminal: how many findings, the worst of them, and where to read all.

        Args:
            folder: the artifacts of the business.
        """
        counted = ", ".join(f"{count} {severity}" for severity, count in self.counts.items())
        yield f"Input data: {counted}; the report is {folder / REPORT / HTML}."
        loud = [one for one in self.findings if one.severity != "advice"]
        firsts = list({one.code: one for one in reversed(loud)}.values())[::-1]  # one of each code before a second
        shown = [*firsts, *(one for one in loud if one not in firsts)][:SHOWN]
        for one in shown:
            yield f"  {one.severity} {one.where + ': ' if one.where else ''}{one.what['en']}"
        if len(loud) > len(shown):
            yield f"  and {len(loud) - len(shown)} more"

    def write(self, folder: Path) -> Path:
        """Write both files below the artifacts of a business; the page's path.

        Raises:
            OSError: there is no room.
        """
        from features.input_page import page

        write_json(folder / REPORT / JSON, self.as_json())
        write_text(folder / REPORT / HTML, page(self))
        return folder / REPORT / HTML


def look(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Rows],
    rows: Sequence[int],
    settings: Settings,
    *,
    now: datetime,
    observed_until: datetime,
) -> InputReport:
    """Measure what came in and say what is wrong with it.

    Args:
        connection: DuckDB with `judged` and `refused`.
        sources: what was read.
        rows: how many rows of each were meant.
        settings: of the business.
        now: the instant that freshness is counted to.
        observed_until: the log is complete up to here.
    """
    personal = list(
        personal_findings(connection, sources, buckets=settings.ingest.buckets, allowed=settings.ingest.allow_personal)
    )
    measured = profile(
        connection, sources, rows,
        qualifying=settings.definition.qualifying_kinds, every_days=settings.training.every_days,
    )  # fmt: skip
    when = times(connection, settings.lifecycle.calendar, [one.position for one in sources])
    by_week = weeks(connection)
    told = {one.where.rpartition(".")[2] for one in personal}
    if "event_type" in told:  # what holds details of people is not named, here as anywhere
        measured = replace(measured, kinds=_unnamed(measured.kinds))
        by_week = replace(by_week, kinds=_unnamed(by_week.kinds))
    seen = Seen(measured, when, settings, now, observed_until)
    named = channel_findings(_channels(connection)) if "channel" not in told else ()
    lawful = () if {"event_type", "category"} & told else lawful_findings(connection, settings)
    return InputReport(seen, by_week, worst_first([*findings(seen), *personal, *named, *lawful]))


def _unnamed(kinds: Mapping[str, T]) -> dict[str, T]:
    return {f"kind {number}": value for number, value in enumerate(kinds.values(), start=1)}


def _channels(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Events by channel, the commonest thousand."""
    found = connection.execute(
        f"SELECT channel, count(*) FROM judged WHERE {MEANT} AND channel IS NOT NULL "
        "GROUP BY channel ORDER BY count(*) DESC, channel LIMIT 1000"
    ).fetchall()
    return {channel: int(count) for channel, count in found}


def _source(source: SourceProfile, when: SourceTimes, now: datetime) -> dict[str, Any]:
    return {
        "name": source.name,
        "key": source.key,
        "rows": source.rows,
        "refused": source.refused,
        "events": source.events,
        "first_event_at": _instant(source.first_us),
        "last_event_at": _instant(source.last_us),
        "age_days": None if source.last_us is None else round((now - from_us(source.last_us)) / timedelta(days=1), 2),
        "columns": {
            name: {"rows": one.rows, "filled": one.filled, "wrong": one.wrong} for name, one in source.columns.items()
        },
        "late_seconds": None
        if source.late is None
        else dict(zip(map(str, QUANTILES), source.late.seconds, strict=True)),
        "later_than_a_cutoff_period": None if source.late is None else source.late.too_late,
        "known_before_they_happened": None if source.late is None else source.late.too_early,
        "repeated_rows": source.repeated,
        "events_by_hour": list(when.hours),
        "commonest_time": {"share": when.same_time[0], "clock": when.same_time[1]},
        "usual_days_between": when.usual_days,
        "gaps": [{"first": gap.first.isoformat(), "last": gap.last.isoformat(), "days": gap.days} for gap in when.gaps],
    }


def _ready(one: Ready) -> dict[str, Any]:
    counts = {
        role: {"rows": count.rows, "positives": count.positives, "negatives": count.negatives, "cutoffs": cutoffs}
        for role, count, cutoffs in zip(("train", "test"), (one.train, one.test), one.cutoffs, strict=True)
    }
    return {"model": one.model, "ready": one.why is None, "why": one.why, "counted_share": one.counted, **counts}


def _instant(time_us: int | None) -> str | None:
    return None if time_us is None else from_us(time_us).isoformat()


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
