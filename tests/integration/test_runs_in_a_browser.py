"""The pages of a run of monitoring in a real browser: from files and from the service, in both languages, on paper."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring.monitor import monitor
from monitoring.section import PAGES
from tests import monitored_shop, tiny_service
from tests.contract.test_wire_door import key_of, opened
from tests.integration.test_pages_in_a_browser import chromium, enter, faults_of
from tests.listening import listening

__all__ = ["chromium"]
pytestmark = pytest.mark.slow
FILES = [f"{page}{end}" for page in PAGES for end in (".html", ".zh.html")]
NOISE = ("favicon",)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with alarms: a column is missing, and the scores are not those of now."""
    shop = monitored_shop.build(tmp_path_factory.mktemp("watched"))
    shop.write_scores(shop.snapshot.frame[shop.snapshot.frame["model"] == "churn"].head(900), name="earlier")
    shop.write_scores(shop.now(), name="now")
    shop.change_current({"order_total_90d": None})
    monitor(shop.settings, progress=lambda what: None)
    result = monitor(shop.settings, progress=lambda what: None)
    assert result.troubles == ()
    assert result.run is not None
    return result.run


class Seen:
    """A page, and what it asked for and complained of."""

    def __init__(self, chromium: Any, **context: Any) -> None:
        self.context = chromium.new_context(**{"viewport": {"width": 1100, "height": 800}} | context)
        self.page, self.asked, self.said = self.context.new_page(), list[str](), list[str]()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def _hear(self, message: Any) -> None:  # playwright's ConsoleMessage
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def left(self, place: str) -> list[str]:
        """What was asked for elsewhere."""
        return [url for url in self.asked if not url.startswith((place, "data:", "blob:"))]

    def complaints(self) -> list[str]:
        return [one for one in self.said if not any(noise in one for noise in NOISE)]


@pytest.fixture
def seen(chromium: Any) -> Iterator[Seen]:
    one = Seen(chromium)
    yield one
    one.context.close()


def test_every_page_opens_from_its_file_and_asks_for_nothing(seen: Seen, run: Path) -> None:
    for name in FILES:
        seen.page.goto((run / name).as_uri())
        shown = "zh" if ".zh." in name else "en"
        assert seen.page.locator("html").get_attribute("lang") == shown
        assert seen.page.locator(".en:visible" if shown == "zh" else ".zh:visible").count() == 0
        assert seen.page.locator("nav a[aria-current]").count() == 1
    assert seen.left("file:") == []
    assert len(seen.asked) == len(FILES)
    assert seen.complaints() == []


def test_the_language_stays_from_page_to_page(seen: Seen, run: Path) -> None:
    page = seen.page
    page.goto((run.parent.parent / "report.html").as_uri())
    page.wait_for_url("**/index.html")
    page.get_by_role("link", name="中文").click()
    page.wait_for_url("**/index.zh.html")
    page.get_by_role("link", name="偏移", exact=True).click()
    page.wait_for_url("**/drift.zh.html")
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/drift.html")
    assert page.locator("h1").inner_text().startswith("Drift")


def test_each_alarm_leads_to_its_evidence(seen: Seen, run: Path) -> None:
    page = seen.page
    page.goto((run / "index.html").as_uri())
    links = [one.get_attribute("href") for one in page.locator(".reasons a").all()]
    assert "data.html#churn-order_total_90d" in links
    for link in links:
        page.goto(f"{run.as_uri()}/{link}")
        assert page.locator(":target").count() == 1, link
    page.goto((run / "index.html").as_uri())
    assert page.locator(".verdict").first.inner_text() == "stop"
    assert page.locator("code", has_text="churn ").count() > 0


@pytest.mark.parametrize(
    ("width", "scheme", "files"),
    [(1100, "light", FILES[::2]), (360, "dark", FILES[1::2])]
    + [pytest.param(*how, FILES, marks=pytest.mark.nightly) for how in ((1100, "dark"), (360, "light"))],
    ids=lambda value: f"{len(value)} pages" if isinstance(value, list) else None,
)
def test_rules_of_accessibility_hold_wide_and_narrow(
    chromium: Any, run: Path, width: int, scheme: Any, files: list[str]
) -> None:
    """By day one language wide and light, the other narrow and dark; at night both otherwise."""
    seen = Seen(chromium, viewport={"width": width, "height": 800}, color_scheme=scheme)
    wrong = {}
    for name in files:
        seen.page.goto((run / name).as_uri())
        wrong[name] = faults_of(seen.page)
        if seen.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[name].append("the page scrolls sideways")
    seen.context.close()
    assert {name: found for name, found in wrong.items() if found} == {}


def test_on_paper_there_is_no_navigation_and_every_detail(seen: Seen, run: Path, tmp_path: Path) -> None:
    seen.page.goto((run / "model.html").as_uri())
    seen.page.emulate_media(media="print")
    assert not seen.page.locator("nav.site").is_visible()
    assert seen.page.locator("details table").first.is_visible()
    made = tmp_path / "model.pdf"
    seen.page.pdf(path=str(made), format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", made.read_bytes())) >= 2
    seen.page.set_viewport_size({"width": 688, "height": 1000})  # A4 within its margins
    for name in FILES:
        seen.page.goto((run / name).as_uri())
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 688, f"{name} is wider than the paper"


@pytest.fixture(scope="module")
def service(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a service that has this run, and a key that may read."""
    folder = tmp_path_factory.mktemp("served")
    key = key_of(folder, "ana", "read")["X-API-Key"]
    shutil.copytree(run.parent, tiny_service.settings(folder).folder / "monitoring" / "runs")
    with listening(opened(folder).app) as port:
        yield f"http://127.0.0.1:{port}", key


def test_the_service_shows_it_to_who_logged_in(seen: Seen, service: tuple[str, str], run: Path) -> None:
    enter(seen.page, service, "/monitoring/")
    seen.page.wait_for_url(f"**/monitoring/runs/{run.name}/index.html")
    for name in FILES:
        answer = seen.page.goto(f"{service[0]}/monitoring/runs/{run.name}/{name}")
        assert answer.status == 200
    assert seen.left(service[0]) == []
    assert seen.complaints() == [], "the policy of the page forbids something that it has"


def test_evidentlys_page_draws_in_a_sandbox_and_reaches_nothing(
    seen: Seen, service: tuple[str, str], run: Path
) -> None:
    enter(seen.page, service, "/monitoring/")
    seen.page.goto(f"{service[0]}/monitoring/runs/{run.name}/evidently-churn.html")
    seen.page.wait_for_selector("text=score", timeout=30_000)
    assert seen.page.evaluate("origin") == "null"
    reached = "fetch('/v1/features').then(() => 'reached', () => 'refused')"
    assert seen.page.evaluate(reached) == "refused"
    assert seen.page.evaluate("(() => { try { return document.cookie } catch { return 'refused' } })()") == "refused"
    assert [url for url in seen.left(service[0]) if "/v1/features" not in url] == []
