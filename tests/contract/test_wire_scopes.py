"""Every route with every kind of key: none, a wrong one, one of each scope; by hand and by schemathesis."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi import checks as openapi_checks

from serving.auth import SCOPES
from serving.keys.store import KeyStore, Named
from serving.openapi.document import document
from serving.openapi.operations import OPERATIONS
from tests.contract.test_openapi import Shop, holds

NOW = datetime(2026, 1, 1, tzinfo=UTC)
keys = dict.fromkeys(SCOPES, "")  # scope to a key that has it alone


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The whole application, where everybody needs a key."""
    folder: Path = tmp_path_factory.mktemp("shop")
    store = KeyStore(folder / "artifacts" / "live-shop")
    keys.update({scope: store.create(Named(scope, [scope], [], NOW), None, NOW) for scope in SCOPES})
    made = Shop(folder, rate_limit_per_minute=0)
    made.guard._door._brake._per_minute = 0  # wrong keys are what is tried here
    yield made
    made.desk.close()
    made.intake.close()


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_a_route_takes_its_scope_and_no_other(shop: Shop, one: Any) -> None:
    def asked(**headers: str) -> Any:
        body = {} if one.example is None else {"json": one.example}
        answer = shop.client.request(one.method.upper(), one.asks or one.path, headers=headers, **body)
        holds(one, answer)
        return answer.status_code

    wrong = keys["admin"][:-1] + ("a" if keys["admin"][-1] != "a" else "b")
    for headers in ({}, {"X-API-Key": wrong}, {"Authorization": f"Bearer {wrong}"}, {"Authorization": keys["admin"]}):
        assert (asked(**headers) == 401) == bool(one.scope), headers
    for scope, key in keys.items():
        for headers in ({"X-API-Key": key}, {"Authorization": f"bearer  {key}"}):
            status = asked(**headers)
            assert status != 401
            assert (status == 403) == (scope not in (one.scope, "admin") and bool(one.scope)), scope


def with_keys() -> dict[str, Any]:
    """The document of a service where everybody needs a key."""
    told = copy.deepcopy(document())
    for methods in told["paths"].values():
        for one in methods.values():
            one["security"] = [way for way in one["security"] if way]
    return told


schema = schemathesis.openapi.from_dict(with_keys())


@schema.auth()
class Admin:
    """The key that schemathesis asks with, unless it tries what happens without."""

    def get(self, case: Any, context: Any) -> str:
        """It."""
        return keys["admin"]

    def set(self, case: Any, data: str, context: Any) -> None:
        """A request with it."""
        case.headers = {name: value for name, value in (case.headers or {}).items() if name != "Authorization"}
        case.headers["X-API-Key"] = data


@schema.parametrize()
@settings(
    max_examples=2 if settings.get_current_profile_name() == "ci" else 100, deadline=5000, derandomize=True,
    database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
def test_without_its_key_nothing_is_answered(case: Any, shop: Shop) -> None:
    case.operation.app = case.operation.schema.app = shop.guard  # asked again without
    answer = case.call()
    case.validate_response(answer, checks=[openapi_checks.ignored_auth])
