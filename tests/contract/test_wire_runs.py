"""The pages of monitoring, served: to whom, in which language, under which policy, and nothing beside them."""

import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests import tiny_service
from tests.contract.test_wire_door import key_of, opened, written
from tests.contract.test_wire_login import login
from tests.contract.test_wire_refusals import error_of

OLD, NEW = "2025-01-01T000000Z", "2025-01-08T160000Z"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tiny_service.settings(tmp_path).folder / "monitoring" / "runs"
    for run in (OLD, NEW):
        (folder / run).mkdir(parents=True)
        for name in ("index.html", "index.zh.html", "drift.html", "evidently-churn.html", "verdict.json"):
            (folder / run / name).write_text(f"{run}/{name}", encoding="utf-8")
        (folder / run / "secret.txt").write_text("told to nobody", encoding="utf-8")
    (folder / f".{NEW}-77").mkdir()
    (folder.parent / "verdict.json").write_text("told to nobody", encoding="utf-8")
    return folder


@pytest.fixture
def asked(runs: Path, tmp_path: Path) -> TestClient:
    return tiny_service.client(tmp_path)


@pytest.mark.parametrize(("language", "file"), [("en", "index.html"), ("zh-CN", "index.zh.html")])
def test_the_newest_run_is_shown_in_the_language_of_who_asks(asked: TestClient, language: str, file: str) -> None:
    for path in ("/monitoring", "/monitoring/"):
        sent = asked.get(path, headers={"Accept-Language": language}, follow_redirects=False)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/monitoring/runs/{NEW}/{file}")
    page = asked.get(sent.headers["location"])
    assert (page.status_code, page.text) == (200, f"{NEW}/{file}")
    assert page.headers["content-type"].startswith("text/html")
    assert asked.get(f"/monitoring/runs/{OLD}/drift.html").text == f"{OLD}/drift.html"


def test_our_pages_run_nothing_and_evidentlys_run_in_a_sandbox(asked: TestClient) -> None:
    ours = asked.get(f"/monitoring/runs/{NEW}/index.html").headers["content-security-policy"]
    assert "script" not in ours
    assert "default-src 'none'" in ours
    theirs = asked.get(f"/monitoring/runs/{NEW}/evidently-churn.html").headers["content-security-policy"]
    assert theirs.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in theirs
    assert "connect-src" not in theirs
    assert "http" not in theirs
    numbers = asked.get(f"/monitoring/runs/{NEW}/verdict.json")
    assert numbers.headers["content-type"] == "application/json"
    for answer in (ours, theirs):
        assert "frame-ancestors 'none'" in answer


@pytest.mark.parametrize(
    "path",
    [
        f"{NEW}/secret.txt", f"{NEW}/../../verdict.json", f"{NEW}/%2e%2e/verdict.json", f"{NEW}/..%2f..%2fverdict.json",
        f".{NEW}-77/index.html", "../runs/index.html", f"{NEW}/index.html/", f"{NEW}/index.html%00",
        f"{NEW}/index.en.html", f"{NEW}/", NEW, "", f"{NEW}/index.fr.html", "latest/index.html", f"{NEW}/INDEX.HTML",
    ],
)  # fmt: skip
def test_nothing_else_is_there(asked: TestClient, path: str) -> None:
    answer = asked.get(f"/monitoring/runs/{path}")
    assert "nobody" not in answer.text
    error_of(answer, 404, "unknown_route")


def test_no_link_is_followed(asked: TestClient, runs: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "index.html").write_text("told to nobody", encoding="utf-8")
    (runs / NEW / "data.html").symlink_to(tmp_path / "elsewhere" / "index.html")
    (runs / "2025-01-09T000000Z").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    os.mkfifo(runs / NEW / "model.html")
    for path in (f"{NEW}/data.html", "2025-01-09T000000Z/index.html", f"{NEW}/model.html"):
        error_of(asked.get(f"/monitoring/runs/{path}"), 404, "unknown_route")


def test_who_follows_an_old_letter_is_led_to_the_newest_run(asked: TestClient) -> None:
    for page in ("2024-01-01T000000Z/drift.html", f"{NEW}/drift.zh.html"):
        answer = asked.get(f"/monitoring/runs/{page}", headers={"Accept": "text/html", "Accept-Language": "zh-CN"})
        assert answer.status_code == 404
        assert "已不再保留" in answer.text
        assert '<a href="/monitoring/">' in answer.text
    error_of(asked.get("/monitoring/runs/2024-01-01T000000Z/drift.html"), 404, "unknown_route")


def test_before_the_first_run_the_page_says_what_to_do(tmp_path: Path) -> None:
    asked = tiny_service.client(tmp_path)
    answer = asked.get("/monitoring/", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "`churn monitor` does it" in answer.text
    assert '<a href="/monitoring/">Monitoring</a>' in asked.get("/?language=en").text
    assert '<a href="/monitoring/">监控</a>' in asked.get("/?language=zh").text


def test_who_may_not_read_sees_nothing(runs: Path, tmp_path: Path) -> None:
    score, read = key_of(tmp_path, "crm", "score"), key_of(tmp_path, "ana", "read")
    asked, page = opened(tmp_path), f"/monitoring/runs/{NEW}/index.html"
    assert asked.get(page).status_code == 401
    assert (
        asked.get(page, headers={"Accept": "text/html"}, follow_redirects=False)
        .headers["location"]
        .startswith("/login")
    )
    error_of(asked.get(page, headers=score), 403, "forbidden")
    assert asked.get(page, headers=read).status_code == 200
    login(asked, read["X-API-Key"])
    assert asked.get("/monitoring/").status_code == 200
    routes = [line.route for line in written(asked, tmp_path)]
    assert "/monitoring/runs/{run}/{file}" in routes
    assert not any(NEW in route for route in routes)
