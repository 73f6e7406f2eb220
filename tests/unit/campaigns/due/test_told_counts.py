"""What lists of the day asked staff to do is a contact for whoever plans, once."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from campaigns.contacted import contacts_since
from campaigns.due.told import write
from campaigns.people import people_of
from campaigns.suppress import doors_of
from churn.action_sections import Action
from churn.settings import Settings
from cli.campaign_due import due
from tests.campaign_shop import COUPON, NOW, event, scored, settings, written

TODAY = date(2025, 3, 2)  # the log ends with the day before, in Shanghai
LATE = NOW + timedelta(hours=23)  # of TODAY
WISH = Action(code="holiday", kind="holiday", channel="sms", en="A holiday", zh="问候", cool_down_days=0,
              holidays=("03-03",), before_days=2)  # fmt: skip


def laid(folder: Path, events: list[dict[str, object]], most: int) -> Settings:
    shop = settings(folder, WISH, COUPON, max_contacts=most)
    return written(shop, [scored(one) for one in "ab"], events, refuse=["b"])


def listed(shop: Settings) -> list[str]:
    """Who is due today, by the list that is written."""
    due(shop, str(TODAY))
    return list(pd.read_parquet(_tasks_of(shop))["customer_id"])


def test_what_a_list_of_the_day_told_counts_as_a_contact_for_plans_once(tmp_path: Path) -> None:
    shop = laid(tmp_path, [], 1)

    def codes(business: Settings) -> list[str | None]:
        people = people_of(business, NOW)
        return list(doors_of(business, people, LATE, {}).why_not(COUPON))

    assert codes(shop) == [None, "no_consent"]
    assert listed(shop) == ["a"]
    assert codes(shop) == ["too_many_contacts", "no_consent"]
    assert listed(shop) == ["a"], "its own list is no contact of before"
    two = shop.model_copy(update={"campaigns": shop.campaigns.model_copy(update={"max_contacts": 2})})
    write(shop.folder, TODAY - timedelta(days=1), pd.read_parquet(_tasks_of(shop)), "en")  # told twice, one occasion
    assert codes(two) == [None, "no_consent"]
    (tmp_path / "b").mkdir()
    done = [event("a", "campaign_contact", -0.8, reason_code="holiday")]
    told = laid(tmp_path / "b", done, 2)
    write(told.folder, TODAY, pd.read_parquet(_tasks_of(shop)), "en")
    assert len(contacts_since(told, NOW - timedelta(days=9), LATE)) == 1, "told of since: one contact"
    assert codes(told) == [None, "no_consent"]


def _tasks_of(shop: Settings) -> Path:
    return shop.folder / "campaigns" / "due" / str(TODAY) / "tasks.parquet"
