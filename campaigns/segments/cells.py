"""How single cells of the RFM grid changed: counts that add up over parts, and which changes are no chance.

    cell of everybody at each instant --> stayed, came, went, fresh, gone --> a test each --Holm--> marks

A grid has a hundred cells and a report a dozen steps, so some change by chance always. A change is tested only where
enough customers moved that a test could mark it at all; that number says nothing of the direction, so leaving the
others out costs no false mark and leaves the rest more of the level. Start reading at `CellDrift`.

Source: Tarone (1990), "A modified Bonferroni method for discrete data", Biometrics 46, 515-522.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from campaigns.segments.grid import Edges, Places
from campaigns.segments.intervals import Step, marked, share_of
from churn.events import BoolArray

MOVES = ("stayed", "came", "went", "fresh", "gone")
FEWEST_MOVED = 20  # below, not even all of them in one direction are beyond chance among so many cells
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class CellFlows:
    """Counts of each cell at k instants and over the steps between them, the last step from the first to the last.

    Args:
        size: customers in it. Shape (k, cells).
        stayed, came, went, fresh, gone: as in `Flows`. Shape (k, cells) each, by step.
    """

    size: Counts
    stayed: Counts
    came: Counts
    went: Counts
    fresh: Counts
    gone: Counts

    @classmethod
    def nobody(cls, instants: int, cells: int) -> Self:
        """No customer at so many instants."""
        return cls(*(np.zeros((instants, cells), dtype=np.int64) for _ in fields(cls)))

    def __add__(self, other: "CellFlows") -> "CellFlows":
        return CellFlows(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def count(self, place: int, cell: Places) -> None:
        """Count who is where at an instant; -1 is nowhere."""
        self.size[place] = self._of(cell, cell >= 0)

    def move(self, step: int, before: Places, now: Places, known: tuple[BoolArray, BoolArray]) -> None:
        """Count who moved.

        Args:
            step: which; -1 from the first to the last.
            before: the cell of each customer, -1 for none. Shape (n,).
            now: likewise since.
            known: of whom anything was known, before and since.
        """
        was, since = known
        same = before == now
        self.stayed[step] = self._of(now, same & (now >= 0))
        self.came[step] = self._of(now, ~same & (now >= 0) & was)
        self.fresh[step] = self._of(now, (now >= 0) & ~was)
        self.went[step] = self._of(before, ~same & (before >= 0) & since)
        self.gone[step] = self._of(before, (before >= 0) & ~since)

    def _of(self, cell: Places, rows: BoolArray) -> Counts:
        return np.bincount(cell[rows], minlength=self.size.shape[1])


@dataclass(frozen=True)
class CellDrift:
    """What changed in the cells.

    Args:
        edges: of the grid, the same at every instant.
        flows: the counts.
        known: customers of whom anything was known. Shape (k,).
        both: known before and after. Shape (k,), by step.
        chances: p-value of each step and cell; NaN where too few moved. Shape (k, cells).
        is_marked: whether it is no chance. Shape (k, cells).
        confidence: of intervals.
    """

    edges: Edges
    flows: CellFlows
    known: Counts
    both: Counts
    chances: NDArray[np.float64]
    is_marked: BoolArray
    confidence: float

    @classmethod
    def judged(
        cls, edges: Edges, flows: CellFlows, known: Counts, both: Counts, *, level: float, confidence: float
    ) -> "CellDrift":
        """Test every cell in which enough moved.

        Args:
            edges: of the grid.
            flows: counts of its cells.
            known: customers at each instant.
            both: known before and after, by step.
            level: chance of any false mark.
            confidence: of intervals.
        """
        shape = flows.size.shape
        chances, is_marked = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
        asked = np.argwhere(flows.came + flows.went + flows.fresh + flows.gone >= FEWEST_MOVED)
        for step, cell in asked:
            chances[step, cell] = _step(flows, known, both, int(step), int(cell)).change()[2]
        found = marked([float(chances[step, cell]) for step, cell in asked], level)
        for (step, cell), one in zip(asked, found, strict=True):
            is_marked[step, cell] = one
        return cls(edges, flows, known, both, chances, is_marked, confidence)

    @property
    def tested(self) -> int:
        """How many changes were tested together."""
        return int((~np.isnan(self.chances)).sum())

    def change(self, step: int, cell: int) -> dict[str, Any]:
        """A cell between two instants; step -1: from the first to the last."""
        moved = _step(self.flows, self.known, self.both, step, cell)
        change, error, _ = moved.change()
        half = float(stats.norm.isf((1 - self.confidence) / 2)) * error
        ends = {} if change is None else {"low": change - half, "high": change + half}
        chance = float(self.chances[step, cell])
        told = {name: getattr(moved, name) for name in MOVES}
        return {
            "change": change, **ends, **told, "chance": None if np.isnan(chance) else chance,
            "is_marked": bool(self.is_marked[step, cell]),
        }  # fmt: skip

    def as_json(self, instants: Sequence[str]) -> dict[str, Any]:
        """For machines: every cell that anybody was in.

        Args:
            instants: in ISO form.
        """
        return {"tested": self.tested, "fewest_moved": FEWEST_MOVED, "cells": self.rows(instants)}

    def rows(self, instants: Sequence[str]) -> list[dict[str, Any]]:
        """The cells that anybody was in, those of the largest change first."""
        silence, orders, amount = self.edges.ranges
        found = []
        for cell, (row, column, layer) in enumerate(self.edges.cells):
            if not self.flows.size[:, cell].any():
                continue
            months = [
                share_of(int(self.flows.size[at, cell]), int(self.known[at]), self.confidence)
                for at in range(len(instants))
            ]
            steps = [at for at in range(len(instants) - 1) if self.is_marked[at, cell]]
            found.append({
                "days_since_last_order": silence[row], "orders": orders[column], "amount": amount[layer],
                "row": row, "column": column, "first": months[0], "last": months[-1],
                "first_to_last": self.change(-1, cell),
                "marked_steps": [{"until": instants[at + 1], **self.change(at, cell)} for at in steps],
            })  # fmt: skip
        return sorted(found, key=lambda one: -abs(one["first_to_last"]["change"] or 0.0))


def _step(flows: CellFlows, known: Counts, both: Counts, step: int, cell: int) -> Step:
    before, since = (0, -1) if step in (-1, len(known) - 1) else (step, step + 1)
    moves = {name: int(getattr(flows, name)[step, cell]) for name in MOVES}
    return Step(int(known[before]), int(known[since]), int(both[step]), **moves)
