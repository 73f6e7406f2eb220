"""All contact together against those whom nobody contacts; and the table of who was contacted when."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from campaigns.hold_out import kept_out_for_good
from campaigns.ledger.overall import overall
from campaigns.ledger.told import overall_as_json, overall_sentences
from churn.settings import Settings
from churn.tables import CONTACTS
from features.contacts_table import write_contacts
from features.parts import log_parts
from tests.campaign_shop import NOW, event, scored, settings, written

IDS = [f"c{number:03d}" for number in range(300)]


def shop(folder: Path, *, reach_all: bool = False) -> Settings:
    business = settings(folder, permanent_hold_out_ratio=0.3)
    kept = kept_out_for_good(business, IDS)
    free = [one for one, out in zip(IDS, kept, strict=True) if not out]
    reached = IDS if reach_all else free
    events = [event(one, "order", 20, amount=50.0) for one in free[:150]]
    events += [
        event(one, "campaign_contact", 30, category="autumn", channel="sms", reason_code="coupon") for one in reached
    ]
    return written(business, [scored(one) for one in IDS], events)


def test_everybody_against_those_who_are_never_contacted(tmp_path: Path) -> None:
    business = shop(tmp_path)
    found = overall(business, log_parts(business.folder), NOW - timedelta(days=60), NOW)
    assert found.customers == 300
    assert found.kept_out == int(kept_out_for_good(business, IDS).sum())
    assert found.retained is not None
    assert found.revenue is not None
    assert_allclose((found.retained.treated, found.retained.held_out), (150 / (300 - found.kept_out), 0.0))
    assert found.why_not == ()
    assert overall_as_json(found)["causal"] is True
    assert "never contacted" in overall_sentences(found, "CNY", "en")[0]
    assert "从不触达" in overall_sentences(found, "CNY", "zh")[0]


@pytest.mark.parametrize("days", [340, 400])
def test_what_campaigns_won_in_their_first_year_chooses_no_sample(tmp_path: Path, days: int) -> None:
    business = settings(tmp_path, permanent_hold_out_ratio=0.3)
    kept = kept_out_for_good(business, IDS)
    free = [one for one, out in zip(IDS, kept, strict=True) if not out]
    won = [f"n{number:03d}" for number in range(100)]
    new = [one for one, out in zip(won, kept_out_for_good(business, won), strict=True) if not out]
    events = [event(one, "order", ago, amount=50.0) for one in [*free, *new] for ago in (days - 10, 20)]
    business = written(business, [scored(one) for one in IDS], events)
    found = overall(business, log_parts(business.folder), NOW - timedelta(days=days), NOW)
    assert (found.customers, found.kept_out) == (300, int(kept.sum())), "who came by a campaign was not there before it"
    assert found.why_not == ()
    assert found.retained is not None
    assert (found.retained.treated, found.retained.held_out) == (1.0, 0.0)
    assert found.revenue is not None
    assert_allclose(found.revenue.treated, 100.0 if days == 340 else 50.0)  # the last year alone is counted


def test_who_should_have_been_left_alone_and_was_not_is_said(tmp_path: Path) -> None:
    business = shop(tmp_path, reach_all=True)
    found = overall(business, log_parts(business.folder), NOW - timedelta(days=60), NOW)
    assert found.why_not == ("were_contacted",)
    said = "\n".join(overall_sentences(found, "CNY", "en"))
    assert "(no effect can be told)" in said
    assert "95 %" not in said


def test_contacts_as_the_service_reads_them(tmp_path: Path) -> None:
    business = shop(tmp_path)
    assert write_contacts(business) == 300 - int(kept_out_for_good(business, IDS).sum())
    table = pd.read_parquet(business.folder / "tables" / "contacts.parquet")
    assert list(table.columns) == CONTACTS.names
    assert set(table["action"]) == {"coupon"}


def test_a_log_without_contacts_writes_no_table(tmp_path: Path) -> None:
    business = written(settings(tmp_path), [scored("a")])
    assert write_contacts(business) == 0
    assert not (business.folder / "tables" / "contacts.parquet").exists()
