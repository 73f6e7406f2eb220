"""The page of value: channels beside their cost, whether the interval held, and nothing that runs."""

from typing import Any

from campaigns.value.page import page
from tests.unit.campaigns.value.made_report import report

NASTY = "<script>alert(1)</script>"


def shown(**changed: Any) -> str:
    return page(report(**changed), business="Shop & Co", language="en")


def test_value_over_cost_stands_by_channel_with_its_interval() -> None:
    told = shown()
    assert 'aria-label="margin over cost by channel"' in told
    assert "6.00 x (5.00 – 7.00)" in told
    assert "Without a cost: fair. Set [value.acquisition_costs]." in told
    assert "缺少获客成本：fair。" in told


def test_a_name_from_the_log_is_text_and_never_code() -> None:
    told = shown(channel=NASTY)
    assert NASTY not in told
    assert "&lt;script&gt;" in told
    assert "Shop &amp; Co" in told


def test_the_interval_is_told_of_each_group_with_who_chose_its_width() -> None:
    told = shown()
    assert "Of 400 customers of 2025-01-01, 90.0% spent within it, of 90% promised." in told
    assert "Its width was chosen on 2024-10-01, whose horizons overlap with it." in told
    assert "bought on one day, lapsed" in told
    assert "Did the interval hold" not in shown(covered=None)


def test_what_could_not_be_told_stands_first_with_its_mend() -> None:
    notice = {"code": "no_acquisition_attribute", "problem": "no profile has `origin`.", "mend": "correct the name."}
    told = shown(notices=[notice], channels=[])
    assert told.index("No profile has <code>origin</code>.") < told.index("Value tiers")
    assert "Correct the name." in told
    assert "margin over cost" not in told


def test_without_money_the_page_says_why_and_tells_the_tiers() -> None:
    told = shown(why="no_margin_ratio", why_en="[value] margin_ratio is not set", why_zh="未设置", clv_amount=None)
    assert "No lifetime value is told: [value] margin_ratio is not set." in told
    assert "margin expected, CNY" not in told
    assert "Value tiers" in told
