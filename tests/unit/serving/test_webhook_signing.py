"""Signatures and secrets, with the standard's own library as the judge."""

import time
from pathlib import Path

import pytest
import standardwebhooks
from pydantic import ValidationError

from churn.settings import Settings
from churn.webhook_sections import Webhooks
from serving.webhooks.signing import VARIABLE, BadWebhookSecret, NoWebhookSecret, secrets_of, signed
from tests import tiny_service
from tests.webhook_receiver import SECRET

OTHER = "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def settings(folder: Path, **wanted: object) -> Settings:
    held = tiny_service.settings(folder).model_copy(update={"root": folder})
    return held.model_copy(update={"webhooks": Webhooks(**wanted)})  # type: ignore[arg-type]


def test_the_standards_library_takes_what_we_sign(tmp_path: Path) -> None:
    body = '{"type":"score.changed","customer":"客户-3"}'.encode()
    secrets = secrets_of(settings(tmp_path), {VARIABLE: SECRET})
    headers = signed(secrets, "chg-1", int(time.time()), body)
    assert standardwebhooks.Webhook(SECRET).verify(body, headers)["customer"] == "客户-3"
    for changed in ({"webhook-id": "chg-2"}, {"webhook-timestamp": str(int(time.time()) - 1)}):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRET).verify(body, headers | changed)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(body + b" ", headers)


def test_while_a_secret_is_changed_either_is_taken(tmp_path: Path) -> None:
    secrets = secrets_of(settings(tmp_path), {VARIABLE: f"{OTHER} {SECRET}"})
    headers = signed(secrets, "chg-1", int(time.time()), b"{}")
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (SECRET, OTHER):
        standardwebhooks.Webhook(secret).verify(b"{}", headers)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n{OTHER}\n")
    assert len(secrets_of(settings(tmp_path, secret_file="secret"), {})) == 2
    with pytest.raises(NoWebhookSecret, match="openssl rand"):
        secrets_of(settings(tmp_path, secret_file="missing"), {VARIABLE: SECRET})
    with pytest.raises(NoWebhookSecret, match=VARIABLE):
        secrets_of(settings(tmp_path), {})


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", "whsec_" + "QUJD" * 30])
def test_what_is_no_secret_is_refused_without_being_shown(tmp_path: Path, secret: str) -> None:
    with pytest.raises(BadWebhookSecret) as raised:
        secrets_of(settings(tmp_path), {VARIABLE: secret})
    assert "openssl rand" in raised.value.mend
    assert secret not in str(raised.value).replace("whsec_$", "").replace("`whsec_`", "") or secret == "whsec_"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://crm.example/hook", "allow_http"),
        ("ftp://crm.example/hook", "address of the web"),
        ("https:///hook", "address of the web"),
        ("https://user:hunter2@crm.example/", "user, a password"),
        ("https://crm.example/#hunter2", "fragment"),
        ("https://crm.example/hunter2 /", "percent-encode"),
        ("https://crm.example:99999/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
    ],
)
def test_where_letters_cannot_go_is_said_with_the_settings(url: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why) as raised:
        Webhooks(urls=(url,))
    told = "; ".join(str(one["msg"]) for one in raised.value.errors())
    assert "hunter2" not in told


def test_a_url_is_named_once() -> None:
    assert Webhooks(urls=("https://a.example/", "https://b.example/x?y=1")).urls
    with pytest.raises(ValidationError, match="named twice"):
        Webhooks(urls=("https://a.example/", "https://a.example/"))
    assert Webhooks(urls=("http://a.example/",), allow_http=True).urls
