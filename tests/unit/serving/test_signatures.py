"""Signatures of live events, held against the reference library of Standard Webhooks."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from serving.auth import Key
from serving.keys.form import new_secret
from serving.limits.once import SqliteOnce
from serving.signatures import AlreadyReceived, BadSignature, Signatures, check_signature, signature

SECRET, OTHER = new_secret(), new_secret()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_S = NOW.timestamp()
BODY = b'{"events": []}'


def signed(
    body: bytes = BODY, secret: str = SECRET, at: datetime = NOW, webhook_id: str = "msg_1"
) -> dict[bytes, bytes]:
    """Headers as the reference library makes them."""
    made = Webhook(secret).sign(msg_id=webhook_id, timestamp=at, data=body.decode())
    return {
        b"webhook-id": webhook_id.encode(),
        b"webhook-timestamp": str(int(at.timestamp())).encode(),
        b"webhook-signature": made.encode(),
    }


@given(body=st.text(max_size=200), secret=st.binary(min_size=1, max_size=64))
def test_it_is_the_signature_of_the_reference(body: str, secret: bytes) -> None:
    text = "whsec_" + base64.b64encode(secret).decode()
    headers = signed(body.encode(), text)
    assert headers[b"webhook-signature"] == b"v1," + signature(
        secret, b"msg_1", str(int(NOW_S)).encode(), body.encode()
    )
    assert check_signature(headers, body.encode(), [OTHER, text], NOW_S) == b"msg_1"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda held: held.pop(b"webhook-id"), "missing"),
        (lambda held: held.pop(b"webhook-signature"), "missing"),
        (lambda held: held.update({b"webhook-timestamp": b"1e9"}), "missing"),
        (lambda held: held.update({b"webhook-timestamp": b"9" * 13}), "missing"),
        (lambda held: held.update({b"webhook-id": b"x" * 257}), "missing"),
        (lambda held: held.update({b"webhook-id": b"msg_2"}), "another secret"),
        (lambda held: held.update({b"webhook-timestamp": b"%d" % (NOW_S + 1)}), "another secret"),
        (lambda held: held.update({b"webhook-signature": b"v2," + held[b"webhook-signature"][3:]}), "missing"),
        (lambda held: held.update({b"webhook-signature": b"v1,"}), "another secret"),
    ],
)
def test_whatever_is_changed_is_noticed(change: Callable[[dict[bytes, bytes]], object], why: str) -> None:
    headers = signed()
    change(headers)
    with pytest.raises(BadSignature, match=why) as refused:
        check_signature(headers, BODY, [SECRET], NOW_S)
    assert "Standard Webhooks" in refused.value.mend


def test_another_body_secret_or_time_is_refused() -> None:
    for headers, body, known in ((signed(), BODY + b" ", [SECRET]), (signed(), BODY, [OTHER])):
        with pytest.raises(BadSignature, match="another secret"):
            check_signature(headers, body, known, NOW_S)
    for seconds in (-301, 301):
        with pytest.raises(BadSignature, match="300 s"):
            check_signature(signed(at=NOW + timedelta(seconds=seconds)), BODY, [SECRET], NOW_S)
    for seconds in (-300, 300):
        check_signature(signed(at=NOW + timedelta(seconds=seconds)), BODY, [SECRET], NOW_S)


def test_a_sender_that_changes_its_secret_signs_with_both() -> None:
    headers = signed(secret=OTHER)
    headers[b"webhook-signature"] += b" " + signed()[b"webhook-signature"]
    assert check_signature(headers, BODY, [SECRET], NOW_S) == b"msg_1"


class TestOnce:
    KEY = Key("shop", frozenset({"events"}), bytes(32), signing=(SECRET,))

    @pytest.fixture
    def signatures(self, tmp_path: Path) -> Signatures:
        return Signatures([OTHER], SqliteOnce(tmp_path / "taken", lambda: NOW_S), lambda: NOW_S)

    def test_a_message_is_taken_once_and_again_if_it_failed(self, signatures: Signatures) -> None:
        with pytest.raises(OSError, match="full"), signatures.checked(signed(), self.KEY, BODY):
            raise OSError("full")
        with signatures.checked(signed(), self.KEY, BODY):
            pass
        later = signed(at=NOW + timedelta(seconds=60))
        for headers in (signed(), later):
            with pytest.raises(AlreadyReceived, match="id of its own"), signatures.checked(headers, self.KEY, BODY):
                pytest.fail("it came in")

    def test_a_key_signs_with_its_own_secret_others_with_that_of_all(self, signatures: Signatures) -> None:
        other = Key("other", frozenset({"events"}), bytes(32))
        with signatures.checked(signed(), self.KEY, BODY), signatures.checked(signed(secret=OTHER), other, BODY):
            pass
        with pytest.raises(BadSignature), signatures.checked(signed(secret=OTHER, webhook_id="2"), self.KEY, BODY):
            pass

    def test_nobody_signs_where_no_secret_is_set(self, tmp_path: Path) -> None:
        free = Signatures([], SqliteOnce(tmp_path / "taken"))
        with free.checked({}, None, BODY), free.checked({}, Key("a", frozenset(), bytes(32)), BODY):
            pass
        assert json.loads(BODY) == {"events": []}
