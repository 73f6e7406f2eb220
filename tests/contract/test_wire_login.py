"""People log in with a key: a cookie that only reads, forms that come from our pages, and sessions that end."""

import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from churn.serving_sections import ApiKeys
from serving.auth import Key, Keys
from serving.door import Request
from serving.keys.store import KeyStore
from serving.limits.counts import RateLimitUnavailable
from serving.limits.once import Once, SqliteOnce
from serving.limits.redis_counts import RedisOnce
from serving.web.login import local_path
from serving.web.session import NAME, NAME_OVER_TLS, Sessions
from tests import tiny_service
from tests.contract.test_wire_door import key_of, opened, written
from tests.contract.test_wire_refusals import error_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OURS = {"Origin": "http://127.0.0.1"}


@pytest.fixture
def reader(tmp_path: Path) -> str:
    return key_of(tmp_path, "ana", "read", "score")["X-API-Key"]


def login(asked: TestClient, key: str, where: str = "/docs", **headers: str) -> Any:
    return asked.post("/login", data={"key": key, "next": where}, headers=OURS | headers, follow_redirects=False)


def test_a_key_opens_a_session_that_may_only_read(tmp_path: Path, reader: str) -> None:
    asked = opened(tmp_path)
    sent = asked.get("/docs?a=1", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fdocs%3Fa%3D1")
    page = asked.get(sent.headers["location"])
    assert '<input type="hidden" name="next" value="/docs?a=1">' in page.text
    assert reader not in page.text
    answer = login(asked, reader)
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"churn=[\w.-]+; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200", cookie)
    assert reader not in cookie
    assert asked.get("/docs").status_code == 200
    error_of(asked.post("/v1/score", json={"customer_ids": ["C1"]}, headers=OURS), 403, "forbidden")
    assert [line.by_page for line in written(asked, tmp_path) if line.route == "/docs"] == [False, True]
    secret = tiny_service.settings(tmp_path).folder / "keys" / "session.key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_over_tls_the_cookie_goes_by_no_other_way(tmp_path: Path, reader: str) -> None:
    asked = TestClient(opened(tmp_path).app, base_url="https://127.0.0.1")
    cookie = login(asked, reader, Origin="https://127.0.0.1").headers["set-cookie"]
    assert cookie.startswith("__Host-churn=")
    assert cookie.endswith("; Secure")
    assert asked.get("/docs").status_code == 200
    plain = {"Cookie": cookie.partition(";")[0].replace("__Host-", "")}
    assert TestClient(asked.app, base_url="https://127.0.0.1").get("/docs", headers=plain).status_code == 401


@pytest.mark.parametrize("key", ["", "wrong", "score"])
def test_another_key_opens_none(tmp_path: Path, key: str) -> None:
    score = key_of(tmp_path, "crm", "score")["X-API-Key"]
    answer = login(opened(tmp_path), score if key == "score" else key)
    assert answer.status_code == (403 if key == "score" else 401)
    assert "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text
    assert ("may not read" if key == "score" else "not known") in answer.text


@pytest.mark.parametrize(("header", "said"), [("zh-CN,zh;q=0.9", "密钥未知或已失效"), ("fr", "This key is not known")])
def test_the_form_and_its_errors_speak_the_language_of_the_browser(tmp_path: Path, header: str, said: str) -> None:
    key_of(tmp_path, "crm", "score")
    answer = login(opened(tmp_path), "wrong", **{"Accept-Language": header})
    assert said in answer.text
    assert f'<html lang="{"zh" if header.startswith("zh") else "en"}">' in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_guessing_at_the_form_is_braked_too(tmp_path: Path, reader: str) -> None:
    asked = opened(tmp_path, ApiKeys(failures_per_minute=3))
    answers = [login(asked, "guess") for _ in range(8)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) <= 60
    assert f"Try again in {answers[-1].headers['retry-after']} seconds" in answers[-1].text


