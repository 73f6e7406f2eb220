"""Too little to train on: said for each cause, with a mend that can help, and in Chinese on the pages."""

import re
from pathlib import Path

import pytest

from features.snapshots import Snapshot
from tests.bundles import a_bundle
from tests.unit.training import made
from training.challenger import Challenger, train
from training.floors import FewCustomers, NobodyToAsk, SameOutcome, check, refusal
from training.folding import FrozenFold
from training.gate_verdict import Verdict, failed
from training.promote import NotPromoted
from training.report.words import in_chinese
from training.rows import TooFewRows
from training.versions import Version

FLOORS = {"customers": 80, "rows": 60, "happened": 20, "least": 50}
LACKING = {  # what differs: the error, words of its problem, words of its mend
    "5 customers": ({"customers": 5}, FewCustomers, "have 5 customers, fewer than 50", "wait until 45 more"),
    "49 customers": ({"customers": 49}, FewCustomers, "49 customers", "lower [training] min_customers to 49"),
    "1 customer": ({"customers": 1}, FewCustomers, "have 1 customer, ", "wait until 49 more"),
    "nobody": ({"rows": 0}, NobodyToAsk, "nobody to ask about", "[definition] lapse"),
    "one row": ({"rows": 1}, NobodyToAsk, "one customer to ask about", "[definition] lapse"),
    "all": ({"happened": 60}, SameOutcome, "came true for all of 60", "[definition] horizon_days"),
    "none": ({"happened": 0}, SameOutcome, "came true for none of 60", "[definition] horizon_days"),
}


@pytest.mark.parametrize("model", ["churn", "reactivation"])
@pytest.mark.parametrize("lacking", LACKING)
def test_what_is_lacking_is_said_with_a_mend_that_can_help(lacking: str, model: str) -> None:
    changed, kind, problem, mend = LACKING[lacking]
    with pytest.raises(kind) as caught:
        check(model, "training", **{**FLOORS, **changed})
    error = caught.value
    assert isinstance(error, TooFewRows)
    assert problem in error.problem
    assert mend in error.mend
    assert "`churn definition preview`" in error.mend
    assert ("min_customers" in error.mend) == (lacking == "49 customers"), "it helps nobody else, nor below 10"
    assert "min_rows" not in error.mend
    assert in_chinese(error.why) != error.why


def test_the_mend_points_where_it_helps() -> None:
    """More come back within a longer horizon, and more count as lapsed after a shorter silence."""
    wanted = {
        ("churn", "all"): "longer", ("churn", "none"): "shorter", ("churn", "nobody"): "longer",
        ("reactivation", "all"): "shorter", ("reactivation", "none"): "longer", ("reactivation", "nobody"): "shorter",
    }  # fmt: skip
    for (model, lacking), word in wanted.items():
        with pytest.raises(TooFewRows) as caught:
            check(model, "test", **{**FLOORS, **LACKING[lacking][0]})
        assert re.match(rf"set a {word} \[definition\]", caught.value.mend), (model, lacking)


def test_enough_is_enough() -> None:
    check("churn", "training", **FLOORS)
    check("churn", "test", **{**FLOORS, "customers": 3})


def test_a_fold_is_refused_before_anything_is_learned(tmp_path: Path) -> None:
    few, enough = (made.settings(tmp_path / str(count)) for count in (45, 60))
    train_, test, whole = made.fold(made.log(45), few)
    assert isinstance(refusal("churn", FrozenFold(train_, test, whole), few), FewCustomers)
    train_, test, whole = made.fold(made.log(60), enough)
    fold = FrozenFold(train_, test, whole)
    assert refusal("churn", fold, enough) is None
    assert refusal("churn", FrozenFold(train_, test), enough) is None
    nobody = refusal("prospects", fold, enough)
    assert isinstance(nobody, NobodyToAsk)


