"""What is news about a verdict: each alarm is told once while it lasts, again when it gets worse, once when it is over.

    none --new--> told --worse--> told --over--> cool-down --> forgotten

An alarm is a reason's code, of one model and version; a column, kind or source more makes it worse. One that comes back
within `cool_down_hours` is not told again before that time is over, unless it is worse than what was told. Pure: no
clock, no file. Start reading at `news`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from churn.alert_sections import Alerts
from monitoring.reason import WORST_FIRST, Reason
from monitoring.verdict import Verdict

STOPPED = "stopped_before"
NAMED = 5
State = Literal["new", "worse", "over", "told"]  # told: something was done


@dataclass(frozen=True)
class Told:
    """What was told of an alarm last.

    Args:
        model, version, code: which.
        outcome: the verdict that it was told with, the worst.
        at: when, by the wall clock.
        is_over: whether that it is over was what was told.
        about: what it named so far.
    """

    model: str
    version: str
    code: str
    outcome: str
    at: datetime
    is_over: bool = False
    about: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Which alarm."""
        return self.model, self.version, self.code

    def as_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "model": self.model, "version": self.version, "code": self.code, "outcome": self.outcome,
            "at": self.at.isoformat(), "is_over": self.is_over, "about": list(self.about),
        }  # fmt: skip

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Told":
        """As the file has it.

        Raises:
            KeyError, TypeError, ValueError: it has something else.
        """
        model, version, code, outcome = (str(told[name]) for name in ("model", "version", "code", "outcome"))
        about = tuple(map(str, told.get("about", ())))
        return cls(model, version, code, outcome, datetime.fromisoformat(told["at"]), bool(told["is_over"]), about)


@dataclass(frozen=True)
class Item:
    """A piece of news: an alarm that is new, worse or over (it has no reason any more), or something that was done."""

    state: State
    alarm: Told
    reason: Reason | None = None
    since: datetime | None = None


def news(
    before: Sequence[Told], verdicts: Sequence[Verdict], rules: Alerts, *, at: datetime
) -> tuple[tuple[Told, ...], tuple[Item, ...]]:
    """What is to be told of these verdicts, and what will have been told then.

    Args:
        before: what was told.
        verdicts: of each model, and of the business.
        rules: `[alerts]`.
        at: now, by the wall clock.
    """
    known, calm = {one.key: one for one in before}, timedelta(hours=rules.cool_down_hours)
    now: dict[tuple[str, str, str], Item] = {}
    for verdict in verdicts:
        for reason in verdict.reasons:
            if reason.outcome in rules.verdicts and not _is_echo(verdict, reason, before):
                alarm = Told(verdict.model, verdict.version, reason.code, reason.outcome, at, about=reason.about)
                since = verdict.since[reason.code].at if reason.code in verdict.since else None
                item = Item("new", alarm, reason, since)
                now[alarm.key] = _with(now[alarm.key], item, known.get(alarm.key)) if alarm.key in now else item
    items = [*_risen(now, known, calm, at), *_over(now, known, at)]
    changed = {one.alarm.key: one.alarm for one in items}
    kept = {key: one for key, one in known.items() if key in now or (one.is_over and at < one.at + calm)}
    return tuple((kept | changed).values()), tuple(items)


def _with(first: Item, more: Item, told: Told | None) -> Item:
    """Two of one code as one alarm: the worse of them, in the words of what nobody was told of yet."""
    worse = min(first, more, key=lambda item: WORST_FIRST.index(item.alarm.outcome))
    shown = more if told and not _unknown(first.alarm, told) and _unknown(more.alarm, told) else first
    return replace(worse, alarm=replace(worse.alarm, about=first.alarm.about + more.alarm.about), reason=shown.reason)


def _unknown(alarm: Told, told: Told) -> list[str]:
    """What an alarm names and did not when it was told."""
    return [one for one in alarm.about if one not in told.about]


def _whole(item: Item, names: Sequence[str]) -> Item:
    """An alarm whose words name all of these, or how many more there are."""
    reason = item.reason
    more = [one for one in names if reason is not None and one not in reason.about]
    if reason is None or not more:
        return item
    listed, rest = ", ".join(more[:NAMED]), len(more) - NAMED
    en, zh = (f" and {rest} more", f" 等另 {rest} 个") if rest > 0 else ("", "")
    what = (f"{reason.what[0]} Likewise: {listed}{en}.", f"{reason.what[1]}同样：{listed}{zh}。")
    return replace(item, reason=replace(reason, what=what))


def _is_echo(verdict: Verdict, reason: Reason, before: Sequence[Told]) -> bool:
    """Whether a reason says no more than that the stop which was told still stands."""
    mine = [one for one in before if (one.model, one.version, one.outcome) == (verdict.model, verdict.version, "stop")]
    return reason.code == STOPPED and bool(mine) and all(one.code != STOPPED for one in mine)


def _risen(
    now: Mapping[tuple[str, str, str], Item], known: Mapping[tuple[str, str, str], Told], calm: timedelta, at: datetime
) -> list[Item]:
    """Alarms that nobody was told of, or that are worse than what was told; worst first."""
    found = []
    for key, item in now.items():
        told = known.get(key)
        is_calm = told is not None and told.is_over and told.at <= at < told.at + calm  # not by a clock that moved back
        if told is None or (told.is_over and not is_calm):
            found.append(_whole(item, item.alarm.about))
        elif WORST_FIRST.index(item.alarm.outcome) < WORST_FIRST.index(told.outcome):
            found.append(_whole(replace(item, state="new" if told.is_over else "worse"), item.alarm.about))
        elif not told.is_over and (fresh := _unknown(item.alarm, told)):
            about = tuple(dict.fromkeys((*told.about, *item.alarm.about)))  # one that comes and goes is told once
            found.append(_whole(replace(item, state="worse", alarm=replace(item.alarm, about=about)), fresh))
    return sorted(found, key=lambda item: WORST_FIRST.index(item.alarm.outcome))


def _over(
    now: Mapping[tuple[str, str, str], Item], known: Mapping[tuple[str, str, str], Told], at: datetime
) -> list[Item]:
    """Alarms that were told and are gone; one that goes on under the next version is not over."""
    going_on = {(model, code) for model, _, code in now}
    return [
        Item("over", Told(*key, told.outcome, at, is_over=True))
        for key, told in known.items()
        if key not in now and not told.is_over and (told.model, told.code) not in going_on
    ]
