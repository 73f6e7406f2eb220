"""What is refused, and how: one shape of error for all of them, keys, rates, limits, and what nobody foresaw."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.online import MemoryOnlineStore, OnlineRow
from serving import score_log
from serving.app import SCOPES, Counter, Desk, routes
from serving.asgi import application
from serving.auth import Keys
from serving.door import Admission
from serving.guard import MOST_BODY_BYTES, Guard
from serving.lookup import Lookup
from serving.rate_limit import RateLimit
from tests import tiny_service
from tests.tiny_service import client

KEY, READER = "k" * 40, "r" * 40


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


KEYS = (f"crm:score:{digest(KEY)}", f"grafana:read:{digest(READER)}")


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[TestClient]:
    with client(tmp_path) as opened:
        yield opened


def error_of(answer: Any, status: int, code: str) -> dict[str, str]:
    """The error in an answer, which has the one shape."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert list(answer.json()) == ["error"]
    error: dict[str, str] = answer.json()["error"]
    assert list(error) == ["code", "problem", "mend", "request_id"]
    assert error["code"] == code
    assert error["problem"]
    assert error["mend"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return error


REFUSED = [
    (b"{", 400, "malformed_json"),
    (b"", 400, "malformed_json"),
    (b'{"customer_ids": ["\xff"]}', 400, "malformed_json"),
    (b'{"customer_ids": ["C1"], "top_reasons": NaN}', 400, "malformed_json"),
    (b'{"customer_ids": ["\\ud800"]}', 400, "malformed_json"),
    (b"[" * 100_000, 422, "invalid_request"),
    (b"[]", 422, "invalid_request"),
    (b"null", 422, "invalid_request"),
    (b"{}", 422, "invalid_request"),
    (b'{"customer_ids": []}', 422, "invalid_request"),
    (b'{"customer_ids": "C1"}', 422, "invalid_request"),
    (b'{"customer_ids": [1]}', 422, "invalid_request"),
    (b'{"customer_ids": [null]}', 422, "invalid_request"),
    (b'{"customer_ids": [""]}', 422, "invalid_request"),
    (b'{"customer_ids": ["%s"]}' % (b"x" * 257), 422, "invalid_request"),
    (b'{"customer_ids": ["C1"], "language": "fr"}', 422, "invalid_request"),
    (b'{"customer_ids": ["C1"], "top_reasons": 11}', 422, "invalid_request"),
    (b'{"customer_ids": ["C1"], "top_reasons": true}', 422, "invalid_request"),
    (b'{"customer_ids": ["C1"], "top_reasons": "3"}', 422, "invalid_request"),
    (b'{"customer_ids": ["C1"], "features": []}', 422, "invalid_request"),
    (json.dumps({"customer_ids": [f"C{i}" for i in range(1001)]}).encode(), 422, "invalid_request"),
    (b'{"customer_ids": ["%s"]}' % (b"x" * MOST_BODY_BYTES), 413, "body_too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED, ids=lambda value: repr(value)[:40])
def test_what_is_no_request_is_refused(asked: TestClient, body: bytes, status: int, code: str) -> None:
    error_of(asked.post("/v1/score", content=body), status, code)


def test_a_body_without_a_length_is_measured_as_it_comes(asked: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(MOST_BODY_BYTES // 1000 + 1):
            yield b" " * 1000

    error_of(asked.post("/v1/score", content=chunks()), 413, "body_too_large")


def test_paths_and_methods(asked: TestClient) -> None:
    error_of(asked.get("/v2/score"), 404, "unknown_route")
    error_of(asked.get("/v1/score/"), 404, "unknown_route")
    wrong = asked.put("/v1/score", json={})
    error_of(wrong, 405, "wrong_method")
    assert wrong.headers["allow"] == "POST"
    error_of(asked.post("/readyz"), 405, "wrong_method")


def test_a_request_id_is_taken_over_if_it_is_harmless(asked: TestClient) -> None:
    assert asked.get("/livez", headers={"X-Request-ID": "crm-42.a"}).headers["x-request-id"] == "crm-42.a"
    odd = asked.get("/livez", headers={"X-Request-ID": "x" * 65}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", odd)


class Failing(MemoryOnlineStore):
    """A store that fails in a way nobody foresaw."""

    def rows(self, customer_ids: Any) -> list[OnlineRow | None]:
        raise ZeroDivisionError("secret of the inside")


def test_what_nobody_foresaw_is_an_answer_too(tmp_path: Path) -> None:
    settings = tiny_service.settings(tmp_path)
    desk = Desk(settings)
    desk.open(Counter(tiny_service.scorer(), Lookup(Failing()), score_log.ScoreLog(settings.folder)))
    door = Admission(Keys(), RateLimit(tmp_path / "limits", 0))
    app = Guard(application(routes(desk)), door=door, metrics=desk.metrics, scopes=SCOPES)
    with TestClient(app, base_url="http://localhost") as asked:
        answer = asked.post("/v1/score", json={"customer_ids": ["C1"]})
        error_of(answer, 500, "internal_error")
        assert "secret" not in answer.text
        assert 'status="500"' in asked.get("/metrics").text


def test_before_it_is_open_it_says_so(tmp_path: Path) -> None:
    with client(tmp_path, opened=False) as asked:
        error_of(asked.get("/readyz"), 503, "not_ready")
        error_of(asked.post("/v1/score", json={"customer_ids": ["C1"]}), 503, "not_ready")
        assert asked.get("/livez").status_code == 200


def test_no_score_leaves_without_its_line(tmp_path: Path) -> None:
    blocker = tiny_service.settings(tmp_path).folder / "scores"
    with client(tmp_path) as asked:
        blocker.parent.mkdir(parents=True, exist_ok=True)
        blocker.write_text("a file where the folder should be")
        error = error_of(asked.post("/v1/score", json={"customer_ids": ["C1"]}), 503, "score_log_unavailable")
        assert "free some space" in error["mend"]
        blocker.unlink()
        assert asked.post("/v1/score", json={"customer_ids": ["C1"]}).status_code == 200


class TestKeys:
    @pytest.fixture
    def keyed(self, tmp_path: Path) -> Iterator[TestClient]:
        with client(tmp_path, api_keys=KEYS, rate_limit_per_minute=5) as opened:
            yield opened

    def test_a_key_opens_what_it_has_the_scope_for(self, keyed: TestClient) -> None:
        body = {"customer_ids": ["C1"]}
        assert keyed.post("/v1/score", json=body, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
        assert keyed.post("/v1/score", json=body, headers={"X-API-Key": KEY}).status_code == 200
        refused = keyed.post("/v1/score", json=body, headers={"X-API-Key": READER})
        assert "score" in error_of(refused, 403, "forbidden")["mend"]

    @pytest.mark.parametrize("path", ["/metrics", "/docs", "/", "/openapi.json", "/no/such/path"])
    def test_pages_take_the_scope_read(self, keyed: TestClient, path: str) -> None:
        error_of(keyed.get(path), 401, "unauthorised")
        error_of(keyed.get(path, headers={"X-API-Key": KEY}), 403, "forbidden")
        assert keyed.get(path, headers={"X-API-Key": READER}).status_code == (404 if "no" in path else 200)

    def test_health_is_open(self, keyed: TestClient) -> None:
        for path in ("/livez", "/healthz", "/readyz"):
            assert keyed.get(path, headers={"Host": "elsewhere.example"}).status_code == 200

    def test_without_a_key_nothing_is_read(self, keyed: TestClient) -> None:
        answer = keyed.post("/v1/score", content=b"no json")
        error_of(answer, 401, "unauthorised")
        assert answer.headers["www-authenticate"] == "Bearer"
        error_of(keyed.post("/v1/score", content=b"", headers={"X-API-Key": KEY[:-1]}), 401, "unauthorised")

    def test_a_key_that_asks_too_often_waits(self, keyed: TestClient) -> None:
        headers = {"X-API-Key": KEY}
        answers = [keyed.post("/v1/score", json={"customer_ids": ["C1"]}, headers=headers) for _ in range(11)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert 1 <= len(answers) - len(refused) <= 10  # a minute may end in between
        error_of(refused[-1], 429, "too_many_requests")
        assert 1 <= int(refused[-1].headers["retry-after"]) <= 60
        assert keyed.get("/metrics", headers={"X-API-Key": READER}).status_code == 200


def test_without_keys_only_this_machine_is_answered(asked: TestClient) -> None:
    for host in ("127.0.0.1:3000", "localhost", "[::1]:3000"):
        assert asked.get("/docs", headers={"Host": host}).status_code == 200
    error_of(asked.get("/docs", headers={"Host": "rebound.example:3000"}), 403, "forbidden")
