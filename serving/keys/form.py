"""What a key looks like: `churn_`, 32 random letters, 6 that check them.

    churn_3kZ0p...9QfA1bC2d        190 bits of chance; the last six letters are the CRC-32 of what comes before

The prefix lets secret scanners and people know a key where it does not belong; the check lets a mistyped one be told
from an unknown one without asking. A key of 190 random bits cannot be guessed however fast its hash is, so SHA-256
without salt or stretching is enough to keep it by (docs/adr/0030). Start reading at `new_key`.
"""

import base64
import hashlib
import re
import secrets
import zlib

PREFIX = "churn_"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LETTERS, CHECK_LETTERS = 32, 6
SIGNING_PREFIX, SIGNING_BYTES = "whsec_", 32
FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_LETTERS + CHECK_LETTERS}}}")


def new_key() -> str:
    """A key that nobody has."""
    body = PREFIX + "".join(secrets.choice(LETTERS) for _ in range(RANDOM_LETTERS))
    return body + _check(body)


def new_secret() -> str:
    """A secret for signatures, as Standard Webhooks writes it."""
    return SIGNING_PREFIX + base64.b64encode(secrets.token_bytes(SIGNING_BYTES)).decode()


def is_key(text: str) -> bool:
    """Whether a text is a key that `new_key` could have made: no letter of it is wrong.

    >>> is_key("churn_" + "0" * 38)
    False
    """
    return bool(FORM.fullmatch(text)) and _check(text[:-CHECK_LETTERS]) == text[-CHECK_LETTERS:]


def digest_of(key: bytes) -> bytes:
    """What a key is known by."""
    return hashlib.sha256(key).digest()


def _check(body: str) -> str:
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LETTERS):
        number, rest = divmod(number, len(LETTERS))
        letters = LETTERS[rest] + letters
    return letters
