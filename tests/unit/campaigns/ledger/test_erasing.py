"""Who is forgotten leaves every plan and list; how many there were, and what was told of all, stays."""

from pathlib import Path

import pytest

from campaigns.ledger.export import export
from features.erasure.campaigns import erase_from_campaigns
from features.erasure.store import Whom
from features.exported_lists import BrokenExports
from features.treatments import read_treatments, write_treatments
from tests.campaign_shop import NOW, scored, settings, treatments, written


def test_nothing_names_them_any_more(tmp_path: Path) -> None:
    people = {"leaver": True, "friend": True, "held": False}
    shop = written(settings(tmp_path), [scored(one) for one in people])
    write_treatments(shop.folder, "spring", treatments("spring", people, days_ago=5, window_days=60))
    export(shop, "spring", NOW, {})
    erased = erase_from_campaigns(shop.folder, Whom(frozenset({"leaver", "held"})))
    assert (erased.rows, erased.files, erased.found) == (4, 3, frozenset({"leaver", "held"}))
    assert read_treatments(shop.folder)["customer_id"].tolist() == ["friend"]
    folder = shop.folder / "campaigns"
    assert not any(b"leaver" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert export(shop, "spring", NOW, {}).rows == 1


def test_lists_that_lie_elsewhere_lose_them_too_as_often_as_asked(tmp_path: Path) -> None:
    people = {"leaver": True, "friend": True, "other": True}
    shop = written(settings(tmp_path), [scored(one) for one in people])
    write_treatments(shop.folder, "spring", treatments("spring", people, days_ago=5, window_days=60))
    export(shop, "spring", NOW, {}, out=tmp_path / "mine")
    path = tmp_path / "mine" / "list-sms.csv"
    for gone in ("leaver", "friend"):  # the second time, it is known again though it was written anew
        erase_from_campaigns(shop.folder, Whom(frozenset({gone})))
        assert gone not in path.read_text(encoding="utf-8")
    assert "other" in path.read_text(encoding="utf-8")
    path.write_text("customer_id,note\nother,edited\n", encoding="utf-8")
    erase_from_campaigns(shop.folder, Whom(frozenset({"other"})))
    assert "edited" in path.read_text(encoding="utf-8")  # theirs, who edited it


def test_where_lists_lie_is_not_guessed(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    write_treatments(shop.folder, "spring", treatments("spring", {"a": True}, days_ago=5, window_days=60))
    (shop.folder / "campaigns" / "spring" / "exports.json").write_text("{")
    with pytest.raises(BrokenExports, match="write \\[\\] into it"):
        erase_from_campaigns(shop.folder, Whom(frozenset({"a"})))
