"""What goes over the wire stays as it is: golden answers, pages, metrics and documents."""

import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from churn.errors import NoChampion
from serving import score_log
from serving.languages import preferred
from serving.openapi.document import document
from tests import tiny_service
from tests.tiny_service import client

GOLDEN = Path(__file__).parents[1] / "golden"
EVERYBODY = [one.customer_id for one in tiny_service.rows()]


def same_as_golden(name: str, found: Any) -> None:
    """Compare with a file; CHURN_TEST_WRITE_GOLDEN=1 writes it, for a person to read the difference."""
    path, text = GOLDEN / name, json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    if os.environ.get("CHURN_TEST_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def settled(value: Any, name: str = "") -> Any:
    """An answer without what differs from run to run or from machine to machine."""
    if isinstance(value, dict):
        return {key: settled(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [settled(one) for one in value]
    if name in ("score_id", "model_hash", "request_id") and value:
        assert re.fullmatch(r"[0-9a-f]{32,64}", value)
        return f"<{name}>"
    return round(value, 3) if isinstance(value, float) else value


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[TestClient]:
    with client(tmp_path) as opened:
        yield opened


def test_golden_scores(asked: TestClient) -> None:
    request = {"customer_ids": [*EVERYBODY, "nobody"], "language": "en", "top_reasons": 2}
    answer = asked.post("/v1/score", json=request)
    assert answer.status_code == 200
    chinese = asked.post("/v1/score", json={"customer_ids": ["C1"]}, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    found = {"request": request, "answer": settled(answer.json()), "chinese": settled(chinese.json())}
    same_as_golden("score.json", found)


def test_golden_openapi(asked: TestClient) -> None:
    found = asked.get("/openapi.json").json()
    assert found == document()
    same_as_golden("../../docs/openapi.json", found)


def test_every_field_of_an_answer_is_described() -> None:
    schemas = document()["components"]["schemas"]
    answer = json.loads((GOLDEN / "score.json").read_text(encoding="utf-8"))["answer"]["scores"][0]
    assert list(answer) == list(schemas["Score"]["properties"])
    assert list(answer["reasons"][0]) == list(schemas["WireReason"]["properties"])


def test_answers_come_in_the_order_of_the_ids_and_twice_asked_is_once_answered(
    asked: TestClient, tmp_path: Path
) -> None:
    ids = ["C2", "nobody", "C1", "C2"]
    scores = asked.post("/v1/score", json={"customer_ids": ids}).json()["scores"]
    assert [score["customer_id"] for score in scores] == ids
    assert scores[0] == scores[3]
    logged = score_log.read(tiny_service.settings(tmp_path).folder)
    assert sorted(logged["score_id"]) == sorted({score["score_id"] for score in scores})


def test_every_way_an_answer_can_go(asked: TestClient) -> None:
    scores = asked.post("/v1/score", json={"customer_ids": [*EVERYBODY, "nobody"]}).json()["scores"]
    assert {score["customer_id"]: score["abstention"] and score["abstention"]["code"] for score in scores} == {
        "C1": None,
        "C2": None,
        "客户-3": None,
        "prospect": "no_qualifying_event",
        "gone": "not_eligible",
        "stale": "stale_features",
        "other-features": "feature_set_changed",
        "too-wide": "feature_set_changed",
        "nobody": "unknown_customer",
    }
    assert all((score["probability"] is None) == (score["abstention"] is not None) for score in scores)
    assert all(score["abstention"]["mend"] for score in scores if score["abstention"])
    why = ("value_code", "interval_code", "next_event_code", "remaining_active_days_code")
    assert all((score[name] is None) == (score["abstention"] is not None) for score in scores for name in why)


def test_a_thousand_at_once(asked: TestClient) -> None:
    answer = asked.post("/v1/score", json={"customer_ids": ["C1", *(f"nobody-{i}" for i in range(999))]})
    assert answer.status_code == 200
    assert len(answer.json()["scores"]) == 1000


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,en;q=0.5", "zh"),
        ("fr, en-GB", "en"),
        ("en;q=0.4, zh;q=0.9", "zh"),
        ("en;q=0.8,zh-Hant-TW;q=0.8", "en"),  # of equal ones the first
        ("zh-TW;q=0.3, en;q=0.5, zh-CN;q=0.7", "zh"),
        ("fr, *;q=0.5", None),
        ("zh;q=0.2, *;q=0.9", None),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=0", None),
        ("EN ; Q=0.9 , ZH ; q = 1.0", "zh"),
        ("enm, zh;q=0.1", "zh"),  # Middle English is another language
        ("en;q=2, zh;q=0.1", "zh"),  # no weight, so no part
        ("en;q=nan, de;level=1", None),
        ("fr," * 40 + "en", None),  # more parts than anybody speaks languages
        ("*", None),
        ("", None),
        ("de", None),
    ],
)
def test_the_language_a_browser_asks_for(header: str, language: str | None) -> None:
    assert preferred(header) == language


def test_who_asks_in_chinese_is_refused_in_chinese_and_errors_keep_their_codes(asked: TestClient) -> None:
    chinese = {"Accept-Language": "fr, en;q=0.2, zh-CN;q=0.9"}
    scores = asked.post("/v1/score", json={"customer_ids": [*EVERYBODY, "nobody"]}, headers=chinese).json()["scores"]
    told = [score["abstention"] for score in scores if score["abstention"]]
    assert len({one["code"] for one in told}) == 5
    assert all(re.search("[一-鿿]", one["problem"]) and re.search("[一-鿿]", one["mend"]) for one in told)
    error = asked.post("/v1/score", json={"customer_ids": []}, headers=chinese).json()["error"]
    assert error["code"] == "invalid_request"
    assert error["problem"].isascii()


def test_pages_bring_everything_with_them(asked: TestClient) -> None:
    for path in ("/", "/docs"):
        page = asked.get(path)
        assert "Tiny &lt;shop&gt;" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert re.findall(r"""(?:src|href)\s*=\s*["'](?![/#])""", page.text) == []


def test_metrics_have_few_labels(asked: TestClient) -> None:
    for number in range(50):
        asked.get(f"/probe/{number}")
        asked.request(f"METHOD{number}", "/v1/score")
    text = asked.get("/metrics").text
    assert "probe" not in text
    assert "METHOD" not in text
    assert 'churn_request_seconds_count{method="GET",route="unknown",status="404"} 50.0' in text


def test_one_champion_alone_serves_and_the_other_stage_abstains(tmp_path: Path) -> None:
    with client(tmp_path, answering=tiny_service.scorer(["churn"])) as asked:
        scores = asked.post("/v1/score", json={"customer_ids": ["C1", "客户-3"]}).json()["scores"]
        assert scores[0]["probability"] is not None
        assert scores[1]["abstention"]["code"] == "no_model_for_stage"
        champions = asked.get("/readyz").json()["champions"]
        assert champions["churn"]["version"] == "churn-tiny/3"
        assert champions["reactivation"] is None


def test_many_at_once_are_all_logged(asked: TestClient, tmp_path: Path) -> None:
    seen: list[str] = []

    def ask() -> None:
        for _ in range(10):
            scores = asked.post("/v1/score", json={"customer_ids": ["C1", "C2"]}).json()["scores"]
            seen.extend(score["score_id"] for score in scores)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(set(seen)) == 80
    assert set(score_log.read(tiny_service.settings(tmp_path).folder)["score_id"]) == set(seen)


def test_the_error_without_a_champion_says_how_to_get_one(tmp_path: Path) -> None:
    from serving import champion

    with pytest.raises(NoChampion, match="churn promote"):
        champion.fetch(tiny_service.settings(tmp_path))
