"""Who is judged and who serves: a sibling that knew nothing of the test, and a model that learned from all of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from churn.calendar import Calendar
from churn.cutoffs import newest_mature
from churn.events import Events
from features.snapshots import freeze
from tests.unit.training import made
from training.asking import gate
from training.card import markdown
from training.challenger import Challenger, train
from training.floors import SameOutcome
from training.keep import keep
from training.learned import learned_from
from training.promote import promote
from training.reasons.told import reasons_told
from training.rows import TooFewRows
from training.shown import CARD
from training.versions import MemoryRegistry

Shop = tuple[Challenger, Challenger, made.Settings]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A model that was only judged, and the same fitted again."""
    settings = made.settings(tmp_path_factory.mktemp("shop"))
    learn, test, whole = made.fold(made.log(), settings)
    judged = train("churn", learn, test, settings, progress=lambda _text: None)
    return judged, train("churn", learn, test, settings, whole=whole, progress=lambda _text: None), settings


def test_the_judged_sibling_is_the_model_of_a_backtest(shop: Shop) -> None:
    judged, refit, _ = shop
    assert refit.judged is not None
    assert judged.judged is None
    assert (refit.judged.bundle.model_copy(update={"trained_at": judged.bundle.trained_at})) == judged.bundle
    assert refit.judged.booster == judged.booster
    assert refit.results == judged.results


def test_what_serves_learned_from_the_newest_outcomes_with_the_same_recipe(shop: Shop) -> None:
    judged, refit, _ = shop
    assert refit.whole is not None
    assert refit.learned is refit.whole
    assert refit.bundle.snapshot_hash == refit.whole.hash != judged.bundle.snapshot_hash
    assert max(refit.whole.cutoffs) == made.TEST  # the test's outcomes are learned from
    assert refit.bundle.trees == judged.bundle.trees
    assert refit.bundle.metrics == judged.bundle.metrics
    assert refit.hash != judged.hash
    told = reasons_told(refit, seed=7)
    text = markdown(refit, told)
    assert "The figures are of a sibling" in text
    assert refit.whole.hash in text
    shares = {
        share: markdown(replace(refit, params={**refit.params, "bg_nbd_share": share}), told) for share in (0.0, 0.18)
    }
    assert "BG/NBD model of when customers come and leave, written as trees, has a share of 18%" in shares[0.18]
    assert "has a share" not in shares[0.0]
    assert refit.bundle.learner != "lightgbm" or "bg_nbd_share" in refit.params
    assert refit.params["judged_bg_nbd_share"] == judged.params.get("bg_nbd_share", 0.0)
    other = {**refit.params, "judged_bg_nbd_share": 0.13, "bg_nbd_share": 0.0}
    assert "number of trees, a share of BG/NBD of 13% instead of 0%, which" in markdown(
        replace(refit, params=other), told
    )
    assert "instead of" not in markdown(replace(refit, params={**other, "bg_nbd_share": 0.13}), told)


def test_the_card_tells_days_by_the_clocks_of_the_business(shop: Shop) -> None:
    """A midnight in UTC is the evening before in New York."""
    _, refit, _ = shop
    text = markdown(replace(refit, calendar=Calendar("America/New_York")), reasons_told(refit, seed=7))
    assert refit.whole is not None
    test, train, whole = (one.cutoffs[-1] - timedelta(days=1) for one in (refit.test, refit.train, refit.whole))
    assert f"Tested at {test.date()} (" in text
    assert f"cutoffs end at {train.date()}." in text
    known = refit.whole.observed_until - timedelta(days=1)
    assert f" to {whole.date()}, labels as known at {known.date()};" in text


def test_a_registry_keeps_both_and_the_gate_asks_the_sibling(shop: Shop) -> None:
    judged, refit, settings = shop
    registry = MemoryRegistry()
    version = keep(refit, registry, settings)
    assert version.judged == refit.judged
    assert version.facts["known_until"] == made.END.isoformat()
    assert version.facts["judged_known_until"] == made.TEST.isoformat()
    assert version.learned_snapshot == f"snapshots/{refit.learned.hash[:12]}"
    registry.crown(version.name, 1)
    again = keep(refit, registry, settings)
    told = {check.name: check.why for check in gate(again, registry, settings).checks}["against_champion"]
    assert "[+0.0000, +0.0000]" in told  # sibling with sibling: the champion saw the test's outcomes
    old = keep(judged, registry, settings)
    assert old.sibling.booster == judged.booster
    assert old.learned_snapshot == old.facts["train_snapshot"]


