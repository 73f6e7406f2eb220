"""From two files to the report: back-test over rolling cutoffs, groups of customers in report and model card."""

import json
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from churn.settings import load
from features.log import read_log_manifest
from tests.command_line import churn, refused
from tests.short_shop import DEFINITION, FLOORS
from tests.unit.training import made
from training.backtest import backtest
from training.baseline import LEARNERS
from training.card import markdown, page
from training.challenger import train
from training.folding import freeze_fold
from training.reasons.told import reasons_told
from training.report.card_part import HEADING, fairness_part, judged_groups
from training.rolling import rolling_folds
from training.shown import shown

TOML = (
    """
[business]
slug = "shop"
clock = "log"
"""
    + DEFINITION
    + """
[training]
"""
    + FLOORS
    + """
max_cutoffs = 4
test_cutoffs = 2
[fairness]
attributes = ["gender"]
flagged_share = 0.3
[[source]]
path = "orders.csv"
customer_id = "customer_id"
event_type = "'order'"
event_timestamp = "event_timestamp"
amount = "amount"
[[source]]
path = "profiles.csv"
timezone = "UTC"
customer_id = "customer_id"
event_timestamp = "since"
attributes = { gender = "gender", region = "region" }
"""
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    orders = made.log(1200)
    orders.to_csv(folder / "orders.csv", index=False)
    people = orders.groupby("customer_id", as_index=False).agg(since=("event_timestamp", "min"))
    number = people.index.to_numpy()
    people["gender"] = pd.Series(["f", "m"]).take(number % 2).to_numpy()
    people["region"] = pd.Series(["east", "west", "north"]).take(number // 7 % 3).to_numpy()
    people["since"] = people["since"].dt.strftime("%Y-%m-%d %H:%M:%S")
    people.to_csv(folder / "profiles.csv", index=False)
    path = folder / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    assert churn("ingest", config=path).code == 0
    return path


@pytest.mark.slow
def test_a_backtest_writes_rows_a_page_and_json(config: Path) -> None:
    said = churn("backtest", "--json", config=config)
    assert said.code == 0, said
    rows = json.loads(said.out)
    assert {row["learner"] for row in rows} == set(LEARNERS)
    assert len({row["cutoff"] for row in rows}) == 3  # two and all
    path = Path(said.err.partition("Report: ")[2].splitlines()[0])
    told = json.loads((path.parent / "report.json").read_text(encoding="utf-8"))
    assert path.name == "report.html"
    assert len(told["models"][0]["folds"]) == 2
    assert {one["dimension"] for one in told["models"][0]["slices"]} >= {
        "stage",
        "value",
        "history",
        "gender",
        "region",
    }
    groups = told["models"][0]["fairness"]
    assert list(groups["flags"]) == ["top 30% of each cutoff"]
    assert [one["group"] for one in groups["attributes"][0]["groups"]] == ["f", "m"]
    assert groups["named"] == []
    assert "Groups of customers treated alike?" in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_card_holds_the_groups_and_the_model_does_not_see_them(config: Path) -> None:
    settings = load(config)
    fold = freeze_fold(settings)
    assert any("region" in name for name in fold.train.feature_names)
    assert not any("gender" in name for name in fold.train.feature_names)
    challenger = train("churn", fold.train, fold.test, settings, progress=lambda _text: None)
    groups = judged_groups(challenger, settings)
    more = fairness_part(groups)
    reasons = reasons_told(challenger, seed=settings.training.seed)
    for text in (markdown(challenger, reasons, more), page(challenger, reasons, {}, more)):
        assert HEADING in text
        assert "No group is named." in text
        assert "top 30% of each cutoff" in text
    for one in shown(challenger, reasons, groups)["fairness"]["groups"]:
        assert one["attribute"] == "gender"
        assert 0 < one["rates"]["top 30% of each cutoff"]["flagged_share"]["value"] < 1
    nobody = judged_groups(challenger, settings.model_copy(update={"fairness": type(settings.fairness)()}))
    assert (nobody, fairness_part(nobody)) == (None, [])


def test_one_day_and_several_cutoffs_are_two_questions(config: Path) -> None:
    refused(churn("backtest", "--cutoff", "2023-10-01", "--cutoffs", "2", config=config), 12, "give one of the two")


def test_rolling_folds_are_the_last_mature_cutoffs_each_by_itself(config: Path) -> None:
    settings = load(config)
    folds = rolling_folds(read_log_manifest(settings.folder), settings, 24)
    tests = [fold.test for fold in folds]
    assert all(len(one) == 1 for one in tests)
    assert 2 < len(folds) < 24  # as many as leave room to learn
    assert {(later[0] - earlier[0]).days for earlier, later in pairwise(tests)} == {settings.training.every_days}
    for fold in folds:
        assert all(settings.lifecycle.is_mature(cutoff, fold.test[0]) for cutoff in fold.train)
    assert backtest([], settings, models=["churn"])[0].trials == ()


def test_an_attribute_that_no_profile_has_is_told_before_anything_is_trained(config: Path) -> None:
    wrong = config.parent / "wrong.toml"
    wrong.write_text(TOML.replace('["gender"]', '["gendre"]'), encoding="utf-8")
    said = churn("backtest", config=wrong)
    refused(said, 12, "the log has gender, region")
    assert "fitting" not in said.err
