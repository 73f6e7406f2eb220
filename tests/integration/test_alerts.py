"""`churn monitor` tells whom `[alerts]` names, over real connections, and never fails because it could not."""

import json
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from churn.alert_sections import Alerts
from churn.settings import Settings
from churn.webhook_sections import Webhooks
from cli.alerts import try_out
from cli.monitoring import monitor
from cli.outcome import Outcome
from monitoring.alerts.letters import trial_of
from monitoring.alerts.mail import NoSmtpCaFile, NoSmtpPassword, mails
from monitoring.history import HISTORY
from serving.webhooks.signing import NoWebhookSecret
from tests.mail_server import MailServer, mail_server
from tests.monitored_shop import Shop, build
from tests.tls_servers import Authority
from tests.webhook_receiver import SECRET, endpoint, status

OPS = "ops@shop.example"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = build(tmp_path_factory.mktemp("alerted"))
    shop.write_scores(shop.now())
    return shop


@pytest.fixture
def shop(template: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shutil.copytree(template.settings.artifacts, tmp_path / "artifacts")
    monkeypatch.setenv("CHURN_WEBHOOK_SECRET", SECRET)
    return template.moved(tmp_path / "artifacts")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as here:
        yield here


def told_by(shop: Shop, **alerts: Any) -> Settings:
    """The business, with `[alerts]`."""
    rules = Alerts(mail_from="churn@shop.example", smtp_host="127.0.0.1", **({"smtp_security": "none"} | alerts))
    webhooks = Webhooks(allow_http=True, allow_private=True, timeout_s=3)
    return shop.settings.model_copy(update={"alerts": rules, "webhooks": webhooks})


def judged(settings: Settings) -> Outcome:
    return monitor(settings, with_pages=False)


def break_it(shop: Shop) -> None:
    shop.change_current({"order_total_90d": "a text"})


def test_a_mail_and_a_signed_letter_once_while_it_lasts_and_once_when_it_is_over(
    shop: Shop, server: MailServer
) -> None:
    sound = shop.current_path.read_bytes()
    with endpoint() as hook:
        settings = told_by(shop, mail_to=(OPS,), smtp_port=server.port, urls=(hook.url,))
        assert judged(settings).exit_code == 0
        assert (server.got, hook.got) == ([], [])
        break_it(shop)
        for _ in range(3):
            assert judged(settings).exit_code == 22
        ((to, mail),) = server.got
        assert to == [OPS]
        assert mail["Subject"] == "[churn] Monitored shop: stop (1 new)"
        assert "order_total_90d" in mail.get_content()
        assert "须停用" in mail.get_content()
        (letter,) = hook.got
        assert letter.told["type"] == "monitor.verdict"
        (alarm,) = letter.told["data"]["alarms"]
        assert (alarm["state"], alarm["code"], alarm["verdict"]) == ("new", "broken_not_a_number", "stop")
        shop.current_path.write_bytes(sound)
        assert judged(settings).exit_code == 22  # a stop stands until a person lifts it; that of the column is over
        assert [(one["state"], one["code"]) for one in hook.told[-1]["alarms"]] == [("over", "broken_not_a_number")]
        assert hook.told[-1]["verdict"] == "stop"
        assert (len(hook.got), len(server.got)) == (2, 2)


def test_nothing_is_lost_while_receivers_are_down(shop: Shop) -> None:
    with endpoint() as hook, mail_server() as first:
        port = first.port
        hook.always = status(503)
        settings = told_by(shop, mail_to=(OPS,), smtp_port=port, urls=(hook.url,))
        first.fails = True
        break_it(shop)
        outcome = judged(settings)
        assert outcome.exit_code == 22
        assert "Not told: webhook" in outcome.text
        assert f"Not told: {OPS}" in outcome.text
        hook.always = status(204)
        first.fails = False
        assert judged(settings).exit_code == 22
        assert len(first.got) == 1
        assert len({one.id for one in hook.got}) == 1  # the letter of before, with its id


def test_that_a_verdict_could_not_be_written_is_told(shop: Shop, server: MailServer) -> None:
    (shop.settings.folder / HISTORY / "in the way").mkdir(parents=True)
    assert judged(told_by(shop, mail_to=(OPS,), smtp_port=server.port)).exit_code == 23
    ((_, mail),) = server.got
    assert mail["Subject"] == "[churn] Monitored shop: cannot tell (1 new)"
    assert "not_written" in mail.get_content()
    assert "结论无法写入" in mail.get_content()


def test_that_a_champion_was_sent_back_is_told_and_asks_for_a_look(
    shop: Shop, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = {"model": "churn", "from": "churn-made/2", "to": "churn-made/1", "code": "no_number"}
    back |= {"why": "too many got no number", "why_zh": "过多客户没有评分"}
    monkeypatch.setattr("cli.watch.watch", lambda *_: [back])
    outcome = judged(told_by(shop, mail_to=(OPS,), smtp_port=server.port))
    assert (outcome.exit_code, outcome.as_json["exit_code"], outcome.as_json["verdict"]) == (21, 21, "watch")
    assert outcome.text.startswith("Verdict: watch")
    assert "Sent back: churn-made/2; churn-made/1 serves again." in outcome.text
    ((_, mail),) = server.got
    assert mail["Subject"] == "[churn] Monitored shop: watch (1 done)"
    assert "过多客户没有评分" in mail.get_content()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_over_tls_goes_to_who_is_trusted_alone(
    shop: Shop, authority: Authority, tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.certificate(tmp_path))
    monkeypatch.setenv("CHURN_SMTP_PASSWORD", "hush")
    with mail_server(context=context, is_tls=security == "tls", user=("churn", "hush")) as server:
        wanted = {"mail_to": (OPS,), "smtp_port": server.port, "smtp_security": security, "smtp_user": "churn"}
        trusting = told_by(shop, **wanted, smtp_ca_file=str(authority.path))
        named = trusting.model_copy(update={"alerts": trusting.alerts.model_copy(update={"smtp_host": "localhost"})})
        assert answers(named) == ["taken"]
        assert server.was_encrypted == [True]
        assert answers(trusting) == ["tls"]  # the certificate is for another name
        stranger = named.model_copy(update={"alerts": named.alerts.model_copy(update={"smtp_ca_file": None})})
        assert answers(stranger) == ["tls"]
        monkeypatch.setenv("CHURN_SMTP_PASSWORD", "wrong")
        assert answers(named) == ["login_refused"]


def test_a_server_that_hangs_is_waited_for_once_whoever_is_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.alerts.mail.TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        rules = Alerts(
            mail_to=(OPS, "crm@shop.example"), mail_from="churn@shop.example", smtp_host="127.0.0.1",
            smtp_port=silent.getsockname()[1], smtp_security="none",
        )  # fmt: skip
        letter = trial_of("shop", "Shop", "test-1", datetime(2025, 1, 1, tzinfo=UTC))
        assert [one.send(letter) for one in mails(Settings(alerts=rules), {})] == ["timeout", "timeout"]
        silent.settimeout(0.2)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()


def answers(settings: Settings) -> list[str]:
    outcome = try_out(settings)
    assert outcome.exit_code == (0 if all(one["answer"] == "taken" for one in outcome.as_json) else 10)
    return [one["answer"] for one in outcome.as_json]


def test_a_trial_says_who_took_it(shop: Shop, server: MailServer) -> None:
    server.refused = {"gone@shop.example"}
    with endpoint() as hook:
        settings = told_by(shop, mail_to=(OPS, "gone@shop.example"), smtp_port=server.port, urls=(hook.url,))
        assert answers(settings) == ["taken", "taken", "address_refused"]
        assert hook.got[0].told["type"] == "monitor.test"
    assert try_out(shop.settings).text.startswith("Nobody is told")
    assert answers(told_by(shop, mail_to=(OPS,), smtp_port=1)) == ["refused"]
    asked = told_by(shop, mail_to=(OPS,), smtp_port=server.port, smtp_security="starttls")
    assert answers(asked) == ["not_offered"]


def test_what_cannot_be_told_as_the_settings_want_fails_no_verdict(
    shop: Shop, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHURN_WEBHOOK_SECRET")
    break_it(shop)
    mailed = {"mail_to": (OPS,), "smtp_port": server.port}
    with endpoint() as hook:
        outcome = judged(told_by(shop, urls=(hook.url,), **mailed))
        assert outcome.exit_code == 22
        assert "Not told: webhook 1 (Receivers of webhooks are named, and there is no secret" in outcome.text
        assert (len(server.got), hook.got) == (1, [])  # what one lacks keeps the other waiting for nothing
        monkeypatch.setenv("CHURN_WEBHOOK_SECRET", SECRET)
        judged(
            told_by(shop, urls=(hook.url,), **mailed, smtp_user="churn")
        )  # no password: the same the other way round
        assert (len(server.got), len(hook.got)) == (1, 1)
    monkeypatch.delenv("CHURN_WEBHOOK_SECRET")
    with pytest.raises(NoWebhookSecret):
        try_out(told_by(shop, urls=("http://127.0.0.1:1/x",)))
    login = {"mail_to": (OPS,), "smtp_user": "churn", "smtp_security": "starttls"}
    with pytest.raises(NoSmtpPassword, match="CHURN_SMTP_PASSWORD"):
        mails(told_by(shop, **login), {})
    with pytest.raises(NoSmtpPassword, match="no-file"):
        mails(told_by(shop, **login, smtp_password_file="no-file"), {})
    with pytest.raises(NoSmtpCaFile, match="PEM"):
        mails(told_by(shop, mail_to=(OPS,), smtp_ca_file="no-file"), {})


def test_letters_hold_nothing_of_a_customer(shop: Shop) -> None:
    now = shop.now()
    shop.write_scores(now, np.full(len(now), 0.9))
    shop.change_current({"order_count_90d": np.nan})
    with endpoint() as hook:
        judged(told_by(shop, urls=(hook.url,)))
        told = json.dumps(hook.told)
    assert "scores_moved_on_broken_data" in told
    assert not [one for one in now["customer_id"] if f'"{one}"' in told or f" {one} " in told]
