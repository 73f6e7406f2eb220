"""Keys of files, and what they encrypt: AES-256-GCM, with a data key a file that a key of the environment wraps.

    CHURN_FILE_KEY            32 bytes in base64: files are written with it and read with it
    CHURN_FILE_KEYS_BEFORE    keys of before, parted by commas: files are read with them as well

    encrypted.json            in the artifacts of a business whose settings ask for encryption: whoever writes a file
                              below it, in whichever process, encrypts it

Parquet is encrypted by Arrow itself (features/parquet.py), lines of JSON one by one (features/cipher_lines.py). What
is not encrypted is read as it is. A file says the id of its key, never the key. Start reading at `appoint`.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from churn.errors import SettingsError
from churn.settings import Settings
from features.atomic import write_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, KEYS_BEFORE = "CHURN_FILE_KEY", "CHURN_FILE_KEYS_BEFORE"
KEY_BYTES, NONCE_BYTES, ID_DIGITS = 32, 12, 12
MARK = "encrypted.json"
MAKE_ONE = "make one with `churn privacy new-key`"


class NoFileKey(SettingsError):
    """A file is to be encrypted, or is, and the environment has no key."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}, and the variable {KEY} is not set.",
            mend=f"set {KEY} to the key of this business; where there was never one, {MAKE_ONE} and keep it where "
            "backups of the artifacts are not. Without its key a file is lost.",
        )


class BadFileKey(SettingsError):
    """A key of the environment is none."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"The variable {variable} holds no key: a key is {KEY_BYTES} bytes in base64.",
            mend=f"{MAKE_ONE}, or correct the variable; it was not shown, as it may be a secret.",
        )


class WrongFileKey(SettingsError):
    """A file was encrypted with a key that the environment has not."""

    def __init__(self, key_id: str, known: list[str]) -> None:
        super().__init__(
            f"A file is encrypted with key {key_id}, and the environment has {', '.join(known) or 'none'}.",
            mend=f"set {KEY} to that key, or add it to {KEYS_BEFORE} where it was replaced; "
            "`churn privacy status` says which key each store has.",
        )


@dataclass(frozen=True)
class FileKeys:
    """The keys of the environment.

    Args:
        current: id of the one that files are written with; None where there is none.
        by_id: all of them.
    """

    current: str | None
    by_id: dict[str, bytes]

    def wrap(self, data_key: bytes) -> str:
        """A data key as a file keeps it.

        Raises:
            NoFileKey: there is nothing to wrap it with.
        """
        if self.current is None:
            raise NoFileKey("A file is to be encrypted")
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + cipher_of(self.by_id[self.current]).encrypt(nonce, data_key, self.current.encode())
        return base64.b64encode(sealed).decode()

    def unwrap(self, wrapped: str | bytes, key_id: str) -> bytes:
        """The data key of a file.

        Raises:
            NoFileKey, WrongFileKey: it was wrapped with a key that is not here.
        """
        from cryptography.exceptions import InvalidTag

        if not self.by_id:
            raise NoFileKey(f"A file is encrypted with key {key_id}")
        if key_id not in self.by_id:
            raise WrongFileKey(key_id, sorted(self.by_id))
        try:
            sealed = base64.b64decode(wrapped, validate=True)
            return cipher_of(self.by_id[key_id]).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], key_id.encode())
        except (InvalidTag, ValueError) as error:  # of another key with the same id, or the file was changed
            raise WrongFileKey(key_id, sorted(self.by_id)) from error


def file_keys() -> FileKeys:
    """The keys of the environment.

    Raises:
        BadFileKey: one is none.
    """
    return _read(os.environ.get(KEY, ""), os.environ.get(KEYS_BEFORE, ""))


@lru_cache(maxsize=8)
def _read(current: str, before: str) -> FileKeys:
    found = {name: decoded(text, KEY) for text in [current] if text.strip() for name in [_id_of(text, KEY)]}
    first = next(iter(found), None)
    for text in before.replace(",", " ").split():
        found.setdefault(_id_of(text, KEYS_BEFORE), decoded(text, KEYS_BEFORE))
    return FileKeys(first, found)


def _id_of(text: str, variable: str) -> str:
    """A key's name: tells keys apart and says nothing of them."""
    return hashlib.sha256(b"churn file key\n" + decoded(text, variable)).hexdigest()[:ID_DIGITS]


def decoded(text: str, variable: str) -> bytes:
    """A key of the environment.

    Raises:
        BadFileKey: it is none.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadFileKey(variable) from error
    if len(key) != KEY_BYTES:
        raise BadFileKey(variable)
    return key


def new_key() -> str:
    """A key, as the environment holds it."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def appoint(settings: Settings) -> None:
    """Let every process that writes below the artifacts of a business know whether it encrypts; asked at each edge.

    Raises:
        NoFileKey, BadFileKey: the settings ask for encryption, and there is no key.
    """
    mark = settings.folder / MARK
    if not settings.privacy.encrypt_files:
        mark.unlink(missing_ok=True)
        return
    if file_keys().current is None:
        raise NoFileKey("[privacy] encrypt_files is true")
    if not mark.exists():
        write_json(mark, {"encrypted": True, "why": "[privacy] encrypt_files"})


def is_encrypting(path: Path) -> bool:
    """Whether a file of this path is to be encrypted: it lies in the artifacts of a business that asks for it."""
    return any((parent / MARK).exists() for parent in path.absolute().parents)


def keys_for(path: Path) -> FileKeys | None:
    """The keys to write a file of this path with; None where it is not to be encrypted.

    Raises:
        NoFileKey, BadFileKey: it is, and there is no key.
    """
    if not is_encrypting(path):
        return None
    if file_keys().current is None:
        raise NoFileKey(f"{path.name} is to be encrypted")
    return file_keys()


def cipher_of(key: bytes) -> "AESGCM":
    """AES-256-GCM with a key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
