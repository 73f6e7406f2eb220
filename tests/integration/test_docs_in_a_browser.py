"""The page of the document in a real browser: its examples run, with ids of one's own, and an answer is made again."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from tests import tiny_service
from tests.integration.test_pages_in_a_browser import chromium, faults_of

__all__ = ["chromium"]  # a fixture
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app = tiny_service.client(tmp_path_factory.mktemp("docs")).app
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)


def run(page: Any, name: str) -> str:
    """Press the button of an example; what is shown."""
    page.locator(f'button[data-name="{name}"]').click()
    page.wait_for_selector(f"#answer-{name}:visible")
    shown: str = page.locator(f"#answer-{name}").inner_text()
    return shown


def test_examples_run_and_the_answer_that_was_given_is_made_again(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/docs")
    page.locator("#body-score").fill('{"customer_ids": ["客户-3"]}')
    scored = run(page, "score")
    assert scored.startswith("200")
    again = run(page, "replay")
    assert again.startswith("200"), again
    (score_id,) = {line.split('"')[3] for line in scored.splitlines() if '"score_id"' in line}
    assert score_id in again
    page.locator("#path-customer").fill("/v1/customers/C2?language=zh")
    assert '"customer_id": "C2"' in run(page, "customer")
    page.locator("#path-changes").fill("//elsewhere.example/v1/scores")
    page.locator('button[data-name="changes"]').click()
    assert page.locator("#answer-changes").is_hidden()
    page.close()


def test_rules_of_accessibility_hold_for_the_document(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/docs")
    assert faults_of(page) == []
    page.close()
