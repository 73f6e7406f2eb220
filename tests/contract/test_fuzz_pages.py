"""What nobody should ask of the pages for people, drawn: queries, forms, cookies; with a key, a session, or nothing.

The pages are not in the published document, so that schemathesis does not come here. Whatever comes, the answer is a
page, a file, a way to the login or an error of the one shape; nothing of the request runs in it, and nobody gets in.
"""

import html
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from churn.serving_sections import ApiKeys
from serving.changes.journal import Journal
from tests import tiny_service
from tests.contract.test_wire_door import key_of, opened
from tests.contract.test_wire_login import login
from tests.contract.test_wire_pages import NASTY, state

MARK = "<i>mark</i>"
TEXTS = (
    "", "C1", NASTY, MARK, f'"{MARK}', f"'{MARK}", "\x00", "\r\nSet-Cookie: a=b", "javascript:alert(1)", "x" * 600,
    "//evil.example", "/\\evil.example", "/%0d%0aa: b", "/\ud800", "９", "-1", "1e9", "9" * 400, "客" * 90, "zh", "en",
    "churn", "high", "lapsed", "%", "&", "+", "{{7*7}}", "../../etc/passwd", "' OR 1=1 --", "\u202e",
)  # fmt: skip
NAMES = (
    "id", "model", "stage", "band", "least", "page", "language", "next", "key", "csrf", "x", MARK, "id[]", "since",
)  # fmt: skip
VALUES = st.sampled_from(TEXTS) | st.text(max_size=12)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=5), VALUES), max_size=5)
QUERIES = st.one_of(
    PAIRS.map(lambda pairs: urlencode(pairs, errors="surrogatepass")),
    PAIRS.map(lambda pairs: urlencode(pairs * 12, errors="surrogatepass")),
    st.text(max_size=30).map(lambda text: quote(text, safe="&=%+;/?", errors="surrogatepass")),
    st.sampled_from(["&" * 3000, "=" * 3000, "%", "%zz=%", "a=1&" * 200, ";" * 200, "id=%ff%fe", "language=%00"]),
)  # fmt: skip
COOKIES = st.none() | st.sampled_from([
    "churn=", "churn=.", "churn=a.b", "churn=" + "x" * 5000, "churn==;churn=;;", 'churn="a.b', "churn_language=xx",
    "__Host-churn=a.b", "churn=eyJ.\xff", "=; =", "churn_language=zh; churn=W10.x",
])  # fmt: skip
FORMS = st.one_of(
    PAIRS.map(lambda pairs: urlencode(pairs, errors="surrogatepass").encode()), st.binary(max_size=60),
    st.sampled_from([b"a=1&" * 100, b"key=" + b"x" * 9999, b"csrf=&csrf=", b"\xff=\xfe", b"next=//evil.example&key=a"]),
)  # fmt: skip
DRAWN = settings(
    max_examples=60 if settings.get_current_profile_name() == "ci" else 2000, database=None, deadline=5000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[TestClient, dict[str, dict[str, str]]]:
    """The application where people need a key, and the headers of who has one, who logged in, and a stranger."""
    folder: Path = tmp_path_factory.mktemp("pages")
    journal = Journal(tiny_service.settings(folder).folder)
    journal.tell([state("C1", value_at_risk=9.0), state(NASTY), state(MARK)], least_change=0.05)
    journal.close()
    ana = key_of(folder, "ana", "read", rate_per_minute=0)
    asked = opened(folder, ApiKeys(failures_per_minute=0))
    cookie = login(asked, ana["X-API-Key"]).headers["set-cookie"].partition(";")[0]
    asked.cookies.clear()
    return asked, {"key": ana, "session": {"Cookie": cookie}, "nobody": {}}


def harmless(answer: Any) -> None:
    assert answer.status_code != 500, answer.text
    assert answer.status_code in (200, 303, 400, 401, 403, 404, 405, 422, 431)
    assert "Traceback" not in answer.text
    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert kind in ("text/html", "text/csv", "application/json") or answer.status_code == 303
    if kind == "text/html":
        assert MARK not in answer.text
        assert "'unsafe-eval'" not in (policy := answer.headers["content-security-policy"])
        assert "default-src 'none'" in policy
    where = answer.headers.get("location", "/")
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "evil" not in html.unescape(where).partition("?")[0]


@DRAWN
@given(
    path=st.sampled_from(["/", "/customer", "/at-risk.csv", "/login", "/docs", "/logout", "/monitoring/"]),
    query=QUERIES,
    who=st.sampled_from(["key", "session", "nobody"]), cookie=COOKIES,
    more=st.sampled_from([{}, {"Accept": "text/html"}, {"Accept-Language": "zh;q=1e999,*"}, {"Host": "[evil"}]),
)  # fmt: skip
def test_whatever_is_asked_of_a_page(
    place: Any, path: str, query: str, who: str, cookie: str | None, more: Any
) -> None:
    asked, known = place
    headers = {**more, **known[who]}
    if cookie is not None and who != "session":
        headers["Cookie"] = cookie
    answer = asked.get(
        f"{path}?{query}", headers={k: v.encode("latin-1") for k, v in headers.items()}, follow_redirects=False
    )
    asked.cookies.clear()
    harmless(answer)
    assert "churn=" not in answer.headers.get("set-cookie", ""), "nobody gets a session by asking"
    if who == "nobody" and path not in ("/login",):
        assert answer.status_code in (401, 303, 405)


@DRAWN
@given(
    path=st.sampled_from(["/login", "/logout", "/", "/customer"]), who=st.sampled_from(["key", "session", "nobody"]),
    body=FORMS,
    origin=st.sampled_from([None, "http://127.0.0.1", "http://evil.example", "null", ""]),
)  # fmt: skip
def test_whatever_form_is_sent(place: Any, path: str, who: str, body: bytes, origin: str | None) -> None:
    asked, known = place
    headers = known[who] | ({} if origin is None else {"Origin": origin})
    answer = asked.post(path, content=body, headers=headers, follow_redirects=False)
    asked.cookies.clear()
    harmless(answer)
    assert "churn=" not in answer.headers.get("set-cookie", "") or "Max-Age=0" in answer.headers["set-cookie"]
    if who == "session":
        assert "Max-Age=0" not in answer.headers.get("set-cookie", ""), "no form of elsewhere logs anybody out"
