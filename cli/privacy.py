"""`churn privacy ...`: keys, what is encrypted and what is plain, and files written anew as the settings ask."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from churn.errors import SettingsError
from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from churn.settings import Settings
    from features.erasure.store import Store

PLAIN = "plain"
HOLDING = (".parquet", ".jsonl", ".csv", ".arrow", ".db", ".db-wal")  # manifests and locks name nobody


class NoPseudonyms(SettingsError):
    """A pseudonym is asked for, and customers are called by their ids."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            "[privacy] pseudonymous_ids is false: customers are called by their ids.",
            mend=f"set it, and {variable}, before the first ingest of a business (docs/security-at-rest.md).",
        )


def new_key() -> Outcome:
    """A key, for CHURN_FILE_KEY or CHURN_PSEUDONYM_KEY; it is kept nowhere."""
    from features.encryption import new_key as made

    key = made()
    return Outcome(key, {"key": key})


def pseudonym(settings: "Settings", customer_ids: list[str]) -> Outcome:
    """What the files call customers."""
    from features.pseudonyms import KEY, pseudonyms_of

    names = pseudonyms_of(settings)
    if names is None:
        raise NoPseudonyms(KEY)
    found = [{"customer_id": one, "pseudonym": names.of(one)} for one in customer_ids]
    return Outcome("\n".join(one["pseudonym"] for one in found), found)


def exchanged(settings: "Settings", customer_ids: list[str], act: "Callable[[list[str]], Outcome]") -> Outcome:
    """What a command says of customers, asked and told by their ids, though the files know pseudonyms alone."""
    import json

    from features.pseudonyms import pseudonyms_of

    names = pseudonyms_of(settings)
    if names is None:
        return act(customer_ids)
    known = {names.of(one): one for one in customer_ids}
    told = act(names.all_of(customer_ids))
    text, as_json = told.text, json.dumps(told.as_json, default=str)
    for known_as, customer_id in known.items():
        text, as_json = text.replace(known_as, customer_id), as_json.replace(known_as, json.dumps(customer_id)[1:-1])
    return Outcome(text, json.loads(as_json), told.exit_code)


def status(settings: "Settings") -> Outcome:
    """Which stores that hold customers are encrypted, with which key, and which are plain."""
    from cli.stores import stores
    from features.reencrypting import known_keys

    told = [
        {"store": store.name, "files": dict(sorted(_by_key(store, settings.folder).items()))}
        for store in stores(settings)
        if store.erase is not None
    ]
    asked, keys = settings.privacy.encrypt_files, known_keys()
    held = [one for one in told if one["files"]]
    rows = [{"store": one["store"], "files": _said(one["files"])} for one in held]
    lines = [
        f"[privacy] encrypt_files = {str(asked).lower()}; keys of the environment: {', '.join(keys) or 'none'}.",
        table(rows) if rows else "No store holds a customer yet.",
        *_to_do(settings, held),
    ]
    return Outcome("\n".join(lines), {"encrypt_files": asked, "keys": keys, "stores": told})


def rewrite(settings: "Settings") -> Outcome:
    """Write every file anew that is not as the settings ask."""
    from features.reencrypting import rewrite as write_anew

    done = write_anew(settings.folder)
    how = "encrypted with the key of today" if settings.privacy.encrypt_files else "plain"
    text = f"{done.rewritten:,} files were written anew; {done.kept:,} were {how} already."
    if done.in_use:
        text += f"\n{len(done.in_use)} segments of the score log are being written: stop the service, then do it again."
    in_use = [str(path.relative_to(settings.folder)) for path in done.in_use]
    return Outcome(text, {"rewritten": done.rewritten, "kept": done.kept, "in_use": in_use})


def _by_key(store: "Store", folder: "Path") -> Counter[str]:
    from features.reencrypting import key_of

    files = [path for path in store.files(folder) if path.suffix in HOLDING and not path.name.startswith("erased-")]
    return Counter(key_of(path) or PLAIN for path in files)


def _said(files: Any) -> str:
    return ", ".join(f"{count} {name if name == PLAIN else f'encrypted with {name}'}" for name, count in files.items())


def _to_do(settings: "Settings", held: list[dict[str, Any]]) -> Iterator[str]:
    if settings.privacy.encrypt_files:
        yield (
            "`churn privacy rewrite` encrypts Parquet and score log that are plain, or have a key of before. What else "
            "is plain (SQLite, sheets, pages) belongs on an encrypted volume: docs/security-at-rest.md."
        )
    elif any(set(one["files"]) - {PLAIN} for one in held):
        yield "`churn privacy rewrite` writes what is encrypted in clear again."
