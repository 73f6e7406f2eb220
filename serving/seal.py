"""A seal on each line of the score log: whoever reads it later knows whether it is what was written.

    {..row.., "seal": "k:<32 hex digits>"}    keyed with the gate's key;  "p:..." where there is none

With the key nobody who may merely write the file can make another line that passes; without it a seal still tells a
slip of the hand or of the disk. It costs some microseconds a line. Start reading at `Seal`.
"""

import hashlib
import hmac
from dataclasses import dataclass

from churn.settings import Settings
from features.signing_key import key_of

NAME = b',"seal":"'
KEYED, PLAIN = b"k:", b"p:"
DIGITS = 32
LENGTH = len(NAME) + len(KEYED) + DIGITS + len(b'"}')
PURPOSE = b"churn score line 1\n"  # what the same key signs elsewhere can never pass as a seal
AS_WRITTEN, ALTERED, UNSEALED = "as_written", "altered", "unsealed"


@dataclass(frozen=True)
class Seal:
    """Puts seals on lines, and reads them.

    Args:
        key: 32 bytes; None where the business has no key.
    """

    key: bytes | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Seal":
        """The seal of a business: of its gate's key, where it has one.

        Raises:
            NoSigningKey: the settings name one that cannot be read.
        """
        key = key_of(settings)
        return cls(None if key is None else hashlib.sha256(PURPOSE + key).digest())

    def on(self, row: bytes) -> bytes:
        """A row, an object of JSON, with its seal as the last of its names."""
        return _sealed(row, KEYED if self.key else PLAIN, self.key or b"")

    def state(self, line: bytes) -> str:
        """Whether a line of the log, without its end, is as it was written: AS_WRITTEN, ALTERED or UNSEALED.

        A line of before there were seals, or before there was a key, is unsealed: nobody can tell.
        """
        if not line[-LENGTH:].startswith(NAME + (KEYED if self.key else PLAIN)):
            return UNSEALED
        return AS_WRITTEN if hmac.compare_digest(self.on(line[:-LENGTH] + b"}"), line) else ALTERED


def _sealed(row: bytes, kind: bytes, key: bytes) -> bytes:
    """Key on both sides and half of the digest: nobody goes on from where a hash ended."""
    digits = hashlib.sha256(b"".join((key, row, key))).hexdigest()[:DIGITS]
    return b"".join((row[:-1], NAME, kind, digits.encode(), b'"}'))
