"""What is learned from: as of when chance decided, of campaigns that are over and whose sides are alike; or why not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaigns.uplift.gathering import (
    NO_CAMPAIGN,
    NOT_AS_MANY,
    NOT_RANDOMISED,
    TOO_FEW,
    Refused,
    Rows,
    gathered,
)
from churn.settings import Settings
from churn.uplift_sections import Uplift
from cli.campaign_uplift import uplift
from cli.opened import open_log
from features.treatments import read_treatments, write_treatments
from tests.campaign_shop import NOW, event, scored, settings, treatments, written

FEW = Uplift(min_side_rows=50, min_side_outcomes=10, folds=2, draws=200)
IDS = [f"c{number:04d}" for number in range(400)]
SIDE = {one: number % 2 == 0 for number, one in enumerate(IDS)}


def shop(folder: Path, *more: dict[str, Any]) -> Settings:
    """Every fourth comes in the window; every customer ordered a hundred and twenty days ago, and once long before."""
    business = settings(folder).model_copy(update={"uplift": FEW})
    rng = np.random.default_rng(1)
    events = [event(one, "order", 120, amount=50.0 + number % 7) for number, one in enumerate(IDS)]
    events += [event(one, "order", 200, amount=20.0) for one in IDS]
    events += [event(one, "order", 80, amount=30.0) for one in IDS if rng.random() < 0.3]
    return written(business, [scored(one) for one in IDS], [*events, *more])


def planned(business: Settings, name: str, people: dict[str, bool], days_ago: int = 100, **columns: object) -> None:
    rows = treatments(name, people, days_ago=days_ago, window_days=60, **{"propensity": 0.5, **columns})
    write_treatments(business.folder, name, rows)


def asked(business: Settings, wanted: Uplift = FEW) -> Rows | Refused:
    log = open_log(business)
    return gathered(
        read_treatments(business.folder), log.parts, log.features, log.lifecycle, wanted, now=NOW, seed=7
    )  # fmt: skip


def test_rows_know_what_was_known_when_chance_decided(tmp_path: Path) -> None:
    business = shop(tmp_path)
    planned(business, "spring", SIDE)
    rows = asked(business)
    assert isinstance(rows, Rows)
    assert len(rows) == 400
    since = rows.X[:, rows.names.index("order_days_since")]
    assert ((since > 19) & (since < 22)).all()  # the order of the window is not yet there
    assert 0.2 < rows.trial.outcome.mean() < 0.4
    assert rows.trial.treated.tolist() == list(SIDE.values())
    assert rows.campaigns == ("spring",)


def test_nobody_who_objects_to_scoring_is_learned_from(tmp_path: Path) -> None:
    business = shop(tmp_path, event("c0007", "opt_out", 1, category="scoring"))
    planned(business, "spring", SIDE)
    told = uplift(business, "coupon").as_json["coupon"]
    assert told["judged"]["customers"] == 399


def test_nothing_is_learned_before_a_window_is_over(tmp_path: Path) -> None:
    business = shop(tmp_path)
    planned(business, "spring", SIDE, days_ago=30)
    found = asked(business)
    assert isinstance(found, Refused)
    assert found.code == NO_CAMPAIGN


@pytest.mark.parametrize(
    ("people", "columns", "code"),
    [
        (dict.fromkeys(IDS, True), {"propensity": 1.0}, NOT_RANDOMISED),
        (SIDE, {"propensity": 0.9}, NOT_AS_MANY),
        (dict(list(SIDE.items())[:60]), {}, TOO_FEW),
    ],
)
def test_what_allows_no_comparison_is_refused(
    people: dict[str, bool], columns: dict[str, float], code: str, tmp_path: Path
) -> None:
    business = shop(tmp_path)
    planned(business, "spring", people, **columns)
    found = asked(business)
    assert isinstance(found, Refused)
    assert found.code == code


def test_a_spoilt_campaign_is_left_out_and_the_other_learned_from(tmp_path: Path) -> None:
    business = shop(tmp_path)
    planned(business, "spring", SIDE)
    planned(business, "spoilt", SIDE, propensity=0.9)
    rows = asked(business)
    assert isinstance(rows, Rows)
    assert rows.campaigns == ("spring",)
    assert rows.left_out == {"spoilt": NOT_AS_MANY}


def test_too_many_are_drawn(tmp_path: Path) -> None:
    business = shop(tmp_path)
    planned(business, "spring", SIDE)
    planned(business, "second", SIDE, days_ago=101)
    all_of_them = asked(business)
    some = asked(business, FEW.model_copy(update={"max_rows": 500}))
    assert isinstance(all_of_them, Rows)
    assert isinstance(some, Rows)
    assert 400 < len(some) < 600 < len(all_of_them) == 800
    assert set(np.unique(some.customer, return_counts=True)[1]) == {2}


def test_the_command_tells_and_keeps(tmp_path: Path) -> None:
    business = shop(tmp_path)
    assert "nothing to learn from" in uplift(business, None).text
    planned(business, "spring", SIDE)
    said = uplift(business, None)
    assert said.as_json["coupon"]["verdict"] in ("no_order", "not_calibrated")
    assert "no claim" in said.text
    assert "changes" in said.text
    kept = business.folder / "campaigns" / "uplift" / "coupon"
    assert sorted(path.name for path in kept.iterdir()) == ["model.json", "report.html"]
    assert said.as_json["coupon"]["known_until"] <= (NOW + timedelta(days=1)).isoformat()
