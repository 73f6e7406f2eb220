"""Pairs of estimate and what came, as training keeps them: out of sample, in order of time, large enough."""

from pathlib import Path

import numpy as np
import pytest

from churn.calendar import DAY_US, from_us
from churn.estimate_band import KEY, Cohort
from churn.events import FloatArray
from churn.model_sections import Costs
from tests import small_shop
from training.calibrating import HeldOut
from training.estimates import estimated_cohorts, pairs
from training.rows import Columns, IntArray, Rows

FIRST_US = 19_700 * DAY_US
A_MONTH = 400
CUTOFFS_US = FIRST_US + np.arange(9) * 30 * DAY_US


def drawn(cutoffs_us: IntArray, seed: int = 1) -> tuple[FloatArray, FloatArray, IntArray]:
    """Raw log-odds, outcomes that follow them, cutoffs."""
    random = np.random.default_rng(seed)
    at_us = np.repeat(cutoffs_us, A_MONTH)
    raw = random.normal(-1, 1.2, len(at_us))
    return raw, (random.random(len(raw)) < 1 / (1 + np.exp(-raw))).astype(float), at_us


def held(outcome: FloatArray | None = None) -> HeldOut:
    raw, came, at_us = drawn(CUTOFFS_US[:6])
    return HeldOut(raw, came if outcome is None else outcome, np.zeros(len(raw), dtype=np.int64), at_us)


def later_rows() -> tuple[Rows, FloatArray]:
    raw, came, at_us = drawn(CUTOFFS_US[6:], seed=2)
    nobody = np.full(len(raw), "", dtype=object)
    return Rows(Columns(("x",)), raw[:, None], came, nobody, at_us, nobody), 1 / (1 + np.exp(-raw))


def found(model: str = "churn", outcome: FloatArray | None = None, folder: Path = Path("nowhere")) -> list[Cohort]:
    rows, told = later_rows()
    costs = Costs(value_amount=300, offer_amount=30, contact_amount=2, accept_ratio=0.3)
    settings = small_shop.settings(folder).model_copy(update={"costs": costs})
    return estimated_cohorts(model, held(outcome), rows, told, settings)


def test_cutoffs_with_a_matured_past_and_the_test_s_are_pairs() -> None:
    cohorts = found()
    assert [one.cutoff for one in cohorts] == [from_us(int(at)) for at in CUTOFFS_US[3:]]
    assert {one.n for one in cohorts} == {A_MONTH}
    for one in cohorts:
        for name, told in one.estimated.items():
            assert abs(one.realised[name] - told.value) < 4 * told.deviation + 0.03, name


def test_an_estimate_knows_no_outcome_that_had_not_matured() -> None:
    before = found()
    _, came, at_us = drawn(CUTOFFS_US[:6])
    other = np.where(at_us >= CUTOFFS_US[1], 1 - came, came)
    after = found(outcome=other)
    assert after[0].estimated == before[0].estimated  # calibrated by the first cutoff alone
    assert after[0].realised != before[0].realised
    assert after[1].estimated != before[1].estimated


def test_money_is_told_of_churn_alone() -> None:
    assert "profit" in found()[0].realised
    assert "profit" not in found("reactivation")[0].realised


def test_a_cohort_of_one_outcome_is_no_pair() -> None:
    _, came, at_us = drawn(CUTOFFS_US[:6])
    assert from_us(int(CUTOFFS_US[4])) not in [
        one.cutoff for one in found(outcome=np.where(at_us == CUTOFFS_US[4], 0.0, came))
    ]


def test_the_bundle_keeps_them(tmp_path: Path) -> None:
    rows, told = later_rows()
    kept = pairs("churn", held(), rows, told, small_shop.settings(tmp_path))[KEY]
    read = [Cohort.from_json(one) for one in kept]
    assert [one.cutoff for one in read] == [from_us(int(at)) for at in CUTOFFS_US[3:]]
    assert read[0].realised["roc_auc"] == pytest.approx(found()[0].realised["roc_auc"])
