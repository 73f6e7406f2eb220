"""The door on the wire: limits, brakes, headers, bounds, keys that come and go, and what is written down about it."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from churn.sections import Serving
from churn.serving_sections import ApiKeys
from cli.app import assemble
from serving.app import Counter, Desk
from serving.audit.lines import Line, hash_of, key_in, lines
from serving.guard import Guard
from serving.keys.store import KeyStore, Named
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from tests import tiny_service
from tests.contract.test_wire_refusals import error_of

KEY = "k" * 40
GIVEN = f"by-hand:score+read:{hashlib.sha256(KEY.encode()).hexdigest()}"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BODY = {"customer_ids": ["C1", "客户-3"]}


def opened(folder: Path, keys: ApiKeys | None = None, **serving: Any) -> TestClient:
    """A caller of a service with these settings."""
    settings = tiny_service.settings(folder, **serving).model_copy(update={"keys": keys or ApiKeys()})
    desk = Desk(settings)
    desk.open(Counter(tiny_service.scorer(), Lookup(tiny_service.store()), ScoreLog(settings.folder)))
    return TestClient(assemble(desk), base_url="http://127.0.0.1")


def key_of(folder: Path, name: str, *scopes: str, **more: Any) -> dict[str, str]:
    """A new key, as headers."""
    store = KeyStore(tiny_service.settings(folder).folder)
    return {"X-API-Key": store.create(Named(name, list(scopes), [], NOW, **more), None, NOW)}


def written(asked: TestClient, folder: Path) -> list[Line]:
    """The audit log, all of it."""
    guard: Any = asked.app
    assert isinstance(guard, Guard)
    guard.flush()
    return list(lines(tiny_service.settings(folder).folder))


@pytest.fixture
def crm(tmp_path: Path) -> dict[str, str]:
    return key_of(tmp_path, "crm", "score")


def test_limits_of_a_key_stand_in_every_answer(tmp_path: Path) -> None:
    crm = key_of(tmp_path, "crm", "score", rate_per_minute=2, quota_per_day=9)
    asked = opened(tmp_path)
    told = asked.post("/v1/score", json=BODY, headers=crm)
    assert told.headers["ratelimit-policy"] == '"minute";q=2;w=60, "day";q=9;w=86400'
    assert told.headers["ratelimit"].startswith('"minute";r=1;t=')
    answers = [asked.post("/v1/score", json=BODY, headers=crm) for _ in range(6)]
    error = error_of(answers[-1], 429, "too_many_requests")
    assert "of this minute" in error["problem"]
    assert int(answers[-1].headers["retry-after"]) <= 60


def test_a_worker_notices_new_and_revoked_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.keys.ring.LOOK_S", 0.0)
    asked = opened(tmp_path)
    assert asked.post("/v1/score", json=BODY).status_code == 200, "open: no key is needed yet"
    crm = key_of(tmp_path, "crm", "score")
    error_of(asked.post("/v1/score", json=BODY), 401, "unauthorised")
    assert asked.post("/v1/score", json=BODY, headers=crm).status_code == 200
    KeyStore(tiny_service.settings(tmp_path).folder).revoke("crm", NOW)
    error_of(asked.post("/v1/score", json=BODY, headers=crm), 401, "unauthorised")
    error_of(asked.post("/v1/score", json=BODY), 401, "unauthorised")


def test_strangers_learn_no_versions(tmp_path: Path) -> None:
    with opened(tmp_path / "open") as asked:
        told = asked.get("/readyz").json()
        assert "champions" in told
        assert "without a key" in told["open"]
        assert asked.get("/readyz", headers={"Host": "rebound.example"}).json() == {"status": "ready"}
    read, score = key_of(tmp_path, "a", "read"), key_of(tmp_path, "b", "score")
    with opened(tmp_path) as asked:
        assert asked.get("/readyz").json() == {"status": "ready"}
        assert asked.get("/readyz", headers=score).json() == {"status": "ready"}
        told = asked.get("/readyz", headers=read).json()
        assert "champions" in told
        assert "open" not in told


def test_guesses_are_braked_and_lock_nobody_out(tmp_path: Path, crm: dict[str, str]) -> None:
    asked = opened(tmp_path, ApiKeys(failures_per_minute=5))
    for _ in range(12):  # a minute may end in between
        last = asked.post("/v1/score", json=BODY, headers={"X-API-Key": "guess"})
    error = error_of(last, 429, "too_many_failures")
    assert "send a key" in error["mend"]
    assert 1 <= int(last.headers["retry-after"]) <= 60
    assert asked.post("/v1/score", json=BODY, headers=crm).status_code == 200


def test_a_path_that_is_not_listed_is_not_there(tmp_path: Path) -> None:
    """No spelling of a path finds a handler under the scope of another."""
    read = key_of(tmp_path, "reader", "read")
    asked = opened(tmp_path)
    for path in ("/v1/score%0A", "/v1/score/", "//v1/score", "/V1/score", "/v1/score;x", "/livez%0A"):
        error_of(asked.post(path, json=BODY, headers=read), 404, "unknown_route")
    error_of(asked.post("/v1/score", json=BODY, headers=read), 403, "forbidden")


class TestHeaders:
    def test_every_answer_is_dressed(self, tmp_path: Path) -> None:
        asked = opened(tmp_path)
        for path, status in (("/livez", 200), ("/docs", 200), ("/nothing", 404), ("/v1/score", 405)):
            headers = asked.get(path).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] in ("same-origin", "no-referrer")
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "strict-transport-security" not in headers
            assert len(headers.get_list("content-security-policy")) == 1
            assert asked.get(path).status_code == status

    def test_over_tls_it_stays_tls(self, tmp_path: Path) -> None:
        asked = TestClient(opened(tmp_path).app, base_url="https://127.0.0.1")
        assert asked.get("/livez").headers["strict-transport-security"] == "max-age=31536000"

    def test_pages_of_other_origins_may_not_ask_unless_listed(self, tmp_path: Path, crm: dict[str, str]) -> None:
        ask = {"Origin": "https://crm.example", "Access-Control-Request-Method": "POST"}
        with opened(tmp_path / "a", api_keys=(GIVEN,)) as asked:
            assert asked.options("/v1/score", headers=ask).status_code == 401
            answer = asked.post("/v1/score", json=BODY, headers={"X-API-Key": KEY, "Origin": "https://crm.example"})
            assert "access-control-allow-origin" not in answer.headers
        with opened(tmp_path, cors_origins=("https://crm.example",)) as asked:
            allowed = asked.options("/v1/score", headers=ask)
            assert allowed.status_code == 204
            assert allowed.headers["access-control-allow-origin"] == "https://crm.example"
            assert "POST" in allowed.headers["access-control-allow-methods"]
            assert "access-control-allow-credentials" not in allowed.headers
            assert asked.options("/v1/score", headers=ask | {"Origin": "https://evil.example"}).status_code == 401
            for origin, told in (("https://crm.example", "https://crm.example"), ("https://evil.example", None)):
                answer = asked.post("/v1/score", json=BODY, headers=crm | {"Origin": origin})
                assert answer.headers.get("access-control-allow-origin") == told
            error = asked.post("/v1/score", json=BODY, headers={"Origin": "https://crm.example"})
            assert error.headers["access-control-allow-origin"] == "https://crm.example", "a page may read why"


class TestBounds:
    def test_a_body_and_a_batch_have_a_size(self, tmp_path: Path) -> None:
        asked = opened(tmp_path, max_body_kb=1, max_customers=2)
        error_of(asked.post("/v1/score", content=b" " * 1001), 413, "body_too_large")
        error = error_of(asked.post("/v1/score", json={"customer_ids": ["a", "b", "c"]}), 422, "invalid_request")
        assert "2" in error["problem"]
        assert asked.post("/v1/score", json=BODY).status_code == 200

    def test_headers_have_a_size(self, tmp_path: Path) -> None:
        answer = opened(tmp_path).get("/docs", headers={f"X-{i}": "x" * 1000 for i in range(17)})
        error_of(answer, 431, "headers_too_large")
        assert answer.headers["connection"] == "close"

    def test_a_body_that_does_not_come_is_not_waited_for(self, tmp_path: Path) -> None:
        """In the application itself: the test client has no slow body."""
        import anyio

        sent: list[Any] = []

        async def never() -> Any:
            await anyio.sleep(30)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "path": "/v1/score", "method": "POST", "query_string": b"", "scheme": "http",
                 "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": None}  # fmt: skip
        app: Any = opened(tmp_path, body_timeout_s=0.05).app
        anyio.run(app, scope, never, send)
        assert sent[0]["status"] == 408
        assert json.loads(sent[1]["body"])["error"]["code"] == "body_too_slow"


class TestAudit:
    def test_it_says_who_asked_what_about_whom_and_names_nobody(self, tmp_path: Path, crm: dict[str, str]) -> None:
        folder = tiny_service.settings(tmp_path).folder
        with opened(tmp_path) as asked:
            request_id = asked.post("/v1/score", json=BODY, headers=crm).headers["x-request-id"]
            asked.post("/v1/score", json=BODY)
            asked.get("/docs", headers=crm)
            asked.get("/livez")
            first, second, third = written(asked, tmp_path)
        key = key_in(folder)
        assert (first.key, first.method, first.route, first.status) == ("crm", "POST", "/v1/score", 200)
        assert (first.customers, first.request_id) == (2, request_id)
        assert first.whose == [hash_of(one, key) for one in BODY["customer_ids"]]
        assert (second.key, second.status, second.address, second.whose) == (None, 401, "testclient", [])
        assert (third.key, third.route, third.status) == ("crm", "/docs", 403)
        text = b"".join(path.read_bytes() for path in (folder / "audit").iterdir())
        assert "客户".encode() not in text
        assert b"C1" not in text.replace(hash_of("C1", key).encode(), b"")
        assert list(lines(folder, hash_of("C1", key))) == [first]

    def test_every_route_that_tells_of_customers_says_whom(self, tmp_path: Path) -> None:
        folder = tiny_service.settings(tmp_path).folder
        boss = key_of(tmp_path, "boss", "admin")
        with opened(tmp_path) as asked:
            score_id = asked.post("/v1/score", json={"customer_ids": ["C1"]}, headers=boss).json()["scores"][0][
                "score_id"
            ]
            asked.get("/v1/customers/C1", headers=boss)
            asked.delete("/v1/customers/C1", headers=boss)
            asked.get(f"/v1/scores/{score_id}", headers=boss)
            told = written(asked, tmp_path)
        assert [line.route for line in told] == [
            "/v1/score", "/v1/customers/{customer_id}", "/v1/customers/{customer_id}", "/v1/scores/{score_id}",
        ]  # fmt: skip
        assert {tuple(line.whose) for line in told} == {(hash_of("C1", key_in(folder)),)}

    def test_a_flood_of_requests_is_no_flood_of_lines(self, tmp_path: Path) -> None:
        crm = key_of(tmp_path, "crm", "score", rate_per_minute=2)
        with opened(tmp_path, ApiKeys(failures_per_minute=3)) as asked:
            for headers in (crm, {"X-API-Key": "guess"}):
                answers = [asked.post("/v1/score", json=BODY, headers=headers).status_code for _ in range(20)]
                assert answers.count(429) >= 14  # a minute may end in between
            for _ in range(20):
                asked.post("/login", data={"key": "guess"})
            told = written(asked, tmp_path)
        assert 2 <= sum(line.status == 429 for line in told) <= 5
        assert {line.key for line in told if line.status == 429} == {"crm", None}

    def test_unknown_paths_leave_nothing_of_themselves(self, tmp_path: Path) -> None:
        with opened(tmp_path) as asked:
            asked.get("/v1/secret-customer")
            (line,) = written(asked, tmp_path)
        assert line.route == "unknown"


def test_settings_belong_together() -> None:
    for wrong in ({"tls_cert_file": "a.pem"}, {"limits": "redis"}):
        with pytest.raises(ValueError, match=r"tls_key_file|limits_url"):
            Serving(**wrong)  # type: ignore[arg-type]
