"""The verdict on a sound business, and on one that is broken in each of the ways we know."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from syrupy.assertion import SnapshotAssertion

from churn.errors import NoChampion
from churn.model_sections import Training
from monitoring.attempts import Attempts, about_troubles
from monitoring.findings import Findings
from monitoring.looking import Look, look
from monitoring.reason import EXIT_CODES, worst
from monitoring.verdict import Verdict, as_json, judge, judge_whole
from tests.monitored_shop import Shop


def looked(shop: Shop) -> Look:
    return look(shop.settings, progress=lambda what: None)


def found(shop: Shop) -> Findings:
    return looked(shop).findings[0]


def verdict(shop: Shop, **changes: object) -> Verdict:
    return judge(replace(found(shop), **changes), shop.settings.monitoring)


def codes(judged: Verdict) -> list[str]:
    return [reason.code for reason in judged.reasons]


def test_without_drift_the_model_is_kept(shop: Shop) -> None:
    shop.write_scores(shop.now())
    judged = verdict(shop)
    assert (judged.outcome, judged.reasons) == ("keep", ())


@pytest.mark.parametrize(
    ("name", "change", "code", "outcome", "mend"),
    [
        ("order_total_90d", None, "broken_missing_column", "stop", "churn features materialise"),
        ("order_total_90d", "a text", "broken_not_a_number", "stop", "churn features materialise"),
        ("order_count_90d", np.nan, "broken_all_null", "watch", "churn ingest"),
        ("order_count_90d", 3.0, "broken_constant", "watch", "churn ingest"),
        ("order_total_90d", np.inf, "broken_infinite", "watch", "not finite at the source"),
        ("order_total_365d", "x100", "broken_unseen", "watch", "change of unit"),
    ],
)
def test_a_broken_column_is_named_with_its_mend(
    shop: Shop, name: str, change: object, code: str, outcome: str, mend: str
) -> None:
    shop.write_scores(shop.now())
    values = pd.read_parquet(shop.current_path)[name] * 100 if change == "x100" else change
    shop.change_current({name: values})
    judged = verdict(shop)
    assert (judged.outcome, codes(judged)) == (outcome, [code])
    assert name in judged.reasons[0].what[0]
    assert mend in judged.reasons[0].mend[0]


def test_one_infinite_amount_is_seen_among_thousands(shop: Shop) -> None:
    shop.write_scores(shop.now())
    rows = pd.read_parquet(shop.current_path)
    asked = rows.index[rows["model"] == "churn"]
    rows.loc[asked[5], "order_total_90d"] = -np.inf
    shop.change_current({"order_total_90d": rows["order_total_90d"]})
    assert codes(verdict(shop)) == ["broken_infinite"]


def test_a_sixth_of_nulls_is_drift(shop: Shop) -> None:
    shop.write_scores(shop.now())
    values = pd.read_parquet(shop.current_path)["order_total_365d"]
    values[np.arange(len(values)) % 6 == 0] = np.nan
    shop.change_current({"order_total_365d": values})
    judged = verdict(shop)
    assert (judged.outcome, codes(judged)) == ("watch", ["features_moved"])
    assert "order_total_365d" in judged.reasons[0].what[0]
    assert judged.reasons[0].number > judged.reasons[0].threshold


def test_what_moves_with_the_calendar_is_shown_and_not_judged(shop: Shop) -> None:
    shop.write_scores(shop.now())
    path = shop.settings.folder / "champion" / "churn.json"
    champion = json.loads(path.read_text())
    champion["bundle"]["reasons"] = {"order_total_365d": "tenure"}
    path.write_text(json.dumps(champion))
    shop.change_current({"order_total_365d": pd.read_parquet(shop.current_path)["order_total_365d"] * 1.5})
    seen = found(shop)
    tenure = next(one for one in seen.features if one.feature == "order_total_365d")
    assert tenure.psi > tenure.bar
    assert judge(seen, shop.settings.monitoring).outcome == "keep"


@pytest.mark.parametrize(
    ("newer", "outcome", "code"),
    [(True, "retrain", "scores_moved"), (False, "watch", "scores_moved_nothing_newer")],
)
def test_scores_that_moved_ask_for_training_where_there_is_something_new_to_learn(
    shop: Shop, newer: bool, outcome: str, code: str
) -> None:
    now = shop.now()
    shop.write_scores(now, np.sqrt(shop.probability(now)))
    judged = verdict(shop, newer_outcomes=newer)
    assert (judged.outcome, codes(judged)) == (outcome, [code])
    assert judged.reasons[0].number > shop.settings.monitoring.psi_retrain


def test_scores_that_moved_on_broken_data_stop_the_model(shop: Shop) -> None:
    now = shop.now()
    shop.write_scores(now, np.full(len(now), 0.9))
    shop.change_current({"order_count_90d": np.nan})
    judged = verdict(shop, newer_outcomes=True)
    assert (judged.outcome, codes(judged)) == ("stop", ["scores_moved_on_broken_data", "broken_all_null"])
    assert "do not retrain" in judged.reasons[0].mend[0]


def test_scores_of_a_few_do_not_speak_for_the_cohort(shop: Shop) -> None:
    now = shop.now().head(300)
    shop.write_scores(now, np.full(300, 0.9))
    assert codes(verdict(shop, newer_outcomes=True)) == ["scores_moved_of_some"]


def test_too_few_customers_cannot_tell(shop: Shop) -> None:
    shop.write_scores(shop.now())
    few = Training(min_rows=5000)
    judged = verdict(replace(shop, settings=shop.settings.model_copy(update={"training": few})))
    assert (judged.outcome, codes(judged)) == ("cannot_tell", ["too_few_customers"])


def test_without_scores_it_cannot_tell(shop: Shop) -> None:
    judged = verdict(shop)
    assert (judged.outcome, codes(judged)) == ("cannot_tell", ["too_few_scores"])
    assert "churn score --all" in judged.reasons[0].mend[0]


def test_a_stopped_model_without_scores_is_stopped_and_no_more_is_to_be_said(shop: Shop) -> None:
    judged = verdict(shop, stopped_at="2024-01-01")
    assert (judged.outcome, codes(judged)) == ("stop", ["stopped_before"])
    assert "so it gives no scores" in judged.reasons[0].what[0]


@pytest.mark.parametrize(
    ("error", "what", "mend"),
    [
        (
            OSError(28, "full", "/there"),
            "（place_not_usable）。英文原文：No space left on device: /there",
            "确认磁盘有空间",
        ),
        (ValueError("Ms Wang"), "（unexpected）。英文原文：ValueError in test_verdict.py", "这不是已知的故障"),
        (NoChampion("a shop"), "（no_champion）。英文原文：No champion serves", "（英文原文）train a model"),
    ],
)
def test_chinese_words_are_chinese_and_what_is_english_says_so(error: Exception, what: str, mend: str) -> None:
    tried = Attempts()

    def fail() -> None:
        raise error

    tried("log", fail, None)
    (reason,) = about_troubles(tried.troubles)
    assert reason.what[1].startswith(f"无法判断事件日志{what}")
    assert reason.mend[1].startswith(mend)
    assert "Wang" not in "".join([*reason.what, *reason.mend])


def test_features_of_another_set_stop_the_model(shop: Shop) -> None:
    shop.write_scores(shop.now())
    judged = verdict(shop, feature_set_hash="another")
    assert (judged.outcome, codes(judged)) == ("stop", ["other_feature_set"])


def test_old_features_are_watched(shop: Shop) -> None:
    shop.write_scores(shop.now())
    seen = found(shop)
    assert seen.age is not None
    judged = judge(replace(seen, age=2 * seen.max_age), shop.settings.monitoring)
    assert codes(judged) == ["features_are_old"]


def test_the_worst_verdict_decides_the_exit_code() -> None:
    assert [worst(outcomes) for outcomes in (["keep", "watch"], ["stop", "retrain"], [])] == ["watch", "stop", "keep"]
    assert EXIT_CODES == {"keep": 0, "retrain": 20, "watch": 21, "stop": 22, "cannot_tell": 23}


def test_the_verdict_for_machines(shop: Shop, snapshot: SnapshotAssertion) -> None:
    now = shop.now()
    shop.write_scores(now, np.full(len(now), 0.9))
    shop.change_current({"order_count_90d": np.nan})
    told = as_json([verdict(shop)], now=datetime(2025, 1, 1, tzinfo=UTC), business="monitored", clock="log")
    assert json.dumps(told, indent=1) == snapshot


def test_the_second_look_reads_the_kept_reference(shop: Shop) -> None:
    shop.write_scores(shop.now())
    first = found(shop)
    (cached,) = (shop.settings.folder / "monitoring" / "cache").glob("*-churn.json")
    written = cached.stat().st_mtime_ns
    assert found(shop).features == first.features
    assert cached.stat().st_mtime_ns == written
    cached.write_text('{"format_version": 0}')
    assert found(shop).features == first.features


def test_what_is_missing_is_told_and_the_rest_is_judged(shop: Shop) -> None:
    shop.write_scores(shop.now())
    folder = shop.settings.folder
    (folder / "snapshots").rename(folder / "gone")
    judged = verdict(shop)
    assert (judged.outcome, codes(judged)) == ("cannot_tell", ["untold_snapshot"])
    assert judged.reasons[0].mend[0]
    (folder / "features").rename(folder / "gone-too")
    judged = verdict(shop)
    assert (judged.outcome, codes(judged)) == ("cannot_tell", ["untold_snapshot", "untold_features"])
    assert "churn features materialise" in judged.reasons[1].mend[0]


def test_scores_that_cannot_be_read_hide_no_broken_column(shop: Shop) -> None:
    folder = shop.settings.folder
    (folder / "scores" / "batch").mkdir(parents=True)
    pd.DataFrame({"customer_id": ["a"]}).to_parquet(folder / "scores" / "batch" / "other.parquet")
    shop.change_current({"order_total_90d": "a text"})
    judged = verdict(shop)
    assert (judged.outcome, codes(judged)) == ("stop", ["broken_not_a_number", "untold_scores"])
    assert "move the file elsewhere" in judged.reasons[1].mend[0]


def test_a_clock_that_moved_back_cannot_tell(shop: Shop) -> None:
    shop.write_scores(shop.now())
    now = looked(shop).now
    for before, expected in ((now + timedelta(days=2), ["clock_moved_back"]), (now, []), (None, [])):
        seen = look(shop.settings, progress=lambda what: None, last_run_at=before)
        assert codes(judge_whole(seen.whole, shop.settings.monitoring)) == expected
