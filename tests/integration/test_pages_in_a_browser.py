"""The pages in a real browser: by keyboard alone, on a narrow screen, by the rules of accessibility (axe-core)."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from serving.changes.journal import Journal
from tests import tiny_service
from tests.campaign_shop import exported
from tests.conftest import require
from tests.contract.test_due_page import TODAY, listed, task
from tests.contract.test_wire_door import key_of, opened
from tests.contract.test_wire_pages import state

pytestmark = pytest.mark.slow
HEADERS = {"Accept-Language": "en"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:  # playwright's Browser
    place = shutil.which("chromium") or shutil.which("google-chrome")
    require(place, "A browser", "install chromium (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a service, and a key that may read."""
    folder = tmp_path_factory.mktemp("shop")
    key = key_of(folder, "ana", "read")["X-API-Key"]
    journal = Journal(tiny_service.settings(folder).folder)
    journal.tell([state("C1", value_at_risk=1234.5), state("客户-3", stage="loyal")], least_change=0.05)
    journal.begin()
    journal.tell([state("C1", band="medium", probability=0.5)], least_change=0.05)
    journal.close()
    exported(tiny_service.settings(folder).folder, "2025-spring", {"C1": True, "客户-3": False})
    listed(folder, TODAY, task("C1", is_overdue=True), task("客户-3", "wechat_group"))
    config = uvicorn.Config(opened(folder).app, port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", key
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture
def page(chromium: Any, shop: tuple[str, str]) -> Iterator[Any]:  # playwright's Page
    context = chromium.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
    one = context.new_page()
    asked: list[str] = []
    one.on("request", lambda request: asked.append(request.url))
    faults: list[str] = []
    one.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    yield one
    context.close()
    assert [url for url in asked if not url.startswith(shop[0])] == []
    assert [fault for fault in faults if "favicon" not in fault and "404" not in fault] == []


def enter(page: Any, shop: tuple[str, str], path: str = "/") -> None:
    page.goto(shop[0] + path)
    page.locator("input[type=password]").fill(shop[1])
    page.keyboard.press("Enter")
    page.wait_for_selector("main h1")


def faults_of(page: Any) -> list[str]:
    """What axe-core finds, worst first."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def test_by_keyboard_from_the_login_to_a_customer_and_back(page: Any, shop: tuple[str, str]) -> None:
    enter(page, shop)
    assert page.locator("h1").inner_text() == "Customers at risk"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "C1":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer?id=C1")
    assert page.locator(".big").inner_text() == "86%"
    page.get_by_label("Customer id").fill("客户-3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer?id=*%E5%AE%A2*")
    page.get_by_role("link", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh"
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login")
    page.goto(shop[0] + "/")
    page.wait_for_url("**/login?next=*")


def test_a_filter_by_its_labels_and_the_file(page: Any, shop: tuple[str, str]) -> None:
    enter(page, shop)
    page.get_by_label("Stage").select_option("loyal")
    page.get_by_role("button", name="Apply").click()
    assert page.locator("tbody tr").count() == 1
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download as CSV").click()
    text = Path(coming.value.path()).read_text(encoding="utf-8-sig")
    assert [line.split(",")[0] for line in text.splitlines()] == ["customer_id", "客户-3"]


def test_on_a_telephone_rows_stay_lines_and_the_whole_id_stays_in_sight(page: Any, shop: tuple[str, str]) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    enter(page, shop)
    assert page.evaluate("Math.max(...[...document.querySelectorAll('tbody tr')].map(row => row.offsetHeight))") < 60
    page.evaluate("document.querySelector('.scroll').scrollLeft = 500")
    place = page.locator("tbody th").first.bounding_box()
    assert place["x"] >= 0
    page.goto(f"{shop[0]}/customer?id=C1")
    sizes = "[...document.querySelectorAll('main *')].map(one => parseFloat(getComputedStyle(one).fontSize))"
    assert page.evaluate(f"Math.min(...{sizes})") >= 11  # nothing shrinks with a picture


def test_the_rules_find_what_breaks_them(chromium: Any) -> None:
    page = chromium.new_page()
    page.set_content('<html><body><input><img src="data:,"></body></html>')
    assert {"label", "image-alt", "html-has-lang"} <= {fault.partition(":")[0] for fault in faults_of(page)}
    page.close()


PATHS = ["/", "/?model=reactivation", "/customer?id=C1", "/customer?id=prospect", "/customer?id=c", "/login", "/docs"]
PATHS += ["/campaigns/", "/campaigns/due/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (320, "dark")])
def test_rules_of_accessibility_hold(chromium: Any, shop: tuple[str, str], path: str, width: int, scheme: Any) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale="zh-CN")
    page = context.new_page()
    if path != "/login":
        enter(page, shop)
    page.goto(shop[0] + path)
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # only tables scroll sideways
    context.close()
