"""`churn keys`: make, list, revoke and rotate the API keys of a business."""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from churn.errors import SettingsError
from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from serving.keys.store import Named

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
VARIABLE, NEVER = "CHURN_API_KEYS", "never"
KEEP_IT = "This is the only time that it is shown: keep it where secrets are kept."


class BadTerm(SettingsError):
    """A length of time or a rate does not have its form."""

    def __init__(self, text: str, form: str) -> None:
        super().__init__(f"{text!r} cannot be read.", mend=f"write it as {form}.")


def create(
    settings: "Settings",
    name: str,
    scopes: Sequence[str],
    *,
    expires: str | None,
    quota: str | None,
    rate: str | None,
    signed: bool,
) -> Outcome:
    """Make a key.

    Raises:
        BadName: the name is taken or has another form, or a scope is none. BadTerm: a term is none.
    """
    from serving.keys.form import new_secret
    from serving.keys.store import NAME, BadName, KeyStore, Named

    given = (*settings.serving.api_keys, *os.environ.get(VARIABLE, "").replace(",", " ").split())
    taken = {text.partition(":")[0] for text in given}
    if not re.fullmatch(NAME, name) or name in taken:
        raise BadName(f"{name!r} is no name for a key, or the settings have a key of that name.")
    now = datetime.now(UTC)
    named = Named(
        name, sorted(set(scopes)), [], now, _per(rate, "min"), _per(quota, "day"),
        signing=[new_secret()] if signed else [],
    )  # fmt: skip
    key = KeyStore(settings.folder).create(named, _span(expires) if expires else None, now)
    _note(settings, f"keys create {name}")
    return _shown(key, named)


def rotate(settings: "Settings", name: str, *, grace: str, expires: str | None) -> Outcome:
    """Make a new key for a caller, while the old one is good for a while yet.

    Raises:
        UnknownKey: nobody has this name. BadTerm: a term is none.
    """
    from serving.keys.store import KeyStore

    store, now = KeyStore(settings.folder), datetime.now(UTC)
    ends_in = _span(expires) if expires and expires != NEVER else None
    key = store.rotate(name, _span(grace), ends_in, now, forever=expires == NEVER)
    _note(settings, f"keys rotate {name}")
    (named,) = (one for one in store.read() if one.name == name)
    return _shown(key, named, f"The old key is good for {grace} yet.")


def revoke(settings: "Settings", name: str) -> Outcome:
    """Let a key in no more.

    Raises:
        UnknownKey: nobody has this name.
    """
    from serving.keys.store import KeyStore

    KeyStore(settings.folder).revoke(name, datetime.now(UTC))
    _note(settings, f"keys revoke {name}")
    return Outcome(f"The key {name} is revoked; services that run let it in no more within a second.", {"name": name})


def listed(settings: "Settings") -> Outcome:
    """Every key, and when it was last used."""
    from serving.keys.store import KeyStore

    store = KeyStore(settings.folder)
    rows = [_row(one, store.used_on(one.name)) for one in store.read()]
    given = os.environ.get(VARIABLE, "").replace(",", " ").split()
    rows += [_of_settings(text) for text in (*settings.serving.api_keys, *given)]
    if not rows:
        return Outcome(
            "There are no keys: the service answers this machine only. `churn keys create NAME --scope score`.", []
        )
    shown = [row | {"scopes": "+".join(row["scopes"])} for row in rows]
    return Outcome(table(shown), rows)


def _row(one: "Named", used: datetime | None) -> dict[str, Any]:
    ends = max((secret.expires_at for secret in one.secrets if secret.expires_at), default=None)
    never = any(secret.expires_at is None for secret in one.secrets)
    standing = "revoked" if one.revoked_at else "expired" if not never and (not ends or ends < _now()) else "good"
    return {
        "name": one.name,
        "scopes": one.scopes,
        "standing": standing,
        "expires": None if never or ends is None else f"{ends:%Y-%m-%d %H:%M}",
        "per_minute": one.rate_per_minute,
        "per_day": one.quota_per_day,
        "signed_events": bool(one.signing),
        "made": f"{one.made_at:%Y-%m-%d}",
        "last_used": f"{used:%Y-%m-%d}" if used else None,
    }


def _of_settings(text: str) -> dict[str, Any]:
    name, scopes = (*text.split(":"), "")[:2]
    empty = dict.fromkeys(("expires", "per_minute", "per_day"), None)
    rest = {"signed_events": False, "made": "in the settings", "last_used": None}
    return {"name": name, "scopes": scopes.split("+"), "standing": "good"} | empty | rest


def _shown(key: str, named: "Named", more: str = "") -> Outcome:
    ends = named.secrets[-1].expires_at
    until = None if ends is None else f"{ends:%Y-%m-%d %H:%M}"
    told = {
        "name": named.name, "key": key, "scopes": named.scopes, "expires": until, "signing_secrets": named.signing
    }  # fmt: skip
    more = " ".join(filter(None, [until and f"It is good until {until} UTC.", more]))
    secret = [f"Secret for signatures: {one}" for one in named.signing]
    lines = [f"Key of {named.name}, for {', '.join(named.scopes)}:", "", f"  {key}", "", *secret, more, KEEP_IT]
    return Outcome("\n".join(line for line in lines if line or lines.index(line) < 4), told)


def _span(text: str) -> timedelta:
    """A length of time.

    Raises:
        BadTerm: it is none.
    """
    found = re.fullmatch(r"(\d{1,5})([hdw])", text.strip())
    if not found:
        raise BadTerm(text, "90d, 12h or 4w")
    return int(found[1]) * UNITS[found[2]]


def _per(text: str | None, unit: str) -> int | None:
    """A number of requests in a unit of time.

    Raises:
        BadTerm: it is none.
    """
    if text is None:
        return None
    found = re.fullmatch(rf"(\d{{1,12}})(?:/{unit})?", text.strip())
    if not found:
        raise BadTerm(text, f"600/{unit}; 0 means any number")
    return int(found[1])


def _now() -> datetime:
    return datetime.now(UTC)


def _note(settings: "Settings", act: str) -> None:
    """Note an act on the keys in the audit log."""
    import getpass

    from serving.audit.lines import Line
    from serving.audit.scribe import Asked, Scribe

    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = str(os.getuid())
    scribe = Scribe(settings.folder, say=lambda _: None)
    scribe.note(Asked(Line(_now(), key=f"cli:{account}", act=act), (), 0.0))
    scribe.close()
