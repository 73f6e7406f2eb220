"""Single cells of the grid: counts are those of customers, noise marks hardly ever, and a planted shift is marked."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from campaigns.segments.cells import CellDrift, CellFlows
from campaigns.segments.grid import Edges

EDGES = Edges((10, 30, 60, 120), (1, 2, 4, 8), (50, 100, 200, 400), (30, 2, 100), days=365, own=True)
CELLS = len(EDGES.cells)
STEPS, CUSTOMERS, FRESH = 6, 3000, 60


def drawn(seed: int, *, shift: float = 0.0) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Cells and who is known, customers by instants: three in ten move each step; `shift` more of them to cell 7."""
    draw = np.random.default_rng(seed)
    shares = draw.dirichlet(np.full(CELLS, 0.6))
    size = CUSTOMERS + STEPS * FRESH
    cell, known = np.zeros((STEPS + 1, size), dtype=np.int16), np.zeros((STEPS + 1, size), dtype=bool)
    for at in range(STEPS + 1):
        known[at, : CUSTOMERS + at * FRESH] = True
        now = draw.choice(CELLS, size, p=shares).astype(np.int16)
        now[draw.random(size) < (shift if at > STEPS // 2 else 0.0)] = 7
        moves = draw.random(size) < 0.3 if at else np.ones(size, dtype=bool)
        cell[at] = np.where(moves | ~known[at - 1], now, cell[at - 1])
    return np.where(known, cell, -1).astype(np.int16), known


def counted(cell: NDArray[np.int16], known: NDArray[np.bool_]) -> CellFlows:
    flows = CellFlows.nobody(len(cell), CELLS)
    for at in range(len(cell)):
        flows.count(at, cell[at])
        before = at - 1 if at else -1
        if at:
            flows.move(before, cell[at - 1], cell[at], (known[at - 1], known[at]))
    flows.move(-1, cell[0], cell[-1], (known[0], known[-1]))
    return flows


def judged(cell: NDArray[np.int16], known: NDArray[np.bool_], level: float = 0.05) -> CellDrift:
    both = np.append((known[1:] & known[:-1]).sum(axis=1), (known[0] & known[-1]).sum())
    return CellDrift.judged(
        EDGES, counted(cell, known), known.sum(axis=1), both, level=level, confidence=0.95
    )  # fmt: skip


def test_counts_are_those_of_customers_and_add_up_over_parts() -> None:
    cell, known = drawn(1)
    flows = counted(cell, known)
    for step in range(STEPS):
        assert (flows.stayed[step] + flows.came[step] + flows.fresh[step] == flows.size[step + 1]).all()
        assert (flows.stayed[step] + flows.went[step] + flows.gone[step] == flows.size[step]).all()
    came = (cell[2] == 5) & (cell[1] != 5) & known[1]
    assert flows.came[1, 5] == came.sum()
    halves = [counted(cell[:, rows], known[:, rows]) for rows in (slice(0, 1500), slice(1500, None))]
    both = halves[0] + halves[1]
    assert all((getattr(both, name) == getattr(flows, name)).all() for name in ("size", "came", "went", "fresh"))


def quiet(reports: int) -> Iterator[bool]:
    for seed in range(reports):
        yield bool(judged(*drawn(seed)).is_marked.any())


def test_noise_is_seldom_told_as_drift() -> None:
    reports = 200  # each of some hundreds of changes, of which nothing but chance made one
    assert sum(quiet(reports)) / reports <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / reports)


def test_without_holding_changes_together_noise_would_be_told_in_every_report() -> None:
    chances = judged(*drawn(3)).chances
    assert (chances[~np.isnan(chances)] < 0.05).sum() > 5


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_shift_of_one_cell_is_marked(seed: int) -> None:
    found = judged(*drawn(seed, shift=0.15))
    assert found.is_marked[-1, 7]
    change = found.change(-1, 7)
    assert change["low"] > 0.02
    assert change["is_marked"]
    first = found.rows([str(at) for at in range(STEPS + 1)])[0]
    assert (first["row"], first["column"]) == EDGES.cells[7][:2]


def test_a_cell_in_which_few_moved_is_not_tested() -> None:
    cell, known = np.zeros((2, 400), dtype=np.int16), np.ones((2, 400), dtype=bool)
    cell[1, :19] = 9
    found = judged(cell, known)
    assert np.isnan(found.chances[-1, 9])
    assert found.change(-1, 9)["chance"] is None
    assert not found.is_marked.any()
    cell[1, :40] = 9
    assert judged(cell, known).is_marked[-1, 9]
