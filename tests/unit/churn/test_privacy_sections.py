"""What counts as TLS in a URL, and settings that insist on it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from churn.errors import SettingsError
from churn.privacy_sections import why_plain
from churn.sections import Source
from churn.settings import Settings, load
from features.tls import refuse_plain_sources, tls_mend


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:p@h/db?sslmode=verify-full&sslrootcert=/ca.pem",
        "postgres://h/db?sslmode=verify-full",
        "rediss://:p@h:6390/0?ssl_ca_certs=/ca.pem",
        "sqlite:///shop.db",
    ],
)
def test_tls_to_a_checked_host_is_enough(url: str) -> None:
    assert why_plain(url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://u:p@h/db", "sslmode=verify-full"),
        ("postgresql://h/db?sslmode=require", "sslmode=verify-full"),
        ("postgresql://h/db?sslmode=verify-ca", "sslmode=verify-full"),
        ("postgresql://h/db?sslmode=verify-full&sslmode=prefer", "sslmode=verify-full"),
        ("redis://h/0", "rediss://"),
        ("rediss://h/0?ssl_cert_reqs=none", "unchecked"),
        ("rediss://h/0?ssl_check_hostname=False", "unchecked"),
        ("mysql+pymysql://h/db", "nobody here knows"),
        ("postgresql://[h/db?sslmode=verify-full", "no URL"),
    ],
)
def test_less_is_plain(url: str, why: str) -> None:
    assert why in (why_plain(url) or "")


@pytest.mark.parametrize(
    "section", ["store.url", "store.registry_url", "live.url", "registry.url", "serving.limits_url"]
)
def test_settings_that_insist_refuse_a_plain_url_and_keep_its_secret(tmp_path: Path, section: str) -> None:
    name, key = section.split(".")
    path = tmp_path / "churn.toml"
    path.write_text(f'[privacy]\ntls_required = true\n[{name}]\n{key} = "postgresql://u:hush@h/db"\n')
    with pytest.raises(SettingsError, match=f"\\[{name}\\] {key}: it does not say sslmode=verify-full") as told:
        load(path, {})
    assert "hush" not in str(told.value)


def test_a_source_is_held_to_it_when_its_url_is_known() -> None:
    source = Source(url="${SHOP}", table="orders", customer_id="c", event_type="'order'", event_timestamp="t")
    settings = Settings.model_validate({"privacy": {"tls_required": True}, "source": [source]})
    with pytest.raises(SettingsError, match="number 1") as told:
        refuse_plain_sources(settings, {"SHOP": "postgresql://u:hush@h/db"})
    assert "sslmode=verify-full" in told.value.mend
    assert "hush" not in str(told.value)
    refuse_plain_sources(settings, {"SHOP": "postgresql://h/db?sslmode=verify-full"})


def test_without_the_setting_nothing_is_asked() -> None:
    Settings.model_validate({"live": {"url": "postgresql://h/db"}})
    with pytest.raises(ValidationError):
        Settings.model_validate({"live": {"url": "postgresql://h/db"}, "privacy": {"tls_required": True}})


def test_an_outage_that_has_nothing_to_do_with_tls_gets_no_such_mend() -> None:
    assert tls_mend("connection refused") is None
    assert "sslrootcert" in (tls_mend('root certificate file "/x" does not exist') or "")
