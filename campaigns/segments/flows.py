"""Counts of who was in which group at each instant, and who moved: integers that add up over the parts of a log.

Groups are the saved segments, which may overlap, and the types of the RFM grid, of which everybody is in one. Start
reading at `part_flows`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from campaigns.segments.asking import Asked
from campaigns.segments.cells import CellFlows
from campaigns.segments.grid import TYPES, Edges, Places
from campaigns.segments.instants import STAGES, At, at_instants
from churn.events import BoolArray, FloatArray
from features.parts import Part

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Flows:
    """Counts at k instants and over the steps between them, the last step being from the first instant to the last.

    Args:
        known: customers of whom anything was known. Shape (k,).
        size: customers of each group. Shape (k, g).
        stages: of them in each stage. Shape (k, g, 7).
        orders: of them in the grid's days, together. Shape (k, g).
        amount: their money. Shape (k, g).
        stayed: in the group before and after. Shape (k, g), by step.
        came: known before, and in the group since. Shape (k, g).
        went: in the group before, known since and not in it. Shape (k, g).
        gone: in the group before, and no longer known: their events were corrected. Shape (k, g).
        both: known before and after. Shape (k,).
        fresh: in the group, and not known before. Shape (k, g).
        came_from: types of those who came, before. Shape (k, g, 9).
        went_to: types of those who went, after. Shape (k, g, 9).
        cells: the same of single cells of the grid.
    """

    known: Counts
    size: Counts
    stages: Counts
    orders: FloatArray
    amount: FloatArray
    stayed: Counts
    came: Counts
    went: Counts
    gone: Counts
    fresh: Counts
    both: Counts
    came_from: Counts
    went_to: Counts
    cells: CellFlows

    @classmethod
    def nobody(cls, instants: int, groups: int, cells: int) -> Self:
        """No customer at so many instants."""
        shapes = {"known": (instants,), "both": (instants,), "stages": (instants, groups, len(STAGES))}
        shapes |= dict.fromkeys(("came_from", "went_to"), (instants, groups, len(TYPES)))
        money = ("orders", "amount")
        found: dict[str, Any] = {
            one.name: np.zeros(shapes.get(one.name, (instants, groups)), dtype=float if one.name in money else np.int64)
            for one in fields(cls)
            if one.name != "cells"
        }
        return cls(**found, cells=CellFlows.nobody(instants, cells))

    def __add__(self, other: "Flows") -> "Flows":
        return Flows(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True)
class _Then:
    """One instant: who is known and in which group, of which type, and in which cell (-1: none)."""

    known: BoolArray
    member: BoolArray
    type: Places
    cell: Places


def part_flows(part: Part, *, asked: Asked, instants: Sequence[datetime], edges: Edges) -> Flows:
    """The counts of one part's customers; what an engine maps over the parts.

    Args:
        part: of the log.
        asked: the segments; none that goes by the value tier.
        instants: rising.
        edges: of the grid, the same at every instant.
    """
    found = Flows.nobody(len(instants), len(asked.names) + len(TYPES), len(edges.cells))
    first: _Then | None = None
    before: _Then | None = None
    for place, at in enumerate(at_instants(part.read(), asked, instants)):
        now = _then(at, edges)
        _count(found, place, at, now)
        if before is not None:
            _move(found, place - 1, before, now)
        first, before = first or now, now
    if first is not None and before is not None:
        _move(found, -1, first, before)
    return found


def _then(at: At, edges: Edges) -> _Then:
    kind = edges.type_of(at.silence_days, at.orders, at.amount)
    of_type = (kind[:, None] == np.arange(len(TYPES))) & at.known[:, None]
    cell = np.where(at.known, edges.cell_of(at.silence_days, at.orders, at.amount), -1).astype(np.int16)
    return _Then(at.known, np.concatenate([at.members, of_type], axis=1), kind, cell)


def _count(found: Flows, place: int, at: At, now: _Then) -> None:
    found.known[place] = now.known.sum()
    found.size[place] = now.member.sum(axis=0)
    for stage in range(len(STAGES)):
        found.stages[place, :, stage] = now.member[at.stage == stage].sum(axis=0)
    found.orders[place] = at.orders @ now.member
    found.amount[place] = at.amount @ now.member
    found.cells.count(place, now.cell)


def _move(found: Flows, step: int, before: _Then, now: _Then) -> None:
    came = now.member & ~before.member & before.known[:, None]
    went = before.member & ~now.member & now.known[:, None]
    found.both[step] = (before.known & now.known).sum()
    found.gone[step] = (before.member & ~now.known[:, None]).sum(axis=0)
    found.stayed[step] = (now.member & before.member).sum(axis=0)
    found.came[step], found.went[step] = came.sum(axis=0), went.sum(axis=0)
    found.fresh[step] = (now.member & ~before.known[:, None]).sum(axis=0)
    found.cells.move(step, before.cell, now.cell, (before.known, now.known))
    for kind in range(len(TYPES)):
        found.came_from[step, :, kind] = came[before.type == kind].sum(axis=0)
        found.went_to[step, :, kind] = went[now.type == kind].sum(axis=0)
