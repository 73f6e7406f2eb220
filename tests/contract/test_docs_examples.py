"""What the pages for callers show as a call of `curl` runs as it stands there, and is answered."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_openapi import Shop

DOCS = Path(__file__).parents[2] / "docs"
CURL = re.compile(r"^curl (?:\\\n|'[^']*'|[^'\n#])+", re.MULTILINE)
PAGES = ("api.md", "api-customers.md")


def calls() -> list[tuple[str, str, str | None]]:
    """Each call on the pages: path, page and body."""
    found = []
    for page in PAGES:
        for told in CURL.findall((DOCS / page).read_text(encoding="utf-8")):
            words = shlex.split(told.replace("\\\n", " "))
            (url,) = (word for word in words if word.startswith("http://"))
            body = words[words.index("-d") + 1] if "-d" in words else None
            found.append((url.removeprefix("http://127.0.0.1:3000"), page, body))
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"))
    yield made
    made.desk.close()
    made.intake.close()


def test_the_pages_show_calls() -> None:
    assert {path.partition("?")[0] for path, *_ in calls()} >= {
        *("/readyz", "/v1/score", "/v1/events", "/v1/scores", "/v1/what-if")
    }


@pytest.mark.parametrize(("path", "page", "body"), calls())
def test_a_call_on_a_page_runs(shop: Shop, path: str, page: str, body: str | None) -> None:
    answer: Any = shop.client.get(path) if body is None else shop.client.post(path, content=body.encode())
    if "since=" in path:  # a cursor of somebody else's journal
        assert answer.json()["error"]["code"] == "cursor_gone"
        return
    assert answer.status_code in (200, 202), (page, answer.text)
    told = answer.json()
    assert told.get("rejected", 0) == 0
    assert all(one["rejected"] == [] for one in told.get("answers", []))