def test_each_snapshot_knows_who_stands_on_it(shop: Shop) -> None:
    _, refit, settings = shop
    registry = MemoryRegistry()
    name = keep(refit, registry, settings).name
    told = {
        role: [one["role"] for one in learned_from(registry, [name], {snapshot.hash})]
        for role, snapshot in (("whole", refit.learned), ("train", refit.train), ("test", refit.test))
    }
    assert told == {
        "whole": ["learned from"], "train": ["its judged sibling learned from"], "test": ["judged on"]
    }  # fmt: skip


def test_newest_rows_that_are_too_few_are_told(shop: Shop) -> None:
    judged, _, settings = shop
    events = Events.from_frame(made.log(customers=40))
    features, lifecycle = made.catalogue(["order"], {"order": {"amount"}}, settings.lifecycle), settings.lifecycle
    few = freeze(
        events, features, lifecycle, [made.TEST], observed_until=made.END, log_hash="0", folder=settings.folder
    )
    with pytest.raises(TooFewRows) as caught:
        train("churn", judged.train, judged.test, settings, whole=few, progress=lambda _text: None)
    assert "newest rows" in caught.value.problem
    assert "wait until 10 more" in caught.value.mend
    assert "lower [training] min_customers to 40" in caught.value.mend


@pytest.mark.parametrize(("happened", "told"), [(0.0, "none of"), (1.0, "all of")])
def test_rows_of_one_outcome_are_told_apart_from_too_few(shop: Shop, happened: float, told: str) -> None:
    """More customers, or a lower floor, mend nothing where everybody stays or everybody leaves."""
    judged, _, settings = shop
    frame = judged.test.frame.assign(label=happened)
    test = replace(judged.test)
    test.__dict__["frame"] = frame
    with pytest.raises(TooFewRows) as caught:
        train("churn", judged.train, test, settings, progress=lambda _text: None)
    assert isinstance(caught.value, SameOutcome)
    assert f"test rows have one outcome only (it came true for {told}" in caught.value.problem
    assert "horizon_days" in caught.value.mend
    assert "min_customers" not in caught.value.mend


def test_snapshots_of_one_pass_are_those_of_several(tmp_path: Path, shop: Shop) -> None:
    judged, refit, settings = shop
    events, lifecycle = Events.from_frame(made.log()), settings.lifecycle
    features = made.catalogue(["order"], {"order": {"amount"}}, lifecycle)
    for one in (judged.train, judged.test, refit.learned):
        alone = freeze(
            events,
            features,
            lifecycle,
            one.cutoffs,
            observed_until=one.observed_until,
            log_hash="0" * 64,
            folder=tmp_path,
        )
        assert alone.hash == one.hash
        assert alone.rows_path.read_bytes() == one.rows_path.read_bytes()


def test_the_newest_mature_cutoffs_are_as_many_as_train(shop: Shop) -> None:
    settings = shop[2]
    found = newest_mature(made.START, made.END, settings.lifecycle, settings.training)
    assert len(found) == 9
    assert all(settings.lifecycle.is_mature(one, made.END) for one in found)
    fewer = settings.training.model_copy(update={"max_cutoffs": 4})
    assert newest_mature(made.START, made.END, settings.lifecycle, fewer) == found[-4:]


def test_the_figures_of_the_card_go_with_who_serves(shop: Shop) -> None:
    _, refit, settings = shop
    registry = MemoryRegistry()
    card = keep(refit, registry, settings).facts[CARD]
    assert {one["feature"] for one in card["features"]} <= set(refit.bundle.features)
    assert 0 < sum(one["share"] for one in card["features"]) <= 1 + 1e-9
    assert sum(one["n"] for one in card["calibration"]) == len(refit.test_rows)
    assert card["fairness"] is None, "no attribute is named"
    record = promote("churn", registry, settings, parity=made.certificate(refit.bundle)).record
    assert record[CARD] == card
