"""What is known of consents is told where a list is made, and a file that is none with its mend."""

from pathlib import Path

import pytest

from churn.sections import Contacts
from cli.consents_told import consents_told
from features.consents import NoConsents, channel_consents
from tests.campaign_shop import scored, settings, written


def test_without_contacts_the_mend_is_told(tmp_path: Path) -> None:
    shop = settings(tmp_path).model_copy(update={"contacts": Contacts()})
    (line,) = consents_told(shop, ["a"])
    assert "set [contacts] path, may_phone" in line
    assert "docs/data-contract.md" in line


def test_consents_are_counted(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored(one) for one in "abc"], refuse=["c"])
    (line,) = consents_told(shop, ["a", "c", "x"])
    assert "3 customers in the file, 2 of them looked at here" in line
    assert "sms 1" in line


@pytest.mark.parametrize("words", [("是", "否"), ("Yes", "no"), ("Y", "N"), ("1", "0"), ("TRUE", "")])
def test_words_of_people_are_understood(words: tuple[str, str], tmp_path: Path) -> None:
    shop = settings(tmp_path)
    yes, no = words
    text = f"customer_id,may_email,may_phone\na,{yes},{yes}\nb,{no},{no}\n"
    (tmp_path / "contacts.csv").write_text(text, encoding="utf-8-sig")
    assert channel_consents(shop, {}, ["sms"])["sms"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("content", "told", "mend"),
    [
        (
            "customer_id,may_email,may_phone\na,1,1\nb,1,maybe\n",
            "neither yes nor no, as 'maybe', first row 2",
            "是 or 否",
        ),
        ("customer_id,may_email,may_phone\na,1,13800138000\n", "neither yes nor no, first row 1", "是 or 否"),
        ("客户编号,may_email,may_phone\n", "has no column customer_id; it has 客户编号", "customer_id"),
        ("customer_id;may_email;may_phone\n", "parted by ;", "CSV UTF-8"),
        ("", "it is empty", "header"),
    ],
)
def test_a_file_that_is_none_has_its_mend(content: str, told: str, mend: str, tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_text(content)
    with pytest.raises(NoConsents) as refused:
        channel_consents(settings(tmp_path), {}, ["sms"])
    assert told in refused.value.problem
    assert mend in refused.value.mend


def test_a_file_in_gbk_is_told(tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_bytes("customer_id,may_email,may_phone\na,是,是\n".encode("gbk"))
    with pytest.raises(NoConsents, match="perhaps in GBK"):
        channel_consents(settings(tmp_path), {}, ["sms"])
