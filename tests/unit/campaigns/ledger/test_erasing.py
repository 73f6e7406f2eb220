"""Who is forgotten leaves every plan and list; how many there were, and what was told of all, stays."""

from pathlib import Path

from campaigns.ledger.export import export
from features.erasure.campaigns import erase_from_campaigns
from features.erasure.store import Whom
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
