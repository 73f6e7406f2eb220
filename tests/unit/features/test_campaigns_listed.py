"""Every campaign on a line: who is in charge, who was held out, and whether its effect can be told yet."""

from datetime import timedelta
from pathlib import Path

from cli import campaign_ledger
from features.campaigns_listed import listed
from features.treatments import write_treatments
from tests.campaign_shop import NOW, scored, settings, treatments, written


def test_campaigns_by_the_day_on_which_they_were_planned(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    late = treatments("spring", {"a": True, "b": False, "c": True}, days_ago=10, window_days=30)
    write_treatments(shop.folder, "spring", late)
    write_treatments(shop.folder, "autumn", treatments("autumn", {"a": True}, days_ago=100, window_days=60))
    first, second = listed(shop.folder)
    assert (first.campaign, first.treated, first.held_out, first.is_over(NOW)) == ("autumn", 1, 0, True)
    assert (second.campaign, second.planned, second.held_out, second.is_over(NOW)) == ("spring", 3, 1, False)
    assert second.window_end == NOW + timedelta(days=20)
    told = campaign_ledger.listed(shop)
    assert "autumn: planned 2024-11-21, 1 to contact, 0 held out; coupon; shop; over since 2025-01-20" in told.text
    assert [one["is_over"] for one in told.as_json] == [True, False]


def test_no_campaign_says_how_to_plan_one(tmp_path: Path) -> None:
    assert "churn campaign plan" in campaign_ledger.listed(written(settings(tmp_path), [scored("a")])).text
