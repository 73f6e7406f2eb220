"""The pages for people: what they show, in both languages, to whom; and that nothing of a customer runs as code."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.changes.journal import Journal
from serving.changes.state import State
from serving.web import words
from serving.web.look import STYLE
from serving.web.wanted import Wanted
from tests import tiny_service
from tests.contract.test_wire_door import key_of, opened
from tests.contract.test_wire_login import login

NASTY = '=cmd|"<script>&\'" 客户'


def state(customer_id: str, **changed: Any) -> State:
    usual = {"stage": "active", "model": "churn", "band": "high", "code": None, "probability": 0.8} | changed
    amount = usual.pop("value_at_risk", 100.0)
    return State(
        customer_id, 10**15, 10**15, *usual.values(), value_at_risk=amount, score_id="s" * 32, model_version="m/1"
    )


@pytest.fixture
def asked(tmp_path: Path) -> TestClient:
    folder = tiny_service.settings(tmp_path).folder
    folder.mkdir(parents=True)
    journal = Journal(folder)
    many = [state(f"N{number:03}", value_at_risk=float(number), band="low", probability=0.1) for number in range(60)]
    back = state("B1", stage="lapsed", model="reactivation", value_at_risk=7.0)
    everybody = [state("C1", value_at_risk=900.0), state(NASTY), back, *many]
    everybody.append(state("silent", probability=None, band=None, code="stale_features"))
    journal.tell(everybody, least_change=0.05)
    journal.begin()
    journal.tell([state("C1", value_at_risk=950.0, band="medium", probability=0.5)], least_change=0.05)
    journal.close()
    return tiny_service.client(tmp_path)


def ids(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)


def test_most_at_risk_comes_first_and_pages_follow_one_another(asked: TestClient) -> None:
    first = asked.get("/?language=en").text
    assert ids(first)[:2] == ["C1", "=cmd|&quot;&lt;script&gt;&amp;&#x27;&quot; 客户"]
    assert len(ids(first)) == 25
    assert "silent" not in first
    assert 'rel="prev"' not in first
    where = re.search(r'<a href="([^"]*)" rel="next"', first)
    assert where is not None
    seen = [ids(asked.get(f"/?page={page}").text) for page in (1, 2, 3)]
    assert sum(map(len, seen)) == len({one for page in seen for one in page}) == 62
    assert where[1] == "/?page=2"
    assert 'rel="next"' not in asked.get("/?page=3").text


@pytest.mark.parametrize(
    ("query", "found"),
    [("model=reactivation", ["B1"]), ("band=medium", ["C1"]), ("stage=lapsed", []), ("least=60&band=high", [NASTY])],
)
def test_a_filter_lets_through_what_it_says(asked: TestClient, query: str, found: list[str]) -> None:
    page = asked.get(f"/?{query}&language=en").text
    assert len(ids(page)) == len(found)
    assert ("Nobody fits" in page) == (not found)
    rows = list(csv.DictReader(io.StringIO(asked.get(f"/at-risk.csv?{query}").text.removeprefix("\ufeff"))))
    assert [row["customer_id"].removeprefix("'") for row in rows] == found


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=99999999999", "least=-3", "least=%EF%BC%91", "model=x", "band=%00"]
)
def test_a_filter_that_is_none_shows_a_page_all_the_same(asked: TestClient, query: str) -> None:
    assert asked.get(f"/?{query}").status_code == 200


def test_no_cell_of_the_file_is_a_formula(asked: TestClient) -> None:
    answer = asked.get("/at-risk.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    (row,) = [row for row in csv.reader(io.StringIO(answer.text)) if NASTY in row[0]]
    assert row[0] == f"'{NASTY}"


def test_one_customer_is_shown_with_reasons_and_history(asked: TestClient) -> None:
    page = asked.get("/customer?id=C1&language=en").text
    assert ">86%<" in page  # as the golden answer has it: 0.864
    assert page.count('<li><span class="way') == 3
    assert "Own rhythm of activity" in page
    assert "not causes" in page
    assert "high, 80%</td><td>active · medium, 50%" in page
    assert page.count("can be acted on") == sum(
        bool(one["actionable"]) for one in asked.get("/v1/customers/C1").json()["score"]["reasons"]
    )
    assert "As last told" not in page  # it was told now
    chinese = asked.get("/customer?id=C1").text  # the language that was chosen stays
    assert '<html lang="en">' in chinese
    chinese = asked.get("/customer?id=C1&language=zh").text
    assert '<html lang="zh">' in chinese
    assert "自身的活跃节奏" in chinese
    assert '<html lang="zh">' in asked.get("/").text


@pytest.mark.parametrize(
    ("customer_id", "status", "said"),
    [
        ("stale", 200, "older than"), ("prospect", 200, "No score"), ("客户-3", 200, "chance of coming back"),
        ("nobody", 404, "Nobody with the id “nobody”"), ("", 404, "Type the id"), ("x" * 300, 404, "x…” is known"),
    ],
)  # fmt: skip
def test_who_has_no_score_is_told_why(asked: TestClient, customer_id: str, status: int, said: str) -> None:
    answer = asked.get("/customer", params={"id": customer_id, "language": "en"})
    assert (answer.status_code, said in answer.text) == (status, True)


@pytest.mark.parametrize("typed", ["n00", "N00", " n00 "])
def test_who_types_the_beginning_of_an_id_is_shown_whose_begin_so(asked: TestClient, typed: str) -> None:
    answer = asked.get("/customer", params={"id": typed})
    assert answer.status_code == 404
    assert re.findall(r'href="/customer\?id=(\w+)">', answer.text) == [f"N{number:03}" for number in range(10)]
    assert "begin" not in asked.get("/customer?id=Z&language=en").text


@pytest.mark.parametrize("typed", ["%", "_", "\x00", "\U0010ffff", "'; DROP TABLE told; --", "<script>"])
def test_whatever_is_typed_finds_nobody_and_breaks_nothing(asked: TestClient, typed: str) -> None:
    answer = asked.get("/customer", params={"id": typed})
    assert (answer.status_code, "<li>" in answer.text, "<script" in answer.text) == (404, False, False)
    assert len(ids(asked.get("/").text)) == 25


def test_a_list_of_nobody_says_whether_the_filter_is_why(tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder
    folder.mkdir(parents=True)
    journal = Journal(folder)
    journal.tell([state("C1")], least_change=0.05)
    journal.close()
    asked = tiny_service.client(tmp_path)
    assert "Loosen the filter" in asked.get("/?band=low&language=en").text
    assert "no such customer has a score" in asked.get("/?model=reactivation").text


def test_who_has_no_score_is_shown_no_empty_parts(asked: TestClient) -> None:
    page = asked.get("/customer?id=prospect&language=en").text
    for absent in ("associated with", "In numbers", "Value at risk", "valid until"):
        assert absent not in page
    assert "What they told us" in page
    assert "Ask again" in page  # a sentence of its own


def test_of_several_horizons_is_said_what_their_chances_are_of(asked: TestClient) -> None:
    """Longer silence is less likely: "leaving within 30 days" would be more likely than within 90."""
    page = asked.get("/customer?id=C1&language=en").text
    assert "inactive for all of the" in page
    assert "leaving within" not in page


def test_before_the_first_scores_the_page_says_how_to_get_them(tmp_path: Path) -> None:
    assert "churn score --all does it" in tiny_service.client(tmp_path).get("/?language=en").text


def test_an_error_of_a_page_is_a_page(tmp_path: Path) -> None:
    answer = tiny_service.client(tmp_path, opened=False).get("/customer?id=C1&language=en")
    assert answer.status_code == 503
    assert "<h1>This page cannot be shown now</h1>" in answer.text
    assert "not_ready" in answer.text


def test_pages_take_a_session_and_end_it(tmp_path: Path) -> None:
    reader = key_of(tmp_path, "ana", "read")["X-API-Key"]
    asked = opened(tmp_path)
    sent = asked.get("/customer?id=C1", headers={"Accept": "text/html"}, follow_redirects=False)
    assert sent.headers["location"] == "/login?next=%2Fcustomer%3Fid%3DC1"
    assert asked.get("/at-risk.csv").status_code == 401
    login(asked, reader)
    page = asked.get("/").text
    assert "Open demo" not in page
    token = re.search(r'action="/logout"><input type="hidden" name="csrf" value="([^"]+)"', page)
    assert token is not None
    ours = {"Origin": "http://127.0.0.1"}
    assert asked.post("/logout", data={"csrf": "x"}, headers=ours, follow_redirects=False).status_code == 403
    assert asked.post("/logout", data={"csrf": token[1]}, headers=ours, follow_redirects=False).status_code == 303
    assert asked.get("/").status_code == 401


def test_an_open_service_says_so_on_every_page(asked: TestClient) -> None:
    for path in ("/", "/customer?id=C1", "/customer?id=nobody", "/docs"):
        assert 'class="open" role="status"' in asked.get(path).text


def test_a_closed_service_says_nothing_of_it(tmp_path: Path) -> None:
    reader = key_of(tmp_path, "ana", "read")
    for path in ("/", "/docs"):
        assert 'class="open"' not in opened(tmp_path).get(path, headers=reader).text


def test_pages_may_load_nothing_and_run_nothing(asked: TestClient) -> None:
    for path in ("/", "/customer?id=C1"):
        page = asked.get(path)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert not re.findall(r"<script|\sstyle=|\son\w+=|https?://", page.text)


def test_every_word_has_both_languages_and_the_same_facts() -> None:
    for two in [*words.WORDS.values(), *words.STAGES.values(), *words.TIERS.values()]:
        assert len(two) == 2
        assert two[0].strip()
        assert re.search("[\u4e00-\u9fff]", two[1])
        facts = [sorted(re.findall(r"\{(\w+)\}", text)) for text in two]
        assert facts[0] == facts[1]


def contrast(one: str, other: str) -> float:
    """Of two colours, as WCAG 2.2 reckons it."""

    def light(colour: str) -> float:
        digits = colour.lstrip("#")
        digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
        parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_stands_out_from_its_ground(scheme: int) -> None:
    colours = [dict(re.findall(r"--(\w+):(#\w+)", block)) for block in re.findall(r":root\{([^}]*)\}", STYLE)][scheme]
    for ground in ("paper", "card"):
        for ink in ("ink", "quiet", "link", "high", "medium", "low"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["fill"], colours["rest"]) >= 3


def test_a_filter_and_its_address_say_the_same() -> None:
    one = Wanted("reactivation", "lapsed", "high", 30, 4)
    assert one.where() == "/?model=reactivation&stage=lapsed&band=high&least=30&page=4"
    assert Wanted().where("/at-risk.csv") == "/at-risk.csv"
