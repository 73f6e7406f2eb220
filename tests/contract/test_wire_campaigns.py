"""`/v1/campaigns` and the pages of campaigns: what was planned, whom to contact, what it did; nobody held out."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from churn.page import frame
from cli.app import assemble
from features.atomic import write_json
from features.treatments import write_treatments
from serving.app import Counter, Desk
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from serving.tables.beside import Tables
from tests import tiny_service
from tests.campaign_shop import exported, treatments
from tests.contract.test_wire import same_as_golden

PEOPLE = {"C1": True, "C2": True, "客户-3": True, "C9": False}


@dataclass
class Objecting:
    """Customers who object, by what."""

    who: dict[str, set[str]] = field(default_factory=dict)

    def among(self, customer_ids: Any, category: str = "scoring") -> set[str]:
        return set(customer_ids) & self.who.get(category, set())


@pytest.fixture
def objecting() -> Objecting:
    return Objecting()


@pytest.fixture
def asked(tmp_path: Path, objecting: Objecting) -> TestClient:
    folder = tiny_service.settings(tmp_path).folder
    write_treatments(folder, "2024-autumn", treatments("2024-autumn", {"C1": True}, days_ago=150, window_days=60))
    exported(folder, "2025-spring", PEOPLE)
    spring, autumn = folder / "campaigns" / "2025-spring", folder / "campaigns" / "2024-autumn"
    write_json(spring / "manifest.json", {"budget_amount": 500.0})
    write_json(autumn / "effect.json", [{"told_at": "2024-12-02T00:00:00+00:00", "causal": False, "campaign": "x"}])
    (autumn / "effect.html").write_text("what it did")
    (autumn / "secret.txt").write_text("told to nobody")
    held = tiny_service.settings(tmp_path)
    desk, tables = Desk(held), Tables(folder, objecting)
    desk.open(Counter(tiny_service.scorer(), Lookup(tiny_service.store()), ScoreLog(held.folder), tables=tables))
    return TestClient(assemble(desk), base_url="http://127.0.0.1", raise_server_exceptions=True)


def test_golden_campaigns(asked: TestClient) -> None:
    every = asked.get("/v1/campaigns").json()
    one = asked.get("/v1/campaigns/2025-spring").json()
    contacts = asked.get("/v1/campaign-contacts/2025-spring?language=zh").json()
    same_as_golden("campaigns.json", {"campaigns": every, "campaign": one, "contacts": contacts})


def test_every_campaign_by_the_day_it_was_planned(asked: TestClient) -> None:
    found = asked.get("/v1/campaigns").json()["campaigns"]
    assert [one["campaign"] for one in found] == ["2024-autumn", "2025-spring"]
    assert [(one["treated"], one["held_out"], one["causal"]) for one in found] == [(1, 0, False), (3, 1, None)]


def test_whom_to_contact_page_by_page(asked: TestClient) -> None:
    first = asked.get("/v1/campaign-contacts/2025-spring?limit=2").json()
    assert ([one["customer_id"] for one in first["contacts"]], first["next"]) == (["C1", "C2"], "C2")
    rest = asked.get("/v1/campaign-contacts/2025-spring", params={"after": first["next"]}).json()
    assert ([one["customer_id"] for one in rest["contacts"]], rest["next"]) == (["客户-3"], None)
    assert rest["contacts"][0]["why"] == "likely to leave"
    mail = asked.get("/v1/campaign-contacts/2025-spring?channel=email").json()
    assert [one["customer_id"] for one in mail["contacts"]] == ["客户-3"]


def test_who_opted_out_since_is_left_out_and_the_held_out_are_never_told(
    asked: TestClient, objecting: Objecting
) -> None:
    objecting.who = {"sms": {"C1", "客户-3"}, "contact": {"C2"}}
    told = asked.get("/v1/campaign-contacts/2025-spring").json()["contacts"]
    assert [one["customer_id"] for one in told] == ["客户-3"]
    everything = "".join(asked.get(path).text for path in ("/v1/campaigns/2025-spring", "/campaigns/"))
    assert "C9" not in everything + asked.get("/v1/campaign-contacts/2025-spring").text


def test_who_objects_to_scores_is_left_out_and_the_age_of_the_lists_is_told(
    asked: TestClient, objecting: Objecting
) -> None:
    objecting.who = {"scoring": {"C1"}}
    told = asked.get("/v1/campaign-contacts/2025-spring").json()
    assert [one["customer_id"] for one in told["contacts"]] == ["C2", "客户-3"]
    assert told["exported_at"] == "2024-12-21T01:00:00+00:00"


def test_nobody_is_to_be_contacted_once_the_window_is_over(asked: TestClient, tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder / "campaigns"
    lists = (folder / "2025-spring" / "listed.parquet").read_bytes()
    (folder / "2024-autumn" / "listed.parquet").write_bytes(lists)
    refused = asked.get("/v1/campaign-contacts/2024-autumn")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "window_over")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/campaigns/summer", 404, "unknown_campaign"),
        ("/v1/campaigns/.scores", 404, "unknown_campaign"),
        ("/v1/campaign-contacts/uplift", 404, "unknown_campaign"),
        ("/v1/campaign-contacts/2024-autumn", 409, "not_exported"),
        ("/v1/campaign-contacts/2025-spring?limit=0", 422, "invalid_request"),
        ("/v1/campaigns?x=1", 422, "invalid_request"),
    ],
)
def test_what_is_refused(asked: TestClient, path: str, status: int, code: str) -> None:
    answer = asked.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["mend"]


def test_a_broken_file_is_told(asked: TestClient, tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder / "campaigns" / "2025-spring"
    (folder / "exports.json").write_text("[")
    assert asked.get("/v1/campaigns").json()["error"]["code"] == "broken_campaign"
    assert "put it back from a backup" in asked.get("/campaigns/").text
    assert asked.get("/v1/campaigns").status_code == 503
    (folder / "listed.parquet").write_bytes(b"none")
    assert asked.get("/v1/campaign-contacts/2025-spring").json()["error"]["code"] == "broken_campaign"


def test_the_pages(asked: TestClient) -> None:
    page = asked.get("/campaigns/").text
    assert page.index("2025-spring") < page.index("2024-autumn")
    assert '<td>not causal</td><td><a href="/campaigns/2024-autumn/effect.html">what it did</a></td>' in page
    assert "known from 2025-" in page
    assert "负责人" in asked.get("/campaigns/?language=zh").text
    assert asked.get("/campaigns", follow_redirects=False).status_code == 303
    shown = asked.get("/campaigns/2024-autumn/effect.html")
    assert (shown.status_code, shown.text) == (200, "what it did")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    for hidden in ("2024-autumn/secret.txt", "2024-autumn/exports.json", "2025-spring/effect.html", "../x/a.html"):
        assert asked.get(f"/campaigns/{hidden}").status_code == 404


def test_written_pages_follow_the_reader_and_lead_back(asked: TestClient, tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder / "campaigns"
    written = frame("t", language="en", heading="h", as_of="x", body=[], footer=("a", "b"))
    (folder / "2024-autumn" / "effect.html").write_text(written)
    chinese = asked.get("/campaigns/2024-autumn/effect.html?language=zh").text
    assert 'id="zh" checked' in chinese
    assert 'id="en" checked' not in chinese
    assert '<a href="/campaigns/">← 营销活动</a>' in chinese
    assert 'id="en" checked' in asked.get("/campaigns/2024-autumn/effect.html?language=en").text


def test_pages_of_rooms_and_of_a_campaign(asked: TestClient, tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder / "campaigns"
    for name in ("audit/recommended", "audit/_together", "audit/2025-spring", "uplift/coupon/report", "value/report"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.html").write_text(name)
    page = asked.get("/campaigns/").text
    top, table = page.split("<table>")
    for where, name in (
        ("audit/recommended", "Recommended actions by group"), ("audit/_together", "All campaigns by group"),
        ("uplift/coupon", "Uplift: coupon"), ("value/report", "Value"),
    ):  # fmt: skip
        assert f'<a href="/campaigns/{where}.html">{name}</a>' in top
        assert asked.get(f"/campaigns/{where}.html").status_code == 200
    assert '<a href="/campaigns/audit/2025-spring.html">offers by group</a>' in table
    assert "2025-spring" not in top


def test_a_plan_without_lists_says_so(asked: TestClient, tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder / "campaigns" / "2025-spring"
    totals = {"expected_profit_amount": 1.0, "expected_profit_low": 0.0, "expected_profit_high": 2.0}
    write_json(folder / "manifest.json", {"totals": totals})
    assert "known from" in asked.get("/campaigns/").text
    (folder / "exports.json").unlink()
    assert "churn campaign export --id 2025-spring" in asked.get("/campaigns/").text


def test_what_it_was_expected_to_do_and_did(asked: TestClient, tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder / "campaigns"
    totals = {"expected_profit_amount": 1234.5, "expected_profit_low": -10.0, "expected_profit_high": 2000.0}
    write_json(folder / "2025-spring" / "manifest.json", {"totals": totals})
    did = {"treated": 0.3, "held_out": 0.2, "value": 0.1, "low": 0.02, "high": 0.18, "n_treated": 90, "n_held_out": 9}
    write_json(folder / "2024-autumn" / "effect.json", [{"told_at": "x", "causal": True, "retained": did}])
    autumn, spring = asked.get("/v1/campaigns").json()["campaigns"]
    assert spring["expected_profit"] == {"value": 1234.5, "low": -10.0, "high": 2000.0}
    assert (autumn["retained"], autumn["expected_profit"]) == ({"value": 0.1, "low": 0.02, "high": 0.18}, None)
    page = asked.get("/campaigns/").text
    assert f"1,234 {tiny_service.settings(tmp_path).business.currency} (-10 … 2,000)" in page
    assert "came: +10.0 points (+2.0 … +18.0)" in page


def test_a_campaign_that_is_planned_anew_is_read_again(asked: TestClient, tmp_path: Path) -> None:
    folder = tiny_service.settings(tmp_path).folder
    before = asked.get("/v1/campaigns/2024-autumn").json()
    everybody = treatments("2024-autumn", {"C1": True, "C2": False}, days_ago=150, window_days=60)
    write_treatments(folder, "2024-autumn", everybody)
    after = asked.get("/v1/campaigns/2024-autumn").json()
    assert (before["planned"], after["planned"], after["held_out"]) == (1, 2, 1)
    (folder / "campaigns" / "2024-autumn" / "treatments.parquet").unlink()
    assert [one["campaign"] for one in asked.get("/v1/campaigns").json()["campaigns"]] == ["2025-spring"]


def test_no_campaign_says_how_to_plan_one(tmp_path: Path) -> None:
    asked = tiny_service.client(tmp_path)
    assert asked.get("/v1/campaigns").json() == {"campaigns": []}
    assert "churn campaign plan" in asked.get("/campaigns/").text
