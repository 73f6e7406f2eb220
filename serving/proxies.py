"""Where a request came from, behind proxies that are trusted to say so; nobody else's word counts.

`X-Forwarded-For` is read from its end: the first address that is none of our proxies is the caller. Servers of ours
read these headers not at all. Start reading at `Proxies.look`.
"""

import ipaddress
from collections.abc import Sequence

from starlette.types import Scope

from churn.errors import SettingsError

MAPPED = "::ffff:"


class BadProxy(SettingsError):
    """A trusted proxy is no address."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"[serving] trusted_proxies: {text!r} is no address.",
            mend='write addresses or nets: ["10.0.0.5", "fd00::/8"].',
        )


class Proxies:
    """Proxies whose word counts.

    Args:
        trusted: addresses or nets.

    Raises:
        BadProxy: one is neither.
    """

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._nets = tuple(_net(one) for one in trusted)

    def look(self, scope: Scope) -> None:
        """Put the caller's own address and scheme into the scope of a request that a trusted proxy passed on."""
        client = scope.get("client")
        if not client:
            return
        if client[0].startswith(MAPPED):  # a socket of IPv6 that takes IPv4 too
            scope["client"] = client = (bare(client[0]), client[1])
        if not self._nets or not self._trusts(client[0]):
            return
        told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = [bare(hop.strip()) for hop in ",".join(told).split(",") if hop.strip()]
        stranger = next((hop for hop in reversed(hops) if not self._trusts(hop)), None)
        if stranger is not None:
            scope["client"] = (stranger[:64], 0)
        schemes = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        if schemes and schemes[-1] in (b"http", b"https"):
            scope["scheme"] = schemes[-1].decode()

    def _trusts(self, address: str) -> bool:
        try:
            here = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(here in net for net in self._nets)


def bare(address: str) -> str:
    """An address without brackets and port, and one of version 4 as such.

    >>> [bare(one) for one in ("[2001:db8::1]:80", "203.0.113.7:4711", "::ffff:203.0.113.7", "2001:db8::1")]
    ['2001:db8::1', '203.0.113.7', '203.0.113.7', '2001:db8::1']
    """
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address.removeprefix(MAPPED) if "." in address else address


def _net(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BadProxy(text) from error
