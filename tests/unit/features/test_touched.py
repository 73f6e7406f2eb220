"""Which rows campaigns touched, drawn: a day a character, `|` the cutoff, `[` planned, `)` the end of its window."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from churn.calendar import NEVER, Calendar, to_us
from churn.definition import ChurnDefinition, Lifecycle
from churn.tables import TREATMENTS
from features.holders import Holders
from features.touched import Touched, touched

LIFECYCLE = Lifecycle(ChurnDefinition(horizon_days=4, gap_days=2), calendar=Calendar("Asia/Shanghai"))
CUTOFF = LIFECYCLE.calendar.midnight(date(2024, 6, 1))
CASES = (  # the outcome is decided on days 0 to 5 after the cutoff: two of gap, four of horizon
    ("[..)|......", False, "its window was over by the cutoff"),
    ("[...|).....", False, "it ends with the cutoff, which it leaves out"),
    ("[...|.)....", True, "planned before, and its window reaches past the cutoff"),
    ("....|[...).", True, "planned at the cutoff"),
    ("....|..[..)", True, "planned within the gap or the horizon"),
    ("....|.....[...)", True, "planned on the last day of the horizon"),
    ("....|......[..)", False, "planned when the outcome is decided"),
)


def planned(customer: str, begins: datetime, ends: datetime, *, treated: bool, propensity: float = 0.8) -> pd.DataFrame:
    """One row of TREATMENTS."""
    row = {"campaign": f"c{begins:%m%d}", "customer_id": customer, "action": "coupon", "planned_at": begins,
           "window_end": ends, "propensity": propensity, "is_treated": treated}  # fmt: skip
    frame = pd.DataFrame([row]).reindex(columns=TREATMENTS.names)
    return frame.astype({name: TREATMENTS[name].dtype for name in ("planned_at", "due", "window_end")})


def asked(*rows: pd.DataFrame, customers: str = "ab") -> Touched:
    frame = pd.concat(rows, ignore_index=True) if rows else TREATMENTS.empty()
    ids = np.array(list(customers), dtype=object)
    return touched(ids, np.full(len(ids), to_us(CUTOFF)), frame, LIFECYCLE)


def days(count: int) -> datetime:
    return CUTOFF.astimezone(UTC) + timedelta(days=count)


@pytest.mark.parametrize(("drawing", "is_within", "because"), CASES)
def test_a_treatment_touches_where_its_window_overlaps_what_decides(
    drawing: str, is_within: bool, because: str
) -> None:
    at = drawing.replace("|", "")
    zero = drawing.index("|")
    found = asked(planned("a", days(at.index("[") - zero), days(at.index(")") - zero), treated=True))
    assert found.is_treated.tolist() == [is_within, False], because


def test_the_held_out_stand_for_the_treated_and_treated_once_is_treated() -> None:
    both = planned("a", days(0), days(3), treated=False), planned("a", days(4), days(9), treated=False, propensity=0.5)
    found = asked(*both)
    assert found.is_held_out.tolist() == [True, False]
    assert found.weight == pytest.approx([10.0, 1.0])
    found = asked(both[0], planned("a", days(4), days(9), treated=True, propensity=1.0))
    assert found.is_treated.tolist() == [True, False]
    assert found.weight == pytest.approx([1.0, 1.0])
    assert found.stands_for_nobody.tolist() == [True, False]


def test_nothing_planned_touches_nobody() -> None:
    assert not asked().is_any
    assert not asked(planned("z", days(0), days(9), treated=True)).is_any


def test_what_was_planned_for_one_id_touches_the_other_once_that_was_known() -> None:
    plan = planned("a", days(1), days(3), treated=True)
    ids, at = np.array(["a", "b", "c"], dtype=object), np.full(3, to_us(CUTOFF))
    stretches = [("shop", "a", "a", -(2**62), to_us(days(5))), ("shop", "a", "b", to_us(days(5)), NEVER)]
    holders = Holders(pd.DataFrame(stretches, columns=["source", "source_id", "customer_id", "since_us", "until_us"]))
    assert touched(ids, at, plan, LIFECYCLE, holders).is_treated.tolist() == [True, True, False]
    late = holders.stretches.replace(to_us(days(5)), to_us(days(7)))  # known when the outcome was decided already
    assert touched(ids, at, plan, LIFECYCLE, Holders(late)).is_treated.tolist() == [True, False, False]
