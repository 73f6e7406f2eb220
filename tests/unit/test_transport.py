"""How the service is reached: certificates are tried before it starts, and what stands open is said aloud."""

from pathlib import Path

import pytest

from churn.sections import Serving
from churn.settings import Settings
from cli import transport
from serving.auth import Key, Keys
from tests import certificates

SOME = Keys((Key("crm", frozenset(), bytes(32)),))


def settings(folder: Path, certificate: str | None = "service.pem", key: str | None = "service.key") -> Settings:
    return Settings(serving=Serving(tls_cert_file=certificate, tls_key_file=key), root=folder)


def test_a_good_certificate_is_taken(tmp_path: Path) -> None:
    certificates.make(tmp_path)
    held = settings(tmp_path)
    transport.check(held, SOME, "0.0.0.0")
    assert transport.url_of(held, "::1", 3000) == "https://[::1]:3000"
    assert transport.options(held) == [
        "--ssl-certfile", str(tmp_path / "service.pem"), "--ssl-keyfile", str(tmp_path / "service.key"),
    ]  # fmt: skip
    assert transport.to_ourselves(held) is not None


def test_one_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certificates.make(tmp_path)
    certificates.make(tmp_path / "other")
    (tmp_path / "locked.key").write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    for certificate, key in (("no.pem", "service.key"), ("service.pem", "other/service.key"),
                             ("service.key", "service.pem"), ("service.pem", "locked.key")):  # fmt: skip
        with pytest.raises(transport.BadCertificate, match="PEM files that belong together"):
            transport.check(settings(tmp_path, certificate, key), SOME, "127.0.0.1")


@pytest.mark.parametrize(
    ("keys", "host", "said"),
    [(Keys(), "127.0.0.1", "OPEN: no API key"), (SOME, "127.0.0.1", ""), (SOME, "0.0.0.0", "PLAIN: traffic"),
     (Keys(closed=True), "::1", "")],
)  # fmt: skip
def test_what_stands_open_is_said_aloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: Keys, host: str, said: str
) -> None:
    plain = settings(tmp_path, None, None)
    transport.check(plain, keys, host)
    told = capsys.readouterr().err
    assert said in told
    assert bool(told) == bool(said)
    assert transport.options(plain) == []
    assert transport.to_ourselves(plain) is None
    assert transport.url_of(plain, "127.0.0.1", 1) == "http://127.0.0.1:1"


def test_secrets_that_others_may_read_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificates.make(tmp_path)
    held = settings(tmp_path).model_copy(update={"artifacts": tmp_path})
    files = [held.folder / "keys" / "keys.json", held.folder / "champion" / "verdicts.key", tmp_path / "service.key"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        file.chmod(0o640)
    transport.check(held, SOME, "127.0.0.1")
    assert capsys.readouterr().err == "", "a group is somebody's own choice"
    for file in files:
        file.chmod(0o644)
        transport.check(held, SOME, "127.0.0.1")
        told = capsys.readouterr().err
        assert f"may read {file}" in told
        assert "chmod 600" in told
        file.chmod(0o600)
