"""What changed: months of the business, flows that add up, and what the grid tells of the past."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns.segments.drift import TooShort, drift_of
from campaigns.segments.grid import TYPES
from campaigns.segments.members import members
from campaigns.segments.report import Report, sizes_of, write
from campaigns.segments.rfm import rfm_of
from churn.segment_sections import Segment, Segments
from churn.settings import Settings
from tests.campaign_shop import NOW, event, scored, settings, written

IDS = [f"c{number:02}" for number in range(24)]


def orders() -> Iterator[dict[str, Any]]:
    """Everybody orders every so many days; the later half of them stops half a year ago."""
    for number, one in enumerate(IDS):
        for days in range(3 + number, 400, 20 + number):
            if number < 12 or days > 180:
                yield event(one, "order", days, amount=10.0 * (number + 1))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    words: dict[str, Any] = {"kind": "behavioural", "en": "x <b>", "zh": "某"}
    saved = (
        Segment(name="busy", where="did order within 60 days", **words),
        Segment(name="rich", where="value_tier = 'high'", **words),
    )
    found = settings(tmp_path_factory.mktemp("drift")).model_copy(
        update={"segment": saved, "segments": Segments(drift_months=6)}
    )
    return written(found, [scored(one) for one in IDS], list(orders()), values={"c00": 1.0})


def test_flows_add_up_at_every_step(shop: Settings) -> None:
    found = drift_of(shop)
    flows = found.flows
    assert len(found.instants) == 7
    assert {shop.lifecycle.calendar.day_of(one).day for one in found.instants} == {1}
    assert found.untold == ("rich",)
    for step in range(6):
        assert (flows.stayed[step] + flows.came[step] + flows.fresh[step] == flows.size[step + 1]).all()
        assert (flows.stayed[step] + flows.went[step] + flows.gone[step] == flows.size[step]).all()
    assert (flows.came_from.sum(axis=2) == flows.came).all()
    assert (flows.went_to.sum(axis=2) == flows.went).all()
    assert (flows.size[:, 1:].sum(axis=1) == flows.known).all()
    assert (flows.stages.sum(axis=2) == flows.size).all()
    assert (flows.stayed[-1] + flows.came[-1] + flows.fresh[-1] == flows.size[-1]).all()


def test_sizes_are_those_of_members_and_a_change_is_told(shop: Settings) -> None:
    found = drift_of(shop)
    for at in (0, 3, 6):
        then = members(shop, found.instants[at], ["busy"])
        assert int(then["busy"].sum()) == found.flows.size[at, 0]
    group = found.as_json()["groups"][0]
    assert group["first_to_last"]["went"] >= 11
    assert group["first_to_last"]["change"] < -0.3
    assert group["first_to_last"]["is_marked"]


def test_a_log_without_a_whole_month_tells_so(shop: Settings) -> None:
    with pytest.raises(TooShort) as caught:
        drift_of(shop, NOW - timedelta(days=420))
    assert "without --drift" in caught.value.mend


def test_the_grid_tells_who_left_of_those_who_stood_there(shop: Settings) -> None:
    found = rfm_of(shop, NOW - timedelta(days=85))
    told = found.as_json()
    assert found.why_unscored == "scores_of_another_instant"
    assert found.matured_at is not None
    assert found.matured_at <= NOW - timedelta(days=175)
    assert sum(one["customers"] for one in told["types"]) == found.customers == 24
    assert sum(one["realised"]["n"] for one in told["cells"]) > 0
    assert {one["type"] for one in told["types"]} <= set(TYPES)
    now = rfm_of(shop, NOW)
    assert now.why_unscored is None
    assert int(now.types["scored"].sum()) == 24


def test_the_page_says_it_in_both_languages_and_escapes(shop: Settings) -> None:
    found = members(shop, names=["busy"])
    path = write(Report(shop, NOW, len(found), sizes_of(found), rfm_of(shop, NOW), drift_of(shop)))
    page = Path(path).read_text(encoding="utf-8")
    assert "x &lt;b&gt;" in page
    assert "重要价值客户" in page
    assert "Without a past" in page
    assert 'class="heat"' in page
    assert "<script" not in page
    assert (path.parent / "report.json").exists()
