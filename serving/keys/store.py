"""The keys that `churn keys` made, in `keys/keys.json` of the business: hashes, scopes, limits, when each ends.

Whole or not at all, readable by its owner alone, written under a lock; workers notice a change by the file's time
(serving/keys/ring.py). The key itself is shown once, when it is made; a secret for signatures has to be kept as it is.
Start reading at `KeyStore`.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from churn.errors import DataError, SettingsError
from features.atomic import flush, write_whole
from serving.auth import SCOPES, Key, unknown_scopes
from serving.keys.form import digest_of, new_key, new_secret

FOLDER, FILE, USED = "keys", "keys.json", "used"
NAME = r"^[a-z0-9][a-z0-9._-]{0,39}$"


class Secret(msgspec.Struct):
    """One key of a caller: its hash, and when it ends. After a rotation there are two for a while."""

    sha256: str
    made_at: datetime
    expires_at: datetime | None = None


class Named(msgspec.Struct):
    """A caller who has, or had, a key."""

    name: str
    scopes: list[str]
    secrets: list[Secret]
    made_at: datetime
    rate_per_minute: int | None = None
    quota_per_day: int | None = None
    revoked_at: datetime | None = None
    signing: list[str] = []

    def held(self) -> Iterator[Key]:
        """What a worker has to know."""
        for one in self.secrets:
            ends = one.expires_at.timestamp() if one.expires_at else None
            yield Key(
                self.name, frozenset(self.scopes), bytes.fromhex(one.sha256), ends, self.rate_per_minute,
                self.quota_per_day, made_here=True, signing=tuple(self.signing),
            )  # fmt: skip


class _File(msgspec.Struct):
    keys: list[Named] = []
    version: int = 1


class BrokenKeys(DataError):
    """The file of the keys cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The keys in {path} cannot be read: {why}.",
            mend="put back a copy of it from a backup, or move it away and make new keys with `churn keys create`.",
        )


class UnknownKey(SettingsError):
    """No key has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no key {name!r} that could be changed.",
            mend="`churn keys list` says which there are; keys of the settings are changed in the settings.",
        )


class BadName(SettingsError):
    """A key cannot be made as it was asked for."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, mend=f"say `churn keys create crm --scope score`; scopes are {', '.join(SCOPES)}.")


class KeyStore:
    """The keys of one business.

    Args:
        folder: the artifacts of the business.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self._used = folder / FOLDER / FILE, folder / FOLDER / USED

    def read(self) -> list[Named]:
        """Every caller who has or had a key, in the order in which they were made.

        Raises:
            BrokenKeys: the file is none of ours.
        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=_File).keys
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            raise BrokenKeys(self.path, str(error)) from error

    def create(self, named: Named, ends_in: timedelta | None, now: datetime) -> str:
        """Make a key for a new caller; the key, which is kept nowhere.

        Raises:
            BadName: the name is taken, or a scope is none.
        """
        with self._locked():
            held = self.read()
            if any(one.name == named.name for one in held):
                raise BadName(f"The name {named.name!r} is taken; a revoked key keeps its name, for the audit log.")
            if unknown := unknown_scopes(named.scopes):
                raise BadName(f"There is no scope {', '.join(unknown)}.")
            key = new_key()
            named.secrets = [_secret(key, now, ends_in)]
            self._write([*held, named])
        return key

    def revoke(self, name: str, now: datetime) -> None:
        """Let a key in no more.

        Raises:
            UnknownKey: nobody has this name.
        """
        with self._locked():
            held = self.read()
            one = _standing(held, name)
            one.secrets, one.signing, one.revoked_at = [], [], now
            self._write(held)

    def rotate(
        self, name: str, grace: timedelta, ends_in: timedelta | None, now: datetime, *, forever: bool = False
    ) -> str:
        """Give a caller a new key, while the old one is good for some time yet; the new key.

        Args:
            name: of the caller.
            grace: how long the old key is good yet.
            ends_in: when the new one ends; None: it is good for as long as the old one was.
            now: aware.
            forever: it never ends, whatever the old one did.

        Raises:
            UnknownKey: nobody has this name.
        """
        with self._locked():
            held = self.read()
            one = _standing(held, name)
            until, key = now + grace, new_key()
            ends_in = None if forever else ends_in or _term(one.secrets)
            for old in one.secrets:
                old.expires_at = min(old.expires_at or until, until)
            good = [old for old in one.secrets if old.expires_at and old.expires_at > now]
            one.secrets = [*good, _secret(key, now, ends_in)]
            if one.signing:
                one.signing = [new_secret(), one.signing[0]]  # the one before is good until the next rotation
            self._write(held)
        return key

    def used_on(self, name: str) -> datetime | None:
        """The day on which a key was last used."""
        try:
            return datetime.fromtimestamp((self._used / name).stat().st_mtime, UTC)
        except OSError:
            return None

    def note_use(self, name: str) -> None:
        """Note that a key was used today; the file's time says so."""
        self._used.mkdir(parents=True, exist_ok=True)
        (self._used / name).touch(mode=0o600)

    def _write(self, held: Sequence[Named]) -> None:
        def fill(draft: Path) -> None:
            draft.touch(mode=0o600)
            draft.write_bytes(msgspec.json.format(msgspec.json.encode(_File(list(held)))) + b"\n")
            flush(draft)

        write_whole(self.path, fill)
        flush(self.path.parent)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self.path.parent / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _secret(key: str, now: datetime, ends_in: timedelta | None) -> Secret:
    return Secret(digest_of(key.encode()).hex(), now, now + ends_in if ends_in else None)


def _term(secrets: Sequence[Secret]) -> timedelta | None:
    """How long the newest key was to be good, from its first day on; None: for ever."""
    newest = secrets[-1] if secrets else None
    return newest.expires_at - newest.made_at if newest and newest.expires_at else None


def _standing(held: Sequence[Named], name: str) -> Named:
    for one in held:
        if one.name == name and one.revoked_at is None:
            return one
    raise UnknownKey(name)
