"""An audience: who is on it and why others are not, in the form of each platform, and nothing of anybody elsewhere."""

import hashlib
import json
import stat
from pathlib import Path

import pytest

from campaigns.audiences.export import TooFew, export
from campaigns.audiences.files import InsideArtifacts
from campaigns.audiences.forms import FORMS, GOOGLE, META
from campaigns.audiences.hashing import NoConsentColumn, NoIdentifier
from campaigns.audiences.normalised import email_hash, phone_hash
from campaigns.audiences.phones import UnknownCountry
from campaigns.audiences.wanted import OptionOfAnother, UnknownAudience, wanted
from features.contact_details import NoContacts
from features.erasure.audiences import FOLDER
from tests import audience_shop, campaign_shop
from tests.audience_shop import WRITTEN, contact, exported, lapsed, lines, on_the_list
from tests.campaign_shop import event


def test_google_gets_two_columns_and_a_plus(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path, lapsed("c1"))
    done = exported(settings)
    told = lines(done)
    assert told[0] == ["Email", "Phone"]
    assert [email_hash(audience_shop.email("c1"), GOOGLE), phone_hash(audience_shop.phone("c1"), GOOGLE, "CN")] in told
    assert len(told) == 302
    assert done.manifest["customers"] == {"asked_for": 301, "on_the_list": 301, "left_out": {}}
    assert done.manifest["consent"] == {"ad_user_data": "UNSPECIFIED", "ad_personalization": "UNSPECIFIED"}
    assert "consent_unspecified" in done.manifest["told"]
    assert done.manifest["delete_after"] == "2026-02-01T03:04:05+00:00"


def test_meta_gets_digits_alone_and_x_and_linkedin_addresses_alone(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path, lapsed("c1"))
    address, number = audience_shop.email("c1"), phone_hash(audience_shop.phone("c1"), META, "CN")
    meta, x, linkedin = (lines(exported(settings, vendor=one)) for one in ("meta", "x", "linkedin"))
    assert meta[0] == ["email", "phone"]
    assert [email_hash(address, META), number] in meta
    assert len(x) == 301
    assert [email_hash(address, META)] in x
    assert linkedin[0] == ["email", "firstname", "lastname", "jobtitle", "employeecompany", "country", "googleaid"]
    assert linkedin[1:] == [[*row, "", "", "", "", "", ""] for row in x]


@pytest.mark.parametrize("vendor", FORMS)
def test_every_form_names_its_pages_and_what_no_page_says(tmp_path: Path, vendor: str) -> None:
    done = exported(audience_shop.written(tmp_path), vendor=vendor)
    assert done.manifest["form"]["pages"]
    assert all(one.startswith("https://") for one in done.manifest["form"]["pages"])
    assert all(zh.strip() and en.strip() for _, en, zh in done.told)
    assert len({code for code, _, _ in done.told}) == len(done.told)


