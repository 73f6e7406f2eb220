"""Pseudonyms: what every file of ours calls a customer, where the settings ask for it; real ids stay at the edge.

    p_<43 characters>    HMAC-SHA256 of the id under CHURN_PSEUDONYM_KEY, in the alphabet of URLs
    pseudonyms.json      in the artifacts of a business: under which key (by its id) everything there was named

Ids become pseudonyms where they come in: at ingest, at the door of the service, in the arguments of commands. One key
gives one id one pseudonym for ever, so that everything joins as before; nobody without it comes back from one to the
other, and nobody at all without the ids to try. What is a pseudonym already stays one. Start reading at `Pseudonyms`.
"""

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from churn.errors import SettingsError
from churn.settings import Settings
from features.atomic import write_json
from features.encryption import KEY as FILE_KEY
from features.encryption import decoded

KEY = "CHURN_PSEUDONYM_KEY"
MARK = "pseudonyms.json"
FORM = re.compile(r"p_[A-Za-z0-9_-]{43}")
HOLDS = ("log", "log.before", "live", "snapshots", "scores", "features/current.parquet", "features/online.db")


class NoPseudonymKey(SettingsError):
    """Customers are to be called by pseudonyms, and the environment has no key."""

    def __init__(self) -> None:
        super().__init__(
            f"[privacy] pseudonymous_ids is true, and the variable {KEY} is not set.",
            mend=f"set {KEY} to the key of this business; where there was never one, make one with `churn privacy "
            "new-key` and keep it apart from the artifacts and from the key of the files.",
        )


class SameKey(SettingsError):
    """The key of pseudonyms is the key of files."""

    def __init__(self) -> None:
        super().__init__(
            f"The variables {KEY} and {FILE_KEY} hold the same key.",
            mend="make another one with `churn privacy new-key`: who may read the files is not to know who is who.",
        )


class OtherNames(SettingsError):
    """What is there calls customers otherwise than the settings ask."""

    def __init__(self, folder: Path, has: str, asked: str) -> None:
        super().__init__(
            f"{folder} calls customers by {has}, and the settings ask for {asked}.",
            mend="a business has one kind of ids for ever, or nothing would join: put setting and key back, "
            "or move that folder away and run `churn run` from the sources: log, snapshots, models and scores are "
            "made anew (events that came over the service alone have to be sent again).",
        )


@dataclass(frozen=True)
class Pseudonyms:
    """What customers are called.

    Args:
        key: 32 bytes.
    """

    key: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Tells keys apart and says nothing of them."""
        return hashlib.sha256(b"churn pseudonym key\n" + self.key).hexdigest()[:12]

    def of(self, customer_id: str) -> str:
        """The pseudonym of an id; what is one already, and a blank, which is nobody's id, stays as it is."""
        if not customer_id.strip() or FORM.fullmatch(customer_id):
            return customer_id
        digest = hmac.digest(self.key, customer_id.encode("utf-8", "surrogatepass"), "sha256")
        return "p_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def all_of(self, customer_ids: Iterable[str]) -> list[str]:
        """The pseudonyms of several, in their order."""
        return [self.of(one) for one in customer_ids]


def pseudonyms_of(settings: Settings) -> Pseudonyms | None:
    """What a business calls its customers; None where by their ids.

    Raises:
        NoPseudonymKey, BadFileKey, SameKey: there is no key, or it is none, or that of the files.
    """
    if not settings.privacy.pseudonymous_ids:
        return None
    text = os.environ.get(KEY, "").strip()
    if not text:
        raise NoPseudonymKey
    found, of_files = decoded(text, KEY), os.environ.get(FILE_KEY, "").strip()
    if of_files and decoded(of_files, FILE_KEY) == found:
        raise SameKey
    return Pseudonyms(found)


def agree(settings: Settings) -> None:
    """See that what is there calls customers as the settings ask; asked at each edge.

    Raises:
        OtherNames: it does not. NoPseudonymKey, BadFileKey, SameKey: the key is wrong.
    """
    names, folder = pseudonyms_of(settings), settings.folder
    mark, asked = folder / MARK, None if names is None else names.key_id
    has = json.loads(mark.read_text(encoding="utf-8"))["key"] if mark.exists() else None
    if has == asked:
        return
    if any((folder / place).exists() for place in HOLDS):
        raise OtherNames(folder, _said(has), _said(asked))
    if asked is None:
        mark.unlink()
    else:
        write_json(mark, {"key": asked})


def _said(key_id: str | None) -> str:
    return "their ids" if key_id is None else f"pseudonyms under key {key_id}"
