"""What became of saved segments: of those who stood there then, beside everybody; their probability and margin."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from campaigns.segments.members import members
from campaigns.segments.outcomes import EVERYBODY, outcomes_of
from campaigns.segments.report import Report, sizes_of, write
from churn.segment_sections import Segment
from churn.settings import Settings
from tests.campaign_shop import NOW, event, scored, settings, written

IDS = [f"c{number:02}" for number in range(24)]


def orders() -> Iterator[dict[str, Any]]:
    """Everybody orders every ten days; of the west, whose numbers are even, the upper half stops 100 days ago."""
    for number, one in enumerate(IDS):
        yield event(one, "profile.region", 390, category="east" if number % 2 else "west")
        for days in range(3, 380, 10):
            if number < 12 or number % 2 or days > 100:
                yield event(one, "order", days, amount=10.0)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    told = {"west": "profile.region = 'west'", "east": "profile.region = 'east'", "rich": "value_tier = 'middle'"}
    saved = tuple(Segment(name=name, kind="behavioural", en=name, zh=name, where=one) for name, one in told.items())
    found = settings(tmp_path_factory.mktemp("outcomes")).model_copy(update={"segment": saved})
    people = [scored(one, probability=0.2 if number % 2 else 0.6) for number, one in enumerate(IDS)]
    return written(found, people, list(orders()), values={"c00": 1.0, "c01": 3.0})


def test_who_left_is_told_of_those_who_stood_there_beside_everybody(shop: Settings) -> None:
    told = outcomes_of(shop, members(shop))
    assert told.matured_at is not None
    left = {name: (one["left"]["count"], one["left"]["n"]) for name, one in told.rows.items() if one["left"]}
    assert left == {"west": (6, 12), "east": (0, 12), EVERYBODY: (6, 24)}
    assert told.rows["rich"]["left"] is None  # nobody kept who was of which tier then
    scored_then = outcomes_of(shop, members(shop, NOW, ["west", "east"]), NOW)
    means = {name: one["mean_probability"] for name, one in scored_then.rows.items()}
    assert means == pytest.approx({"west": 0.6, "east": 0.2, EVERYBODY: 0.4})


def test_margin_is_the_mean_of_those_who_have_one(shop: Settings) -> None:
    path = shop.folder / "tables" / "values.parquet"
    table = pd.read_parquet(path)
    table.assign(clv_amount=[50.0, 70.0]).to_parquet(path)
    told = outcomes_of(shop, members(shop))
    assert (told.rows["west"]["valued"], told.rows["west"]["mean_clv_amount"]) == (1, 50.0)
    assert told.rows[EVERYBODY]["mean_clv_amount"] == 60.0


def test_the_page_shows_it_and_says_of_when(shop: Settings) -> None:
    found = members(shop)
    report = Report(shop, NOW, len(found), sizes_of(found), outcomes=outcomes_of(shop, found))
    page = Path(write(report)).read_text(encoding="utf-8")
    assert "50.0% (25.4% – 74.6%) / 12" in page
    assert "Left then: of those who were in it on" in page
    assert "left then" not in Path(write(replace(report, outcomes=None))).read_text(encoding="utf-8")
