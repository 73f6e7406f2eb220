"""Before labels: estimates that abstain, one reason at a time, and decide nothing; early signs stay a watch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from churn.estimate import expected
from churn.estimate_band import KEY, Cohort
from churn.events import FloatArray
from churn.metrics import roc_auc
from monitoring.before.estimates import estimated
from monitoring.before.figures import figures_before
from monitoring.before.found import Estimated
from monitoring.before.reasons import about_before
from monitoring.before.sections import BLIND, sections
from monitoring.before.signs import judged
from monitoring.champion import champions
from monitoring.data.contract import Fault
from monitoring.drift.joint import Joint
from monitoring.drift.judging import Drift
from monitoring.drift.shift import ScoreDrift
from monitoring.drift.weeks import Past
from monitoring.findings import Findings
from monitoring.ledger.realised import Interval, Realised
from monitoring.verdict import judge
from tests.monitored_shop import Shop
from tests.unit.monitoring.early_weeks import quiet, weeks

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=8 * 90)


def scores(n: int = 1000, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).beta(2, 5, n)


@pytest.fixture
def found(shop: Shop) -> Findings:
    """A sound champion whose scores look as when it learned, with eight past pairs."""
    (champion,) = champions(shop.settings.folder, "monitored")
    told = expected(scores())
    came = {name: one.value for name, one in told.items()}
    pairs = [Cohort(START + timedelta(days=90 * place), 1000, told, came).as_json() for place in range(8)]
    percentiles = tuple(np.quantile(scores(20_000), np.linspace(0, 1, 101)))
    bundle = champion.bundle.model_copy(update={"metrics": {KEY: pairs}, "percentiles": percentiles})
    return Findings(
        champion=replace(champion, bundle=bundle), rows=1000, min_rows=200, faults=[],
        feature_set_hash=bundle.feature_set_hash, features=[], score=None, realised=None,
        age=timedelta(hours=1), max_age=timedelta(hours=36),
        newer_outcomes=True,
    )  # fmt: skip


def became(found: Findings, ratio: float, low: float, high: float) -> Realised:
    return Realised(
        "churn", found.champion.version, "mature", 900, 300, 0, None,
        {"rate_ratio": Interval(ratio, low, high)}, (), None, {},
    )  # fmt: skip


def told(found: Findings, shop: Shop, these: FloatArray | None = None) -> Estimated:
    return estimated(found, scores() if these is None else these, shop.settings, NOW)


def test_sound_scores_are_estimated_with_a_band_that_the_past_taught(found: Findings, shop: Shop) -> None:
    seen = told(found, shop)
    assert seen.abstains is None
    assert {"roc_auc", "log_loss", "brier", "rate"} <= set(seen.figures)
    one = seen.figures["rate"]
    assert one.low < one.value < one.high
    assert one.is_learned


def test_it_abstains_where_no_past_cohort_was_ever_tried(found: Findings, shop: Shop) -> None:
    old = replace(found.champion, bundle=found.champion.bundle.model_copy(update={"metrics": {"roc_auc": 0.8}}))
    seen = told(replace(found, champion=old), shop)
    assert (seen.abstains and seen.abstains.code, seen.figures) == ("no_past", {})


def with_pairs(found: Findings, pairs: list[Cohort]) -> Findings:
    bundle = found.champion.bundle.model_copy(update={"metrics": {KEY: [one.as_json() for one in pairs]}})
    return replace(found, champion=replace(found.champion, bundle=bundle))


def kept(found: Findings) -> list[Cohort]:
    return [Cohort.from_json(one) for one in found.champion.bundle.metrics[KEY]]  # type: ignore[union-attr]


@pytest.mark.parametrize(("newest", "code"), [(3, "season_unseen"), (4, None), (8, None)])
def test_it_abstains_in_a_season_that_no_past_cohort_shows(
    found: Findings, shop: Shop, newest: int, code: str | None
) -> None:
    seen = told(with_pairs(found, kept(found)[-newest:]), shop)  # 90 days apart: the fourth lies a year ago
    assert (seen.abstains and seen.abstains.code) == code
    assert bool(seen.figures) == (code is None)
    if seen.abstains:
        assert f"{kept(found)[-newest].cutoff + timedelta(hours=12):%Y-%m-%d}" in seen.abstains.why[0]
        assert "季节" in seen.abstains.why[1]


@pytest.mark.parametrize(("roc_auc", "code"), [(0.60, "calibration_gone"), (0.69, None)])
def test_it_abstains_when_scores_rank_worse_than_they_said_at_the_same_rate(
    found: Findings, shop: Shop, roc_auc: float, code: str | None
) -> None:
    told_auc = kept(found)[0].estimated["roc_auc"].value
    assert 0.69 < told_auc < 0.74  # what the scores of these tests promise of themselves
    worse = [replace(one, realised={**one.realised, "roc_auc": roc_auc}) for one in kept(found)]
    seen = told(with_pairs(found, worse), shop)
    assert (seen.abstains and seen.abstains.code) == code


def off(found: Findings) -> Findings:
    """The pairs that training kept came otherwise than they were told."""
    worse = [replace(one, realised={**one.realised, "rate": 1.6 * one.realised["rate"]}) for one in kept(found)]
    return with_pairs(found, worse)


def test_it_abstains_without_scores_or_with_few(found: Findings, shop: Shop) -> None:
    codes = [told(found, shop, these).abstains for these in (np.full(5, np.nan), scores(50))]
    assert [one and one.code for one in codes] == ["no_scores", "too_few"]


def test_it_abstains_when_data_is_broken(found: Findings, shop: Shop) -> None:
    fault = Fault("order_total_90d", "all_null", 1.0, ("", ""))
    seen = told(replace(found, faults=[fault]), shop)
    assert seen.abstains is not None
    assert seen.abstains.code == "broken_data"
    assert "order_total_90d" in seen.abstains.why[0]
    assert "order_total_90d" in seen.abstains.why[1]


def test_it_abstains_when_scores_are_like_none_before(found: Findings, shop: Shop) -> None:
    beyond = np.where(np.arange(1000) % 10 == 0, 0.9999, scores())
    seen = told(found, shop, beyond)
    assert (seen.abstains and seen.abstains.code, seen.figures) == ("support_gone", {})


@pytest.mark.parametrize(("auc", "code"), [(0.70, "support_gone"), (0.51, None)])
def test_it_abstains_when_columns_no_longer_fit_together(
    found: Findings, shop: Shop, auc: float, code: str | None
) -> None:
    joint = Joint(auc=auc, bar=0.55, rows=1000, columns=9, by=(), weeks=20)
    drift = Drift(features=(), score=None, joint=joint, weeks=50, limits={}, is_resolved=True, past=Past(), at=START)
    seen = told(replace(found, drift=drift), shop)
    assert (seen.abstains and seen.abstains.code) == code


def test_it_abstains_when_the_scores_are_spread_otherwise(found: Findings, shop: Shop) -> None:
    score = ScoreDrift(
        n=1000, coverage=1.0, psi=0.4, floor=0.01, mean_then=0.3, mean_now=0.5, counts_then=(1,), counts_now=(1,)
    )
    seen = told(replace(found, score=score), shop)
    assert (seen.abstains and seen.abstains.code) == "support_gone"


def test_it_abstains_when_what_matured_came_otherwise(found: Findings, shop: Shop) -> None:
    gone = told(replace(found, realised=became(found, 1.5, 1.3, 1.7)), shop)
    assert gone.abstains is not None
    assert gone.abstains.code == "calibration_gone"
    unsure = told(replace(found, realised=became(found, 1.3, 0.9, 1.7)), shop)
    assert unsure.abstains is None


def test_it_abstains_when_the_champions_own_tests_came_otherwise(found: Findings, shop: Shop) -> None:
    seen = told(off(found), shop)
    assert (seen.abstains and seen.abstains.code) == "calibration_gone"
    own = told(replace(off(found), realised=became(found, 1.0, 0.9, 1.1)), shop)
    assert own.abstains is None  # its own answers speak first


def test_an_estimate_never_moves_a_verdict(found: Findings, shop: Shop) -> None:
    rules = shop.settings.monitoring
    bare = judge(found, rules)
    for seen in (told(found, shop), told(off(found), shop)):
        assert judge(replace(found, estimate=seen), rules) == bare


def test_concept_drift_leaves_the_estimate_as_it_was_and_the_page_says_so(found: Findings, shop: Shop) -> None:
    these, random = scores(20_000), np.random.default_rng(3)
    seen = told(found, shop, these)
    changed = random.random(len(these)) < 0.5 * these + 0.15  # half of what the scores told is gone
    assert roc_auc(changed.astype(float), these) < seen.figures["roc_auc"].low
    (page,) = sections([replace(found, estimate=seen)])
    assert page.note == BLIND
    assert "cannot see" in BLIND[0]
    assert "看不出来" in BLIND[1]
    assert "dashed" in page.body


def test_the_page_says_why_there_is_none(found: Findings, shop: Shop) -> None:
    (page,) = sections([replace(found, estimate=told(found, shop, scores(50)))])
    assert "too few to say" in page.body
    assert "样本太少" in page.body


@pytest.mark.parametrize("change", [-0.4, 0.4])
def test_a_change_of_behaviour_is_a_sign_that_stays_a_watch(found: Findings, shop: Shop, change: float) -> None:
    signs = quiet()
    signs[-6:] += change
    early = judged(weeks(signs), 7, 1 / 117)
    assert early.odd_since is not None
    (reason,) = about_before(replace(found, early=early))
    assert (reason.outcome, reason.code, reason.evidence) == ("watch", "early_sign", "performance.html#early")
    assert ("fewer" in reason.what[0]) == (change < 0)
    assert reason.what[1].count("周") >= 1
    assert "churn retrain" in reason.mend[0]
    outcome = judge(replace(found, early=early), shop.settings.monitoring)
    assert outcome.outcome == "watch"
    page = next(sections([replace(found, early=early)]))
    assert page.anchor == "early"


def test_a_short_past_or_few_customers_cannot_tell(found: Findings) -> None:
    for some in (weeks(quiet(30)), weeks(quiet(100), expected_active=4.0)):
        early = judged(some, 7, 1 / 117)
        assert early.abstains is not None
        assert early.abstains.code == "short_past"
        assert list(about_before(replace(found, early=early))) == []
        (page,) = sections([replace(found, early=early)])
        assert "Nothing can be told yet" in page.body


def test_figures_tell_what_can_be_told(found: Findings, shop: Shop) -> None:
    signs = quiet()
    full = replace(found, estimate=told(found, shop), early=judged(weeks(signs), 7, 1 / 117))
    names = {one.name for one in figures_before(full)}
    assert {"churn_monitor_estimated_roc_auc", "churn_monitor_early_activity_ratio"} <= names
    assert list(figures_before(replace(found, estimate=told(found, shop, scores(5))))) == []
