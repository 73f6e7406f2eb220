"""Which kinds of event do not arrive as ever, held against every week of the log's own past.

Four questions a kind: has the newest week fewer events than the weeks before, or many more; has it been silent for
long; do more of its events come late? Each is measured in multiples of the most that it ever was in another week,
and the largest of all is held against one limit, learnt from the past weeks' largest: so many kinds, one false alarm.
A season, a holiday or a campaign is in that past once the log has seen one; a kind's first weeks are not, since whoever
begins loads what there is. Reads arrivals; no file, no clock. Start reading at `outages`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from churn.events import FloatArray
from monitoring.data.arrivals import Arrivals, KindWeeks
from monitoring.drift.limits import APART, FEWEST, LEAST, novelty, predictive_limit

BEFORE: Final = 8  # weeks before one that say how many events are usual
FEWEST_BEFORE: Final = 4
FIRST: Final = 20  # weeks of a kind that say nothing of how it usually comes
FEWEST_ARRIVED: Final = 20  # events of a week, of which a share may be late
LEASTS: Final = {"week_fell": 0.2, "week_rose": 0.4, "silent": 24.0, "late": 0.05}
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
    distances = np.column_stack([_distances(kinds[name], question, seen.weeks)[back:] for name, question in columns])
    distances = distances / [LEASTS[question] / LEAST for _, question in columns]
    limit = predictive_limit(novelty(distances)[1:], chance)
    if limit is None:
        return Judged(len(distances) - 1, None, ())
    most = np.maximum(np.nan_to_num(distances[APART + 1 :]).max(axis=0, initial=0.0), LEAST)
    times = np.nan_to_num(distances[0]) / most
    found = [
        _outage(name, kinds[name], question, back, float(times[place]), float(limit * most[place] / LEAST))
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


def _distances(one: KindWeeks, question: str, weeks: int) -> FloatArray:
    """How far each week was from those before it, 0 or more; NaN before the kind has a past. Shape (weeks,)."""
    numbers = _numbers(one, question)
    found = np.full(weeks, np.nan)
    for week in range(_begun(one) - FIRST):
        usual = _usual(one, numbers, week)
        found[week] = np.nan if usual is None else max(_far(numbers[week], usual, question), 0.0)
    return found


def _numbers(one: KindWeeks, question: str) -> list[float]:
    """What a question asks about, week by week."""
    if question == "silent":
        return [hours or 0.0 for hours in one.silent_hours]
    if question == "late":
        weeks = zip(one.late, one.corrected, one.arrived, strict=True)
        return [max(late - newer, 0) / came if came >= FEWEST_ARRIVED else 0.0 for late, newer, came in weeks]
    return [float(count) for count in one.events]


def _usual(one: KindWeeks, numbers: Sequence[float], week: int) -> float | None:
    """The middle of the weeks before; None where there are too few."""
    others = range(week + 1, min(week + 1 + BEFORE, len(numbers)))
    before = [numbers[other] for other in others if one.silent_hours[other] is not None]
    return median(before) if len(before) >= FEWEST_BEFORE else None


def _far(number: float, usual: float, question: str) -> float:
    if question == "silent":
        return number
    if question == "late":
        return number - usual
    fell = float(np.log((usual + 1) / (number + 1)))
    return -fell if question == "week_rose" else fell


def _outage(name: str, one: KindWeeks, question: str, back: int, times: float, bar: float) -> Outage:
    """`bar` comes in multiples of the question's least, and goes out in its own unit."""
    far, numbers = bar * LEASTS[question], _numbers(one, question)
    usual = _usual(one, numbers, back) or 0.0
    if question == "week_fell":
        far = (usual + 1) * float(np.exp(-far)) - 1
    elif question == "week_rose":
        far = (usual + 1) * float(np.exp(far)) - 1
    elif question == "late":
        far += usual
    return Outage(name, CODES[question], numbers[back], max(far, 0.0), usual, times)


def _worst_of_each(found: Sequence[Outage]) -> list[Outage]:
    """One a kind, the worst; a kind that is silent has of course fallen too."""
    by_kind: dict[str, Outage] = {}
    for one in sorted(found, key=lambda one: (one.code != "source_silent", -one.times)):
        by_kind.setdefault(one.kind, one)
    return sorted(by_kind.values(), key=lambda one: -one.times)
