"""The rule and BG/NBD as models: exact or close, served, explained, loaded as any other champion is."""

from datetime import timedelta
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from churn.bundle import Bundle, model_hash
from churn.clock import StoppedClock
from churn.definition import ChurnDefinition
from churn.grade import Grade, Learner
from churn.treeshap import TreeShap
from features.online import OnlineRow
from serving.champion import Champion
from serving.scorer import Scorer
from serving.sheets import lines
from tests.unit.training import made
from training.asking import gate
from training.baseline import RecencyRule
from training.btyd.distil import distilled
from training.btyd.histories import histories
from training.btyd.rival import Abstains, Known, fit_raw
from training.challenger import Challenger, train
from training.fit import Fitted, raw_scores
from training.keep import keep
from training.pyfunc_model import _calibrated
from training.rows import Columns, Rows
from training.simple import fit_counting, fit_rule
from training.versions import MemoryRegistry

NAMES = ("noise", "order_days_since", "order_tenure_days", "order_gap_mean_ever")


def _rows(n: int = 400, seed: int = 2) -> Rows:
    random = np.random.default_rng(seed)
    since = random.exponential(40, n)
    repeats = random.poisson(3, n)
    reach = np.where(repeats > 0, random.uniform(5, 150, n), 0.0)
    pause = np.where(repeats > 0, reach / np.maximum(repeats, 1), np.nan)
    X = np.column_stack([random.normal(size=n), since, since + reach, pause])
    outcome = (random.random(n) < np.clip(since / 100, 0.02, 0.95)).astype(float)
    customers = np.array([f"c{number}" for number in range(n)], dtype=object)
    return Rows(Columns(NAMES), X, outcome, customers, np.zeros(n, dtype=np.int64), np.full(n, "active", dtype=object))


@pytest.mark.parametrize("model", ["churn", "reactivation"])
def test_the_rule_as_a_tree_is_the_rule(model: str) -> None:
    rows = _rows()
    rule, fitted = RecencyRule.fit(rows, model), fit_rule(rows, model, seed=1)
    X = np.tile(rows.X[:1], (3000, 1))
    X[:, 1] = np.random.default_rng(1).uniform(0, 500, 3000)
    X[:6, 1] = [0.0, 1.0, np.nextafter(2.0, 0), 2.0, np.nan, 1e6]
    told = fitted.calibrator.probability(fitted.raw(X))
    asked = Rows(rows.columns, X, np.zeros(3000), np.full(3000, "c"), np.zeros(3000, np.int64), np.full(3000, "active"))
    np.testing.assert_allclose(told, rule.probability(asked), rtol=0, atol=1e-12)


def test_a_rule_without_a_step_is_a_tree_too() -> None:
    rows = _rows(30)
    flat = Rows(rows.columns, rows.X, (np.arange(30) % 2).astype(float), rows.customer, rows.cutoff_us, rows.stage)
    flat.X[:, 1] = 5.0
    assert np.allclose(raw_scores(fit_rule(flat, "churn", seed=1).booster, rows.X), 0.0, atol=1e-9)


def test_trees_stay_close_to_the_counting_model_and_say_how_close() -> None:
    rows = _rows()
    known = Known(ChurnDefinition(), histories(rows.X[:, 1:]), 0, 1)
    counted = fit_raw("bg_nbd", "churn", rows.columns, known)
    assert not isinstance(counted, Abstains)
    trees = distilled(counted, rows, seed=1)
    ours, theirs = (1 / (1 + np.exp(-raw)) for raw in (raw_scores(trees.booster, rows.X), counted.raw(rows.X)))
    assert np.abs(ours - theirs).mean() < 0.01
    assert trees.mean_deviation < 0.02
    assert trees.most_deviation < 0.1
    again = distilled(counted, rows, seed=1)
    assert again.booster == trees.booster
    fitted = fit_counting(rows, "churn", known)
    assert isinstance(fitted, Fitted)
    assert fitted.params["mean_deviation"] == trees.mean_deviation
    assert fitted.calibrator.kind in ("none", "platt", "beta")


def test_without_histories_there_is_no_counting_model() -> None:
    told = fit_counting(_rows(), "churn", Known(ChurnDefinition(), None, 0, 1))
    assert isinstance(told, Abstains)


