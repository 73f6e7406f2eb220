"""Hazard ratios after an event: by hand, where there is no effect, where one was planted, and over parts."""

import numpy as np
import pytest

from monitoring.business.after_event import after_events, mantel_haenszel
from monitoring.business.segments import TOTAL
from tests import drawn_business
from tests.drawn_business import CYCLE


def test_the_ratio_of_one_class_is_that_of_the_rates() -> None:
    told = mantel_haenszel(np.array([[50.0], [30.0]]), np.array([[10_000.0], [2_000.0]]), np.array([[400.0], [90.0]]))
    assert told is not None
    assert told.value == pytest.approx((30 / 2_000) / (50 / 10_000))
    half = np.exp(1.959964 * np.sqrt(1 / 30 + 1 / 50))  # of one class Greenland and Robins' is the usual one
    assert (told.low, told.high) == (pytest.approx(3 / half, rel=1e-6), pytest.approx(3 * half, rel=1e-6))


def test_a_class_without_its_counterpart_tells_nothing() -> None:
    ended, days = np.array([[50.0, 9.0], [30.0, 0.0]]), np.array([[10_000.0, 400.0], [2_000.0, 0.0]])
    told = mantel_haenszel(ended, days, np.array([[400.0, 20.0], [90.0, 0.0]]))
    assert told is not None
    assert told.value == pytest.approx(3.0)


def test_two_classes_are_not_mixed_up() -> None:
    """Simpson: within each class there is no effect, together there seems to be one."""
    days = np.array([[9_000.0, 1_000.0], [1_000.0, 9_000.0]])
    ended = days * np.array([0.001, 0.01])
    told = mantel_haenszel(ended, days, np.full((2, 2), 500.0))
    assert told is not None
    assert told.value == pytest.approx(1.0)


def test_too_few_are_no_ratio() -> None:
    assert mantel_haenszel(np.array([[50.0], [4.0]]), np.full((2, 1), 900.0), np.full((2, 1), 90.0)) is None
    assert mantel_haenszel(np.array([[50.0], [9.0]]), np.full((2, 1), 900.0), np.array([[90.0], [19.0]])) is None


def test_a_planted_effect_is_found_and_none_where_none_is() -> None:
    harmful, harmless = (drawn_business.draw(seed=3, complaint_harm=harm) for harm in (0.5, 0.0))
    told = {}
    for name, drawn in (("harmful", harmful), ("harmless", harmless)):
        fold = after_events(drawn.edges, drawn.segmentation, CYCLE.definition.lapse)
        drawn.walk(fold)
        told[name] = fold.ratio("complaint", "lapse"), fold.ratio("complaint", "order")
    lapse, order = told["harmful"]
    assert lapse is not None
    assert order is not None
    assert lapse.low > 1.5
    assert order.high < 0.9
    for one in told["harmless"]:
        assert one is not None
        assert one.low < 1.05
        assert one.high > 0.95


def test_parts_add_up_and_segments_to_the_whole() -> None:
    drawn = drawn_business.draw(200, seed=4)
    whole, parts = (after_events(drawn.edges, drawn.segmentation, CYCLE.definition.lapse) for _ in range(2))
    drawn.walk(whole)
    drawn.walk(parts, parts=3)
    assert whole.counts.keys() == parts.counts.keys()
    for key, counts in whole.counts.items():
        assert np.array_equal(counts, parts.counts[key])
    everybody = whole.counts["complaint", TOTAL][:, :, -1].sum(axis=(-1, -2))
    for (kind, dimension), counts in whole.counts.items():
        if kind == "complaint" and dimension != TOTAL:
            assert np.array_equal(counts[:, :, 0].sum(axis=(-1, -2)), everybody)


def test_nothing_of_a_kind_that_the_log_has_not() -> None:
    drawn = drawn_business.draw(40, seed=5)
    fold = after_events(drawn.edges, drawn.segmentation, CYCLE.definition.lapse)
    drawn.walk(fold)
    assert fold.ratio("campaign_contact", "lapse") is None
