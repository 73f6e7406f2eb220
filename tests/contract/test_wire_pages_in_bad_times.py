"""The pages when something is missing: a store that is down, a model that was never promoted."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cli.app import assemble
from serving.app import Counter, Desk
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from tests import tiny_service
from tests.unit.serving.test_lookup import Moody


@pytest.mark.parametrize(("language", "said"), [("en", "No score"), ("zh", "无评分")])
def test_with_the_store_down_a_page_claims_nothing_that_nobody_knows(tmp_path: Path, language: str, said: str) -> None:
    store = Moody(tiny_service.rows())
    store.fails = True
    desk = Desk(tiny_service.settings(tmp_path))
    desk.open(Counter(tiny_service.scorer(), Lookup(store), ScoreLog(desk.settings.folder)))
    asked = TestClient(assemble(desk), base_url="http://127.0.0.1")
    page = asked.get(f"/customer?id=C1&language={language}").text
    assert said in page
    for claimed in ("Nothing stated", "近一年无自述", "No open complaint", "无未解决投诉"):
        assert claimed not in page
    desk.close()


def test_a_stage_without_a_champion_is_told_as_such(tmp_path: Path) -> None:
    asked = tiny_service.client(tmp_path, answering=tiny_service.scorer(models=("churn",)))
    page = asked.get("/customer", params={"id": "客户-3", "language": "en"})
    assert page.status_code == 200
    assert "No score" in page.text
    assert "champion" in page.text
    assert ">86%<" in asked.get("/customer?id=C1").text
