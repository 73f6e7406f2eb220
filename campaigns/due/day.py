"""Who is due on a day, and why: every occasion that is open, less who may not be contacted, who was told, what is done.

    occasions of [[action]] --not done, not told, or overdue--> the door --caps, capacity--> TASKS, in their order

The order is: what is due first, then complaints, follow-ups, what lapses, wishes and greetings, then value, then id.
No budget decides and no score chooses: who opted out of scores is due all the same, unless the action names reasons.
Start reading at `due_on`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.catalogue.eligible import WHY, answers
from campaigns.catalogue.knowing import known_of
from campaigns.due.found import Facts, facts_of, found_of
from campaigns.due.told import SCHEMA, told_before
from campaigns.people import People
from campaigns.suppress import TOO_MANY, Doors
from churn.action_sections import OCCASIONS, Action
from churn.calendar import EPOCH
from churn.settings import Settings

FIRST: Final = ("complaint", "after_sale", "points_lapsing", "tier_lapsing", "birthday", "anniversary", "thanks",
                "holiday", "regular_contact")  # fmt: skip
NO_CAPACITY, OTHERS = "no_capacity", "not_for_them"
KINDS: Final = dict.fromkeys(("customer_id", "occasion", "action"), object) | dict.fromkeys(("first", "due"), np.int64)
WORDS: Final = {
    **WHY,
    NO_CAPACITY: ("left for another day: the capacity of the action is used up", "超出该行动当日容量，顺延"),
    OTHERS: ("the action is for other stages, segments or reasons", "该行动面向其他阶段、分群或原因"),
}


@dataclass(frozen=True)
class Due:
    """Who is due on a day.

    Args:
        day: which.
        tasks: columns of campaigns/due/told.py SCHEMA, in the order in which they are to be done.
        left_out: how many occasions that are open are not in the list, by the code why, most first.
        left_by: the same, by action and code.
        notes: what could not be looked at, and why.
    """

    day: date
    tasks: pd.DataFrame
    left_out: dict[str, int]
    left_by: dict[tuple[str, str], int]
    notes: tuple[str, ...]


def due_on(
    settings: Settings, people: People, doors: Doors, day: date, now: datetime, environ: Mapping[str, str]
) -> Due:
    """Who is due on a day.

    Args:
        settings: whose catalogue.
        people: everybody.
        doors: who may be contacted, of the same people.
        day: local.
        now: the instant; nothing later is known.
        environ: what `${VARIABLES}` of paths stand for.

    Raises:
        NoLog: there is no log. UnknownHoliday: an action names a holiday that there is not.
    """
    actions = [one for one in settings.action if one.kind in OCCASIONS]
    facts = facts_of(settings, people, doors, now, actions)
    parts = [found_of(one, facts, day).assign(action=one.code) for one in actions]
    opened = pd.concat(parts, ignore_index=True).astype(KINDS)
    opened = opened[_not_done(opened, doors, facts) & opened["customer_id"].isin(people.rows["customer_id"]).to_numpy()]
    told = told_before(settings.folder, day)
    opened = _news(opened, told, day)
    why = _why_not(settings, people, doors, opened, actions, now, environ)
    ordered = _ordered(opened.assign(why_not=why), people, actions)
    closed = _capped(ordered, settings, doors, _told_lately(told, ordered, settings, doors, day))
    tasks = ordered[pd.isna(closed)]
    counts = pd.Series(closed, dtype=object).dropna().value_counts()
    left = {str(code): int(count) for code, count in counts.items()}
    pairs = zip(ordered["action"], closed, strict=True)
    left_by = dict(Counter((str(action), str(code)) for action, code in pairs if code is not None).most_common())
    rows = _tasks(tasks, actions, settings, day)
    return Due(day, rows, left, left_by, (*facts.notes, *_unowned(rows)))


def _unowned(rows: pd.DataFrame) -> list[str]:
    """A note on tasks that are nobody's."""
    nobodys = rows.loc[rows["owner"].isna(), "action"]
    names = ", ".join(sorted(set(nobodys)))
    return [f"{len(nobodys):,} tasks have no owner ({names}): set owner of the action, or [campaigns] owner"] * bool(
        len(nobodys)
    )


def _not_done(opened: pd.DataFrame, doors: Doors, facts: Facts) -> NDArray[np.bool_]:
    """Which occasions nobody has met yet: no contact by that action since it was open."""
    met = doors.had.assign(day=facts.days_of(doors.had["contacted_at"])).groupby(["customer_id", "action"])["day"].max()
    last = met.reindex(pd.MultiIndex.from_frame(opened[["customer_id", "action"]])).to_numpy(dtype=np.float64)
    return ~(last >= opened["first"].to_numpy(dtype=np.float64))


