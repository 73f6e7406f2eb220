"""Whose word counts on where a request came from."""

from typing import Any

import pytest

from serving.proxies import BadProxy, Proxies


def looked(trusted: tuple[str, ...], peer: str, *headers: tuple[str, str]) -> tuple[str, str]:
    scope: dict[str, Any] = {
        "client": (peer, 5), "scheme": "http", "headers": [(name.encode(), value.encode()) for name, value in headers],
    }  # fmt: skip
    Proxies(trusted).look(scope)
    return scope["client"][0], scope["scheme"]


FOR, PROTO = "x-forwarded-for", "x-forwarded-proto"


@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "found"),
    [
        ((), "10.0.0.5", [(FOR, "1.1.1.1"), (PROTO, "https")], ("10.0.0.5", "http")),
        (("10.0.0.5",), "10.0.0.6", [(FOR, "1.1.1.1"), (PROTO, "https")], ("10.0.0.6", "http")),
        (("10.0.0.5",), "10.0.0.5", [(FOR, "1.1.1.1"), (PROTO, "https")], ("1.1.1.1", "https")),
        (("10.0.0.0/8",), "10.0.0.5", [(FOR, "6.6.6.6, 1.1.1.1, 10.9.9.9")], ("1.1.1.1", "http")),
        (("10.0.0.0/8",), "10.0.0.5", [(FOR, "6.6.6.6"), (FOR, "1.1.1.1")], ("1.1.1.1", "http")),
        (("10.0.0.0/8",), "10.0.0.5", [(FOR, "10.1.1.1")], ("10.0.0.5", "http")),
        (("10.0.0.0/8",), "10.0.0.5", [(PROTO, "gopher")], ("10.0.0.5", "http")),
        (("fd00::/8",), "fd00::1", [(FOR, "not an address")], ("not an address", "http")),
        (("10.0.0.5",), "unix", [(FOR, "1.1.1.1")], ("unix", "http")),
        ((), "::ffff:203.0.113.7", [], ("203.0.113.7", "http")),
        (("10.0.0.0/8",), "::ffff:10.0.0.5", [(FOR, "6.6.6.6, ::ffff:1.1.1.1, 10.1.1.1:80")], ("1.1.1.1", "http")),
        (("10.0.0.0/8", "fd00::/8"), "10.0.0.5", [(FOR, "1.1.1.1:4711, [fd00::2]:80")], ("1.1.1.1", "http")),
        (("10.0.0.0/8",), "10.0.0.5", [(FOR, "[2001:db8::1]:4711")], ("2001:db8::1", "http")),
    ],
)
def test_the_last_that_is_no_proxy_of_ours_is_the_caller(
    trusted: tuple[str, ...], peer: str, headers: list[tuple[str, str]], found: tuple[str, str]
) -> None:
    assert looked(trusted, peer, *headers) == found


def test_a_proxy_that_is_no_address_stops_the_start() -> None:
    with pytest.raises(BadProxy, match=r"10\.0\.0\.5"):
        Proxies(["proxy.example"])
