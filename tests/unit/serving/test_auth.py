"""Keys, scopes and hosts."""

import hashlib
import timeit
from contextlib import suppress

import pytest

from serving.auth import (
    SCOPES,
    BadKey,
    Key,
    Keys,
    OpenToAll,
    check_local,
    check_scope,
    is_loopback,
    presented,
)
from serving.refusals import Forbidden, Unauthorised

DIGEST = hashlib.sha256(b"secret").hexdigest()
KEYS = Keys.of([f"crm:score+read:{DIGEST}"])


def raw(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in headers.items()}


def test_a_key_is_a_name_scopes_and_a_hash() -> None:
    assert KEYS.keys == (Key("crm", frozenset({"score", "read"}), bytes.fromhex(DIGEST)),)


@pytest.mark.parametrize(
    "text",
    ["", "crm", "crm:score", "crm:score:", f":score:{DIGEST}", f"crm:boss:{DIGEST}", f"crm::{DIGEST}",
     "crm:score:secret", f"crm:score:{DIGEST}0", f"crm:score:{'g' * 64}"],
)  # fmt: skip
def test_a_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadKey, match="openssl rand"):
        Keys.of([text])


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(BadKey, match="two keys"):
        Keys.of([f"crm:score:{DIGEST}", f"crm:read:{DIGEST}"])


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer secret"}, {"authorization": "bearer  secret"}, {"x-api-key": "secret"}],
)
def test_the_caller_is_known_by_the_key(headers: dict[str, str]) -> None:
    assert KEYS.find(presented(raw(headers)), 0.0).name == "crm"


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Basic secret"}, {"x-api-key": "Secret"}, {"x-api-key": ""}, {"x-api-key": "ключ"},
     {"authorization": "Bearer "}, {"authorization": "Bearer secret2", "x-api-key": "secret"}],
)  # fmt: skip
def test_others_are_not(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthorised, match="Bearer"):
        KEYS.find(presented(raw(headers)), 0.0)


def test_a_key_ends_when_it_expires() -> None:
    keys = Keys((Key("crm", frozenset({"score"}), bytes.fromhex(DIGEST), expires_s=100.0),))
    assert keys.find(b"secret", 99.9).name == "crm"
    with pytest.raises(Unauthorised, match="expired"):
        keys.find(b"secret", 100.0)


def test_a_scope_that_is_missing_is_named() -> None:
    (key,) = KEYS.keys
    check_scope(key, "read")
    with pytest.raises(Forbidden, match=r"\+events"):
        check_scope(key, "events")


def test_admin_may_do_everything() -> None:
    (key,) = Keys.of([f"boss:admin:{DIGEST}"]).keys
    assert all(key.may(scope) for scope in SCOPES)


def test_closed_means_that_nobody_enters() -> None:
    keys = Keys(closed=True)
    assert keys
    keys.check_host("0.0.0.0")
    with pytest.raises(Unauthorised):
        keys.find(b"secret", 0.0)


def test_finding_a_key_takes_no_longer_for_one_than_for_another() -> None:
    """One lookup and one comparison, whichever it is and whether there is one: never a walk over the keys."""
    many = Keys(tuple(Key(f"k{i}", frozenset(), hashlib.sha256(b"%d" % i).digest()) for i in range(20_000)))
    assert [many.find(b"%d" % i, 0.0).name for i in (0, 19_999)] == ["k0", "k19999"]
    assert timed(many, b"0") == pytest.approx(timed(many, b"19999"), rel=1.0)
    assert timed(many, b"nobody") < 20 * timed(many, b"0")  # an exception more, no walk


def timed(keys: Keys, presented_key: bytes) -> float:
    """The least of some measurements, in seconds."""

    def ask() -> None:
        with suppress(Unauthorised):
            keys.find(presented_key, 0.0)

    return min(timeit.repeat(ask, number=200, repeat=15))


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("LOCALHOST", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.4", False), ("churn.example", False), ("", False)],
)  # fmt: skip
def test_beyond_this_machine_only_with_a_key(host: str, local: bool) -> None:
    assert is_loopback(host) == local
    KEYS.check_host(host)
    if local:
        Keys().check_host(host)
        return
    with pytest.raises(OpenToAll, match="churn keys create"):
        Keys().check_host(host)


@pytest.mark.parametrize(
    ("headers", "mend"),
    [({"host": "churn.example"}, "localhost"),
     ({"host": "127.0.0.1:3000", "origin": "https://evil.example"}, "directly"),
     ({"host": "127.0.0.1:3000", "origin": "http://127.0.0.1:4000"}, "directly"),
     ({"host": "127.0.0.1:3000", "sec-fetch-site": "cross-site"}, "directly")],
)  # fmt: skip
def test_without_keys_no_page_of_elsewhere_gets_in(headers: dict[str, str], mend: str) -> None:
    check_local(raw({"host": "127.0.0.1:3000", "origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"}))
    with pytest.raises(Forbidden, match=mend):
        check_local(raw(headers))
