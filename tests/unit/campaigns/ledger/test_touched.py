"""Held out who are reached by something else: the comparison says so, unless it reaches both sides alike."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from campaigns.ledger.effect import Effect, effects_of
from churn.settings import Settings
from features.atomic import write_json
from features.parts import log_parts
from features.treatments import treatments_file, write_treatments
from tests.campaign_shop import CALL, COUPON, NOW, event, scored, settings, treatments, written

TREATED = [f"t{number:03d}" for number in range(80)]
HELD = [f"h{number:03d}" for number in range(40)]


def shop(folder: Path, events: Sequence[dict[str, Any]] = ()) -> Settings:
    people = {**dict.fromkeys(TREATED, True), **dict.fromkeys(HELD, False)}
    business = written(settings(folder, COUPON, CALL), [scored(one) for one in people], events)
    rows = treatments("autumn", people, days_ago=100, window_days=60, propensity=2 / 3)
    write_treatments(business.folder, "autumn", rows)
    return business


def treat(business: Settings, customers: Sequence[str], days_ago: int = 90) -> None:
    rows = treatments("next", dict.fromkeys(customers, True), days_ago=days_ago, window_days=30, propensity=1.0)
    write_treatments(business.folder, "next", rows)


def why_not(business: Settings) -> tuple[str, ...]:
    found: Effect = effects_of(business, log_parts(business.folder), ["autumn"], NOW)[0]
    return found.why_not


def contacts(customers: Sequence[str], campaign: str | None, action: str = "coupon") -> list[dict[str, Any]]:
    return [event(one, "campaign_contact", 70, category=campaign, reason_code=action) for one in customers]


def test_the_next_campaign_treated_the_held_out(tmp_path: Path) -> None:
    business = shop(tmp_path)
    assert why_not(business) == ()
    treat(business, [*HELD[:35], *TREATED[:9]])
    assert why_not(business) == ("held_out_treated",)


def test_what_reaches_both_sides_alike_or_outside_the_window_blurs_nothing(tmp_path: Path) -> None:
    business = shop(tmp_path)
    treat(business, [*HELD[:20], *TREATED[:40]])
    assert why_not(business) == ()
    treat(business, HELD, days_ago=39)
    assert why_not(business) == ()
    treat(business, HELD, days_ago=101)
    assert why_not(business) == ()


def test_one_contact_by_mistake_is_no_doubt_and_a_plan_on_paper_reaches_nobody(tmp_path: Path) -> None:
    business = shop(tmp_path)
    treat(business, HELD[:1])
    assert why_not(business) == ()
    treat(business, HELD)
    write_json(treatments_file(business.folder, "next").with_name("manifest.json"), {})
    assert why_not(business) == ()
    write_json(treatments_file(business.folder, "next").with_name("exports.json"), [])
    assert why_not(business) == ("held_out_treated",)


def test_contacts_of_the_log_count_whoever_made_them(tmp_path: Path) -> None:
    for place, campaign in enumerate(("autumn", "elsewhere", None)):
        (tmp_path / str(place)).mkdir()
        own = contacts(TREATED, "autumn")
        assert why_not(shop(tmp_path / str(place), [*own, *contacts(HELD[:10], campaign)])) == ("held_out_treated",)


def test_an_answer_to_a_complaint_is_no_treatment(tmp_path: Path) -> None:
    assert why_not(shop(tmp_path, contacts(HELD, None, "solve"))) == ()