@pytest.fixture(scope="module", params=[("recency_rule", 70), ("bg_nbd", 500)], ids=["rule", "counting"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Learner, Challenger]:
    """A shop so small that only this learner may serve: LightGBM is kept out by its floor."""
    learner, customers = request.param
    usual = made.settings(tmp_path_factory.mktemp(learner))
    settings = usual.model_copy(update={"training": usual.training.model_copy(update={"min_rows": 10**6})})
    learn, test = made.snapshots(made.log(customers), settings)[:2]
    return learner, train("churn", learn, test, settings, progress=lambda _text: None)


def test_a_small_shop_is_served(small: tuple[Learner, Challenger]) -> None:
    """Bundle and booster go through serving as they are: probability, percentile, band, reasons."""
    learner, challenger = small
    bundle = Bundle.from_json(challenger.bundle.to_json())
    assert bundle.learner == learner
    champion = Champion("churn-made/1", model_hash(bundle.to_json(), challenger.booster), bundle,
                        TreeShap.from_text(challenger.booster, nodes=4))  # fmt: skip
    now = challenger.test.cutoffs[0]
    rows = challenger.test_rows
    scorer = Scorer({"churn": champion}, StoppedClock(now), "log", timedelta(hours=36), bundle.definition_id)
    online = [
        OnlineRow(str(one), rows.X[place], "active", "churn", now, now, bundle.feature_set_hash)
        for place, one in enumerate(rows.customer)
    ]
    ids = [row.customer_id for row in online]
    answers = scorer.score(ids, online, language="en", top=3)
    scores = [answer.score for answer in answers]
    assert [score.abstention for score in scores] == [None] * len(rows)
    told = np.array([score.probability for score in scores])
    np.testing.assert_allclose(told, challenger.probabilities[learner], atol=2e-5)
    assert {(score.learner, score.grade) for score in scores} == {
        (learner, bundle.grade.letter if bundle.grade else "")
    }
    assert all("rule of thumb" in (score.grade_text or "") for score in scores)
    (sheet,) = lines(answers[:1], 3).people.to_pylist()
    assert [sheet[name] for name in ("learner", "grade", "grade_text")] == [
        learner, scores[0].grade, scores[0].grade_text
    ]  # fmt: skip
    assert {score.band for score in scores} <= {"low", "medium", "high"}
    assert all(0 <= (score.percentile or 0.0) <= 100 for score in scores)
    assert any(score.reasons for score in scores)
    booster = lightgbm.Booster(model_str=challenger.booster)
    shares = booster.predict(rows.X, pred_contrib=True)
    np.testing.assert_allclose(shares.sum(axis=1), booster.predict(rows.X, raw_score=True), atol=1e-6)
    alone = _calibrated(bundle.calibrator.model_dump(mode="json"), booster.predict(rows.X, raw_score=True))
    np.testing.assert_allclose(alone, challenger.probabilities[learner], atol=1e-9)


def test_a_small_shop_is_told_who_answers(small: tuple[Learner, Challenger]) -> None:
    learner, challenger = small
    grade = challenger.bundle.grade
    assert grade is not None
    assert challenger.params["ladder"]["learner"] == learner
    lightgbm_rows = [one for one in challenger.results if one["learner"] == "lightgbm"]
    assert ["fewer than 1000000" in one["abstained"] for one in lightgbm_rows] == [True]
    assert all(one["log_loss"] is not None for one in challenger.results if one["learner"] == learner)
    if learner == "recency_rule":
        assert (grade.letter, grade.skill, grade.low, grade.high) == ("none", 0.0, 0.0, 0.0)
        assert "不优于" in grade.sentence(learner, "zh")


def test_the_hash_of_a_bundle_from_before_stays() -> None:
    from tests.bundles import a_bundle

    new = a_bundle().to_json()
    old = new.replace(' "learner": "lightgbm",\n', "")
    assert old != new
    assert model_hash(new, "trees") == model_hash(old, "trees")
    assert model_hash(a_bundle(learner="recency_rule").to_json(), "trees") != model_hash(new, "trees")
    grade = Grade.of(0.2, 0.11, 0.3, customers=9, learner="lightgbm")
    assert model_hash(a_bundle(grade=grade).to_json(), "trees") == model_hash(new, "trees")


@pytest.mark.parametrize(
    ("low", "learner", "letter"),
    [(0.10, "lightgbm", "A"), (0.0999, "bg_nbd", "B"), (0.05, "lightgbm", "B"), (0.01, "lightgbm", "C"),
     (0.0, "lightgbm", "none"), (-0.1, "lightgbm", "none"), (0.3, "recency_rule", "none")],
)  # fmt: skip
def test_a_letter_is_earned_by_the_low_end(low: float, learner: Learner, letter: str) -> None:
    grade = Grade.of(0.4, low, 0.5, customers=100, learner=learner)
    assert grade.letter == letter
    assert grade.sentence(learner).startswith(letter if letter != "none" else "no better than a rule")


def test_a_model_that_adds_error_is_told_to_add_it() -> None:
    grade = Grade.of(-0.04, -0.12, 0.03, customers=100, learner="bg_nbd")
    assert "4% more error than the rule, 95% interval -3% to 12%" in grade.sentence("bg_nbd")
    assert "比规则多4%，95%区间-3%至12%" in grade.sentence("bg_nbd", "zh")
    fewer = Grade.of(0.04, -0.03, 0.12, customers=100, learner="bg_nbd")
    assert "4% less error than the rule, 95% interval -3% to 12%" in fewer.sentence("bg_nbd")


@pytest.mark.parametrize(("learner", "customers"), [("recency_rule", 90), ("bg_nbd", 500)])
def test_what_serves_is_fitted_again_to_the_newest_outcomes(learner: Learner, customers: int, tmp_path: Path) -> None:
    usual = made.settings(tmp_path)
    settings = usual.model_copy(update={"training": usual.training.model_copy(update={"min_rows": 10**6})})
    snapshots = made.fold(made.log(customers), settings)
    challenger = train("churn", *snapshots[:2], settings, whole=snapshots[2], progress=lambda _text: None)
    assert challenger.judged is not None
    assert (challenger.bundle.learner, challenger.judged.bundle.learner) == (learner, learner)
    assert challenger.bundle.grade == challenger.judged.bundle.grade
    assert challenger.booster != challenger.judged.booster
    assert challenger.bundle.snapshot_hash == snapshots[2].hash
    registry = MemoryRegistry()
    told = {check.name: check.state for check in gate(keep(challenger, registry, settings), registry, settings).checks}
    assert told["calibration"] == "passed", "judged on what there is: LightGBM's floors are not asked of it"
    assert (told["beats_recency_rule"] == "not_required") == (learner == "recency_rule")
