"""Which route a path belongs to, and which scope it takes: what is not listed here is not there.

Scopes are listed by path, `/v1/score`, or by method and path, `DELETE /v1/customers/{customer_id}`; braces stand for
anything. The guard asks this table before any handler is looked for, so that no route lives without a scope, and no odd
spelling of a path finds a handler under another's. Start reading at `RouteTable.route`.
"""

from collections.abc import Iterable, Mapping

UNKNOWN = "unknown"


class RouteTable:
    """The routes of a service.

    Args:
        scopes: route to the scope that it takes.
        others: further routes, which take none.
    """

    def __init__(self, scopes: Mapping[str, str], others: Iterable[str]) -> None:
        paths = {listed.rpartition(" ")[2] for listed in scopes} | set(others)
        self._scopes, self._known = dict(scopes), {path for path in paths if "{" not in path}
        patterns = [(path.partition("{")[0], path) for path in paths if "{" in path]
        self._begins = tuple(sorted(patterns, key=lambda one: -len(one[0])))  # the longest first

    def route(self, path: str) -> str:
        """The route that a path belongs to; that of a customer is the same for all, so that no log names one."""
        if path in self._known:
            return path
        return next((route for begin, route in self._begins if path.startswith(begin)), UNKNOWN)

    def scope(self, method: str, route: str) -> str:
        """The scope that a route takes; `read` for one that there is not."""
        asked = "GET" if method == "HEAD" else method
        return self._scopes.get(f"{asked} {route}") or self._scopes.get(route, "read")
