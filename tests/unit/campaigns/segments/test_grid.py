"""The RFM grid: equal numbers share a cell, edges belong below, and the eight types part at the median."""

import numpy as np

from campaigns.segments.grid import OUTSIDE, TYPES, edges_of, ranges
from churn.segment_sections import Segments

SILENCE = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, np.nan])
ORDERS = np.array([1, 1, 1, 1, 1, 1, 1, 2, 3, 9, 0.0])
AMOUNT = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 0.0])


def test_fifths_are_as_even_as_equal_numbers_allow() -> None:
    edges = edges_of(SILENCE, ORDERS, AMOUNT, Segments(), 365)
    assert edges.silence == (2, 4, 6, 8)
    assert edges.orders == (1, 2)
    assert edges.shape == (5, 3, 5)
    assert not edges.own
    cells = edges.cell_of(SILENCE, ORDERS, AMOUNT)
    assert edges.cells[cells[0]] == (0, 0, 0)
    assert edges.cells[cells[-2]] == (4, 2, 4)
    assert cells[-1] == -1


def test_edges_of_the_business_stand_and_a_number_on_an_edge_lies_below_it() -> None:
    told = Segments(grid_silence_edges=(3, 7), grid_orders_edges=(1,), grid_amount_edges=(50,))
    edges = edges_of(SILENCE, ORDERS, AMOUNT, told, 365)
    assert edges.own
    assert [edges.cells[one] for one in edges.cell_of(*(np.array([one]) for one in (3.0, 1.0, 50.0)))] == [(0, 0, 0)]
    assert [edges.cells[one] for one in edges.cell_of(*(np.array([one]) for one in (3.1, 2.0, 50.1)))] == [(1, 1, 1)]


def test_types_part_at_the_medians() -> None:
    edges = edges_of(SILENCE, ORDERS, AMOUNT, Segments(), 365)
    assert edges.medians == (5.5, 1.0, 55.0)
    names = list(TYPES)
    drawn = [  # silence, orders, money
        (5, 2, 56, "important_value"), (5, 1, 56, "important_develop"), (6, 2, 56, "important_keep"),
        (6, 1, 56, "important_win_back"), (5, 2, 55, "general_value"), (5, 1, 55, "general_develop"),
        (6, 2, 55, "general_keep"), (6, 1, 55, "general_win_back"), (np.nan, 0, 0, OUTSIDE),
    ]  # fmt: skip
    for silence, orders, amount, name in drawn:
        (place,) = edges.type_of(np.array([silence], float), np.array([orders], float), np.array([amount], float))
        assert names[place] == name


def test_nobody_makes_a_grid_of_one_cell() -> None:
    nobody = np.zeros(0)
    edges = edges_of(nobody, nobody, nobody, Segments(), 365)
    assert edges.shape == (1, 1, 1)


def test_classes_read_as_ranges() -> None:
    assert ranges((1, 2, 8), whole=True) == ["<= 1", "2", "3-8", "> 8"]
    assert ranges((9.5, 1200.0), whole=False) == ["<= 9.50", "> 9.50 to 1,200", "> 1,200"]
    assert ranges((), whole=True) == ["all"]
