"""Signatures of letters by Standard Webhooks, and the secrets they are made with.

    webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">    one a secret, parted by spaces

While a secret is being changed there are two: both sign, so that a receiver may take either. Start reading at
`secrets_of`.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path

from churn.errors import SettingsError
from churn.settings import Settings

VARIABLE = "CHURN_WEBHOOK_SECRET"
PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes, as the standard has it
MAKE = 'echo "whsec_$(openssl rand -base64 32)"'


class NoWebhookSecret(SettingsError):
    """Letters are to be sent, and there is nothing to sign them with."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"Receivers of webhooks are named, and there is no secret in {where}.",
            mend=f"make one (`{MAKE}`), give it to the receivers, and put it there.",
        )


class BadWebhookSecret(SettingsError):
    """A secret is none that the standard knows."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"A secret in {where} is not `{PREFIX}` and base64 of {SHORTEST} to {LONGEST} bytes.",
            mend=f"make one: `{MAKE}`. Several, while one is being changed, are parted by spaces.",
        )


def secrets_of(settings: Settings, environ: Mapping[str, str]) -> list[bytes]:
    """The secrets that letters are signed with, in their order.

    Args:
        settings: of the business.
        environ: the environment.

    Raises:
        NoWebhookSecret: there is none. BadWebhookSecret: one has another form.
    """
    where, told = _told(settings, environ)
    if not told:
        raise NoWebhookSecret(where)
    return [_decoded(one, where) for one in told]


def signed(secrets: Sequence[bytes], letter_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers of a letter.

    Args:
        secrets: each signs.
        letter_id: the same whenever this letter is sent.
        timestamp_s: when it is sent, seconds since 1970 UTC.
        body: as it goes out.
    """
    text = b".".join((letter_id.encode(), str(timestamp_s).encode(), body))
    signatures = (base64.b64encode(hmac.new(one, text, hashlib.sha256).digest()).decode() for one in secrets)
    return {
        "webhook-id": letter_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }


def _told(settings: Settings, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    if settings.webhooks.secret_file is None:
        return f"the variable {VARIABLE}", environ.get(VARIABLE, "").split()
    path: Path = settings.root / settings.webhooks.secret_file
    try:
        return str(path), path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise NoWebhookSecret(str(path)) from error


def _decoded(secret: str, where: str) -> bytes:
    try:
        if not secret.startswith(PREFIX):
            raise BadWebhookSecret(where)
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadWebhookSecret(where) from error
    if not SHORTEST <= len(found) <= LONGEST:
        raise BadWebhookSecret(where)
    return found
