"""What became of the scores: equal to scikit-learn's figures once mature, and immature until then."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from churn.cutoffs import latest_fold
from features.log import LogManifest, read_log_manifest
from features.log_reading import read_events
from features.snapshots import freeze
from monitoring.ledger.books import books
from monitoring.ledger.cohort import Books, Unreadable
from monitoring.ledger.realised import Realised
from monitoring.looking import look
from monitoring.monitor import monitor
from monitoring.reading.windows import read_scores
from monitoring.verdict import judge
from tests import small_shop
from tests.monitored_shop import Shop


def matured(shop: Shop) -> pd.DataFrame:
    """Rows of the newest mature cutoff with their labels."""
    manifest, lifecycle = read_log_manifest(shop.settings.folder), shop.settings.lifecycle
    fold = latest_fold(manifest.first_event_at, manifest.observed_until, lifecycle, shop.settings.training)
    snapshot = freeze(
        read_events(shop.settings.folder), small_shop.features(lifecycle), lifecycle, fold.test,
        observed_until=manifest.observed_until, log_hash="a log", folder=shop.settings.folder,
    )  # fmt: skip
    return snapshot.frame[snapshot.frame["model"] == "churn"].reset_index(drop=True)


def ledger(shop: Shop) -> Realised:
    (one,) = opened(shop).versions
    return one


def opened(shop: Shop, manifest: LogManifest | None = None) -> Books:
    manifest = manifest or read_log_manifest(shop.settings.folder)
    return books(shop.settings, manifest, manifest.observed_until)


def test_matured_scores_are_judged_as_scikit_learn_judges_them(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(rows)
    came = ledger(shop)
    outcome, told = rows["label"].to_numpy(dtype=float), shop.probability(rows)
    assert (came.state, came.n, came.positives, came.immature) == ("mature", len(rows), outcome.sum(), 0)
    values = {name: figure.value for name, figure in came.figures.items()}
    assert values["roc_auc"] == pytest.approx(roc_auc_score(outcome, told), abs=1e-12)
    assert values["log_loss"] == pytest.approx(log_loss(outcome, told), abs=1e-12)
    assert values["brier"] == pytest.approx(brier_score_loss(outcome, told), abs=1e-12)
    assert values["actual_rate"] == pytest.approx(outcome.mean())
    assert values["expected_rate"] == pytest.approx(told.mean())
    assert all(figure.low <= figure.high for figure in came.figures.values())
    assert came.figures["roc_auc"].low < values["roc_auc"] < came.figures["roc_auc"].high


def test_scores_of_now_are_immature_and_say_until_when(shop: Shop) -> None:
    now = shop.now()
    shop.write_scores(now)
    came = ledger(shop)
    assert (came.state, came.n, came.immature, came.figures) == ("immature", 0, len(now), {})
    window = shop.settings.lifecycle.outcome_window(now["event_timestamp"][0].to_pydatetime())
    assert came.first_mature_at == window.end


def test_a_horizon_that_ends_a_moment_too_late_is_immature(shop: Shop) -> None:
    settings, manifest = shop.settings, read_log_manifest(shop.settings.folder)
    rows = matured(shop)
    shop.write_scores(rows)
    end = settings.lifecycle.outcome_window(rows["event_timestamp"][0].to_pydatetime()).end
    for observed_until, state in ((end, "mature"), (end - pd.Timedelta(microseconds=1), "immature")):
        (came,) = opened(shop, replace(manifest, observed_until=observed_until)).versions
        assert came.state == state


def test_too_few_are_no_figure(shop: Shop) -> None:
    shop.write_scores(matured(shop).head(100))
    came = ledger(shop)
    assert (came.state, came.n, came.figures) == ("too_few", 100, {})


def test_whoever_is_asked_twice_a_day_counts_once(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(rows)
    again = rows.assign(event_timestamp=rows["event_timestamp"] + pd.Timedelta(hours=3))
    shop.write_scores(again, np.full(len(again), 0.5), name="later")
    came = ledger(shop)
    assert came.n == len(rows)
    assert came.figures["expected_rate"].value == pytest.approx(shop.probability(rows).mean())


def test_who_is_not_in_the_log_any_more_is_left_out(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(pd.concat([rows, rows.head(7).assign(customer_id=[f"gone {n}" for n in range(7)])]))
    came = ledger(shop)
    assert (came.n, came.left_out) == (len(rows), {"no_outcome": 7})


def test_answers_under_another_definition_are_left_out(shop: Shop) -> None:
    path = shop.write_scores(matured(shop))
    path.write_text(path.read_text().replace(shop.settings.definition.id, "def-another"))
    came = ledger(shop)
    assert (came.state, came.n) == ("immature", 0)
    assert came.left_out["other_definition"] > 0


def test_a_line_that_was_cut_off_is_counted_and_the_rest_is_read(shop: Shop) -> None:
    path = shop.write_scores(shop.now())
    path.write_text(path.read_text()[:-40])
    scores = read_scores(shop.settings.folder)
    assert (scores.unreadable, len(scores.frame)) == (1, len(shop.now()) - 1)


def test_a_score_without_cutoff_is_counted_and_the_rest_is_judged(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(rows)
    path = shop.write_scores(rows.head(1).assign(customer_id="somebody"), name="other")
    path.write_text(path.read_text().replace('"cutoff": "', '"cutoff": null, "was": "'))
    found = opened(shop)
    assert found.unreadable == (Unreadable("scores/log/other.jsonl", 1, "no_cutoff"),)
    assert found.versions[0].n == len(rows)


@pytest.mark.parametrize(
    ("told", "outcome", "code"),
    [
        (lambda p: 1 - p, "stop", "worse_than_chance"),
        (lambda p: np.random.default_rng(1).permutation(p), "retrain", "ranks_worse"),
        (lambda p: p / 2, "retrain", "rate_is_off"),
    ],
)
def test_scores_that_did_not_come_true_ask_for_a_new_model(shop: Shop, told: object, outcome: str, code: str) -> None:
    rows = matured(shop)
    shop.write_scores(shop.now(), name="now")
    shop.write_scores(rows, told(shop.probability(rows)))  # type: ignore[operator]
    (found,) = look(shop.settings, progress=lambda what: None).findings
    judged = judge(found, shop.settings.monitoring)
    assert judged.outcome == outcome
    assert code in [reason.code for reason in judged.reasons]


def test_a_spoilt_line_and_half_a_batch_are_worth_a_look_and_hide_nothing(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(shop.now(), name="now")
    path = shop.write_scores(rows)
    path.write_bytes(b"\x00\xff spoilt\n" + path.read_bytes())
    batch = shop.settings.folder / "scores" / "batch" / "2001-01-01T000000Z.parquet"
    batch.parent.mkdir(parents=True, exist_ok=True)
    batch.write_bytes(b"PAR1")
    content = monitor(shop.settings, progress=lambda what: None, with_pages=False).content
    found = {one["code"]: one for one in content["whole"]["reasons"]}
    assert (found["unreadable_scores"]["outcome"], found["unreadable_scores"]["number"]) == ("watch", 2)
    assert opened(shop).versions[0].n == len(rows)
