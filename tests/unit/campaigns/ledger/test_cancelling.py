"""A plan that was tried and never exported: taken back it counts no more, kept it is told to have reached nobody."""

from datetime import timedelta
from pathlib import Path

import pytest

from campaigns.ledger.cancelling import WentOut
from campaigns.ledger.effect import NoCampaign, effects_of
from campaigns.people import people_of
from campaigns.plan.planning import Asked
from campaigns.suppress import doors_of
from churn.settings import Settings
from cli.campaign_ledger import cancel, export
from cli.campaign_plan import plan
from cli.campaign_uplift import uplift
from features.atomic import write_json
from features.parts import log_parts
from features.treatments import is_on_paper, read_treatments, write_treatments
from tests.campaign_shop import COUPON, NOW, event, scored, settings, treatments, written

IDS = [f"c{number:03d}" for number in range(120)]


def shop(folder: Path, *contacted: str) -> Settings:
    events = [event(one, "campaign_contact", 0.5, category="spring", reason_code="coupon") for one in contacted]
    business = settings(folder, COUPON, hold_out_ratio=0.4)
    return written(business, [scored(one, 0.9) for one in IDS], events, values=dict.fromkeys(IDS, 100.0))


def planned(business: Settings) -> None:
    plan(business, Asked("spring"), dry_run=False, replace=False, by=None)


def free(business: Settings) -> int:
    later = NOW + timedelta(hours=20)  # than the end of the log, which is its clock
    doors = doors_of(business, people_of(business, later), later, {})
    return sum(code is None for code in doors.why_not(COUPON))


def test_a_plan_that_was_tried_and_cancelled_counts_no_more(tmp_path: Path) -> None:
    business = shop(tmp_path)
    planned(business)
    rows = read_treatments(business.folder, "spring")
    assert (len(rows), free(business)) == (120, 0)
    told = cancel(business, "spring")
    treated = int(rows["is_treated"].sum())
    assert told.as_json == {"campaign": "spring", "treated": treated, "held_out": 120 - treated}
    assert f"{treated} count as contacted by it no more" in told.text
    assert free(business) == 120
    assert not (business.folder / "campaigns" / "spring").exists()
    planned(business)
    zh = business.model_copy(update={"business": business.business.model_copy(update={"language": "zh"})})
    assert "已取消 spring" in cancel(zh, "spring").text


def test_what_went_out_or_happened_is_not_cancelled(tmp_path: Path) -> None:
    business = shop(tmp_path)
    with pytest.raises(NoCampaign):
        cancel(business, "spring")
    planned(business)
    export(business, "spring", None)
    with pytest.raises(WentOut, match="list or an audience"):
        cancel(business, "spring")
    write_treatments(business.folder, "old", treatments("old", {"c000": True}, days_ago=90, window_days=30))
    with pytest.raises(WentOut, match="brought in from a file"):
        cancel(business, "old")
    assert len(read_treatments(business.folder, "old")) == 1


def test_an_audience_of_a_campaign_is_a_list_too(tmp_path: Path) -> None:
    business = shop(tmp_path)
    planned(business)
    assert is_on_paper(business.folder, "spring")
    manifest = business.folder / "campaigns" / "audiences" / "one" / "manifest.json"
    write_json(manifest, {"audience": "campaign:spring-2"})
    assert is_on_paper(business.folder, "spring")
    write_json(manifest, {"audience": "campaign:spring"})
    with pytest.raises(WentOut, match="list or an audience"):
        cancel(business, "spring")


def test_who_was_contacted_beside_the_lists_stays(tmp_path: Path) -> None:
    business = shop(tmp_path, "c000")
    rows = treatments("spring", dict.fromkeys(IDS, True), days_ago=2, window_days=60)
    write_treatments(business.folder, "spring", rows)
    write_json(business.folder / "campaigns" / "spring" / "manifest.json", {"actions": []})
    with pytest.raises(WentOut, match="log tells of contacts"):
        cancel(business, "spring")


def test_a_plan_that_was_never_exported_has_no_effect_and_teaches_nothing(tmp_path: Path) -> None:
    business = shop(tmp_path)
    people = {one: number < 80 for number, one in enumerate(IDS)}
    rows = treatments("spring", people, days_ago=90, window_days=30, propensity=2 / 3)
    write_treatments(business.folder, "spring", rows)
    (found,) = effects_of(business, log_parts(business.folder), ["spring"], NOW)
    assert found.is_causal, "without a manifest it was imported, and went out"
    manifest = {"actions": [COUPON.model_dump(mode="json")], "margin_ratio": 0.5}
    write_json(business.folder / "campaigns" / "spring" / "manifest.json", manifest)
    (found,) = effects_of(business, log_parts(business.folder), ["spring"], NOW + timedelta(hours=1))
    assert (found.why_not, found.cost_amount) == (("never_exported",), 0.0)


def test_uplift_names_what_was_never_exported(tmp_path: Path) -> None:
    business = shop(tmp_path)
    planned(business)
    told = uplift(business, "coupon")
    assert told.as_json["coupon"]["left_out"] == {"spring": "never_exported"}
    assert "campaign spring left out, not learned: its lists were never written" in told.text
