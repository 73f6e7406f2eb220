"""Which kinds of event do not arrive as ever, held against every week of the log's own past.

Four questions a kind: has the newest week fewer events than the weeks before, or many more; has it been silent for
long; do more of its events come late? Each is measured in multiples of the most that it ever was in another week,
and the largest of all is held against one limit, learnt from the past weeks' largest: so many kinds, one false alarm.
A season, a holiday or a campaign is in that past once the log has seen one; a kind's first weeks are not, since whoever
begins loads what there is, nor is the odd stretch that goes on now: a source that stays silent stays odd. Reads
arrivals; no file, no clock. Start reading at `outages`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from churn.events import BoolArray, FloatArray
from monitoring.data.arrivals import Arrivals, KindWeeks
from monitoring.drift.limits import APART, FARTHEST, FEWEST, LEAST, novelty, predictive_limit

BEFORE: Final = 8  # weeks before one that say how many events are usual
LONGEST: Final = 26  # odd weeks in a row, after which they are the usual
FIRST: Final = 20  # weeks of a kind that say nothing of how it usually comes
FEWEST_ARRIVED: Final = 20  # events of a week, of which a share may be late
LEASTS: Final = {"week_fell": 0.2, "week_rose": 0.4, "silent": 24.0, "late": 0.05}
VOLUME: Final = ("week_fell", "week_rose")
CODES: Final = {
    "week_fell": "volume_fell", "week_rose": "volume_rose", "silent": "source_silent", "late": "arrives_late"
}  # fmt: skip


@dataclass(frozen=True)
class Outage:
    """One kind that does not arrive as ever.

    Args:
        kind: of event. code: source_silent, volume_fell, volume_rose or arrives_late.
        number: hours of silence, events of the newest week, or the share that came late.
        bar: of the same, what no quiet week is expected to pass.
        usual: the middle of the weeks before.
        times: multiples of the most in any other week.
    """

    kind: str
    code: str
    number: float
    bar: float
    usual: float
    times: float


@dataclass(frozen=True)
class Judged:
    """What the arrivals of one week say.

    Args:
        weeks: of the past that it was held against. limit: multiples that a quiet week stays under; None: too few.
        outages: the worst first.
    """

    weeks: int
    limit: float | None
    outages: tuple[Outage, ...]


def outages(seen: Arrivals, chance: float, *, back: int = 0) -> Judged:
    """Hold the newest week against the past.

    Args:
        seen: what came in.
        chance: of a false alarm in a quiet week, over all kinds and questions.
        back: judge the week so many weeks ago as it was seen then.
    """
    kinds = {name: one for name, one in seen.kinds.items() if _is_old_enough(one, back)}
    columns = [(name, question) for name in kinds for question in LEASTS]
    if not columns or seen.weeks - back - 1 < FEWEST:
        return Judged(max(seen.weeks - back - 1, 0), None, ())
    walks = {column: _walk(kinds[column[0]], column[1]) for column in columns}
    distances = np.column_stack([_without_stretch(one, back) for one in walks.values()])
    distances = distances / [LEASTS[question] / LEAST for _, question in columns]
    limit = predictive_limit(novelty(distances)[1:], chance)
    if limit is None:
        return Judged(len(distances) - 1, None, ())
    most = np.maximum(np.nan_to_num(distances[APART + 1 :]).max(axis=0, initial=0.0), LEAST)
    times = np.nan_to_num(distances[0]) / most
    found = [
        _outage(name, question, walks[name, question], back, float(times[place]), float(limit * most[place] / LEAST))
        for place, (name, question) in enumerate(columns)
        if times[place] > limit
    ]
    return Judged(len(distances) - 1, limit, tuple(_worst_of_each(found)))


def _is_old_enough(one: KindWeeks, back: int) -> bool:
    """Whether a kind has a past of its own, without which nothing about it is unusual."""
    return _begun(one) - FIRST - back >= FEWEST


def _begun(one: KindWeeks) -> int:
    """Weeks since its first event."""
    return sum(hours is not None for hours in one.silent_hours)


@dataclass(frozen=True)
class _Walk:
    """One question about one kind, the newest week first.

    Args:
        numbers: what was counted. Shape (weeks,).
        usual: the middle of the weeks before; NaN before the kind has a past. far: from that. Likewise.
        is_odd: whether the week is no part of the usual. Likewise.
    """

    numbers: FloatArray
    usual: FloatArray
    far: FloatArray
    is_odd: BoolArray


def _walk(one: KindWeeks, question: str) -> _Walk:
    """Week by week, the oldest first."""
    numbers, begun = np.array(_numbers(one, question)), _begun(one)
    usual, far = (np.full(len(numbers), np.nan) for _ in range(2))
    is_odd: BoolArray = np.zeros(len(numbers), dtype=np.bool_)
    asked = VOLUME if question in VOLUME else (question,)  # a fall is no part of the usual of a rise either
    before, most, in_a_row = numbers[begun - FIRST : begun][::-1].tolist(), dict(LEASTS), 0
    for week in reversed(range(begun - FIRST)):
        usual[week] = median(before[-BEFORE:])
        each = {one: max(_far(numbers[week], usual[week], one), 0.0) for one in asked}
        far[week] = each[question]
        in_a_row = in_a_row + 1 if any(each[one] > FARTHEST * most[one] for one in asked) else 0
        is_odd[week] = 0 < in_a_row <= LONGEST
        if not is_odd[week]:
            before.append(float(numbers[week]))
            most |= {one: max(most[one], each[one]) for one in asked}
            in_a_row = 0
    return _Walk(numbers, usual, far, is_odd)


def _without_stretch(walk: _Walk, back: int) -> FloatArray:
    """How far each week was, but for the odd ones that led up to the week judged without a break."""
    far, later = walk.far[back:].copy(), walk.is_odd[back + 1 :]
    stretch = len(later) if later.all() else int(np.argmin(later))
    far[1 : stretch + 1] = np.nan
    return far


def _numbers(one: KindWeeks, question: str) -> list[float]:
    """What a question asks about, week by week."""
    if question == "silent":
        return [hours or 0.0 for hours in one.silent_hours]
    return late_shares(one) if question == "late" else [float(count) for count in one.events]


def late_shares(one: KindWeeks) -> list[float]:
    """The share of late events by week: of what came in it, or the week before if that was more (a campaign's tail)."""
    most = [max(pair) for pair in zip(one.arrived, [*one.arrived[1:], 0], strict=True)]
    weeks = zip(one.late, one.corrected, most, strict=True)
    return [max(late - newer, 0) / came if came >= FEWEST_ARRIVED else 0.0 for late, newer, came in weeks]


def _far(number: float, usual: float, question: str) -> float:
    if question == "silent":
        return number
    if question == "late":
        return number - usual
    fell = float(np.log((usual + 1) / (number + 1)))
    return -fell if question == "week_rose" else fell


def _outage(name: str, question: str, walk: _Walk, back: int, times: float, bar: float) -> Outage:
    """`bar` comes in multiples of the question's least, and goes out in its own unit."""
    far, usual = bar * LEASTS[question], float(walk.usual[back])
    if question == "week_fell":
        far = (usual + 1) * float(np.exp(-far)) - 1
    elif question == "week_rose":
        far = (usual + 1) * float(np.exp(far)) - 1
    elif question == "late":
        far += usual
    return Outage(name, CODES[question], float(walk.numbers[back]), max(far, 0.0), usual, times)


def _worst_of_each(found: Sequence[Outage]) -> list[Outage]:
    """One a kind, the worst; a kind that is silent has of course fallen too."""
    by_kind: dict[str, Outage] = {}
    for one in sorted(found, key=lambda one: (one.code != "source_silent", -one.times)):
        by_kind.setdefault(one.kind, one)
    return sorted(by_kind.values(), key=lambda one: -one.times)