def _news(opened: pd.DataFrame, told: pd.DataFrame, day: date) -> pd.DataFrame:
    """What was not told on a day before, and what was told and is overdue."""
    keys = ["customer_id", "action", "occasion"]
    joined = opened.merge(told, on=keys, how="left", validate="one_to_one")
    joined["is_overdue"] = joined["told_on"].notna() & (joined["due"] < (day - EPOCH).days)
    return joined[joined["told_on"].isna() | joined["is_overdue"]].reset_index(drop=True)


def _why_not(
    settings: Settings,
    people: People,
    doors: Doors,
    opened: pd.DataFrame,
    actions: list[Action],
    now: datetime,
    environ: Mapping[str, str],
) -> NDArray[np.object_]:
    """The code why each occasion is no task; None where it is."""
    known = known_of(settings, people, now, environ)
    place = pd.Index(people.rows["customer_id"]).get_indexer(opened["customer_id"])
    found: NDArray[np.object_] = np.full(len(opened), None, dtype=object)
    for action in actions:
        mine = (opened["action"] == action.code).to_numpy()
        if not mine.any():
            continue
        codes = doors.why_not(action, by_score=bool(action.reasons))
        outside = ~answers(people.rows["reason_codes"], action.reasons)
        if action.stages:
            outside |= ~people.rows["stage"].isin([str(one) for one in action.stages]).to_numpy()
        if action.segments:
            outside |= ~np.any([known.members[name] for name in action.segments], axis=0)
        codes[pd.isna(codes) & outside] = OTHERS
        found[mine] = codes[place[mine]]
    return found


def _ordered(opened: pd.DataFrame, people: People, actions: list[Action]) -> pd.DataFrame:
    kinds = {one.code: FIRST.index(one.kind) for one in actions}
    value = people.rows.set_index("customer_id")["expected_value_amount"].astype(np.float64)
    opened["urgency"] = opened["action"].map(kinds).astype(np.float64)
    opened["worth"] = -opened["customer_id"].map(value).astype(np.float64).fillna(-np.inf)
    by = ["due", "urgency", "worth", "customer_id", "action"]
    return opened.sort_values(by, kind="stable", ignore_index=True)


def _told_lately(
    told: pd.DataFrame, ordered: pd.DataFrame, settings: Settings, doors: Doors, day: date
) -> Mapping[str, int]:
    """How many tasks of late days each customer still waits for, beyond those that are in the list again."""
    since = (day - timedelta(days=settings.campaigns.within_days)).isoformat()
    keys = ["customer_id", "action", "occasion"]
    again = pd.MultiIndex.from_frame(ordered[keys])
    open_still = told[(told["told_on"] >= since) & ~pd.MultiIndex.from_frame(told[keys]).isin(again)]
    done = pd.MultiIndex.from_frame(doors.had[["customer_id", "action"]])
    open_still = open_still[~pd.MultiIndex.from_frame(open_still[["customer_id", "action"]]).isin(done)]
    return {str(one): int(count) for one, count in open_still["customer_id"].value_counts().items()}


def _capped(ordered: pd.DataFrame, settings: Settings, doors: Doors, waiting: Mapping[str, int]) -> NDArray[np.object_]:
    """The codes, after those whose capacity, or whose customer's share of contacts, is used up before them."""
    codes: NDArray[np.object_] = ordered["why_not"].to_numpy(dtype=object).copy()
    limits, capacity = settings.campaigns, {one.code: one.capacity for one in settings.action}
    lately = doors.had[doors.had["contacted_at"] >= doors.calendar.window_start(doors.now, limits.within_days)]
    counts = Counter({str(one): int(count) for one, count in lately["customer_id"].value_counts().items()})
    counts.update(waiting)
    used: dict[str, int] = {}
    for row, (customer, action) in enumerate(zip(ordered["customer_id"], ordered["action"], strict=True)):
        if codes[row] is not None:
            continue
        limit = capacity[action]
        if counts[customer] >= limits.max_contacts:
            codes[row] = TOO_MANY
        elif limit is not None and used.get(action, 0) >= limit:
            codes[row] = NO_CAPACITY
        else:
            counts[customer] += 1
            used[action] = used.get(action, 0) + 1
    return codes


def _tasks(rows: pd.DataFrame, actions: list[Action], settings: Settings, day: date) -> pd.DataFrame:
    by = {one.code: one for one in actions}
    told = [by[str(code)] for code in rows["action"]]
    columns = {
        "kind": [one.kind for one in told], "channel": [one.channel for one in told],
        "text_en": [one.en for one in told], "text_zh": [one.zh for one in told],
        "owner": [one.owner or settings.campaigns.owner for one in told],
        "first": [_iso(one) for one in rows["first"]], "due": [_iso(one) for one in rows["due"]],
    }  # fmt: skip
    late = rows["due"].to_numpy(dtype=np.int64) < (day - EPOCH).days
    kept = rows.drop(columns=[*columns, "is_overdue"], errors="ignore").reset_index(drop=True)
    found: pd.DataFrame = pd.concat([kept, pd.DataFrame(columns | {"is_overdue": late})], axis=1)
    return found.reindex(columns=SCHEMA.names)


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=int(day))).isoformat()
