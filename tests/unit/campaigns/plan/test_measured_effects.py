"""A trusted model of uplift changes the plan; one that is not trusted changes nothing, and one that lacks its features
is refused rather than told of nulls."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from campaigns.catalogue.offers import IncompleteAction
from campaigns.plan.planning import Asked
from campaigns.uplift.gathering import Rows
from campaigns.uplift.judging import NO_ORDER, Judged, judged
from campaigns.uplift.keeping import FeaturesMissing, keep, uplift_of
from campaigns.uplift.training import Shrunk, trained
from churn.metrics_uplift import Trial
from churn.settings import Settings
from cli.campaign_plan import plan
from features.treatments import read_treatments
from tests.campaign_shop import COUPON, scored, settings, written

PEOPLE = [f"c{number}" for number in range(12)]
TURNED = set(PEOPLE[6:])  # whom the action brings back; it drives the others away


@pytest.fixture(scope="module")
def learned() -> tuple[Rows, Judged, Shrunk]:
    """A trial in which the action changes nothing but for who has much of `a`; trusted."""
    rng = np.random.default_rng(1)
    X, side = rng.random((5_000, 4)), rng.random(5_000) < 0.5
    came = (rng.random(5_000) < 0.3 + 0.5 * (X[:, 0] - 0.3) * side).astype(float)
    ids = np.array([f"t{number}" for number in range(5_000)], dtype=object)
    rows = Rows(ids, ("a", "b", "c", "d"), X, Trial.of(came, side, np.full(5_000, 0.5)))
    made = trained(rows, folds=3, seed=7, threads=1)
    found = judged(made, rows.trial, rows.customer, draws=200, confidence=0.95, seed=7)
    assert found.is_trusted
    return rows, found, made.model


def shop_of(folder: Path, take_up: float | None = 0.2) -> Settings:
    action = COUPON.model_copy(update={"take_up_ratio": take_up})
    shop = settings(folder, action, hold_out_ratio=0.0)
    shop = written(shop, [scored(one, 0.9) for one in PEOPLE], values=dict.fromkeys(PEOPLE, 100.0))
    path = shop.folder / "features" / "current.parquet"
    much = [0.95 if one in TURNED else 0.05 for one in PEOPLE]
    pd.read_parquet(path).assign(a=much, b=0.5, c=0.5, d=0.5).to_parquet(path, index=False)
    return shop


def keep_in(shop: Settings, learned: tuple[Rows, Judged, Shrunk], verdict: str) -> None:
    rows, found, model = learned
    told = Judged(**{**vars(found), "verdict": verdict})
    keep(shop.folder, "coupon", rows, told, model, now=datetime(2025, 2, 1, tzinfo=UTC), seed=7)


def planned(shop: Settings, campaign: str) -> set[str]:
    plan(shop, Asked(campaign=campaign), dry_run=False, replace=True, by=None)
    return set(read_treatments(shop.folder, campaign)["customer_id"])


def test_a_trusted_model_changes_who_is_contacted_and_what_is_expected(
    tmp_path: Path, learned: tuple[Rows, Judged, Shrunk]
) -> None:
    shop = shop_of(tmp_path)
    assert planned(shop, "spring") == set(PEOPLE), "all are as likely to leave, and take-up is one for all"
    keep_in(shop, learned, NO_ORDER)
    assert planned(shop, "spring") == set(PEOPLE), "what is not trusted is not used"
    keep_in(shop, learned, learned[1].verdict)
    assert planned(shop, "spring") == TURNED
    model = uplift_of(shop.folder, "coupon")
    assert model is not None
    effect = float(model.effects(pd.DataFrame([[0.95, 0.5, 0.5, 0.5]], columns=list("abcd")))[0])
    rows = read_treatments(shop.folder, "spring")
    share = 1 - 0.9 + effect  # who takes the coupon: those turned, and those who stay anyway
    earned = 100 * effect - 0.1 - 10 * share
    np.testing.assert_allclose(rows["expected_profit_amount"], earned, rtol=1e-4)


def test_a_trusted_model_needs_no_take_up_of_the_business(tmp_path: Path, learned: tuple[Rows, Judged, Shrunk]) -> None:
    shop = shop_of(tmp_path, take_up=None)
    with pytest.raises(IncompleteAction, match="take_up_ratio"):
        planned(shop, "spring")
    keep_in(shop, learned, learned[1].verdict)
    assert planned(shop, "spring") == TURNED


def test_a_model_whose_features_are_gone_is_refused(tmp_path: Path, learned: tuple[Rows, Judged, Shrunk]) -> None:
    shop = shop_of(tmp_path)
    keep_in(shop, learned, learned[1].verdict)
    path = shop.folder / "features" / "current.parquet"
    pd.read_parquet(path).drop(columns="a").to_parquet(path, index=False)
    with pytest.raises(FeaturesMissing, match="'coupon'"):
        planned(shop, "spring")