def test_why_customers_are_left_out(tmp_path: Path) -> None:
    people = [lapsed(one) for one in ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9")]
    events = [
        event("c1", "opt_out", 3), event("c2", "opt_out", 3, category="audience"),
        event("c3", "opt_out", 5), event("c3", "opt_in", 2),
        event("c4", "opt_out", 3, category="email"), event("c4", "opt_out", 3, category="sms"),
    ]  # fmt: skip
    contacts = [
        contact("c5", ok_mail="no", ok_tel=""), contact("c6", mail="", tel=""), contact("c7", mail="", tel="12"),
        contact("c8", mail=audience_shop.email("f001"), tel=audience_shop.phone("f001")),
    ]  # fmt: skip
    settings = audience_shop.written(tmp_path, *people, contacts=contacts, events=events, complaining=["c9"])
    done = exported(settings)
    assert done.manifest["customers"]["left_out"] == {
        "opted_out": 2, "no_consent": 2, "no_details": 1, "unusable_details": 1, "same_details_as_another": 1,
        "open_complaint": 1,
    }  # fmt: skip
    assert on_the_list(settings, done) & {"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c9"} == {"c3"}


def test_each_detail_needs_its_own_consent(tmp_path: Path) -> None:
    contacts = [contact("c1", ok_tel="no"), contact("c2", ok_mail="no")]
    settings = audience_shop.written(tmp_path, lapsed("c1"), lapsed("c2"), contacts=contacts)
    told = lines(exported(settings))
    assert [email_hash(audience_shop.email("c1"), GOOGLE), ""] in told
    assert ["", phone_hash(audience_shop.phone("c2"), GOOGLE, "CN")] in told
    everything = {cell for row in told for cell in row}
    assert phone_hash(audience_shop.phone("c1"), GOOGLE, "CN") not in everything
    assert email_hash(audience_shop.email("c2"), GOOGLE) not in everything


def test_a_detail_that_somebody_refused_is_on_no_list(tmp_path: Path) -> None:
    """They share a telephone: the list has the address of the one who did not refuse, and the number of nobody."""
    shared = audience_shop.phone("c1")
    contacts = [contact("c2", tel=shared), contact("c3", mail="", tel=shared)]
    settings = audience_shop.written(
        tmp_path, lapsed("c1"), lapsed("c2"), lapsed("c3"), contacts=contacts, events=[event("c1", "opt_out", 3)]
    )
    done = exported(settings)
    told = lines(done)
    assert [email_hash(audience_shop.email("c2"), GOOGLE), ""] in told
    assert phone_hash(shared, GOOGLE, "CN") not in {cell for row in told for cell in row}
    assert done.manifest["customers"]["left_out"] == {"opted_out": 1, "details_of_somebody_who_refused": 1}


def test_consent_to_advertising_is_asked_where_a_column_tells_it(tmp_path: Path) -> None:
    contacts = [contact("c1", ads="no"), contact("c2")]
    settings = audience_shop.written(
        tmp_path, lapsed("c1"), lapsed("c2"), contacts=contacts, consents={"audience": "ads"}
    )
    done = exported(settings)
    assert on_the_list(settings, done) & {"c1", "c2"} == {"c2"}
    assert done.manifest["consent"] == {"ad_user_data": "GRANTED", "ad_personalization": "GRANTED"}
    assert exported(settings, vendor="meta").manifest["consent"] == {"customer_consent": True}


def test_the_business_may_say_that_consents_cover_it(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path, consents_cover_advertising=True)
    assert exported(settings).manifest["consent"]["ad_user_data"] == "GRANTED"


def test_too_few_are_not_handed_over_for_nothing(tmp_path: Path) -> None:
    contacts = [contact("c1", ok_mail="no", ok_tel="no")]
    settings = audience_shop.written(tmp_path, lapsed("c1"), contacts=contacts, fillers=audience_shop.FILLERS[:99])
    with pytest.raises(TooFew) as raised:
        exported(settings)
    assert "99 of 100 customers" in raised.value.problem
    assert "no consent" in raised.value.problem
    assert "consents and details that are missing" in raised.value.mend
    assert not (tmp_path / "out").exists()
    assert not (settings.folder / FOLDER).exists()


def test_a_long_list_is_parted(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path, rows_per_file=100)
    done = exported(settings, vendor="linkedin")
    assert [one["rows"] for one in done.manifest["files"]] == [100, 100, 100]
    assert done.manifest["files"][0]["name"] == "20260102T030405Z-win_back-linkedin-1of3.csv"
    assert "several_lists" in done.manifest["told"]
    small = exported(settings, vendor="meta", most_bytes=5_000)
    assert all(one["bytes"] <= 5_000 for one in small.manifest["files"])
    assert sum(one["rows"] for one in small.manifest["files"]) == 300


def test_files_are_what_the_manifest_says_and_their_owners_alone(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path)
    done = exported(settings)
    out = tmp_path / "out"
    for one in done.manifest["files"]:
        content = (out / one["name"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (one["sha256"], one["bytes"])
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    assert json.loads((out / done.manifest["beside"]).read_text()) == done.manifest
    again = exported(settings)
    assert again.manifest["id"] == done.manifest["id"] + "-2"


def test_nothing_of_ours_holds_a_detail_or_its_digest(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path, lapsed("c1"))
    done = exported(settings)
    kept = {path: path.read_bytes() for path in settings.folder.rglob("*") if path.is_file()}
    kept[tmp_path / "told"] = repr(done).encode()
    details = [audience_shop.email("c1"), audience_shop.phone("c1"), audience_shop.phone("c1").replace(" ", "")]
    details += [email_hash(details[0], GOOGLE), str(phone_hash(details[1], GOOGLE, "CN"))]
    held = [path for path, content in kept.items() for one in details if one.lower().encode() in content.lower()]
    assert held == []


def test_a_question_that_cannot_be_answered(tmp_path: Path) -> None:
    for text in ("winback", "segment:", "win_back:x", ""):
        with pytest.raises(UnknownAudience) as unknown:
            wanted(text)
        assert "exclude_loyal" in unknown.value.mend
    with pytest.raises(OptionOfAnother) as another:
        wanted("win_back", top=5)
    assert "seed" in another.value.mend
    with pytest.raises(OptionOfAnother, match="--min-probability"):
        wanted("seed", min_probability=0.5)


def test_settings_that_lack_something(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path)
    lacks = {
        NoIdentifier: {"email": None, "phone": None}, NoConsentColumn: {"may_email": None, "may_phone": None},
        NoContacts: {"path": None},
    }  # fmt: skip
    for error, missing in lacks.items():
        contacts = settings.contacts.model_copy(update=missing)
        with pytest.raises(error) as raised:
            exported(settings.model_copy(update={"contacts": contacts}))
        assert "[contacts]" in raised.value.mend
    abroad = settings.audiences.model_copy(update={"country": "XX"})
    with pytest.raises(UnknownCountry):
        exported(settings.model_copy(update={"audiences": abroad}))


def test_files_do_not_go_among_the_artifacts(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path)
    with pytest.raises(InsideArtifacts) as raised:
        export(
            settings, wanted("win_back"), GOOGLE, settings.folder / "out", now=campaign_shop.NOW, written_at=WRITTEN,
            environ={},
        )  # fmt: skip
    assert "--out" in raised.value.mend
