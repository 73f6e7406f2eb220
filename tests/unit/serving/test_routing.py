"""Which route a path belongs to, and which scope it takes."""

import pytest

from serving.routing import UNKNOWN, RouteTable

TABLE = RouteTable(
    {
        "/v1/score": "score", "/v1/scores": "score", "/v1/scores/{score_id}": "score", "/metrics": "read",
        "/v1/customers/{customer_id}": "erase", "GET /v1/customers/{customer_id}": "read", "POST /logout": "read",
        "GET /v1/admin": "admin",
    },
    ["/livez"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/score", "/v1/score"), ("/v1/scores", "/v1/scores"), ("/v1/scores/abc", "/v1/scores/{score_id}"),
        ("/v1/customers/a/b?c", "/v1/customers/{customer_id}"), ("/livez", "/livez"), ("/logout", "/logout"),
        ("/v1/score\n", UNKNOWN), ("/v1/score/", UNKNOWN), ("/V1/score", UNKNOWN), ("//v1/score", UNKNOWN),
        ("/v1/customers", UNKNOWN), ("/v1/scores/{score_id}", "/v1/scores/{score_id}"), ("", UNKNOWN),
    ],
)  # fmt: skip
def test_a_path_is_of_the_route_that_is_listed(path: str, route: str) -> None:
    assert TABLE.route(path) == route


@pytest.mark.parametrize(
    ("method", "route", "scope"),
    [
        ("POST", "/v1/score", "score"), ("GET", "/v1/customers/{customer_id}", "read"),
        ("HEAD", "/v1/customers/{customer_id}", "read"), ("DELETE", "/v1/customers/{customer_id}", "erase"),
        ("PUT", "/v1/customers/{customer_id}", "erase"), ("HEAD", "/v1/admin", "admin"), ("GET", UNKNOWN, "read"),
    ],
)  # fmt: skip
def test_a_method_may_have_a_scope_of_its_own(method: str, route: str, scope: str) -> None:
    assert TABLE.scope(method, route) == scope
