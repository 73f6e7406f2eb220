"""How saved segments, the types of the RFM grid and its single cells changed over months: a report, and no alarm.

    the first instant of each month --flows--> share with interval, makeup, who came from where and went to where

A change of a share is marked when chance cannot explain it: a normal test that counts newcomers and pairs whoever was
there before. The changes of segments and types are held to half the chance of any false mark together (Holm), those of
single cells to the other half (campaigns/segments/cells.py): so many cells take nothing from the few groups. The grid
keeps the edges of now, or sizes could not change.
Start reading at `drift_of`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from scipy import stats

from campaigns.segments.asking import asked_of
from campaigns.segments.cells import MOVES, CellDrift
from campaigns.segments.flows import Counts, Flows, part_flows
from campaigns.segments.grid import TYPES, Edges
from campaigns.segments.instants import STAGES
from campaigns.segments.intervals import Step, marked, share_of
from campaigns.segments.rfm import grid_edges
from churn.errors import ImmatureError
from churn.settings import Settings
from features.log import LogManifest, read_log_manifest
from features.parts import HERE, Engine, log_parts

SEGMENT, TYPE = "segment", "type"


class TooShort(ImmatureError):
    """The log does not reach back over two beginnings of a month."""

    def __init__(self, first: datetime, until: datetime) -> None:
        super().__init__(
            f"The log goes from {first:%Y-%m-%d} to {until:%Y-%m-%d}: no whole month lies in it.",
            mend="ask again when it holds two first days of a month; without --drift it tells who is in them now.",
        )


@dataclass(frozen=True)
class Drift:
    """What changed.

    Args:
        instants: the beginnings of months, rising. edges: of the grid, as of the instant asked for.
        groups: kind (segment or type) and name of each, in order.
        flows: the counts.
        chances: p-value of each step and group. is_marked: whether it is no chance. Both by step, then by group.
        cells: the same of single cells.
        untold: segments that have no past, as they go by the value tier.
        confidence: of intervals, and that no mark is chance.
    """

    instants: tuple[datetime, ...]
    edges: Edges
    groups: tuple[tuple[str, str], ...]
    flows: Flows
    chances: tuple[tuple[float, ...], ...]
    is_marked: tuple[tuple[bool, ...], ...]
    cells: CellDrift
    untold: tuple[str, ...]
    confidence: float

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "instants": [one.isoformat() for one in self.instants],
            "known": self.flows.known.tolist(), "untold": list(self.untold), "edges": self.edges.as_json(),
            "confidence": self.confidence,
            "test": f"normal test of the change of a share, customers paired; Holm over {self.tested} changes, "
            f"and apart over {self.cells.tested} of single cells, each at half the level",
            "groups": [self._group(place) for place in range(len(self.groups))],
            "grid": self.cells.as_json([one.isoformat() for one in self.instants]),
        }  # fmt: skip

    def _group(self, place: int) -> dict[str, Any]:
        kind, name = self.groups[place]
        whole = range(len(self.instants))
        steps = [self.step(step, place) for step in range(len(self.instants) - 1)]
        return {
            "kind": kind, "name": name, "months": [self._month(at, place) for at in whole], "changes": steps,
            "first_to_last": self.step(-1, place),
        }  # fmt: skip

    def _month(self, at: int, place: int) -> dict[str, Any]:
        flows, size = self.flows, int(self.flows.size[at, place])
        told = share_of(size, int(flows.known[at]), self.confidence)
        stages = {stage: int(count) for stage, count in zip(STAGES, flows.stages[at, place], strict=True) if count}
        means = [round(float(side[at, place]) / size, 4) if size else None for side in (flows.orders, flows.amount)]
        return {"as_of": self.instants[at].isoformat(), **told, "stages": stages, "mean_orders": means[0],
                "mean_amount": means[1]}  # fmt: skip

    def step(self, step: int, place: int) -> dict[str, Any]:
        """A group between two instants: who moved, and what that did to its share; step -1: from first to last."""
        flows = self.flows
        moved = step_of(flows, step, place)
        change, error, _ = moved.change()
        half = float(stats.norm.isf((1 - self.confidence) / 2)) * error
        ends = {} if change is None else {"low": change - half, "high": change + half}
        told = {name: getattr(moved, name) for name in MOVES}
        kinds = {name: _by_type(getattr(flows, name)[step, place]) for name in ("came_from", "went_to")}
        chance, is_marked = self.chances[step][place], self.is_marked[step][place]
        return {"change": change, **ends, **told, **kinds, "chance": chance, "is_marked": is_marked}

    @property
    def tested(self) -> int:
        """How many changes were tested together."""
        return sum(map(len, self.chances))


def _by_type(counts: Counts) -> dict[str, int]:
    return {kind: int(count) for kind, count in zip(TYPES, counts, strict=True) if count}


def step_of(flows: Flows, step: int, place: int) -> Step:
    """The counts of a group between two instants; step -1: from the first to the last."""
    before, since = (0, -1) if step == -1 else (step, step + 1)
    moves = {name: int(getattr(flows, name)[step, place]) for name in MOVES}
    return Step(int(flows.known[before]), int(flows.known[since]), int(flows.both[step]), **moves)


def drift_of(settings: Settings, as_of: datetime | None = None, *, engine: Engine = HERE) -> Drift:
    """How segments changed over `[segments] drift_months` months.

    Args:
        settings: whose.
        as_of: the last instant that may be looked at; that of the rows of now where None.
        engine: where parts of the log are read.

    Raises:
        TooShort: fewer than two beginnings of a month lie in the log. NoLog: there is none.
    """
    manifest = read_log_manifest(settings.folder)
    instant, edges = grid_edges(settings, as_of, engine)
    every = asked_of(settings, manifest)
    asked = every.without(every.tiered)
    instants = months_of(settings, manifest, instant)
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    groups = [*((SEGMENT, name) for name in asked.names), *((TYPE, name) for name in TYPES)]
    flows = Flows.nobody(len(instants), len(groups), len(edges.cells))
    for one in engine.map(partial(part_flows, asked=asked, instants=instants, edges=edges), parts):
        flows += one
    confidence = settings.segments.confidence
    level = (1 - confidence) / 2  # half for groups, half for cells
    chances, is_marked = judged(flows, level)
    cells = CellDrift.judged(edges, flows.cells, flows.known, flows.both, level=level, confidence=confidence)
    return Drift(instants, edges, tuple(groups), flows, chances, is_marked, cells, every.tiered, confidence)


def judged(flows: Flows, level: float) -> tuple[tuple[tuple[float, ...], ...], tuple[tuple[bool, ...], ...]]:
    """The chance of every change, and which are marked: all of them are one family."""
    steps, groups = flows.came.shape
    moves = [
        step_of(flows, step if step < steps - 1 else -1, place) for step in range(steps) for place in range(groups)
    ]
    chances = [one.change()[2] for one in moves]
    found = marked(chances, level)
    rows = [slice(step * groups, (step + 1) * groups) for step in range(steps)]
    return tuple(tuple(chances[one]) for one in rows), tuple(tuple(found[one]) for one in rows)


def months_of(settings: Settings, manifest: LogManifest, until: datetime) -> tuple[datetime, ...]:
    """The beginnings of the last months, up to an instant, after the log's first event.

    Raises:
        TooShort: fewer than two.
    """
    calendar = settings.lifecycle.calendar
    day = calendar.day_of(until).replace(day=1)
    found: list[datetime] = []
    while len(found) <= settings.segments.drift_months and calendar.midnight(day) > manifest.first_event_at:
        found.append(calendar.midnight(day))
        day = date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)
    if len(found) < 2:
        raise TooShort(manifest.first_event_at, until)
    return tuple(reversed(found))