def test_a_page_of_elsewhere_cannot_log_anybody_in_or_out(tmp_path: Path, reader: str) -> None:
    asked = opened(tmp_path)
    assert login(asked, reader, Origin="https://evil.example").status_code == 403
    assert login(asked, reader, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    login(asked, reader)
    out = asked.post("/logout", data={"csrf": "guess"}, headers=OURS)
    error_of(out, 403, "not_our_form")
    assert asked.post("/logout", headers={"Origin": "https://evil.example"}).status_code == 401
    assert asked.get("/docs").status_code == 200


def test_who_logs_out_is_out_even_with_the_cookie(tmp_path: Path, reader: str) -> None:
    asked = opened(tmp_path)
    cookie = login(asked, reader).headers["set-cookie"].partition(";")[0]
    sessions = Sessions(tiny_service.settings(tmp_path).folder, hours=1, ended=SqliteOnce(tmp_path / "x"))
    token = sessions.csrf(Request({b"cookie": cookie.encode()}))
    out = asked.post("/logout", data={"csrf": token}, headers=OURS, follow_redirects=False)
    assert out.status_code == 303
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert asked.get("/docs", headers={"Cookie": cookie}).status_code == 401


def test_a_session_ends_with_its_key(tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.keys.ring.LOOK_S", 0.0)
    asked = opened(tmp_path)
    login(asked, reader)
    assert asked.get("/docs").status_code == 200
    KeyStore(tiny_service.settings(tmp_path).folder).revoke("ana", NOW)
    assert asked.get("/docs").status_code == 401


def test_where_nobody_needs_a_key_there_is_nothing_to_log_in_to(tmp_path: Path) -> None:
    asked = opened(tmp_path)
    for answer in (asked.get("/login?next=/docs", follow_redirects=False), login(asked, "")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("text", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "", "/a\nb"])
def test_login_leads_nowhere_else(text: str) -> None:
    assert local_path(text) == "/"


class TestSessions:
    KEY = Key("ana", frozenset({"admin"}), b"d" * 32)

    def held(self, folder: Path, now: list[float]) -> Sessions:
        return Sessions(folder, hours=1, ended=SqliteOnce(folder / "x", lambda: now[0]), now=lambda: now[0])

    def request(self, cookie: str, *, secure: bool = False, method: str = "GET", **headers: str) -> Request:
        raw = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        return Request(raw | {b"cookie": cookie.partition(";")[0].encode()}, method, secure=secure)

    def test_it_ends_in_time(self, tmp_path: Path) -> None:
        now = [1000.0]
        sessions = self.held(tmp_path, now)
        cookie = self.request(sessions.begin(self.KEY, secure=False))
        found = sessions.caller(cookie, Keys((self.KEY,)))
        assert found is not None
        assert found.scopes == {"read"}
        now[0] += 3600
        assert sessions.caller(cookie, Keys((self.KEY,))) is None

    def test_it_does_not_outlive_a_clock_that_stepped_back(self, tmp_path: Path) -> None:
        now = [10_000.0]
        sessions, keys = self.held(tmp_path, now), Keys((self.KEY,))
        cookie = self.request(sessions.begin(self.KEY, secure=False))
        now[0] -= 30
        assert sessions.caller(cookie, keys), "clocks of two machines"
        now[0] -= 3600
        assert sessions.caller(cookie, keys) is None

    def test_no_letter_of_it_may_change(self, tmp_path: Path) -> None:
        sessions = self.held(tmp_path, [0.0])
        text = sessions.begin(self.KEY, secure=False).partition(";")[0]
        for place in range(len(NAME) + 1, len(text) - 1):  # the last letter holds bits that nobody reads
            other = "A" if text[place] != "A" else "B"
            changed = self.request(text[:place] + other + text[place + 1 :])
            assert sessions.caller(changed, Keys((self.KEY,))) is None, place

    def test_it_is_bound_to_its_key(self, tmp_path: Path) -> None:
        sessions = self.held(tmp_path, [0.0])
        cookie = self.request(sessions.begin(self.KEY, secure=False))
        others = [
            Key("ana", frozenset({"read"}), b"e" * 32), Key("ben", frozenset({"read"}), b"d" * 32),
            Key("ana", frozenset({"score"}), b"d" * 32), Key("ana", frozenset({"read"}), b"d" * 32, expires_s=0.0),
        ]  # fmt: skip
        assert [sessions.caller(cookie, Keys((key,))) for key in others] == [None] * 4
        assert sessions.caller(cookie, Keys((others[0], self.KEY))), "the old one of a rotation is good yet"

    def test_what_changes_something_has_to_come_from_our_pages(self, tmp_path: Path) -> None:
        sessions = self.held(tmp_path, [0.0])
        text, keys = sessions.begin(self.KEY, secure=False), Keys((self.KEY,))
        for headers, good in (
            ({}, False), ({"origin": "http://a:1"}, False), ({"origin": "null"}, False),
            ({"origin": "http://h:1"}, True), ({"sec_fetch_site": "same-origin"}, True),
            ({"sec_fetch_site": "same-site", "origin": "http://h:1"}, False),
        ):  # fmt: skip
            request = self.request(text, method="POST", host="h:1", **headers)
            assert (sessions.caller(request, keys) is not None) == good, headers

    def test_a_token_is_of_one_session(self, tmp_path: Path) -> None:
        sessions = self.held(tmp_path, [0.0])
        one, two = (self.request(sessions.begin(self.KEY, secure=True), secure=True) for _ in range(2))
        assert one.headers[b"cookie"].startswith(NAME_OVER_TLS.encode())
        assert sessions.is_form_of(one, sessions.csrf(one))
        assert not sessions.is_form_of(two, sessions.csrf(one))
        assert not sessions.is_form_of(Request({}), "")


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_what_was_claimed_is_claimed_until_its_time_is_over(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def another() -> Once:
        if kind == "sqlite":
            return SqliteOnce(tmp_path / "taken")
        return RedisOnce(request.getfixturevalue("redis_url"), f"test-{tmp_path.name}-{id(tmp_path)}")

    one, two = another(), another()
    assert one.claim("a", 60)
    assert not two.claim("a", 60)
    assert two.knows("a")
    assert not two.knows("b")
    two.release("a")
    assert one.claim("a", 0.001)
    import time

    time.sleep(0.02)
    assert not two.knows("a")
    assert two.claim("a", 0.001)


def test_a_file_of_names_that_was_broken_and_put_right_is_used_again(tmp_path: Path) -> None:
    once = SqliteOnce(tmp_path / "taken")
    assert once.claim("a", 60)
    for file in tmp_path.glob("taken*"):
        file.write_bytes(b"no database " * 1000)
    with pytest.raises(RateLimitUnavailable, match="taken"):
        once.claim("b", 60)
    for file in tmp_path.glob("taken*"):
        file.unlink()
    assert once.claim("b", 60)
    assert not once.claim("b", 60)
