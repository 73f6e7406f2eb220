"""From measures to findings: what of that which came in will hurt, and where.

The thresholds stand at the top, each with why. Reads measures, gives findings; people's details are looked for in
features/input_personal.py, readiness of models in features/input_readiness.py. Start reading at `findings`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from churn.calendar import DAY_US, from_us, to_us
from churn.channels import unknown_channels
from churn.settings import Settings
from features.input_calendar import SourceTimes
from features.input_finding import Finding, finding
from features.input_profile import Profile
from features.input_sources import SourceProfile
from features.judging import NO_FAULT
from features.mapping import PROFILE

MANY_REFUSED = 0.01  # of the rows: a twentieth stops the ingest, a hundredth is worth a warning
SPARSE = 0.5  # a column filled in fewer rows carries less than it seems to
STALE_DAYS = 7  # at least, and thrice what the source's own rhythm allows
DATES = 0.9  # so many events at one time of day are days, not times
REPEATED = 0.01  # two customers do buy the same twice in a second; one in a hundred is an export read twice
TOO_LATE, TOO_EARLY, NEGATIVE = 0.01, 0.001, 0.01
FEW_COME_BACK, SOME_CUSTOMERS = 0.1, 100
BUSY, BUSY_TIMES = 0.05, 100  # a twentieth of all events, and a hundred times the median
ENOUGH_EVENTS = 50  # below that a share says nothing
GAPS, CHANNELS = 3, 8  # so many are told: the longest, the commonest
FEW_EVENTS = 5  # a text that seldom is no channel, and might be somebody


@dataclass(frozen=True)
class Seen:
    """Everything that findings are made of.

    Args:
        profile: the measures. times: of each source, in the same order.
        settings: what the business asks for.
        now: the instant that freshness is counted to. observed_until: the log is complete up to here.
    """

    profile: Profile
    times: Sequence[SourceTimes]
    settings: Settings
    now: datetime
    observed_until: datetime

    @property
    def history_days(self) -> int:
        """Days from the first event to where the log is complete."""
        span = self.profile.span_us
        return max(0, -(-(to_us(self.observed_until) - span[0]) // DAY_US)) if span else 0

    @property
    def window_days(self) -> int:
        """How long an outcome takes: gap and horizon."""
        definition = self.settings.definition
        return definition.gap_days + definition.horizon_days

    @property
    def least_days(self) -> int:
        """What it takes to train at all: history, an outcome to learn from, and after it one to test on."""
        return max(self.settings.training.min_history_days, 1) + 2 * self.window_days

    @property
    def wanted_days(self) -> int:
        """The same with a whole lookback behind the first cutoff."""
        return max(self.settings.definition.lookback_days, self.settings.training.min_history_days) + (
            2 * self.window_days
        )


def findings(seen: Seen) -> Iterator[Finding]:
    """All findings but those about people's details and about models."""
    yield from _rows(seen)
    yield from _whole(seen)
    for source, times in zip(seen.profile.sources, seen.times, strict=True):
        yield from _columns(source)
        if source.events:
            yield from _arrival(seen, source)
            yield from _calendar(seen, source, times)
    yield from _kinds(seen)


def channel_findings(counts: Mapping[str, int]) -> Iterator[Finding]:
    """Advice where channels of the log are none of the published codes.

    Args:
        counts: events by channel; those with fewer than `FEW_EVENTS` are not named.
    """
    nearest = unknown_channels(name for name, count in counts.items() if count >= FEW_EVENTS)
    if nearest:
        strange = sorted(nearest, key=lambda name: (-counts[name], name))
        named = [f"{name} ({counts[name]:,}{f', {near}?' if (near := nearest[name]) else ''})" for name in strange]
        yield finding(
            "unknown_channels", channels=", ".join(named[:CHANNELS]) + (" ..." if len(named) > CHANNELS else "")
        )


def _rows(seen: Seen) -> Iterator[Finding]:
    profile, limit = seen.profile, seen.settings.ingest.max_rejected_share
    if not profile.events:
        yield finding("no_events", rows=profile.rows)
    weighed = profile.refused - sum(one.refused.get(name, 0) for one in profile.sources for name in NO_FAULT)
    if profile.rows and weighed / profile.rows > limit:
        yield finding("too_many_rejects", refused=weighed, rows=profile.rows, limit=limit)
    for one in profile.sources:
        reasons = {name: n for name, n in one.refused.items() if name not in {"duplicate_event_id", *NO_FAULT}}
        if repeated := one.refused.get("duplicate_event_id"):
            yield finding("ids_repeated", one.key, count=repeated)
        if reasons:
            refused = sum(reasons.values())
            code = "rows_refused" if refused / one.rows >= MANY_REFUSED else "some_rows_refused"
            reason = max(reasons, key=lambda name: (reasons[name], name))
            yield finding(code, one.key, refused=refused, share=refused / one.rows, reason=reason)


