"""What is told of hazards, to people and machines: in both languages, of no customer, and no number for none."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from churn.monitoring_sections import Monitoring
from monitoring.business import content_sections, leaving_sections, outlook_sections, returning_sections
from monitoring.business.after_event import after_events
from monitoring.business.base import base
from monitoring.business.forecast import Forecast, forecast
from monitoring.business.funnel import Funnel
from monitoring.business.hazards import Hazards
from monitoring.business.hazards_told import content, figures
from monitoring.business.lapsed import Lapsed
from monitoring.business.lifetimes import lifetimes
from monitoring.business.satisfaction import Satisfaction
from monitoring.section import Section
from tests import drawn_business
from tests.drawn_business import CYCLE, DAYS, FIRST, Drawn

NOW = (FIRST + np.timedelta64(DAYS, "D")).to_pydatetime()


def hazards(drawn: Drawn, past: tuple[Forecast, ...] = ()) -> Hazards:
    edges, segmentation = drawn.edges, drawn.segmentation
    spells, after = lifetimes(edges, segmentation, drawn.first_day), after_events(edges, segmentation, None)
    lapsed, told, funnel = (
        Lapsed(edges, segmentation, tells_signs=True),
        Satisfaction(edges, segmentation, CYCLE),
        Funnel(edges, segmentation, Monitoring().funnel),
    )
    ahead = base(edges, drawn.first_day, {})
    drawn.walk(spells, after, lapsed, told, funnel, ahead)
    return Hazards(spells, after, lapsed, told, funnel, forecast(ahead, NOW), past, 0, 20, "EUR")


def shown(found: Hazards) -> Iterator[Section]:
    yield from outlook_sections.sections(found)
    yield from leaving_sections.sections(found)
    yield from returning_sections.sections(found, 60)
    yield from content_sections.sections(found)


@pytest.fixture(scope="module")
def found() -> Hazards:
    at = NOW - timedelta(days=40)
    past = Forecast(at, at + timedelta(days=30), 30, 90, 100.0, 80.0, 120.0, 50.0, 30.0, 10.0, 10.0, actual=93)
    return hazards(drawn_business.draw(500, seed=9, kinds=("survey",)), (past,))


def test_every_part_is_shown_in_both_languages(found: Hazards) -> None:
    sections = list(shown(found))
    assert [one.anchor for one in sections] == [
        "forecast", "lapsed", "survival", "silence", "after-event", "satisfaction", "funnel",
    ]  # fmt: skip
    for one in sections:
        assert one.page == "business"
        assert all(one.title)
        assert all(one.note or ("x", "x"))
        english, chinese = (len(re.findall(f'class="{name}"', one.body)) for name in ("en", "zh"))
        assert english == chinese > 0
        assert "nan" not in re.sub("<[^>]*>", "", one.body).lower()


def test_nothing_of_a_customer(found: Hazards) -> None:
    told = "".join(one.body for one in shown(found)) + json.dumps(content(found))
    assert not re.search(r"c\d{5}", told)


def test_forecasts_are_shown_beside_what_came(found: Hazards) -> None:
    (body,) = (one.body for one in shown(found) if one.anchor == "forecast")
    assert "1 / 1" in body
    assert "No champion told anything" in body, "and none of now, with its reason"
    told = content(found)["forecast"]
    assert told["code"] == "no_models"
    assert [one["actual"] for one in told["judged"]] == [93]


def test_machines_are_told_no_number_for_what_nobody_knows(found: Hazards) -> None:
    told = content(found)
    json.dumps(told, allow_nan=False)
    assert told["funnel"] == {"code": "no_lead_events"}
    assert told["lapsed"]["reach"] == "not_configured"
    assert told["satisfaction"]["cases"]["complaint"] == {"answered": None, "solved": None}
    newest = told["survival"]["quarters"][max(told["survival"]["quarters"])]
    assert newest["median_days"] is None or newest["watched_days"] > newest["median_days"]
    names = {one.name for one in figures(found)}
    assert "churn_monitor_lapsed_now_customers" in names
    assert "churn_monitor_active_forecast_customers" not in names


def test_what_follows_an_event_is_told_by_segment_in_both(found: Hazards) -> None:
    told = [one for one in content(found)["after_event"] if one.get("level")]
    (body,) = (one.body for one in shown(found) if one.anchor == "after-event")
    assert {one["level"] for one in told} >= {"east", "west"}
    assert body.count("<details>") == len({one["kind"] for one in told}) == 1
    for one in told:
        ratio = one["ratio"]
        assert f"{ratio['value']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})" in body


def test_machines_are_told_what_people_see_by_segment(found: Hazards) -> None:
    told = content(found)
    scores = told["satisfaction"]
    assert sum(one["n"] for one in scores["by_segment"]["survey"]["region"].values()) > 0.9 * 500
    assert sum(one["n"] for one in scores["by_quarter"]["survey"].values()) > 0.9 * 500
    ages = told["lapsed"]["by_age"].values()
    assert told["lapsed"]["by_sign"]["none"]["customers"] == told["lapsed"]["customers"]
    assert "no sign" in "".join(one.body for one in shown(found) if one.anchor == "lapsed")
    assert all(sum(one["of_value"].values()) == one["customers"] for one in ages)


def test_critical_moments_are_told_by_segment() -> None:
    """In the east all but a few leave after one order; in the west they leave at any time."""
    rows = [(f"c{n:03}", "profile.region", 1.0, "east" if n < 200 else "west", np.nan) for n in range(400)]
    for n in range(400):
        orders = 1 if n < 150 else 1 + n % 18
        rows += [(f"c{n:03}", "order", 100.0 + 30 * nth, "tea", 9.0) for nth in range(orders)]
    found = hazards(drawn_business.of(rows))
    lives = content(found)["survival"]["segments"]["region"]
    tops = {name: [one["top"] for one in level["critical"]] for name, level in lives.items()}
    assert tops["east"][0] == 2
    assert 2 not in tops["west"]
    assert lives["east"]["hazard_30d"][2] == pytest.approx(lives["east"]["critical"][0]["hazard"], abs=1e-6)
    (page,) = (one.body for one in shown(found) if one.anchor == "survival")
    assert f">60–89: {lives['east']['critical'][0]['hazard']:.0%}" in page.split("<summary>")[1]


def test_a_region_that_is_called_other_is_counted_once() -> None:
    rows = [(f"c{n:03}", "profile.region", 1.0, ("other", "unknown", "east")[n % 3], np.nan) for n in range(90)]
    rows += [(f"c{n:03}", "order", 400.0, "tea", 9.0) for n in range(90)]
    found = hazards(drawn_business.of(rows))
    (region,) = (one for one in found.lapsed.segmentation.dimensions if one.name == "region")
    assert region.levels == ("east", "other", "unknown")
    lives = content(found)["survival"]["segments"]["region"]
    assert {name: one["customers"] for name, one in lives.items()} == {"east": 30, "other": 30, "unknown": 30}


def test_segments_show_no_small_cell() -> None:
    few = hazards(drawn_business.draw(30, seed=9))
    regions = content(few)["survival"]["segments"]["region"]
    assert all(one["customers"] >= 20 for one in regions.values())
    few_pauses = content(hazards(drawn_business.draw(2, seed=3)))["silence_by_segment"]["region"]
    assert all(one is None for level in few_pauses.values() for one in level.values())


def test_a_business_without_customers_shows_no_zeros() -> None:
    nobody = hazards(drawn_business.of([("a", "visit", 500.0, None, np.nan)]))
    assert [one.anchor for one in shown(nobody)] == ["forecast", "satisfaction", "funnel"]
    assert {one.name for one in figures(nobody)} == set()
