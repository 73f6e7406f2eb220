"""The page of who is due: by channel, page by page, without who opted out since; never an error page of the server."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from campaigns.due.told import SCHEMA, write
from cli.app import assemble
from serving.app import Counter, Desk
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from serving.tables.beside import Tables
from tests import tiny_service
from tests.contract.test_wire_campaigns import Objecting

TODAY = tiny_service.NOW.date()


def task(customer: str, channel: str = "phone", *, is_overdue: bool = False, **columns: object) -> dict[str, object]:
    usual = {"action": "after-sale", "kind": "after_sale", "occasion": "order 1", "text_en": "Ask how it was",
             "text_zh": "回访", "why_en": "bought a week ago", "why_zh": None, "owner": None, "first": str(TODAY),
             "due": str(TODAY)}  # fmt: skip
    return {**usual, "customer_id": customer, "channel": channel, "is_overdue": is_overdue, **columns}


def listed(folder: Path, day: date, *tasks: dict[str, object]) -> None:
    write(tiny_service.settings(folder).folder, day, pd.DataFrame(tasks, columns=SCHEMA.names), "en")


@pytest.fixture
def objecting() -> Objecting:
    return Objecting()


@pytest.fixture
def asked(tmp_path: Path, objecting: Objecting) -> TestClient:
    held = tiny_service.settings(tmp_path)
    desk, tables = Desk(held), Tables(held.folder, objecting)
    desk.open(Counter(tiny_service.scorer(), Lookup(tiny_service.store()), ScoreLog(held.folder), tables=tables))
    return TestClient(assemble(desk), base_url="http://127.0.0.1", raise_server_exceptions=True)


def test_tasks_by_channel_in_their_order(asked: TestClient, tmp_path: Path) -> None:
    listed(tmp_path, TODAY - timedelta(days=1), task("gone"))
    listed(tmp_path, TODAY, task("C2", is_overdue=True), task("C1"), task("客户-3", "wechat_group", owner="<b>Li</b>"))
    page = asked.get("/campaigns/due/").text
    assert 0 < page.index(">C2<") < page.index(">C1<")
    assert "gone" not in page
    assert "This list is of" not in page
    assert page.count('<span class="mark">overdue</span>') == 1
    assert '<td class="number">2</td><td class="number">1</td>' in page
    other = asked.get("/campaigns/due/?channel=wechat_group&language=zh").text
    assert ">客户-3<" in other
    assert "回访" in other
    assert "bought a week ago" in other, "no Chinese reason: the English one"
    assert "&lt;b&gt;Li" in other
    assert ">C2<" not in other
    assert "/campaigns/due/" in asked.get("/campaigns/").text


def test_who_opted_out_since_is_left_out(asked: TestClient, tmp_path: Path, objecting: Objecting) -> None:
    listed(tmp_path, TODAY, task("C1"), task("C2"), task("C3"))
    objecting.who = {"phone": {"C1"}, "contact": {"C2"}}
    page = asked.get("/campaigns/due/").text
    assert [one for one in ("C1", "C2", "C3") if f">{one}<" in page] == ["C3"]


def test_page_by_page(asked: TestClient, tmp_path: Path) -> None:
    listed(tmp_path, TODAY, *(task(f"C{number:03}") for number in range(60)))
    first = asked.get("/campaigns/due/").text
    assert ">C049<" in first
    assert ">C050<" not in first
    assert 'page=2" rel="next"' in first
    rest = asked.get("/campaigns/due/?channel=phone&page=2").text
    assert (">C050<" in rest, ">C049<" in rest, 'rel="next"' in rest) == (True, False, False)


def test_a_list_of_before_says_so(asked: TestClient, tmp_path: Path) -> None:
    listed(tmp_path, TODAY - timedelta(days=3), task("C1"))
    assert "churn campaign due writes that of today" in asked.get("/campaigns/due/").text


def test_no_list_an_empty_one_and_a_broken_one(asked: TestClient, tmp_path: Path) -> None:
    assert "There is no list yet" in asked.get("/campaigns/due").text
    listed(tmp_path, TODAY)
    assert asked.get("/campaigns/due/").status_code == 200
    folder = tiny_service.settings(tmp_path).folder / "campaigns" / "due" / TODAY.isoformat()
    (folder / "tasks.parquet").write_bytes(b"none")
    broken = asked.get("/campaigns/due/")
    assert broken.status_code == 503
    assert "put it back from a backup" in broken.text


@pytest.mark.parametrize("query", ["channel=nope", "page=-1", "page=99999999999", "page=٣", "channel=%00&page=x"])
def test_whatever_is_asked_is_answered(asked: TestClient, tmp_path: Path, query: str) -> None:
    listed(tmp_path, TODAY, task("C1"))
    assert asked.get(f"/campaigns/due/?{query}").status_code == 200
