"""The one door: who may be contacted, by which action, and why not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from campaigns.people import NoScores, OldScores, people_of
from campaigns.suppress import Doors, counts_of, doors_of, in_words
from churn.settings import Settings
from features.consents import NoConsents
from features.treatments import write_treatments
from tests.campaign_shop import CALL, COUPON, NOW, event, scored, settings, treatments, written

OF_ALL = ("a", "b", "c", "d", "e", "f", "g", "h")


def doors(shop: Settings, events: Sequence[dict[str, Any]] = (), **laid: Any) -> Doors:
    written(shop, [scored(one) for one in OF_ALL], events, **laid)
    return doors_of(shop, people_of(shop, NOW), NOW, {})


def refused(found: Doors, action: Any = COUPON, **asked: Any) -> dict[str, str]:
    told = zip(found.customer_ids, found.why_not(action, **asked), strict=True)
    return {customer: code for customer, code in told if code is not None}


def test_each_reason_keeps_its_own_customer_out(tmp_path: Path) -> None:
    events = [
        event("a", "opt_out", 3, category="contact"),
        event("b", "opt_out", 3, category="sms"),
        event("c", "opt_out", 3, category="scoring"),
        *(event("f", "campaign_contact", days, category=f"x{days}", channel="email") for days in (2, 5, 9)),
        event("g", "campaign_contact", 20, category="autumn", channel="sms", reason_code="coupon"),
    ]
    found = doors(settings(tmp_path), events, refuse=["d"], complaining=["e"])
    assert refused(found) == {
        "a": "opted_out", "b": "opted_out", "c": "opted_out_of_scoring", "d": "no_consent", "e": "open_complaint",
        "f": "too_many_contacts", "g": "cooling_down",
    }  # fmt: skip
    assert counts_of(found.why_not(COUPON))["opted_out"] == 2


def test_service_reaches_who_complains_and_what_no_score_chose_reaches_who_refuses_scores(tmp_path: Path) -> None:
    events = [event("c", "opt_out", 3, category="scoring"), event("b", "opt_out", 3, category="sms")]
    found = doors(settings(tmp_path), events, complaining=["e"])
    assert refused(found, CALL) == {"c": "opted_out_of_scoring"}
    assert refused(found, CALL, by_score=False) == {}


def test_an_opt_in_after_an_opt_out_opens_the_door(tmp_path: Path) -> None:
    told = [event("a", "opt_out", 9), event("a", "opt_in", 3), event("b", "opt_in", 9), event("b", "opt_out", 3)]
    assert refused(doors(settings(tmp_path), told)) == {"b": "opted_out"}


def test_who_is_held_out_of_a_campaign_waits_until_its_window_is_over(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    written(shop, [scored(one) for one in OF_ALL])
    for name, held, ago in (("open", "a", 50), ("over", "b", 61)):
        rows = treatments(name, {held: False, "c": True}, days_ago=ago, window_days=60)
        write_treatments(shop.folder, name, rows)
    found = doors_of(shop, people_of(shop, NOW), NOW, {})
    assert refused(found) == {"a": "held_out"}
    assert refused(found, COUPON.model_copy(update={"kind": "holiday"}), by_score=False) == {"a": "held_out"}
    assert refused(found, CALL) == {}, "a complaint is answered whatever chance said"
    assert refused(found, CALL.model_copy(update={"kind": "call"})) == {"a": "held_out"}, "a plan chooses calls"
    assert in_words("held_out", "en") != in_words("held_out", "zh")


def test_contacts_and_cool_down_end_with_their_days(tmp_path: Path) -> None:
    events = [
        *(event("f", "campaign_contact", days, category=f"x{days}") for days in (2, 5, 31)),
        event("g", "campaign_contact", 31, category="autumn", reason_code="coupon"),
    ]
    assert refused(doors(settings(tmp_path), events)) == {}


def test_chance_keeps_the_same_out_for_good(tmp_path: Path) -> None:
    shop = settings(tmp_path, permanent_hold_out_ratio=0.4)
    kept = refused(doors(shop))
    assert set(kept.values()) == {"kept_out_for_good"}
    assert 0 < len(kept) < len(OF_ALL)
    more = shop.model_copy(update={"campaigns": shop.campaigns.model_copy(update={"permanent_hold_out_ratio": 0.5})})
    assert set(kept) <= set(refused(doors_of(more, people_of(more, NOW), NOW, {})))


def test_without_a_file_of_consents_nobody_is_written_to_and_a_channel_that_needs_none_is_open(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    written(shop, [scored(one) for one in OF_ALL])
    silent = shop.model_copy(update={"contacts": shop.contacts.model_copy(update={"path": None})})
    found = doors_of(silent, people_of(silent, NOW), NOW, {})
    assert set(refused(found).values()) == {"no_consent"}
    in_app = COUPON.model_copy(update={"channel": "app"})
    with_app = silent.model_copy(update={"action": (in_app,)})
    assert refused(doors_of(with_app, people_of(with_app, NOW), NOW, {}), in_app) == {}


def test_a_file_of_consents_without_its_column_is_told(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    written(shop, [scored(one) for one in OF_ALL])
    pd.DataFrame({"customer_id": ["a"]}).to_csv(tmp_path / "contacts.csv", index=False)
    with pytest.raises(NoConsents, match="customer_id, may_email and may_phone"):
        doors_of(shop, people_of(shop, NOW), NOW, {})


def test_scores_that_are_not_there_or_hold_no_longer_are_refused(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    with pytest.raises(NoScores, match="churn score --all"):
        people_of(shop, NOW)
    written(shop, [scored("a", valid_until=NOW)])
    with pytest.raises(OldScores, match="churn score --all"):
        people_of(shop, NOW)
    assert len(people_of(shop)) == 1


def test_every_code_has_its_words_in_both_languages() -> None:
    assert in_words("opted_out", "en") != in_words("opted_out", "zh")