def _whole(seen: Seen) -> Iterator[Finding]:
    """History, customers who come back, customers who are no customers."""
    profile, definition = seen.profile, seen.settings.definition
    facts: dict[str, object] = {"days": seen.history_days, "window_days": seen.window_days}
    if profile.events and seen.history_days < seen.least_days:
        history = max(seen.settings.training.min_history_days, 1)
        yield finding("history_too_short", **facts, needed_days=seen.least_days, history_days=history)
    elif profile.events and seen.history_days < seen.wanted_days:
        history = seen.wanted_days - 2 * seen.window_days
        yield finding("history_short", needed_days=seen.wanted_days, history_days=history, **facts)
    share = profile.returning / profile.active if profile.active else 1.0
    if profile.active >= SOME_CUSTOMERS and share < FEW_COME_BACK:
        yield finding("few_come_back", ", ".join(definition.qualifying_kinds), share=share, customers=profile.active)
    is_busy = profile.busiest > BUSY * profile.events and profile.busiest > BUSY_TIMES * profile.median
    if profile.alike:
        yield finding("ids_alike", count=profile.alike)
    if profile.nobodies:
        yield finding("ids_of_nobody", count=sum(profile.nobodies.values()), ids=", ".join(profile.nobodies))
    if profile.customers >= SOME_CUSTOMERS and is_busy:
        yield finding("busy_customer", share=profile.busiest / profile.events, median=profile.median)


def _columns(source: SourceProfile) -> Iterator[Finding]:
    for name, column in source.columns.items():
        where = f"{source.key}.{name.removeprefix(PROFILE)}"
        if column.rows and not column.filled:
            yield finding("column_never_filled" if source.is_mixed else "column_empty", where)
        elif column.rows >= ENOUGH_EVENTS and column.share < SPARSE and not source.is_mixed:
            yield finding("column_sparse", where, share=column.share)
    if source.before_1990 and source.first_us is not None:
        first = from_us(source.first_us).date().isoformat()
        yield finding("times_implausible", source.key, count=source.before_1990, first=first)
    if source.repeated:
        share = source.repeated / source.events
        code = "rows_repeated" if share >= REPEATED else "some_rows_repeated"
        yield finding(code, source.key, count=source.repeated, share=share)


def _arrival(seen: Seen, source: SourceProfile) -> Iterator[Finding]:
    """When events reached us."""
    if source.late is None:
        yield finding("no_arrival_times", source.key)
        return
    late, early = source.late.too_late / source.events, source.late.too_early / source.events
    if late > TOO_LATE:
        yield finding("late_arrivals", source.key, share=late, every_days=seen.settings.training.every_days)
    if early > TOO_EARLY:
        yield finding("known_before_event", source.key, share=early)


def _calendar(seen: Seen, source: SourceProfile, times: SourceTimes) -> Iterator[Finding]:
    """Freshness, silences, and the clock."""
    if not source.has_kinds or source.last_us is None:
        return
    timezone = seen.settings.business.timezone
    # An export may be read more than once, for several kinds; it is fresh if any of them is.
    lasts = [one.last_us for one in seen.profile.sources if one.name == source.name and one.last_us is not None]
    age_days = (seen.now - from_us(max(lasts))) // timedelta(days=1)
    if age_days > max(STALE_DAYS, 3 * times.usual_days):
        yield finding("source_stale", source.key, age_days=age_days, usual_days=max(times.usual_days, 1))
    for gap in times.gaps[:GAPS]:
        yield finding("gap_in_time", source.key, first=gap.first, last=gap.last, days=gap.days, usual=gap.usual)
    share, clock = times.same_time
    if share >= DATES and source.events >= ENOUGH_EVENTS:
        code = "dates_only" if clock == "00:00" else "dates_shifted"
        yield finding(code, source.key, share=share, clock=clock, timezone=timezone)
    elif times.quiet is not None and times.quiet.is_by_day:
        start = times.quiet.start
        yield finding(
            "night_activity", source.key, timezone=timezone, start=start, end=(start + 6) % 24,
            share=times.quiet.share, shift=times.quiet.shift,
        )  # fmt: skip


def _kinds(seen: Seen) -> Iterator[Finding]:
    kinds, definition = seen.profile.kinds, seen.settings.definition
    for name in definition.qualifying_kinds:
        if name not in kinds and kinds:
            yield finding("kind_missing", name, kinds=", ".join(kinds))
    counted = [name for name in definition.qualifying_kinds if name in kinds]
    if counted and not any(kinds[name].amounts for name in counted):
        yield finding("amount_missing", ", ".join(counted))
    for name, kind in kinds.items():
        if kind.amounts >= ENOUGH_EVENTS and kind.negative / kind.amounts > NEGATIVE and name not in _BOTH_WAYS:
            yield finding("negative_amounts", name, share=kind.negative / kind.amounts)


_BOTH_WAYS = frozenset({"points"})  # bookings, of which some take
