"""Schemathesis over the published document: whatever is asked, the answer is of the contract; no 500, no traceback."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from serving.openapi.document import document
from tests.contract.test_openapi import Shop

EXAMPLES = 25 if settings.get_current_profile_name() == "ci" else 400
EVERY = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"))
    yield made
    made.desk.close()
    made.intake.close()


schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=5000, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
def test_whatever_is_asked_the_answer_is_of_the_contract(case: Any, opened: Shop) -> None:
    answer = case.call(app=opened.guard, headers={"Host": "127.0.0.1"})
    case.validate_response(answer, checks=EVERY)
    assert b"Traceback" not in answer.content
