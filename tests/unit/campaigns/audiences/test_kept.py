"""What stays of an audience: a record without details, void once somebody on it is forgotten, gone when it is old."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaigns.audiences.files import NoFolder
from churn.privacy_sections import Privacy
from churn.settings import Settings
from cli import campaign_audience, forget, prune
from cli.stores import stores
from features import parquet
from features.encryption import KEY, appoint, new_key
from features.erasure.audiences import FOLDER, MANIFEST, MEMBERS, BrokenRecord, erase_from_audiences
from features.erasure.store import NOTHING, Whom
from tests import audience_shop
from tests.audience_shop import exported, lapsed, lines, on_the_list
from tests.campaign_shop import event
from tests.command_line import churn, files_no_longer_than, refused
from tests.searching import naming


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    return audience_shop.written(tmp_path, lapsed("z0001") | {"score_id": "first"})


def test_the_record_belongs_to_a_store(shop: Settings) -> None:
    exported(shop)
    owned = {path for store in stores(shop) for path in store.files(shop.folder)}
    assert set((shop.folder / FOLDER).rglob("*.*")) <= owned


def test_a_list_with_somebody_forgotten_is_void(shop: Settings) -> None:
    held, free = exported(shop), exported(shop, vendor="x")
    without = exported(shop, vendor="meta")
    out = shop.root / "out"
    (out / free.manifest["files"][0]["name"]).write_text("somebody else's\n")
    assert "z0001" in on_the_list(shop, held)
    told = forget.forget(shop, ["z0001"], keep_out=True)
    assert naming(shop.folder, "z0001") == set()
    assert sorted(path.name for path in out.iterdir()) == [free.manifest["files"][0]["name"]]  # no longer what we wrote
    assert "z0001" not in on_the_list(shop, held) | on_the_list(shop, without)
    assert len(on_the_list(shop, held)) == 300
    assert "`churn campaign audience --list`" in told.text
    rows = campaign_audience.listed(shop).as_json
    assert len(rows) == 3
    assert all("replace it at the platform: a customer on it was forgotten" in row["to_do"] for row in rows)


def test_a_list_without_them_stays(shop: Settings) -> None:
    done = exported(shop)
    assert erase_from_audiences(shop.folder, Whom(frozenset({"nobody"}))) == NOTHING
    assert (shop.root / "out" / done.manifest["files"][0]["name"]).exists()
    assert campaign_audience.listed(shop).as_json[0]["customers"] == 301


def test_files_and_record_go_when_their_days_are_over(shop: Settings) -> None:
    exported(shop)  # on a day long ago
    assert "churn prune" in campaign_audience.listed(shop).text
    would = prune.prune(shop, dry_run=True).as_json["removed"]
    assert [row["store"] for row in would] == ["audiences"]
    assert any((shop.root / "out").iterdir())
    prune.prune(shop, dry_run=False)
    assert not any((shop.root / "out").iterdir())
    assert campaign_audience.listed(shop).text == "No audience was exported yet."


def test_who_opts_out_after_an_upload_is_to_leave_the_platform_too(tmp_path: Path) -> None:
    earlier = audience_shop.written(tmp_path, lapsed("z0001"))
    exported(earlier)
    since = audience_shop.written(tmp_path, lapsed("z0001"), events=[event("z0001", "opt_out", 1, category="audience")])
    (row,) = campaign_audience.listed(since).as_json
    assert row["to_do"] == "replace it at the platform: 1 on it opted out since"


def test_a_broken_record_is_told(shop: Settings) -> None:
    done = exported(shop)
    path = shop.folder / FOLDER / done.manifest["id"] / MANIFEST
    path.write_text("{")
    with pytest.raises(BrokenRecord) as raised:
        campaign_audience.listed(shop)
    assert "delete its folder" in raised.value.mend


def test_what_people_read(shop: Settings, tmp_path: Path) -> None:
    told = campaign_audience.audience(
        shop, "win_back", "google", tmp_path / "list", top=None, min_probability=None, by="Li"
    )  # fmt: skip
    assert "301 of 301 customers are on the list" in told.text
    assert "unverified: " in told.text
    assert "未指定" in told.text
    assert "ad_user_data = UNSPECIFIED" in told.text
    assert told.as_json["made_by"] == "Li"
    assert {note["code"] for note in told.as_json["notes"]} >= {"consent_unspecified", "few_may_match"}
    assert datetime.fromisoformat(told.as_json["written_at"]) <= datetime.now(UTC)
    details = (audience_shop.email("z0001"), audience_shop.phone("z0001"))
    said = told.text + json.dumps(told.as_json)
    assert not [one for one in details if one.lower() in said.lower()]


def test_members_alone_are_kept_and_no_digest(shop: Settings) -> None:
    done = exported(shop)
    kept = parquet.read_frame(shop.folder / FOLDER / done.manifest["id"] / MEMBERS)
    assert list(kept.columns) == ["customer_id", "file"]


def test_the_record_is_encrypted_where_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, new_key())
    shop = audience_shop.written(tmp_path).model_copy(update={"privacy": Privacy(encrypt_files=True)})
    appoint(shop)
    done = exported(shop)
    assert parquet.is_encrypted(shop.folder / FOLDER / done.manifest["id"] / MEMBERS)
    assert len(on_the_list(shop, done)) == 300
    assert lines(done)[0] == ["Email", "Phone"]  # what goes out is plain, as platforms want it


def test_where_files_cannot_go_nothing_stays(shop: Settings) -> None:
    (shop.root / "out").write_text("a file, not a folder\n")
    with pytest.raises(NoFolder) as raised:
        exported(shop)
    assert "--out" in raised.value.mend
    assert not (shop.folder / FOLDER).exists()


def test_where_the_disk_is_full_nothing_stays(shop: Settings) -> None:
    with files_no_longer_than(15_000), pytest.raises(OSError, match="too large"):
        exported(shop)
    assert not list((shop.folder / FOLDER).iterdir())
    assert not list((shop.root / "out").iterdir())


def test_a_question_without_an_answer(tmp_path: Path) -> None:
    config = tmp_path / "churn.toml"
    config.write_text('artifacts = "artifacts"\n[business]\nname = "Shop"\nslug = "shop"\n')
    refused(churn("campaign", "audience", "--kind", "win_back", config=config), 12, "--for google", "--list")
    asked = ("campaign", "audience", "--kind", "win_back", "--out", str(tmp_path / "out"), "--for")
    refused(churn(*asked, "tiktok", config=config), 12, "google, meta, x, linkedin")