@pytest.mark.parametrize(("learner", "rule", "told"), [
    ("bg_nbd", "first", True), ("lightgbm", "first", True), ("recency_rule", "first", False),
    ("bg_nbd", "replace", False),
])  # fmt: skip
def test_where_nobody_serves_a_refused_challenger_points_to_the_rule(learner: str, rule: str, told: bool) -> None:
    lost = failed("beats_base_rate", "it does not beat the base rate", "未优于平均比率")
    refused = NotPromoted(Version("churn-made", 1, a_bundle(learner=learner), "trees", {}), Verdict((lost,), rule))
    assert ('[training] richest_learner = "recency_rule"' in refused.mend) is told


@pytest.mark.parametrize(("check", "mend"), [
    ("leaks", "leaks/report.html"), ("footprint", "[gate] (max_trees, max_model_mb, max_latency_ms)"),
    ("calibration", "more history"),
])  # fmt: skip
def test_a_refusal_says_what_mends_just_that(check: str, mend: str) -> None:
    refused = NotPromoted(
        Version("churn-made", 1, a_bundle(), "trees", {}), Verdict((failed(check, "why", "因"),), "x")
    )
    assert mend in refused.mend
    assert ("more history" in refused.mend) is (check == "calibration")


def test_what_is_broken_is_not_told_as_sound() -> None:
    no_gain, leaks = (failed(name, name, "中文") for name in ("against_champion", "leaks"))
    version = Version("churn-made", 1, a_bundle(), "trees", {})
    assert "nothing is broken" in NotPromoted(version, Verdict((no_gain,), "replace")).mend
    both = NotPromoted(version, Verdict((no_gain, leaks), "replace")).mend
    assert "nothing is broken" not in both
    assert "leaks/report.html" in both


def _made(folder: Path, customers: int, **floors: int) -> tuple[made.Settings, tuple[Snapshot, Snapshot, Snapshot]]:
    usual = made.settings(folder)
    settings = usual.model_copy(update={"training": usual.training.model_copy(update=floors)})
    return settings, made.fold(made.log(customers), settings)


def _trained(settings: made.Settings, snapshots: tuple[Snapshot, Snapshot, Snapshot], *, serves: bool) -> Challenger:
    learn, test, whole = snapshots
    return train("churn", learn, test, settings, whole=whole if serves else None, progress=lambda _text: None)


@pytest.mark.slow
def test_a_learner_that_the_gate_could_not_judge_is_not_chosen_to_serve(tmp_path: Path) -> None:
    """Of two runs on the same rows, the one that is to serve falls back; a back-test, which has no gate, need not."""
    settings, snapshots = _made(tmp_path, 500, min_rows=300, min_positives=20)
    judged, serving = (_trained(settings, snapshots, serves=serves) for serves in (False, True))
    assert 0 < len(judged.test_rows) < 300
    alone, gated = (
        {one["learner"]: one["why_not"] for one in run.params["ladder"]["rungs"]}["lightgbm"]
        for run in (judged, serving)
    )
    assert alone is None
    told = f"the gate could not judge it: {len(judged.test_rows)} rows, fewer than 300 at the test cutoffs"
    assert gated == told
    assert serving.bundle.learner in ("recency_rule", "bg_nbd")
    assert "lightgbm" in serving.probabilities, "it is judged all the same"


@pytest.mark.slow
def test_a_counting_model_that_cannot_serve_leaves_the_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, snapshots = _made(tmp_path, 500, min_rows=10**6)
    assert _trained(settings, snapshots, serves=True).bundle.learner == "bg_nbd"
    monkeypatch.setattr("training.simple.CLOSE", 0.0)  # no trees follow it so closely
    instead = _trained(settings, snapshots, serves=True)
    assert instead.bundle.learner == "recency_rule"
    assert instead.judged is not None
    assert instead.judged.bundle.learner == "recency_rule"
    ladder = instead.params["ladder"]
    assert ladder["learner"] == "recency_rule"
    assert "trees stray from it" in {one["learner"]: one["why_not"] for one in ladder["rungs"]}["bg_nbd"]
