"""Details are spelt and hashed as each platform's own examples are."""

import pytest

from campaigns.audiences.forms import FORMS, GOOGLE, META, X
from campaigns.audiences.normalised import digest, email_hash, email_text, phone_hash
from campaigns.audiences.phones import UnknownCountry, check_country, e164

# https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
META_EMAIL = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
META_PHONE = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
# https://developer.x.com/en/docs/x-ads-api/audiences/overview/user-data
X_EXAMPLE = "49e0be2aeccfb51a8dee4c945c8a70a9ac500cf6f5cb08112575f74db9b1470d"


def test_metas_examples() -> None:
    assert email_hash("John_Smith@gmail.com", META) == META_EMAIL
    assert phone_hash("(650)555-1212", META, "US") == META_PHONE
    assert phone_hash("+1 650 555 1212", META, None) == META_PHONE


def test_the_example_of_x() -> None:
    assert digest("adsapi") == X_EXAMPLE
    assert email_hash(" Support@Twitter.com ", X) == digest("support@twitter.com")


@pytest.mark.parametrize(
    ("given", "spelt"),
    [  # https://developers.google.com/data-manager/api/devguides/concepts/formatting
        ("cloudy.sanfrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
        ("user.name+NYC@Example.com", "user.name+nyc@example.com"),
        (" J.D@GoogleMail.com ", "jd@googlemail.com"),
    ],
)
def test_googles_examples(given: str, spelt: str) -> None:
    assert email_text(given, gmail_alike=True) == spelt
    assert email_hash(given, GOOGLE) == digest(spelt)


def test_googles_example_of_a_number() -> None:
    assert e164("(800)555-0100", "US") == "+18005550100"
    assert phone_hash("(800)555-0100", GOOGLE, "US") == digest("+18005550100")


def test_only_google_drops_dots() -> None:
    assert email_text("A.B@gmail.com", gmail_alike=False) == "a.b@gmail.com"
    assert [one.vendor for one in FORMS.values() if one.gmail_alike] == ["google"]


@pytest.mark.parametrize("number", ["138 1234 5678", "+86 138-1234-5678", "0086 13812345678", "１３８１２３４５６７８"])
def test_a_number_is_the_same_however_it_is_written(number: str) -> None:
    assert e164(number, "CN") == "+8613812345678"


@pytest.mark.parametrize(
    ("number", "country"), [("138 1234 5678", None), ("6505551212", "CN"), ("none", "CN"), ("", "CN")]
)
def test_what_is_no_number_there_is_none(number: str, country: str | None) -> None:
    assert e164(number, country) is None


def test_a_country_is_one() -> None:
    check_country(None)
    check_country("CN")
    with pytest.raises(UnknownCountry, match="no country") as raised:
        check_country("ZZ")
    assert "ISO 3166" in raised.value.mend
