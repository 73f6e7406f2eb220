"""What callers do is counted and written down wherever they do it: at open routes, at the login, in lists, in vain."""

from pathlib import Path

import pytest

from churn.serving_sections import ApiKeys
from serving.audit.lines import hash_of, key_in
from serving.changes.journal import Journal
from tests import tiny_service
from tests.contract.test_wire_door import BODY, GIVEN, KEY, key_of, opened, written
from tests.contract.test_wire_login import login
from tests.contract.test_wire_pages import state
from tests.contract.test_wire_refusals import error_of


@pytest.mark.parametrize("path", ["/readyz", "/livez", "/login"])
def test_a_wrong_key_at_an_open_route_is_a_failure_too(tmp_path: Path, path: str) -> None:
    """Otherwise keys of one's own making could be tried there as fast as the line allows."""
    with opened(tmp_path, ApiKeys(failures_per_minute=5), api_keys=(GIVEN,)) as asked:
        told = [asked.get(path, headers={"X-API-Key": f"guess {number}"}) for number in range(12)]
        assert {one.status_code for one in told} == {200}, "it is open all the same"
        error_of(asked.post("/v1/score", json=BODY, headers={"X-API-Key": KEY}), 429, "too_many_failures")
        if path == "/readyz":
            assert asked.get(path, headers={"X-API-Key": KEY}).json() == {"status": "ready"}


def test_what_a_key_may_not_do_counts_for_its_limit(tmp_path: Path) -> None:
    crm = key_of(tmp_path, "crm", "score", rate_per_minute=3)
    asked = opened(tmp_path)
    statuses = [asked.get("/metrics", headers=crm).status_code for _ in range(12)]
    assert statuses.count(403) <= 6  # a minute may end in between
    assert statuses[-1] == 429


def test_a_login_is_counted_and_says_whose_it_was(tmp_path: Path) -> None:
    ana = key_of(tmp_path, "ana", "read", rate_per_minute=3)["X-API-Key"]
    crm = key_of(tmp_path, "crm", "score")["X-API-Key"]
    asked = opened(tmp_path)
    assert login(asked, crm).status_code == 403
    statuses = [login(asked, ana).status_code for _ in range(12)]
    assert statuses.count(303) <= 6
    assert statuses[-1] == 429
    assert int(login(asked, ana).headers["retry-after"]) <= 60
    told = written(asked, tmp_path)
    assert {(line.key, line.status) for line in told} == {("crm", 403), ("ana", 303), ("ana", 429)}


def test_who_reads_a_list_or_takes_it_along_read_of_everybody_on_it(tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder
    folder.mkdir(parents=True)
    journal = Journal(folder)
    journal.tell([state(f"N{number:03}", value_at_risk=float(number)) for number in range(60)], least_change=0.05)
    journal.close()
    ana = key_of(tmp_path, "ana", "read")
    with opened(tmp_path) as asked:
        for path in ("/?page=2", "/at-risk.csv", "/customer?id=C1"):
            assert asked.get(path, headers=ana).status_code == 200
        assert asked.get("/customer?id=N0", headers=ana).status_code == 404
        page, file, one, alike = written(asked, tmp_path)
    key = key_in(folder)
    assert (page.customers, file.customers, one.customers) == (25, 60, 1)
    assert page.whose == [hash_of(f"N{number:03}", key) for number in range(34, 9, -1)]
    assert set(page.whose) < set(file.whose)
    assert one.whose == [hash_of("C1", key)]
    assert alike.whose == [hash_of(who, key) for who in ("N0", *(f"N{number:03}" for number in range(10)))]


@pytest.mark.parametrize("path", ["/", "/customer", "/at-risk.csv", "/login"])
def test_a_query_of_many_fields_is_no_fault_of_ours(tmp_path: Path, path: str) -> None:
    ana = key_of(tmp_path, "ana", "read")
    asked = opened(tmp_path)
    for many in ("&a=1" * 60, "&" * 5000, "&language=zh" * 51):
        assert asked.get(f"{path}?id=C1{many}", headers=ana).status_code == 200
