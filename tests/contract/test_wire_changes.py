"""`GET /v1/scores?since=`: who changed, once each, as any answer says it; and every way to ask wrongly."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving import score_log
from serving.changes.journal import Journal
from serving.changes.state import state_of
from serving.schemas import Score
from tests import tiny_service
from tests.contract.test_wire import same_as_golden
from tests.tiny_service import client


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal in which a batch has told of everybody."""
    made = Journal(tiny_service.settings(tmp_path).folder)
    rows = tiny_service.rows()
    answers = tiny_service.scorer().score([row.customer_id for row in rows], rows, language="en", top=0)
    states = [state_of(answer.score) for answer in answers]
    made.tell([one for one in states if one], least_change=0.05)
    made.begin()
    yield made
    made.close()


@pytest.fixture
def asked(tmp_path: Path, journal: Journal) -> Iterator[TestClient]:
    with client(tmp_path) as opened:
        yield opened


def test_golden_changes(asked: TestClient, journal: Journal) -> None:
    query = "limit=2&language=en&top_reasons=1"
    found = asked.get(f"/v1/scores?{query}").json()
    name, _, number = found["next"].partition("-")
    assert len(name) == 8
    assert [set(one) for one in found["scores"]] == [set(Score.__struct_fields__)] * 2, "whole, as of any route"
    told = [one["customer_id"] for one in found["scores"]]
    same_as_golden("changes.json", {"query": query, "answer": found | {"scores": told, "next": f"<name>-{number}"}})


def test_everybody_comes_once_page_by_page_then_who_changed(
    asked: TestClient, journal: Journal, tmp_path: Path
) -> None:
    seen, cursor, more = list[str](), "", True
    while more:
        page = asked.get(f"/v1/scores?limit=3{cursor}").json()
        seen += [one["customer_id"] for one in page["scores"]]
        cursor, more = f"&since={page['next']}", page["more"]
    assert seen == [one.customer_id for one in tiny_service.rows()]
    logged = score_log.read(tiny_service.settings(tmp_path).folder)
    assert list(logged["customer_id"]) == seen, "logged like any answer"
    assert asked.get(f"/v1/scores?limit=3{cursor}").json()["scores"] == []

    now = journal.newest(["C2", "客户-3"])
    journal.tell([replace(now["C2"], probability=0.9), replace(now["客户-3"], band="x")], least_change=0.05)
    page = asked.get(f"/v1/scores?what=all{cursor}").json()
    assert [one["customer_id"] for one in page["scores"]] == ["C2", "客户-3"]
    page = asked.get(f"/v1/scores?what=band{cursor}").json()
    assert [one["customer_id"] for one in page["scores"]] == ["客户-3"]


def test_a_cursor_that_is_gone(asked: TestClient) -> None:
    answer = asked.get("/v1/scores?since=0123abcd-7")
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "cursor_gone")
    assert "read from the beginning" in answer.json()["error"]["mend"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "what=stage", "since=", "sinc=1", "language=fr",
     "top_reasons=11", "limit=%D9%A3", "since=" + "a" * 65, "since=0123abcd-", "since=0123abcd-7%0A"],
)  # fmt: skip
def test_a_query_that_is_wrong(asked: TestClient, query: str) -> None:
    answer = asked.get(f"/v1/scores?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert "since=" in answer.json()["error"]["mend"]
    assert answer.headers["content-type"] == "application/json"


def test_a_journal_that_cannot_be_read(asked: TestClient, tmp_path: Path) -> None:
    from serving.changes.file import FILE

    folder = tiny_service.settings(tmp_path).folder
    for path in folder.glob(f"{FILE}*"):
        path.unlink()
    (folder / FILE).write_bytes(b"no database" * 1000)
    answer = asked.get("/v1/scores")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "changes_unavailable")


def test_a_path_of_several_methods_names_them_all(asked: TestClient) -> None:
    answer = asked.put("/v1/scores")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
