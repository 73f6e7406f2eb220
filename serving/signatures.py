"""Signatures of live events, as Standard Webhooks has them: id, time and body, under a secret that both sides hold.

    webhook-id         names the message; taken once
    webhook-timestamp  seconds since 1970; five minutes off at most
    webhook-signature  `v1,<base64 of HMAC-SHA256 over id.timestamp.body>`, several parted by spaces

A key that was made with `--signed` has its secrets with it; `CHURN_EVENTS_SECRET` holds those of all others. Knows no
server. Start reading at `Signatures.checked`. Source: https://www.standardwebhooks.com (specification 1.0).
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from serving.auth import Key
from serving.keys.form import SIGNING_PREFIX
from serving.limits.once import Once
from serving.refusals import Refusal, Unauthorised

TOLERANCE_S = 300
REMEMBERED_S = 86_400  # a sender's own retries, signed anew, are told apart for so long
MOST_ID = 256


class BadSignature(Unauthorised):
    """Live events had to be signed, and were not, or not well."""

    def __init__(self, why: str) -> None:
        Refusal.__init__(
            self,
            f"The signature of the events is not good: {why}.",
            mend="sign `<webhook-id>.<webhook-timestamp>.<body>` as Standard Webhooks has it; see docs/security.md.",
        )


class AlreadyReceived(Refusal):
    """A signed message came before under its webhook-id."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "A message with this webhook-id was taken before.",
            mend="nothing is to be done if it is the same one; give each new message an id of its own.",
        )


def secret_bytes(secret: str) -> bytes:
    r"""The bytes of a secret: base64 after `whsec_`, or the text itself where it is none.

    >>> secret_bytes("whsec_AAEC")
    b'\x00\x01\x02'
    """
    try:
        return base64.b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def signature(secret: bytes, webhook_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """The signature of a message, without its `v1,`."""
    content = b".".join((webhook_id, timestamp, body))
    return base64.b64encode(hmac.digest(secret, content, hashlib.sha256))


def check_signature(headers: Mapping[bytes, bytes], body: bytes, known: Sequence[str], now_s: float) -> bytes:
    """The id of a message that was signed with one of these secrets, not long ago.

    Raises:
        BadSignature: it was not.
    """
    webhook_id, timestamp = headers.get(b"webhook-id", b""), headers.get(b"webhook-timestamp", b"")
    given = [one[3:] for one in headers.get(b"webhook-signature", b"").split() if one.startswith(b"v1,")]
    if not webhook_id or len(webhook_id) > MOST_ID or not timestamp.isdigit() or len(timestamp) > 12 or not given:
        raise BadSignature("webhook-id, webhook-timestamp or webhook-signature is missing, or has another form")
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        raise BadSignature(f"it was signed more than {TOLERANCE_S} s ago, or a clock is wrong")
    wanted = [signature(secret_bytes(secret), webhook_id, timestamp, body) for secret in known]
    matches = [hmac.compare_digest(one, other) for one in wanted for other in given[:8]]  # always all of them
    if not any(matches):
        raise BadSignature("it was signed with another secret, or the body was changed")
    return webhook_id


class Signatures:
    """What a service asks of the signatures of live events.

    Args:
        known: secrets for callers whose key has none of its own; none: they need not sign.
        once: remembers which messages came.
        now: seconds since 1970.
    """

    def __init__(self, known: Sequence[str], once: Once, now: Callable[[], float] = time.time) -> None:
        self._known, self._once, self._now = tuple(known), once, now

    @contextmanager
    def checked(self, headers: Mapping[bytes, bytes], key: Key | None, body: bytes) -> Iterator[None]:
        """Let a message through once; one that then fails may be sent again.

        Args:
            headers: of the request.
            key: of the caller.
            body: as it came.

        Raises:
            BadSignature: it had to be signed, and is not, or not well. AlreadyReceived: it came before.
        """
        known = key.signing if key and key.signing else self._known
        if not known:
            yield
            return
        webhook_id = check_signature(headers, body, known, self._now())
        who = key.name.encode() if key else b""
        name = f"message:{hashlib.sha256(who + b':' + webhook_id).hexdigest()}"
        if not self._once.claim(name, REMEMBERED_S):
            raise AlreadyReceived
        try:
            yield
        except BaseException:
            self._once.release(name)
            raise
