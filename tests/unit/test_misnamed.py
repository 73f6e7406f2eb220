"""Campaigns, actions and days that there are not are errors that name those there are."""

from datetime import timedelta
from pathlib import Path

import pytest

from campaigns.ledger.effect import NoCampaign
from cli.campaign_audit import audit
from cli.campaign_segments import segments
from cli.campaign_uplift import uplift
from cli.misnamed import DayToCome, UntriedAction
from features.treatments import write_treatments
from tests.campaign_shop import NOW, scored, settings, treatments, written


def test_a_campaign_and_an_action_that_there_are_not(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a"), scored("b")])
    write_treatments(shop.folder, "autumn", treatments("autumn", {"a": True, "b": False}, days_ago=100, window_days=60))
    with pytest.raises(NoCampaign, match="name one of autumn"):
        audit(shop, "nope", 0.0)
    with pytest.raises(UntriedAction, match="did you mean coupon"):
        uplift(shop, "cupon")


def test_a_day_to_come_is_no_fact(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    asked = {"member": None, "out": None, "with_drift": False, "with_grid": False, "with_outcomes": False}
    with pytest.raises(DayToCome, match="name a day that has begun"):
        segments(shop, as_of=f"{NOW + timedelta(days=300):%Y-%m-%d}", **asked)  # type: ignore[arg-type]
