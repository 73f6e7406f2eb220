"""Which rule the bend asks for, and what the page shows of it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaigns.learning.advice import KEPT, MODELLED, advised
from campaigns.learning.bend import NO_HOLD_OUT, NOBODY, TOO_FEW, Bend
from campaigns.learning.bend_page import bend_page
from tests.campaign_shop import NOW, settings

WHOLE = Bend("churn", None, 1000, 300, 80, 0.30, 0.2, 0.4, 0.34, -0.04, -0.06, -0.02, 500.0)
NEWEST = replace(WHOLE, cutoff=datetime(2025, 1, 1, tzinfo=UTC), bend=0.01, low=-0.02, high=0.04)


def unknown(why: str) -> Bend:
    return replace(WHOLE, untreated_rate=None, bend=None, low=None, high=None, effective=None, why_not=why)


@pytest.mark.parametrize(
    ("whole", "rule"),
    [
        (WHOLE, MODELLED),
        (replace(WHOLE, bend=0.04, low=0.02, high=0.06), MODELLED),
        (replace(WHOLE, low=-0.09, high=0.01), KEPT),
        (unknown(NOBODY), KEPT),
        (unknown(NO_HOLD_OUT), None),
        (unknown(TOO_FEW), None),
    ],
)
def test_a_clear_bend_asks_for_a_rule_and_no_single_cutoff_does(whole: Bend, rule: str | None) -> None:
    assert advised([NEWEST, whole], "churn") == rule
    assert advised([NEWEST, whole], "reactivation") is None


def test_the_page_draws_each_cutoff_and_says_what_to_set(tmp_path: Path) -> None:
    page = bend_page([NEWEST, WHOLE, replace(unknown(NO_HOLD_OUT), model="reactivation")], settings(tmp_path), NOW)
    assert page.count("<circle") == 2
    assert "-4.00 (-6.00 … -2.00)" in page
    assert "treated_rows = &quot;modelled&quot;" in page or 'treated_rows = "modelled"' in page
    assert "总区间不含 0" in page
    assert "请在每次活动中保留随机对照组" in page
