"""Groups of customers: what is named, what is not, and that bias planted in the simulator is found."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.cutoffs import fold_at
from churn.events import Events
from churn.model_sections import Fairness, Training
from churn.settings import Settings
from features.attributes import attributes_at
from features.catalogue import catalogue
from features.simulated_demography import with_demographics
from features.simulation import Simulation, SimulationSettings, simulate
from features.snapshot_rows import Question
from features.snapshots import freeze_all
from training.backtest import backtest
from training.folding import FrozenFold
from training.report.document import report_of
from training.report.fairness import fairness, times
from training.report.jury import jury
from training.report.page import page
from training.report.tables import groups
from training.rows import Columns, Rows

NAMED = Settings(fairness=Fairness(attributes=("gender", "origin")))


def judged(flag_more: float, n: int = 4000, never: str | None = None, at: float = 0.55) -> dict[str, Any]:
    """A made-up model whose flags depend on `origin`, never on `gender`; nobody of the origin `never` is flagged."""
    random = np.random.default_rng(1)
    probability = random.beta(2, 4, n)
    outcome = (random.random(n) < probability).astype(float)
    origin = np.where(random.random(n) < 0.3, "abroad", "home").astype(object)
    people = pd.DataFrame({"gender": random.choice(["f", "m"], n), "origin": origin})
    flagged = (probability > np.where(origin == "abroad", at - flag_more, at)) & (origin != never)
    rows = Rows(
        columns=Columns(("x",)),
        X=np.zeros((n, 1)),
        outcome=outcome,
        customer=np.array([f"c{one % 2500}" for one in range(n)], dtype=object),
        cutoff_us=np.zeros(n, dtype=np.int64),
        stage=np.full(n, "active", dtype=object),
    )
    return fairness(jury(rows, {"lightgbm": probability}, NAMED, "churn"), people, {"top": flagged}, NAMED)


def test_a_group_that_is_flagged_more_often_is_named() -> None:
    told = judged(flag_more=0.12)
    assert {(one["attribute"], one["group"], one["against"]) for one in told["named"]} == {("origin", "abroad", "home")}
    (origin,) = (one for one in told["attributes"] if one["attribute"] == "origin")
    ratio = next(one for one in origin["groups"] if one["group"] == "abroad")["ratios"]["top"]["flagged_share"]
    assert ratio["low"] > 1.25
    assert origin["reference"] == "home"


def test_groups_that_are_treated_alike_are_not() -> None:
    told = judged(flag_more=0.0)
    assert told["named"] == []
    assert {one["attribute"] for one in told["attributes"]} == {"gender", "origin"}


def test_a_group_of_whom_nobody_is_flagged_is_named() -> None:
    """One in ten is flagged, so that false negatives alone would lie within five fourths."""
    told = judged(flag_more=0.0, never="abroad", at=0.58)
    found = {one["measure"]: one for one in told["named"] if one["group"] == "abroad"}
    assert found["flagged_share"]["value"] == 0.0
    assert 0 < found["flagged_share"]["high"] < 0.2
    assert set(found) == {"flagged_share", "false_positive_rate"}


def test_a_group_is_named_where_nobody_of_the_largest_one_is_flagged() -> None:
    told = judged(flag_more=0.0, never="home", at=0.58)
    found = {one["measure"]: one for one in told["named"]}
    assert found["flagged_share"]["value"] is None
    assert found["flagged_share"]["low"] > 1.25
    assert times(found["flagged_share"]).startswith("> ")
    table = groups(next(one for one in told["attributes"] if one["attribute"] == "origin"), "top")
    assert table.count('<span class="behind">&gt; ') == 2


def test_where_next_to_nobody_is_flagged_at_all_nobody_is_named() -> None:
    assert judged(flag_more=0.0, at=2.0)["named"] == []
    assert judged(flag_more=0.0, at=0.85)["named"] == []  # one or two of each group


def test_a_group_too_small_to_judge_abstains_and_tells_no_rate() -> None:
    told = judged(flag_more=0.0, n=450)
    small = [group for one in told["attributes"] for group in one["groups"] if group["abstained"]]
    assert small
    assert all("fewer than 200" in one["abstained"] and "rates" not in one for one in small)
    assert all(one["base_rate"] is None for one in small)


def test_without_attributes_there_is_nothing_to_compare() -> None:
    assert fairness(None, None, {}, Settings())["attributes"] == []  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shop() -> Simulation:
    return simulate(SimulationSettings(customers=5000, years=2, seed=11))


def reported(shop: Simulation, folder: Path, unrecorded_share: float) -> dict[str, Any]:
    """The back-test of the simulated shop, with a share of what customers from abroad do left out of the log."""
    settings = NAMED.model_copy(update={"artifacts": folder, "training": Training(threads=1, max_cutoffs=4)})
    frame = with_demographics(shop.events, seed=11, unrecorded_share=unrecorded_share)
    events, lifecycle = Events.from_frame(frame), settings.lifecycle
    alive = {str(kind): {c for c in rows if rows[c].notna().any()} for kind, rows in frame.groupby("event_type")}
    features = catalogue(list(alive), alive, lifecycle, settings.wanted)
    assert not [name for name in features.names if "gender" in name or "origin" in name]
    test, until = datetime(2024, 9, 1, tzinfo=UTC), shop.observed_until
    start = datetime(2023, 7, 1, tzinfo=UTC)
    fold = fold_at([test], first=start, lifecycle=lifecycle, every_days=60, max_cutoffs=4)
    questions = [Question(fold.train, test), Question(fold.test, until)]
    settings.folder.mkdir(parents=True)
    frozen = freeze_all(events, features, lifecycle, questions, log_hash="0" * 64, folder=settings.folder)
    studies = backtest([FrozenFold(*frozen)], settings, models=["churn"], kept_out=False)
    return report_of(studies, settings, attributes_at(events, ["gender", "origin"], [test]))


@pytest.mark.slow
def test_bias_planted_in_the_simulator_is_found_and_the_control_is_not_named(shop: Simulation, tmp_path: Path) -> None:
    told = reported(shop, tmp_path, unrecorded_share=0.5)
    named = told["models"][0]["fairness"]["named"]
    assert {(one["attribute"], one["group"]) for one in named} == {("origin", "abroad")}
    assert all(one["value"] > 1.25 for one in named)  # flagged more often, above all those who would have stayed
    assert "origin abroad (band high or medium)" in page(told)


@pytest.mark.nightly  # by day: groups that are treated alike, above
def test_the_simulator_without_bias_names_nobody(shop: Simulation, tmp_path: Path) -> None:
    found = reported(shop, tmp_path, unrecorded_share=0.0)["models"][0]["fairness"]
    assert found["named"] == []
    assert {one["attribute"] for one in found["attributes"]} == {"gender", "origin"}
    assert all(group["abstained"] is None for one in found["attributes"] for group in one["groups"])
