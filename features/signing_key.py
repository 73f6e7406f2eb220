"""The key that signs the gate's verdicts: whoever promotes signs with it, whoever serves checks with it.

    [gate] signing_key_file           where it is set: a file of one's own, kept where one likes
    champion/verdicts.key             otherwise: made at the first promotion, readable by its owner alone

It lies apart from the registry, so that who may write models or move an alias there cannot write a verdict. Training
and serving both come through here. Start reading at `key_of`.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from churn.errors import SettingsError
from churn.settings import Settings

OWN = Path("champion") / "verdicts.key"


class NoSigningKey(SettingsError):
    """The file with the key that signs the history cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"There is no key in {path}.",
            mend="write one, readable by whoever promotes and whoever serves alone (`openssl rand -hex 32 > FILE`), or "
            "unset [gate] signing_key_file.",
        )


def set_key(settings: Settings) -> bytes | None:
    """The key that the settings name; None where they name none.

    Raises:
        NoSigningKey: the file is missing or empty.
    """
    if settings.gate.signing_key_file is None:
        return None
    path = settings.root / settings.gate.signing_key_file
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise NoSigningKey(path) from error
    if not key:
        raise NoSigningKey(path)
    return key


def key_of(settings: Settings) -> bytes | None:
    """The key that verdicts of this business are signed with; None where none was made yet.

    Raises:
        NoSigningKey: the settings name one that cannot be read.
    """
    key = set_key(settings)
    if key is not None:
        return key
    with suppress(FileNotFoundError):
        return (settings.folder / OWN).read_bytes().strip() or None
    return None


def key_to_sign(settings: Settings) -> bytes:
    """The same; made where there is none.

    Raises:
        NoSigningKey: the settings name one that cannot be read.
    """
    return set_key(settings) or own_key(settings.folder)


def own_key(folder: Path) -> bytes:
    """The key of a business that has set none; made where there is none.

    Args:
        folder: the artifacts of the business.
    """
    return made_once(folder / OWN)


def made_once(path: Path) -> bytes:
    """The secret in a file of ours; made there, whole or not at all, for its owner's eyes alone, by who comes first.

    Args:
        path: of the file.
    """
    if path.exists():
        return path.read_bytes().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_hex(32).encode() + b"\n")
        os.fsync(handle)
        with suppress(FileExistsError):  # another made it meanwhile
            os.link(draft, path)
    finally:
        os.close(handle)
        draft.unlink(missing_ok=True)
    return path.read_bytes().strip()
