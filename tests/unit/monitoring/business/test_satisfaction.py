"""Scores by stage and what becomes of complaints; the funnel, and when there is none."""

import numpy as np
import pytest

from churn.monitoring_sections import Monitoring
from monitoring.business.funnel import Funnel
from monitoring.business.satisfaction import Satisfaction, mean
from tests import drawn_business
from tests.drawn_business import CYCLE, Drawn, of


def satisfied(drawn: Drawn, parts: int = 1) -> Satisfaction:
    told = Satisfaction(drawn.edges, drawn.segmentation, CYCLE)
    drawn.walk(told, parts=parts)
    return told


def test_scores_by_the_stage_at_that_moment() -> None:
    rows = [("a", "order", 10.0, "tea", 5.0), ("a", "survey", 20.0, None, 5.0), ("a", "survey", 100.0, None, 1.0)]
    rows += [("b", "order", 50.0, "tea", 5.0), ("b", "survey", 51.0, None, 4.0), ("b", "survey", 400.0, None, 2.0)]
    told = satisfied(of(rows)).by_stage("survey", least=2)
    assert {stage: (one.value, one.n) for stage, one in told.items()} == {"new": (4.5, 2), "lapsed": (1.5, 2)}
    assert satisfied(of(rows)).by_stage("survey", least=3) == {}


def test_the_interval_of_a_mean() -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    told = mean(np.array([4, scores.sum(), (scores**2).sum()]))
    half = 1.959964 * scores.std(ddof=1) / 2
    assert (told.low, told.high) == (pytest.approx(2.5 - half), pytest.approx(2.5 + half))


def test_parts_add_up() -> None:
    drawn = drawn_business.draw(200, seed=7, kinds=("survey",))
    whole, parts = satisfied(drawn), satisfied(drawn, parts=3)
    assert whole.sums.keys() == parts.sums.keys()
    assert all(np.allclose(sums, parts.sums[key]) for key, sums in whole.sums.items())
    asked = (drawn.frame["event_type"] == "survey").sum()
    assert whole.sums["survey", "stage"][:, 0].sum() == asked
    assert sum(sums[0] for sums in whole.by_quarter.values()) == asked


def test_what_becomes_of_complaints() -> None:
    rows = [("a", "order", 1.0, "tea", 5.0), ("a", "complaint", 10.0, "price", np.nan)]
    rows += [("a", "complaint_answered", 12.5, None, np.nan), ("a", "complaint_solved", 30.0, None, np.nan)]
    rows += [("b", "order", 1.0, "tea", 5.0), ("b", "complaint", 10.0, "price", np.nan)]
    rows += [("b", "complaint", 710.0, "price", np.nan)]  # ten days old: not judged yet
    told = satisfied(of(rows))
    assert told.solved["complaint"].count == 2
    within, later = told.done_within("complaint", "solved"), told.done_within("complaint", "solved", 10)
    assert within is not None
    assert later is not None
    assert (within.value, later.value) == (0.5, 0.0)
    answered = told.done_within("complaint", "answered", 3)
    assert answered is not None
    assert answered.value == 0.5


def test_nobody_knows_what_the_log_never_tells() -> None:
    rows = [("a", "order", 1.0, "tea", 5.0), ("a", "complaint", 10.0, "price", np.nan)]
    assert satisfied(of(rows)).done_within("complaint", "solved") is None


def funnel(drawn: Drawn, parts: int = 1, leads_by_step: tuple[tuple[str, ...], ...] = Monitoring().funnel) -> Funnel:
    told = Funnel(drawn.edges, drawn.segmentation, leads_by_step)
    drawn.walk(told, parts=parts)
    return told


def leads() -> list[tuple[str, str, float, str | None, float]]:
    """Forty who visit, ten of whom click, four of whom fill a cart, two of whom order; three enter late."""
    rows: list[tuple[str, str, float, str | None, float]] = []
    for number in range(40):
        who = f"c{number:02}"
        rows.append((who, "visit", 400.0, None, np.nan))
        rows += [(who, "email_click", 405.0, None, np.nan)] if number < 10 else []
        rows += [(who, "cart", 407.0, None, np.nan)] if number < 4 else []
        rows += [(who, "order", 410.0, "tea", 9.0)] if number < 2 else []
    return rows + [(f"z{number}", "visit", 700.0, None, np.nan) for number in range(3)]


def test_a_funnel_by_hand() -> None:
    told = funnel(of(leads()))
    assert told.code == "told"
    assert told.counts() == [40, 10, 4, 2]
    assert told.immature == 3
    assert [told.median_days(step) for step in range(3)] == [5, 2, 3]
    share = told.conversion(0)
    assert share is not None
    assert (share.value, share.n) == (0.25, 40)
    assert funnel(of(leads()), parts=3).counts() == told.counts()


def test_steps_are_what_the_business_says() -> None:
    told = funnel(of(leads()), leads_by_step=(("visit",), (), ("email_click", "cart")))
    assert told.counts() == [40, 10, 10, 2]
    with pytest.raises(ValueError, match="visit named more than once; keep each kind in one step"):
        Monitoring(funnel_interest=("visit",))


def test_days_between_steps_by_region() -> None:
    rows = leads() + [(f"c{n:02}", "profile.region", 1.0, "east" if n % 2 else "west", np.nan) for n in range(40)]
    rows = [(who, kind, at + 2 * (kind == "email_click" and who in {"c01", "c03", "c05"}), *rest)
            for who, kind, at, *rest in rows]  # fmt: skip
    told = funnel(of(rows))
    (region,) = told.dimensions
    east, west = (region.levels.index(name) for name in ("east", "west"))
    assert told.counts("region", [east]) == [20, 5, 2, 1]
    assert told.median_days(0, "region", [east]) == 7, "three of five came two days later"
    assert told.median_days(0, "region", [west]) == 5
    assert told.median_days(0, "region", [east, west]) == told.median_days(0) == 5
    assert told.median_days(0, "region", [east], least=6) is None


def test_who_ordered_had_decided() -> None:
    told = funnel(of([*leads(), ("q", "visit", 400.0, None, np.nan), ("q", "order", 401.0, "tea", 9.0)]))
    assert told.counts() == [41, 11, 5, 3]


def test_no_lead_events_are_no_zeros() -> None:
    told = funnel(of([("a", "order", 100.0, "tea", 9.0)]))
    assert told.code == "no_lead_events"
    assert told.median_days(0) is None


def test_a_log_of_buyers_alone_has_no_leads() -> None:
    rows = [(f"a{n}", kind, 400.0 + at, None, 9.0) for n in range(30) for at, kind in ((0, "visit"), (0.1, "order"))]
    told = funnel(of(rows))
    assert told.code == "buyers_only"
