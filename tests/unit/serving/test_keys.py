"""Keys that `churn keys` makes: their form, their file, and workers that notice what changes in it."""

import json
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.auth import Key, Keys
from serving.keys import ring as ring_module
from serving.keys.form import LETTERS, is_key, new_key
from serving.keys.ring import Keyring
from serving.keys.store import BadName, BrokenKeys, KeyStore, Named, UnknownKey
from serving.refusals import Unauthorised

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOW_S = NOW.timestamp()


def made(folder: Path, name: str = "crm", ends_in: timedelta | None = None, **more: object) -> str:
    return KeyStore(folder).create(Named(name, ["score"], [], NOW, **more), ends_in, NOW)  # type: ignore[arg-type]


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_key_is_known_by_its_form_and_a_wrong_letter_by_its_check() -> None:
    key = new_key()
    assert key.startswith("churn_")
    assert len(key) == 44
    assert is_key(key)
    assert key != new_key()
    for place in range(6, len(key)):
        other = LETTERS[(LETTERS.index(key[place]) + 1) % 62]
        assert not is_key(key[:place] + other + key[place + 1 :])


def test_the_key_itself_is_kept_nowhere(tmp_path: Path) -> None:
    key = made(tmp_path)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(key.encode() not in path.read_bytes() for path in kept)
    assert stat.S_IMODE((tmp_path / "keys" / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_name_is_taken_once_even_after_its_key_was_revoked(tmp_path: Path) -> None:
    made(tmp_path)
    KeyStore(tmp_path).revoke("crm", NOW)
    with pytest.raises(BadName, match="churn keys create"):
        made(tmp_path)
    with pytest.raises(BadName, match="scope bos"):
        KeyStore(tmp_path).create(Named("other", ["bos"], [], NOW), None, NOW)
    with pytest.raises(UnknownKey, match="keys list"):
        KeyStore(tmp_path).revoke("crm", NOW)
    with pytest.raises(UnknownKey):
        KeyStore(tmp_path).rotate("nobody", timedelta(), None, NOW)


def test_who_makes_keys_at_once_loses_none(tmp_path: Path) -> None:
    names = [f"k{number}" for number in range(12)]
    threads = [threading.Thread(target=made, args=(tmp_path, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.name for one in KeyStore(tmp_path).read()) == sorted(names)


def test_a_rotated_key_is_good_until_its_grace_is_over(tmp_path: Path) -> None:
    old = made(tmp_path, ends_in=timedelta(days=90))
    new = KeyStore(tmp_path).rotate("crm", timedelta(hours=24), timedelta(days=90), NOW)
    keys = Keyring(Keys(), tmp_path).now()
    assert [keys.find(one.encode(), NOW_S + 86_399).name for one in (old, new)] == ["crm", "crm"]
    with pytest.raises(Unauthorised, match="expired"):
        keys.find(old.encode(), NOW_S + 86_400)
    assert keys.find(new.encode(), NOW_S + 89 * 86_400).name == "crm"
    KeyStore(tmp_path).rotate("crm", timedelta(), None, NOW + timedelta(days=2))
    (named,) = KeyStore(tmp_path).read()
    assert len(named.secrets) == 1, "those whose time is over are dropped"


def test_a_new_key_is_good_for_as_long_as_the_one_before(tmp_path: Path) -> None:
    """Who asked for ninety days once does not get a key for ever by rotating it."""
    made(tmp_path, ends_in=timedelta(days=90))
    store, later = KeyStore(tmp_path), NOW + timedelta(days=80)
    for number in (1, 2):
        store.rotate("crm", timedelta(hours=24), None, later + timedelta(days=number))
        assert store.read()[0].secrets[-1].expires_at == later + timedelta(days=number + 90)
    store.rotate("crm", timedelta(), timedelta(days=7), later)
    assert store.read()[0].secrets[-1].expires_at == later + timedelta(days=7)
    store.rotate("crm", timedelta(), None, later, forever=True)
    assert store.read()[0].secrets[-1].expires_at is None


def test_a_worker_notices_within_half_a_second_and_looks_no_oftener(tmp_path: Path) -> None:
    clock = Clock()
    given = Key("old", frozenset({"read"}), bytes(32))
    ring = Keyring(Keys((given,)), tmp_path, clock)
    key = made(tmp_path, rate_per_minute=7, quota_per_day=8, signing=["whsec_x"]).encode()
    assert ring.now().keys == (given,)
    clock.now = ring_module.LOOK_S
    found = ring.now().find(key, NOW_S)
    assert (found.rate_per_minute, found.quota_per_day, found.signing, found.made_here) == (7, 8, ("whsec_x",), True)
    KeyStore(tmp_path).revoke("crm", NOW)
    assert ring.now().find(key, NOW_S)
    clock.now += ring_module.LOOK_S
    with pytest.raises(Unauthorised):
        ring.now().find(key, NOW_S)
    assert ring.now().keys == (given,)


def test_a_service_that_had_keys_never_becomes_open(tmp_path: Path) -> None:
    clock = Clock()
    ring = Keyring(Keys(), tmp_path, clock)
    assert not ring.now()
    made(tmp_path)
    clock.now += 1
    assert ring.now().keys
    KeyStore(tmp_path).revoke("crm", NOW)
    clock.now += 1
    assert not ring.now().keys
    assert ring.now(), "closed"
    (tmp_path / "keys" / "keys.json").unlink()
    clock.now += 1
    assert ring.now(), "still closed"
    assert not Keyring(Keys(), tmp_path, clock).now(), "a new start knows of none"


def test_a_broken_file_changes_nothing_while_it_runs_and_stops_a_start(tmp_path: Path) -> None:
    clock = Clock()
    key = made(tmp_path).encode()
    ring = Keyring(Keys(), tmp_path, clock)
    (tmp_path / "keys" / "keys.json").write_text('{"keys": [')
    clock.now += 1
    assert ring.now().find(key, NOW_S).name == "crm"
    with pytest.raises(BrokenKeys, match="backup"):
        Keyring(Keys(), tmp_path)


def test_the_day_of_use_is_noted_once(tmp_path: Path) -> None:
    key = made(tmp_path).encode()
    ring = Keyring(Keys(), tmp_path)
    found = ring.now().find(key, NOW_S)
    assert KeyStore(tmp_path).used_on("crm") is None
    ring.used(found, NOW_S)
    used = KeyStore(tmp_path).used_on("crm")
    assert used is not None
    (tmp_path / "keys" / "used" / "crm").unlink()
    ring.used(found, NOW_S + 60)
    assert KeyStore(tmp_path).used_on("crm") is None, "no write a request"
    ring.used(found, NOW_S + 86_400)
    assert KeyStore(tmp_path).used_on("crm") is not None
    assert json.loads((tmp_path / "keys" / "keys.json").read_text())["version"] == 1
