"""The lists that people work through: nobody who is held out, nobody who opted out since, nothing that a sheet runs."""

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest

from campaigns.ledger.effect import NoCampaign
from campaigns.ledger.export import PlainLists, WindowOver, export
from campaigns.plan.writing import AlreadyPlanned, check_new
from churn.settings import Settings
from features.encryption import appoint
from features.treatments import NoName, write_treatments
from tests.campaign_shop import COUPON, NOW, event, scored, settings, treatments, written

PEOPLE = {"=1+1": True, "b": True, "c": True, "held": False}


def shop(folder: Path, **columns: object) -> Settings:
    events = [
        event("b", "opt_out", 1, category="sms"),
        event("c", "campaign_contact", 2, category="x", reason_code="coupon"),
    ]
    business = written(settings(folder, max_contacts=1), [scored(one) for one in PEOPLE], events)
    planned = treatments("spring", PEOPLE, days_ago=5, window_days=60, **columns)
    write_treatments(business.folder, "spring", planned)
    return business


def listed(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_list_of_a_channel(tmp_path: Path) -> None:
    business = shop(tmp_path)
    found = export(business, "spring", NOW, {})
    folder = business.folder / "campaigns" / "spring"
    assert found.left_out == {"opted_out": 1}
    assert listed(folder / "list-sms.csv") == [
        {"customer_id": one, "action": "coupon", "text": "A coupon", "text_zh": "优惠券", "why": "likely to leave",
         "why_zh": "", "due": "2025-03-03", "owner": "shop"}
        for one in ("'=1+1", "c")
    ]  # fmt: skip
    export(business, "spring", NOW + timedelta(hours=1), {})
    told = json.loads((folder / "exports.json").read_text(encoding="utf-8"))
    assert [one["files"]["list-sms.csv"]["rows"] for one in told] == [2, 2]
    assert "held" not in (folder / "list-sms.csv").read_text(encoding="utf-8")


def test_an_action_that_the_catalogue_lost_is_in_no_list(tmp_path: Path) -> None:
    business = shop(tmp_path, action="gift")
    assert export(business, "spring", NOW, {}).left_out == {"no_such_action": 3}


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    business = shop(tmp_path)
    with pytest.raises(NoCampaign, match="name one of spring"):
        export(business, "autumn", NOW, {})
    with pytest.raises(WindowOver, match="plan a new campaign"):
        export(business, "spring", NOW + timedelta(days=55), {})
    with pytest.raises(NoName, match="as in 2025-spring"):
        export(business, "../spring", NOW, {})


def test_no_plain_list_among_encrypted_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from features.encryption import new_key

    business = shop(tmp_path)
    monkeypatch.setenv("CHURN_FILE_KEY", new_key())
    sealed = business.model_copy(update={"privacy": business.privacy.model_copy(update={"encrypt_files": True})})
    appoint(sealed)
    with pytest.raises(PlainLists, match="--out"):
        export(sealed, "spring", NOW, {})
    assert export(sealed, "spring", NOW, {}, out=tmp_path / "mine").rows == 2
    assert len(listed(tmp_path / "mine" / "list-sms.csv")) == 2


def test_the_channel_of_the_catalogue_decides_who_may_be_reached(tmp_path: Path) -> None:
    business = shop(tmp_path)
    by_mail = business.model_copy(update={"action": (COUPON.model_copy(update={"channel": "email"}),)})
    assert export(by_mail, "spring", NOW, {}).left_out == {}


def objecting(business: Settings) -> Settings:
    """The same shop, in which everybody has objected to text messages since."""
    events = [event(one, "opt_out", 1, category="sms") for one in PEOPLE]
    return written(business, [scored(one) for one in PEOPLE], events)


def test_a_list_of_before_goes_where_nobody_of_it_may_be_contacted_any_more(tmp_path: Path) -> None:
    business, mine = shop(tmp_path), tmp_path / "mine"
    export(business, "spring", NOW, {})
    export(business, "spring", NOW, {}, out=mine)
    own = business.folder / "campaigns" / "spring" / "list-sms.csv"
    assert not own.exists()
    assert (mine / "list-sms.csv").exists()
    assert export(objecting(business), "spring", NOW, {}).rows == 0
    assert not own.exists()
    assert not (mine / "list-sms.csv").exists()


def test_a_list_that_somebody_edited_is_left_to_them(tmp_path: Path) -> None:
    business, mine = shop(tmp_path), tmp_path / "mine"
    export(business, "spring", NOW, {}, out=mine)
    (mine / "list-sms.csv").write_text("customer_id\nz\n")
    export(objecting(business), "spring", NOW, {}, out=mine)
    assert (mine / "list-sms.csv").read_text() == "customer_id\nz\n"


def test_an_export_is_noted_before_a_list_lies_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """What ends a process at once."""

    def die(path: Path, text: str) -> None:
        raise Killed(path, text)

    business = shop(tmp_path)
    monkeypatch.setattr("campaigns.ledger.export.write_text", die)
    with pytest.raises(Killed):
        export(business, "spring", NOW, {}, out=tmp_path / "mine")
    with pytest.raises(AlreadyPlanned, match="its lists were exported"):
        check_new(business.folder, "spring", replace=True)
