"""The back-test of a small shop: its rows, what abstains, what the report says and how its page looks."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from churn.model_sections import Costs
from tests.unit.training import made
from training.backtest import CELLS, backtest, results
from training.baseline import LEARNERS
from training.challenger import train
from training.evaluate import METRICS
from training.folding import FrozenFold
from training.report.document import report_of, write
from training.report.page import page
from training.report.protocol import protocol
from training.report.words import in_chinese
from training.rows import Columns, Rows, TooFewRows
from training.study import KeptOut, Study

GOLDEN = Path(__file__).parents[2] / "golden" / "backtest_report.json"
OCTOBER = datetime(2023, 10, 1, tzinfo=UTC)
Shop = tuple[Study, list[FrozenFold], made.Settings]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    settings = made.settings(tmp_path_factory.mktemp("judged"))
    log = made.log(1800)
    folds = [FrozenFold(*made.snapshots(log, settings, test=test)) for test in (OCTOBER, made.TEST)]
    (study,) = backtest(folds, settings, models=["churn"])
    return study, folds, settings


@pytest.fixture(scope="module")
def document(shop: Shop) -> dict[str, Any]:
    study, _, settings = shop
    return report_of([study], settings)


def test_a_row_for_every_learner_at_every_cutoff_and_over_all(shop: Shop) -> None:
    rows = results(*shop)
    assert {one["cutoff"] for one in rows} == {"2023-10-01", "2023-11-01", "all"}
    for cutoff in ("2023-10-01", "2023-11-01", "all"):
        mine = [one for one in rows if one["cutoff"] == cutoff]
        assert {one["learner"] for one in mine} == set(LEARNERS)
        assert all(one["abstained"] or one[name] is not None for one in mine for name in METRICS)
    assert json.loads(json.dumps(rows)) == rows


def test_each_fold_learned_from_what_had_matured_by_its_own_cutoff(shop: Shop) -> None:
    study, _, settings = shop
    assert [trial.known_until for trial in study.trials] == [OCTOBER, made.TEST]
    for trial in study.trials:
        (test,) = trial.test_cutoffs
        assert all(settings.lifecycle.is_mature(cutoff, test) for cutoff in trial.train_cutoffs)
        assert 0 < trial.train_customers <= trial.train_rows


def test_a_cohort_that_is_too_small_abstains_with_its_reason(shop: Shop) -> None:
    _, folds, settings = shop
    strict = settings.model_copy(update={"training": settings.training.model_copy(update={"min_customers": 10**6})})
    (study,) = backtest(folds[1:], strict, models=["churn"])
    rows = results(study, folds[1:], strict)
    assert {one["learner"] for one in rows} == set(LEARNERS)
    assert all("fewer than 1000000" in one["abstained"] and one["roc_auc"] is None for one in rows)
    told = report_of([study], strict)
    assert "fewer than 1000000" in told["models"][0]["without_numbers"]["2023-11-01"]
    assert "fewer than 1000000" in page(told)
    with pytest.raises(TooFewRows) as caught:
        train("churn", folds[1].train, folds[1].test, strict, progress=lambda _text: None)
    assert "churn definition preview" in caught.value.mend


def test_customers_who_were_kept_out_are_in_no_training_row(shop: Shop) -> None:
    kept = shop[0].kept_out
    assert isinstance(kept, KeptOut)
    assert tuple(kept.cells) == CELLS
    ids = [set(rows.customer) for rows, _ in kept.cells.values()]
    assert not ids[1] & (ids[0] | ids[2])
    months = [set(rows.cutoff_us.tolist()) for rows, _ in kept.cells.values()]
    assert months[1] == months[2]
    assert max(months[0]) < min(months[1])
    assert len(kept.whole) == len(kept.cells[CELLS[2]][0])


def test_who_never_saw_a_fifth_is_fitted_by_the_same_settings(shop: Shop) -> None:
    _, folds, settings = shop
    choosy = settings.model_copy(update={"training": settings.training.model_copy(update={"select_features": True})})
    said: list[str] = []
    backtest(folds[1:], choosy, models=["churn"], progress=said.append)
    after = said[said.index("churn: once more, without 20% of the customers") :]
    (read,) = [one for one in after if one.endswith("features are read")]
    few, every = (int(read.split("; ")[1].split()[place]) for place in (0, 2))
    assert few < every - 1


def test_nobody_is_kept_out_where_that_is_not_wanted(shop: Shop) -> None:
    _, folds, settings = shop
    (study,) = backtest(folds[1:], settings, models=["churn"], kept_out=False)
    assert isinstance(study.kept_out, str)
    told = report_of([study], settings)
    assert told["models"][0]["customers"]["kept_out"] == {"abstained": study.kept_out}
    assert not any("kept out" in one for one in told["protocol"]["en"])


@pytest.mark.parametrize("share", [None, 0.21])
def test_the_share_of_bg_nbd_is_told_fold_by_fold(share: float | None, document: dict[str, Any], shop: Shop) -> None:
    (model,) = document["models"]
    other = {} if share is None else {"bg_nbd_share": share}  # none where a rule or BG/NBD alone would serve
    folds = [
        {**fold, "params": params} for fold, params in zip(model["folds"], ({"bg_nbd_share": 0.0}, other), strict=True)
    ]
    told = protocol([{**model, "folds": folds}], shop[2], 400)
    wanted = "0%, 21%" if share else "0%"
    assert sum(f"; fold by fold churn {wanted}." in one for one in told["en"]) == 1
    assert sum(f"各折为 churn {wanted}。" in one for one in told["zh"]) == 1


def test_every_figure_has_an_interval_around_it(document: dict[str, Any]) -> None:
    for figures in document["models"][0]["pooled"]["learners"].values():
        for name, one in figures.items():
            assert one["value"] is not None, name
            if one["low"] is not None and name != "within_bins":
                slack = 0.02 + 0.1 * abs(one["value"])
                assert one["low"] - slack <= one["value"] <= one["high"] + slack, (name, one)


def test_the_model_beats_the_base_rate_and_says_so(document: dict[str, Any]) -> None:
    against = document["models"][0]["pooled"]["against"]
    assert against["base_rate"]["log_loss"]["verdict"] == "ahead"
    assert against["base_rate"]["log_loss"]["low"] > 0
    assert set(against) == set(LEARNERS) - {"lightgbm"} - {
        one for one, why in document["models"][0]["learners"].items() if why
    }


def shape(value: Any) -> Any:
    """The structure of a report: keys and types; of a list its first entry, of learners one."""
    if isinstance(value, dict) and value and set(value) <= set(LEARNERS):
        return {"<learner>": shape(next(iter(value.values())))}
    if isinstance(value, dict):
        return {key: shape(one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "null" if value is None else "number" if isinstance(value, int | float) else type(value).__name__


def test_the_reports_structure_is_the_golden_one(document: dict[str, Any]) -> None:
    found = shape(document | {"made_by": None})
    found["models"][0]["folds"][0]["params"] = {}
    if os.environ.get("CHURN_TEST_WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_the_page_stands_by_itself_in_two_languages(document: dict[str, Any], shop: Shop) -> None:
    text = page(document)
    assert "http" not in text
    assert "<script" not in text
    assert text.count('class="zh"') == text.count('class="en"') > 50
    for words in (
        "beaten by more than one standard error",
        "被超过一个标准误地击败",
        "Part by part",
        "viewport",
        "not lapsed",
        "未流失客户",
        '<tspan class="zh">近因规则</tspan>',
    ):
        assert words in text
    path = write(document, text, shop[2])
    assert path.read_text(encoding="utf-8") == text
    assert json.loads((path.parent / "report.json").read_text(encoding="utf-8")) == document
    assert path.parent.name.startswith("2023-11-01-")


def test_where_the_model_of_all_features_keeps_silent_the_page_says_why_and_who_is_best(
    document: dict[str, Any],
) -> None:
    """As on a log where a fold has too few rows for it, and enough of them to judge the others."""
    told = json.loads(json.dumps(document))
    (model,) = told["models"]
    model["learners"]["lightgbm"] = "120 rows, fewer than 200"
    customers, slices = model["customers"], model["slices"]
    for entry in (model["pooled"], *model["months"], customers["seen"], customers["unseen"], *slices):
        for part in ("learners", "calibration", "gains"):
            entry.get(part, {}).pop("lightgbm", None)
        entry["against"], entry["best"] = {}, "logistic"
    customers["kept_out"] = {"abstained": "the learner that is tried so has too few rows"}
    text = page(told)
    assert "has no figures at every cutoff: 120 rows, fewer than 200. Best by log loss: logistic regression" in text
    assert "仅 120 行，少于 200 行" in text
    assert "用于此项检验的方法行数不足" in text
    assert ">None<" not in text
    assert "no answer" not in text


def test_every_reason_of_the_page_has_its_chinese(shop: Shop) -> None:
    _, folds, _ = shop
    rows = Rows.of(folds[0].test.frame, Columns.of(folds[0].test.manifest), "churn")
    whys = [rows.why_too_few(min_rows=10**6, min_positives=1), rows.why_too_few(min_rows=1, min_positives=10**6)]
    for why in (*whys, f"without them training has {whys[0]}", "4 customers, fewer than 50"):
        assert in_chinese(str(why)) != why
    assert in_chinese("something new") == "something new"


def test_without_costs_no_profit_is_told_and_how_to_get_one(document: dict[str, Any]) -> None:
    assert document["costs"] is None
    assert "profit" not in document["models"][0]["pooled"]["learners"]["lightgbm"]
    assert any("a fifth of all customers" in one for one in document["protocol"]["en"])
    assert any("no [costs] are set: give value_amount" in one for one in document["protocol"]["en"])


@pytest.mark.slow
def test_with_costs_a_profit_is_told_for_churn(shop: Shop) -> None:
    study, _, settings = shop
    costs = Costs(value_amount=100.0, offer_amount=5.0, contact_amount=1.0, accept_ratio=0.3)
    told = report_of([study], settings.model_copy(update={"costs": costs}))
    ours = told["models"][0]["pooled"]["learners"]["lightgbm"]
    assert 0 < ours["profit"]["value"] <= ours["max_profit"]["value"] <= 1.01 * ours["expected_max_profit"]["value"]
    assert "profit" in told["models"][0]["pooled"]["against"]["base_rate"]
    assert "Beta(6, 14)" in told["protocol"]["en"][-1]
    assert "Profit per customer" in page(told)
