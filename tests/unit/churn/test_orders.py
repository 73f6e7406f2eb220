"""From which instant on an order counts no more."""

import numpy as np
import pandas as pd
import pytest

from churn.calendar import NEVER
from churn.orders import TakingBack, taken_back_us

Row = tuple[str, str | None, float | None, float | None, int]


def _void(*rows: Row, customer: list[str] | None = None) -> list[int | None]:
    """kind, order, amount, quantity, known: from when on each row is void."""
    frame = pd.DataFrame(list(rows), columns=["event_type", "order_id", "amount", "quantity", "known"])
    frame = frame.astype({"amount": "float64", "quantity": "float64"}).assign(customer_id=customer or "a")
    void = taken_back_us(frame, known_us=frame["known"].to_numpy(dtype=np.int64))
    return [None if value == NEVER else int(value) for value in void]


@pytest.mark.parametrize(
    ("rows", "void"),
    [
        ([("order", "1", 10, None, 1), ("return", "1", 10, None, 5)], [5, None]),
        ([("order", "1", 10, None, 1), ("return", "1", -10, None, 5)], [5, None]),  # some logs write a minus
        ([("order", "1", 10, None, 1), ("return", "1", 4, None, 5)], [None, None]),  # in part
        ([("order", "1", 10, None, 1), ("return", "1", 4, None, 5), ("refund", "1", 6, None, 7)], [7, None, None]),
        ([("order", "1", 9.99, None, 1), ("return", "1", 9.987, None, 5)], [5, None]),  # to half a cent
        ([("order", "1", 10, None, 1), ("cancel", "1", None, None, 5)], [5, None]),  # says nothing: in full
        ([("order", "1", None, 2, 1), ("return", "1", None, 2, 5)], [5, None]),
        ([("order", "1", None, 2, 1), ("return", "1", None, 1, 5)], [None, None]),
        ([("order", "1", 10, 2, 1), ("return", "1", None, 1, 5)], [None, None]),
        ([("order", "1", None, 2, 1), ("return", "1", 3, 1, 5)], [None, None]),  # amount unknown: by quantity
        ([("order", "1", None, None, 1), ("return", "1", 3, 1, 5)], [5, None]),  # nothing to compare with
        ([("order", "1", None, 2, 1), ("return", "1", 3, None, 5)], [5, None]),
        ([("order", "1", 10, None, 1), ("return", "1", None, 1, 5)], [5, None]),
        ([("order", "1", 10, None, 1), ("return", "2", 10, None, 5)], [None, None]),
        ([("order", "1", 10, None, 1), ("return", None, 10, None, 5)], [None, None]),
        ([("order", "1", 10, None, 1), ("order", "1", 5, None, 1), ("return", "1", 15, None, 5)], [5, 5, None]),
        ([("order", "1", 10, None, 5), ("return", "1", 10, None, 1)], [5, None]),  # the return reached us first
        ([("order", "1", 10, None, 5), ("return", "1", 10, None, 5)], [5, None]),  # at the same moment
        # the second line reached us late: the first stays taken back, the second stands
        ([("order", "1", 10, None, 1), ("return", "1", 10, None, 2), ("order", "1", 10, None, 5)], [2, None, None]),
        ([("visit", None, None, None, 1)], [None]),
    ],
)
def test_an_order_is_taken_back(rows: list[Row], void: list[int | None]) -> None:
    assert _void(*rows) == void


def test_row_order_is_irrelevant() -> None:
    rows: list[Row] = [("return", "1", 6, None, 7), ("order", "1", 10, None, 1), ("return", "1", 4, None, 5)]
    assert _void(*rows) == [None, 7, None]


def test_another_customer_s_order_of_the_same_name_stands() -> None:
    rows: list[Row] = [("order", "1", 10, None, 1), ("order", "1", 10, None, 1), ("return", "1", 10, None, 5)]
    assert _void(*rows, customer=["a", "b", "b"]) == [None, 5, None]


def test_a_log_without_order_ids() -> None:
    frame = pd.DataFrame({"customer_id": ["a"], "event_type": ["return"]})
    assert taken_back_us(frame, known_us=np.zeros(1, dtype=np.int64)).tolist() == [NEVER]


def test_a_log_without_amounts_and_quantities() -> None:
    frame = pd.DataFrame({"customer_id": "a", "event_type": ["order", "cancel"], "order_id": "1"})
    assert taken_back_us(frame, known_us=np.array([1, 2])).tolist() == [2, NEVER]


def test_what_speaks_of_an_order_stands_when_the_order_is_taken_back() -> None:
    frame = pd.DataFrame(
        {
            "customer_id": "a",
            "event_type": ["order", "complaint", "cancellation"],
            "order_id": "1",
            "amount": [9.0, 0, 9],
        }
    )
    taking_back = TakingBack(of=("order",))
    assert taken_back_us(frame, known_us=np.array([1, 2, 3]), taking_back=taking_back).tolist() == [3, NEVER, NEVER]
