"""Contacts that no plan knows are treatments that nobody was held out of; those of plans are not told twice."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from churn.calendar import to_us
from churn.settings import Settings
from churn.tables import TREATMENTS
from features.contacts_outside import outside_contacts
from features.treatments import read_treatments, write_treatments
from tests.campaign_shop import CALL, COUPON, NOW, event, local_day, scored, settings, treatments, written
from tests.unit.training.drawn_rows import evidence_drawn
from training.treated import settled

WEEK = COUPON.model_copy(update={"window_days": 7})


def shop(folder: Path) -> Settings:
    business = settings(folder, WEEK, CALL)
    events = [
        event("planned", "campaign_contact", 99, category="autumn", reason_code="coupon", channel="sms"),
        event("held", "campaign_contact", 99, category="autumn", reason_code="coupon", channel="sms"),
        event("apart", "campaign_contact", 99, category="autumn", reason_code="coupon", channel="sms"),
        event("planned", "campaign_contact", 200, reason_code="coupon", channel="sms"),
        event("called", "campaign_contact", 100, channel="phone"),
    ]
    written(business, [scored(one) for one in ("planned", "held", "apart", "called", "alone")], events)
    rows = treatments("autumn", {"planned": True, "held": False}, days_ago=100, window_days=60)
    write_treatments(business.folder, "autumn", rows)
    return business


def test_contacts_beside_all_plans_are_treatments_without_a_hold_out(tmp_path: Path) -> None:
    business = shop(tmp_path)
    found = outside_contacts(business, read_treatments(business.folder))
    assert list(found.columns) == TREATMENTS.names
    assert found["customer_id"].tolist() == ["apart", "called", "planned"]
    assert found["propensity"].tolist() == [1.0] * 3
    assert found["is_treated"].all()
    usual = business.definition.gap_days + business.definition.horizon_days
    ends = [local_day(99 - 7), local_day(100 - usual), local_day(200 - 7)]
    assert [one.to_pydatetime() for one in found["window_end"]] == ends


def test_without_a_log_or_contacts_there_is_none(tmp_path: Path) -> None:
    assert outside_contacts(settings(tmp_path), TREATMENTS.empty()).empty
    business = written(settings(tmp_path), [scored("a")])
    assert outside_contacts(business, TREATMENTS.empty()).empty


@pytest.mark.parametrize(("rule", "left"), [("kept", 5), ("excluded", 2), ("weighted", 11), ("modelled", 5)])
def test_learning_sees_them_as_treated_where_the_setting_leaves_the_treated_out(
    tmp_path: Path, rule: str, left: int
) -> None:
    """Who was held out with chance .1 stands for ten; who was left alone for one."""
    business = shop(tmp_path)
    training = business.training.model_copy(update={"treated_rows": rule})
    business = business.model_copy(update={"training": training})
    rows = evidence_drawn()[0].rows.take(np.arange(5))
    customer = np.array(["planned", "held", "apart", "called", "alone"], dtype=object)
    object.__setattr__(rows, "customer", customer)
    object.__setattr__(rows, "cutoff_us", np.full(5, to_us(NOW - timedelta(days=101))))
    found, told = settled(rows, business)
    assert (len(found), told.treated) == (left, 1 if rule == "kept" else 3)
    assert told.unrepresented == (0 if rule == "kept" else 2)
    if rule == "modelled":
        assert found.stands is not None
        assert found.stands.tolist() == [0, 10, 0, 0, 1]
