"""Who is due on a day and why: each occasion by hand, told once, done once, within what may be."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from churn.action_sections import Action
from churn.calendar import to_us
from churn.clock import StoppedClock
from churn.settings import Settings
from cli.campaign_due import NoOccasions, NoSuchDay, due
from features.catalogue import catalogue
from features.erasure.due import erase_from_due
from features.erasure.store import Whom
from features.live.event import LiveEvent
from features.live.intake import Intake
from features.online import MemoryOnlineStore
from tests.campaign_shop import COUPON, NOW, event, scored, settings, written

TODAY = date(2025, 3, 2)  # the log ends with the day before, in Shanghai


def action(kind: str, **given: Any) -> Action:
    return Action(
        **{"code": kind, "kind": kind, "channel": "sms", "en": kind, "zh": "问候", "cool_down_days": 0, **given}
    )


def laid(folder: Path, kinds: list[Action], events: list[dict[str, Any]], people: str = "ab", **given: Any) -> Settings:
    limits = given.pop("limits", {})
    return written(settings(folder, *kinds, **limits), [scored(one) for one in people], events, **given)


def tasks(shop: Settings, day: date = TODAY, channel: str = "sms") -> dict[str, str]:
    """Why by customer and action, from the list of a channel."""
    due(shop, str(day))
    path = shop.folder / "campaigns" / "due" / str(day) / f"tasks-{channel}.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {f"{row['customer_id']} {row['action']}": row["why"] for row in csv.DictReader(file)}


def born(customer: str, day: str) -> dict[str, Any]:
    return event(customer, "profile.birthday", 30, category=day)


def test_a_birthday_by_month_and_day(tmp_path: Path) -> None:
    kind = action("birthday", before_days=3, within_days=1)
    events = [born("a", "03-05"), born("b", "03-06"), born("c", "03-01"), born("d", "1980-03-02"), born("e", "02-28")]
    assert set(tasks(laid(tmp_path, [kind], events, "abcde"))) == {"a birthday", "c birthday", "d birthday"}


def test_who_was_born_on_a_leap_day_is_wished_well_every_year(tmp_path: Path) -> None:
    shop = laid(tmp_path, [action("birthday", within_days=2)], [born("a", "02-29"), born("b", "12-31")])
    assert set(tasks(shop)) == {"a birthday"}


def test_lunar_holidays_and_days_of_ones_own(tmp_path: Path) -> None:
    shop = laid(tmp_path, [action("holiday", holidays=("CN Tomb-Sweeping Day", "03-04"), before_days=2)], [])
    assert tasks(shop) == {"a holiday": "03-04", "b holiday": "03-04"}
    assert tasks(shop, date(2025, 4, 3)) == dict.fromkeys(("a holiday", "b holiday"), "Tomb-Sweeping Day")


def test_thanks_for_the_orders_that_are_named(tmp_path: Path) -> None:
    kind = action("thanks", orders=(2, 5), after_days=1, within_days=5, due_days=2)
    events = [event("a", "order", 2), event("b", "order", 8), event("c", "order", 9), event("c", "order", 2)]
    assert tasks(laid(tmp_path, [kind], events, "abc")) == {"a thanks": "their order number 2"}


def test_an_anniversary_is_of_the_first_order_and_not_of_its_day(tmp_path: Path) -> None:
    shop = laid(tmp_path, [action("anniversary", before_days=60)], [])
    found = tasks(shop, TODAY)  # first orders: 1 January 2024
    assert found == {}
    wide = shop.model_copy(update={"action": (action("anniversary", within_days=80),)})
    assert set(tasks(wide, TODAY).values()) == {"1 year since their first order"}


def test_after_sale_where_nobody_was_in_touch_since(tmp_path: Path) -> None:
    kind = action("after_sale", after_days=7, within_days=20, due_days=3)
    events = [
        event("a", "order", 10), event("b", "order", 10), event("b", "campaign_contact", 5, channel="phone"),
        event("c", "order", 3), event("d", "order", 10), event("d", "campaign_contact", 15),
    ]  # fmt: skip
    found = tasks(laid(tmp_path, [kind], events, "abcd"))
    assert found == dict.fromkeys(
        ("a after_sale", "d after_sale"), "ordered 11 days ago, and nobody has been in touch since"
    )


def test_regular_contact_is_overdue_after_its_days(tmp_path: Path) -> None:
    events = [event("a", "campaign_contact", 40), event("b", "campaign_contact", 95)]
    shop = laid(tmp_path, [action("regular_contact", every_days=90)], events, "abc")
    assert tasks(shop) == {
        "b regular_contact": "no contact for 96 days",
        "c regular_contact": "no contact for 426 days",
    }


def test_a_complaint_waits_until_it_is_answered_and_none_else_is_contacted_meanwhile(tmp_path: Path) -> None:
    kinds = [action("complaint", channel="phone"), action("holiday", holidays=("03-02",))]
    shop = laid(tmp_path, kinds, [], complaining=["a"])
    assert tasks(shop, channel="phone") == {"a complaint": "a complaint waits for 10 days"}
    assert set(tasks(shop)) == {"b holiday"}


def test_points_and_tiers_about_to_lapse_by_their_last_notice(tmp_path: Path) -> None:
    kinds = [action("points_lapsing", lapse_within_days=20), action("tier_lapsing", lapse_within_days=20)]
    events = [
        event("a", "points_expiring", 10, amount=500.0, quantity=15.0),
        event("b", "points_expiring", 10, amount=500.0, quantity=60.0),  # too far
        event("c", "points_expiring", 10, amount=500.0, quantity=15.0),
        event("c", "points_expiring", 5, amount=0.0, quantity=15.0),  # spent meanwhile
        event("d", "points_expiring", 9, quantity=9.0),  # over
        event("e", "points_expiring", 9, quantity=12.0),  # nobody said how many
        event("f", "points_expiring", 9, amount=1.0, quantity=10.0),
        event("a", "tier_status", 30, category="gold", quantity=31.0),
        event("b", "tier_status", 30, category="gold", quantity=31.0),
        event("b", "tier_status", 2, category="gold", quantity=365.0),  # earned again
    ]
    shop = laid(tmp_path, kinds, events, "abcdef", limits={"max_contacts": 9})
    assert tasks(shop) == {
        "a points_lapsing": "500 points lapse in 4 days",
        "e points_lapsing": "points lapse in 2 days",
        "f points_lapsing": "1 point lapses today",
        "a tier_lapsing": "their tier lapses today",
    }


def test_who_hears_of_no_notice_is_told_so(tmp_path: Path) -> None:
    shop = laid(tmp_path, [action("tier_lapsing")], [event("a", "tier_status", 3, category="gold")])
    assert "no tier_status says in how many days" in due(shop, None).text


def test_live_events_of_today_count(tmp_path: Path) -> None:
    kinds = [
        action("thanks", orders=(2,), due_days=2), action("birthday"), action("points_lapsing"),
        action("after_sale", after_days=0, within_days=5),
    ]  # fmt: skip
    shop = laid(tmp_path, kinds, [event("b", "order", 2)], "ab", limits={"max_contacts": 9})
    assert set(tasks(shop)) == {"b after_sale"}
    at_us = to_us(NOW + timedelta(hours=16, minutes=5))  # five past midnight of TODAY
    told = {"source": "till", "customer_id": "a", "time_us": at_us}
    live = [
        LiveEvent(event_id="1", event_type="order", amount=9.0, **told),
        LiveEvent(event_id="2", event_type="profile.birthday", category="1990-03-02", **told),
        LiveEvent(event_id="3", event_type="points_expiring", amount=70.0, quantity=3.0, **told),
        LiveEvent(event_id="4", event_type="campaign_contact", channel="phone", **told | {"customer_id": "b"}),
    ]
    features = catalogue(["order"], {"order": {"amount"}}, shop.lifecycle)
    opened = Intake(shop, MemoryOnlineStore(), features, StoppedClock(NOW + timedelta(days=1)))
    opened.keeper.step()
    committed = opened.append(live).result()
    opened.refresh(committed, ["a", "b"])
    opened.close()
    (shop.folder / "campaigns" / "due" / str(TODAY) / "tasks-sms.csv").unlink()
    found = tasks(shop)
    assert found == {
        "a thanks": "their order number 2",
        "a birthday": "their birthday",
        "a points_lapsing": "70 points lapse in 3 days",
        "a after_sale": "ordered today, and nobody has been in touch since",
    }


def test_nobody_is_told_twice_until_it_is_overdue_and_what_is_done_is_gone(tmp_path: Path) -> None:
    kind = action("thanks", orders=(2,), within_days=9, due_days=4)
    shop = laid(tmp_path, [kind], [event("a", "order", 1), event("b", "order", 1)])
    first = tasks(shop)
    assert set(first) == {"a thanks", "b thanks"}
    assert tasks(shop) == first, "the same day tells the same"
    assert tasks(shop, TODAY + timedelta(days=1)) == {}
    assert set(tasks(shop, TODAY + timedelta(days=3))) == {"a thanks", "b thanks"}, "overdue"
    (tmp_path / "b").mkdir()
    done = laid(
        tmp_path / "b", [kind], [event("a", "order", 1), event("a", "campaign_contact", 0.5, reason_code="thanks")]
    )
    assert tasks(done) == {}


def test_doors_capacity_and_caps_hold(tmp_path: Path) -> None:
    kinds = [action("birthday", capacity=2), action("holiday", holidays=("03-02",))]
    events = [
        *(born(one, "03-02") for one in "abcdef"),
        event("a", "opt_out", 3),
        event("b", "opt_out", 3, category="scoring"),
    ]
    shop = laid(
        tmp_path,
        kinds,
        events,
        "abcdef",
        refuse=["c"],
        limits={"max_contacts": 1},
        values={"f": 9.0, "e": 5.0, "d": 1.0},
    )
    assert set(tasks(shop)) == {"f birthday", "e birthday", "b holiday", "d holiday"}
    assert due(shop, None).as_json["left_out"] == {
        "opted_out": 2,
        "no_consent": 2,
        "no_capacity": 2,
        "too_many_contacts": 2,
    }


def test_days_that_cannot_be_told_and_an_empty_catalogue(tmp_path: Path) -> None:
    shop = laid(tmp_path, [action("birthday")], [])
    assert "no profile tells a birthday" in due(shop, None).text
    with pytest.raises(NoSuchDay, match="from 2025-03-02 to 2025-05-01"):
        due(shop, "2025-03-01")
    with pytest.raises(NoOccasions, match=r"docs/actions\.md"):
        due(shop.model_copy(update={"action": (COUPON,)}), None)


def test_tasks_that_are_nobodys_are_told_and_what_is_left_out_by_action(tmp_path: Path) -> None:
    kinds = [action("birthday", owner="shop"), action("holiday", holidays=("03-02",))]
    told = due(laid(tmp_path, kinds, [born("a", "03-02")], refuse=["b"]), None)
    assert "1 tasks have no owner (holiday)" in told.text
    assert "holiday  no consent to this channel is known" in told.text


def test_who_is_forgotten_leaves_the_lists_of_every_day(tmp_path: Path) -> None:
    shop = laid(tmp_path, [action("holiday", holidays=("03-02",))], [])
    assert set(tasks(shop)) == {"a holiday", "b holiday"}
    erased = erase_from_due(shop.folder, Whom(frozenset({"a"})))
    assert (erased.files, erased.found) == (2, {"a"})
    (listed,) = (shop.folder / "campaigns" / "due").glob("*/tasks-sms.csv")
    assert "a,holiday" not in listed.read_text(encoding="utf-8-sig")
