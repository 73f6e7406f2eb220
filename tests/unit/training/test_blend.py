"""A share of BG/NBD beside line and trees: as large as held-out customers want it, one text, or nothing changed."""

from dataclasses import replace

import lightgbm
import numpy as np
import pytest

from churn.definition import ChurnDefinition
from churn.events import FloatArray
from churn.metrics import log_loss
from churn.treeshap import FAST_NODES, TreeShap
from training.blend import SIZE, blended, mixed, share_of
from training.btyd.distil import FARTHEST, distilled
from training.btyd.histories import Histories, histories
from training.btyd.rival import Abstains, Btyd, Known, fit_raw
from training.calibrating import calibrate
from training.fit import Fitted, fit, raw_scores
from training.recipe import Recipe
from training.rows import Columns, Rows

NAMES = ("noise", "order_days_since", "order_tenure_days", "order_gap_mean_ever")
COLUMNS, FREE = Columns(NAMES), np.zeros(len(NAMES), dtype=np.int64)
FEW_ROWS = Recipe(penalty=300.0)  # a line that few rows have taught little


def _shop(n: int, seed: int) -> tuple[Rows, Known]:
    """Customers who come at a steady pace of their own and leave for good, and whether they stay away for 30 days."""
    random = np.random.default_rng(seed)
    pace, left = random.gamma(0.8, 0.08, n) + 1e-3, random.exponential(200, n)
    known_days = random.uniform(40, 400, n)
    repeats = random.poisson(pace * np.minimum(left, known_days))
    last = np.minimum(left, known_days) * random.beta(np.maximum(repeats, 1), 1) * (repeats > 0)
    pause = np.where(repeats > 0, last / np.maximum(repeats, 1), np.nan)
    X = np.column_stack([random.normal(size=n), known_days - last, known_days, pause])
    comes = (left > known_days) & (random.random(n) < -np.expm1(-30 * pace))
    customers = np.array([f"c{number}" for number in range(n)], dtype=object)
    cutoffs = np.repeat(np.arange(4), -(-n // 4))[:n].astype(np.int64) * 86_400_000_000
    rows = Rows(
        COLUMNS, X, np.asarray(~comes, dtype=np.float64), customers, cutoffs, np.full(n, "active", dtype=object)
    )
    return rows, Known(ChurnDefinition(gap_days=0, horizon_days=30), histories(X[:, 1:]), 0, 7)


def _fitted(rows: Rows) -> Fitted:
    return fit(rows, whole_from_us=0, seed=7, threads=1, recipe=FEW_ROWS)


@pytest.fixture(scope="module")
def shop() -> tuple[Rows, Known, Fitted, Fitted]:
    rows, known = _shop(1_200, seed=1)
    alone = _fitted(rows)
    return rows, known, alone, blended(alone, "churn", rows, known, FEW_ROWS, FREE)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_the_share_is_the_one_that_outcomes_were_drawn_with(share: float) -> None:
    random = np.random.default_rng(3)
    n = 40_000
    ours, counting = random.normal(0, 1.2, (2, n))
    cutoff = random.integers(0, 5, n)
    raw = (1 - share) * ours + share * counting + np.array([-2.0, 0.0, 1.0, 0.5, 2.0])[cutoff]
    outcome = (random.random(n) < 1 / (1 + np.exp(-raw))).astype(float)
    assert share_of(ours, counting, outcome, cutoff) == pytest.approx(share, abs=0.02)
    turned = share_of(ours, -counting, outcome, cutoff)
    assert turned <= 0.02, "who says the opposite of what happens has no share, rather than a negative one"


def test_few_rows_leave_the_learner_alone() -> None:
    random = np.random.default_rng(4)
    counting = random.normal(0, 1.2, 60)
    outcome = (random.random(60) < 1 / (1 + np.exp(-counting))).astype(float)
    cutoff, noise = np.zeros(60, dtype=np.int64), random.normal(0, 1.2, 60)
    few = share_of(noise, counting, outcome, cutoff)
    many = share_of(*(np.tile(one, 50) for one in (noise, counting, outcome, cutoff)))
    assert few < 0.5
    assert many > 0.8


def test_customers_it_has_not_seen_are_told_better(shop: tuple[Rows, Known, Fitted, Fitted]) -> None:
    _, _, alone, both = shop
    later, _ = _shop(20_000, seed=2)
    assert both.params["bg_nbd_share"] >= 0.2
    lost = [log_loss(later.outcome, one.calibrator.probability(one.raw(later.X))) for one in (alone, both)]
    assert lost[1] < lost[0] - 0.001


def test_one_text_holds_both_and_reasons_stay_exact(shop: tuple[Rows, Known, Fitted, Fitted]) -> None:
    rows, known, alone, both = shop
    counting = fit_raw("bg_nbd", "churn", COLUMNS, known)
    assert isinstance(counting, Btyd)
    trees = distilled(counting, rows, seed=known.seed, size=SIZE)
    text = mixed(alone.booster, trees.booster, 0.25, 0.9, -0.4)
    X = rows.X[:300]
    wanted = 0.75 * alone.raw(X) + 0.25 * (0.9 * raw_scores(trees.booster, X) - 0.4)
    np.testing.assert_allclose(raw_scores(text, X), wanted, atol=1e-9)
    np.testing.assert_allclose(TreeShap.from_text(both.booster).contributions(X), both.contributions(X), atol=1e-8)
    fast = TreeShap.from_text(both.booster, nodes=FAST_NODES)
    np.testing.assert_allclose(fast.contributions(X), both.contributions(X), atol=1e-5)
    np.testing.assert_allclose(both.contributions(X).sum(axis=1), both.raw(X), atol=1e-8)
    gains = [lightgbm.Booster(model_str=one.booster).feature_importance("gain") for one in (alone, both)]
    share = both.params["bg_nbd_share"]
    np.testing.assert_allclose(gains[1], gains[0], err_msg=f"gain is what boosted trees gained, at a share of {share}")


def test_what_calibrates_is_what_held_out_customers_were_told(shop: tuple[Rows, Known, Fitted, Fitted]) -> None:
    rows, known, alone, both = shop
    counting = fit_raw("bg_nbd", "churn", COLUMNS, known)
    assert isinstance(counting, Btyd)
    exact = np.clip(counting.raw(rows.X[both.held_rows]), -FARTHEST, FARTHEST)
    share = both.params["bg_nbd_share"]
    left = (both.held.raw - (1 - share) * alone.held.raw) / share  # BG/NBD, brought to the level of outcomes
    assert np.corrcoef(left, exact)[0, 1] > 0.99
    assert both.calibrator == calibrate(both.held, FEW_ROWS, whole_from_us=0).calibrator
    np.testing.assert_array_equal(both.held_out, both.calibrator.probability(both.held.raw))
    assert both.params["calibrator"] == both.calibrator.kind
    assert both.trees == alone.trees, "a refit takes over the boosted trees, not BG/NBD's"
    again = blended(alone, "churn", rows, known, FEW_ROWS, FREE)
    assert (again.booster, again.params) == (both.booster, both.params)


def test_counting_is_brought_to_the_level_of_outcomes_before_it_has_a_share(
    shop: tuple[Rows, Known, Fitted, Fitted],
) -> None:
    """Asked about ten days, BG/NBD tells far too much silence of people who were watched for thirty."""
    rows, known, alone, _ = shop
    both = blended(
        alone, "churn", rows, replace(known, definition=ChurnDefinition(gap_days=0, horizon_days=10)), FEW_ROWS, FREE
    )
    share, outcome = both.params["bg_nbd_share"], both.held.outcome
    assert share >= 0.2
    left = (both.held.raw - (1 - share) * alone.held.raw) / share
    assert (1 / (1 + np.exp(-left))).mean() == pytest.approx(outcome.mean(), abs=0.01)


def test_only_the_cutoffs_that_calibrate_have_a_say_in_the_share(shop: tuple[Rows, Known, Fitted, Fitted]) -> None:
    """While a lookback reaches before the log, features are cut short: those cutoffs tell no share either."""
    rows, known, alone, _ = shop
    recipe, later = replace(FEW_ROWS, calibration_rows=100, calibration_cutoffs=1), replace(known, whole_from_us=1)
    early = alone.held.cutoff_us < 1
    turned = replace(alone.held, outcome=np.where(early, 1 - alone.held.outcome, alone.held.outcome))
    one, same = (
        blended(replace(alone, held=held), "churn", rows, later, recipe, FREE) for held in (alone.held, turned)
    )
    assert early.any()
    assert one.params["bg_nbd_share"] >= 0.05
    assert (same.booster, same.params) == (one.booster, one.params)


def _nobody(known: Known) -> Histories | None:
    return None if known.customers is None else replace(known.customers, repeats=np.zeros(len(known.customers)))


@pytest.mark.parametrize("case", ["monotone", "not selected", "nobody came back", "no histories", "noise"])
def test_where_it_has_no_say_nothing_changes(shop: tuple[Rows, Known, Fitted, Fitted], case: str) -> None:
    rows, known, alone, _ = shop
    signs = np.array([0, 0, 1, 0]) if case == "monotone" else np.array([1, 0, 0, 0])
    read = NAMES[:2] if case == "not selected" else alone.read
    if case in ("nobody came back", "no histories"):
        known = replace(known, customers=_nobody(known) if case == "nobody came back" else None)
    if case == "noise":
        random = np.random.default_rng(5)
        rows = replace(rows, outcome=(random.random(len(rows)) < 1 / (1 + np.exp(-rows.X[:, 0]))).astype(float))
        alone = _fitted(rows)
    given = replace(alone, read=read)
    found = blended(given, "churn", rows, known, FEW_ROWS, signs)
    assert (found.booster, found.calibrator) == (given.booster, given.calibrator)
    assert found.params["bg_nbd_share"] == 0.0
    wanted = {
        "monotone": "monotone", "not selected": "not selected", "nobody came back": "came back",
        "no histories": "left out", "noise": "held-out customers want a share of 0.0",
    }  # fmt: skip
    assert wanted[case] in found.params["bg_nbd_why_not"]


def test_a_small_shop_s_counting_model_is_written_as_before() -> None:
    rows, known = _shop(300, seed=6)
    counting = fit_raw("bg_nbd", "churn", COLUMNS, known)
    assert not isinstance(counting, Abstains)
    assert distilled(counting, rows, seed=1).booster.count("\nTree=") == 200


def test_the_same_histories_are_fitted_once_for_everybody_who_asks() -> None:
    rows, known = _shop(300, seed=6)
    fit_raw("bg_nbd", "churn", COLUMNS, known)
    before = known.found["bg_nbd"]
    other = fit_raw("bg_nbd", "reactivation", COLUMNS, known)
    assert known.found == {"bg_nbd": before}
    assert known.found["bg_nbd"] is before
    assert not isinstance(other, Abstains)
    np.testing.assert_allclose(other.raw(rows.X), -_raw(known, rows))
    assert replace(known, seed=8).found == {}, "who knows something else fits anew"


def _raw(known: Known, rows: Rows) -> FloatArray:
    found = fit_raw("bg_nbd", "churn", COLUMNS, known)
    assert not isinstance(found, Abstains)
    return found.raw(rows.X)
