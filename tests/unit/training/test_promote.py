"""From snapshots to a champion: training, the gate, promotion and rollback, with the registry that forgets."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from churn.bundle import Bundle
from churn.calibration import Calibrator
from churn.cohort import MODELS
from cli.training import _taken_up
from tests.unit.training import made
from training.baseline import LEARNERS
from training.card import markdown, page
from training.challenger import Challenger, train
from training.folding import FrozenFold
from training.gate_verdict import Verdict, failed, parity_check
from training.keep import keep
from training.one_set import held_back
from training.paired import paired_difference
from training.promote import NotPromoted, history, promote
from training.reasons.told import reasons_told
from training.taking_back import NothingBefore, rollback
from training.versions import Files, MemoryRegistry, NoChallenger, Version


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Challenger, made.Settings]:
    settings = made.settings(tmp_path_factory.mktemp("shop"))
    learn, test = made.snapshots(made.log(), settings)
    return train("churn", learn, test, settings, progress=lambda _text: None), settings


def test_the_bundle_says_what_it_stands_on(shop: tuple[Challenger, made.Settings]) -> None:
    challenger, settings = shop
    bundle = Bundle.from_json(challenger.bundle.to_json())
    assert bundle == challenger.bundle
    assert bundle.snapshot_hash == challenger.train.hash
    assert bundle.definition_id == settings.definition.id
    assert set(bundle.metrics) == {*LEARNERS, "cohorts"}
    assert set(bundle.reasons) == set(bundle.features)
    shares = np.mean(np.array(bundle.band(challenger.fitted.held_out)) == "high")
    assert shares == pytest.approx(0.10, abs=0.01)


@pytest.mark.parametrize(
    ("changed", "is_taken_up"),
    [({}, True), ({"seed": 8}, False), ({"richest_learner": "recency_rule"}, False)],
)
def test_a_version_of_a_run_that_broke_off_is_taken_up_where_settings_are_as_they_were(
    changed: dict[str, Any], is_taken_up: bool, shop: tuple[Challenger, made.Settings]
) -> None:
    challenger, settings = shop
    registry: Any = MemoryRegistry()
    keep(challenger, registry, settings)
    now = settings.model_copy(update={"training": settings.training.model_copy(update=changed)})
    fold = FrozenFold(challenger.train, challenger.test)
    assert (_taken_up("churn", fold, now, registry, {}) is not None) == is_taken_up
    assert _taken_up("churn", fold, now, registry, None) is None, "no run broke off"


def test_promote_writes_the_champion_and_rollback_takes_it_back(shop: tuple[Challenger, made.Settings]) -> None:
    challenger, settings = shop
    registry = MemoryRegistry()
    with pytest.raises(NoChallenger) as none:
        promote("churn", registry, settings)
    assert "churn train" in none.value.mend
    keep(challenger, registry, settings)
    proof = made.certificate(challenger.bundle)
    record = promote("churn", registry, settings, parity=proof).record
    assert registry.certificates == {("churn-made", 1): proof}
    written = json.loads((settings.folder / "champion" / "churn.json").read_text())
    assert written == json.loads(json.dumps(record))
    assert (settings.folder / written["snapshot_path"] / "manifest.json").exists()
    assert written["model_hash"] == challenger.hash
    states = {check["name"]: check["state"] for check in written["gate"]["checks"]}
    assert set(states.values()) == {"passed", "not_required"}
    assert [name for name, state in states.items() if state == "not_required"] == ["against_champion", "leaks"]
    assert all(check["why"] and check["why_zh"] for check in written["gate"]["checks"])
    with pytest.raises(NothingBefore) as nothing:
        rollback("churn", registry, settings)
    assert "churn promote" in nothing.value.mend
    keep(challenger, registry, settings)
    assert promote("churn", registry, settings, parity=proof, is_afresh=True).version.version == 2
    assert [one.version.version for one in rollback("churn", registry, settings)] == [1]
    assert registry.champion("churn-made") == 1
    with pytest.raises(NothingBefore):
        rollback("churn", registry, settings)
    assert [one["act"] for one in history(settings)] == ["promote", "promote", "rollback"]
    assert [one["instead_of"] for one in history(settings)] == [None, 1, 2]


def test_a_model_that_does_not_beat_the_rule_is_refused(shop: tuple[Challenger, made.Settings]) -> None:
    challenger, settings = shop
    registry = MemoryRegistry()
    upside_down = Calibrator(kind="platt", params={"a": 0.0, "b": 0.0})
    keep(
        replace(challenger, bundle=challenger.bundle.model_copy(update={"calibrator": upside_down}), judged=None),
        registry, settings,
    )  # fmt: skip
    with pytest.raises(NotPromoted) as refused:
        promote("churn", registry, settings, parity=made.certificate(challenger.bundle))
    assert "does not beat the recency rule" in refused.value.problem
    assert "goes on serving" in refused.value.mend
    assert refused.value.exit_code == 10
    assert registry.champion("churn-made") is None
    assert history(settings)[-1]["act"] == "refused"


def test_an_equal_challenger_is_refused_and_the_refusal_stands_in_the_history(
    shop: tuple[Challenger, made.Settings],
) -> None:
    challenger, settings = shop
    registry, proof = MemoryRegistry(), made.certificate(challenger.bundle)
    keep(challenger, registry, settings)
    promote("churn", registry, settings, parity=proof)
    keep(challenger, registry, settings)
    with pytest.raises(NotPromoted) as refused:
        promote("churn", registry, settings, parity=proof)
    assert "not better by" in refused.value.problem
    assert "nothing is broken" in refused.value.mend
    assert registry.champion("churn-made") == 1
    line = history(settings)[-1]
    assert (line["act"], line["version"], line["verdict"]["rule"]) == ("refused", 2, "replace")
    assert "未能确定" in line["why_zh"]
    assert registry.tags("churn-made")[2]["last_refused"].endswith(line["hash"][:12])


def _registered(registry: MemoryRegistry, challenger: Challenger, model: str, feature_set_hash: str) -> Version:
    bundle = challenger.bundle.model_copy(update={"model": model, "feature_set_hash": feature_set_hash})
    return registry.register(f"{model}-made", bundle, "", {}, Files())


def test_a_challenger_that_would_split_the_features_of_the_champions_is_held_back(
    shop: tuple[Challenger, made.Settings],
) -> None:
    challenger, settings = shop
    registry = MemoryRegistry()
    registry.crown(_registered(registry, challenger, "reactivation", "other").name, 1)
    keep(challenger, registry, settings)
    before = {path.name: path.read_bytes() for path in (settings.folder / "champion").glob("*.json")}
    proof = made.certificate(challenger.bundle)
    with pytest.raises(NotPromoted) as refused:
        promote("churn", registry, settings, parity=proof)
    assert refused.value.verdict.failed == ["one_feature_set"]
    assert "no reactivation model that reads them waits" in refused.value.problem
    assert "`churn promote --afresh`" in refused.value.mend
    assert "leave_out" in refused.value.mend
    assert registry.champion("churn-made") is None
    assert {path.name: path.read_bytes() for path in (settings.folder / "champion").glob("*.json")} == before
    line = history(settings)[-1]
    assert (line["act"], "在线存储" in line["why_zh"]) == ("refused", True)
    done = promote("churn", registry, settings, parity=proof, is_afresh=True)  # a person says so
    (told,) = (one for one in done.verdict["checks"] if one["name"] == "one_feature_set")
    assert (registry.champion("churn-made"), told["state"]) == (1, "not_required")


def test_champions_change_their_features_together_or_not_at_all(shop: tuple[Challenger, made.Settings]) -> None:
    challenger, settings = shop
    registry = MemoryRegistry()
    for model in MODELS:
        registry.crown(_registered(registry, challenger, model, "old").name, 1)
    new = {model: _registered(registry, challenger, model, "new") for model in MODELS}
    passed, not_passed = Verdict(()), Verdict((failed("calibration", "no", "否"),))

    def failing(churn: Verdict, reactivation: Verdict) -> list[list[str]]:
        found = {"churn": (new["churn"], churn), "reactivation": (new["reactivation"], reactivation)}
        return [verdict.failed for _, verdict in held_back(found, registry, settings).values()]

    assert failing(passed, passed) == [[], []]
    assert failing(passed, not_passed) == [["one_feature_set"], ["calibration"]]
    assert failing(not_passed, passed) == [["calibration"], ["one_feature_set"]]
    afresh = {"churn": (new["churn"], passed), "reactivation": (new["reactivation"], not_passed)}
    ((_, verdict), _) = held_back(afresh, registry, settings, is_afresh=True).values()
    assert verdict.failed == ["one_feature_set"]  # the other has one that could go with it
    registry.crown("reactivation-made", 2)  # a kill between the two: what is left may follow
    assert failing(passed, passed) == [[], []]
    ((_, verdict),) = held_back({"churn": (new["churn"], passed)}, registry, settings).values()
    assert verdict.passed


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (None, "no certificate"),
        ({"passed": False, "mismatches": 2}, "7 of 9 on-line rows"),
        ({"feature_set_hash": "0" * 12}, "of other features"),
        ({"definition_id": "0" * 12}, "of other features"),
    ],
)
def test_without_a_certificate_of_its_features_nobody_is_promoted(
    changed: dict[str, Any] | None, why: str, shop: tuple[Challenger, made.Settings]
) -> None:
    challenger, settings = shop
    registry = MemoryRegistry()
    keep(challenger, registry, settings)
    with pytest.raises(NotPromoted) as refused:
        promote(
            "churn",
            registry,
            settings,
            parity=None if changed is None else made.certificate(challenger.bundle, **changed),
        )
    assert why in refused.value.problem
    assert "`churn features parity`" in refused.value.mend
    assert registry.champion("churn-made") is None
    bundle = challenger.bundle
    assert (
        parity_check(made.certificate(challenger.bundle), bundle.feature_set_hash, bundle.definition_id).state
        == "passed"
    )


def test_the_paired_interval_holds_its_level() -> None:
    random, covered = np.random.default_rng(0), 0
    for turn in range(200):
        p = random.uniform(0.2, 0.8, 300)
        ours, theirs = np.clip(p + 0.03 * random.normal(size=(2, 300)), 0.05, 0.95)
        outcome = (random.random(300) < p).astype(float)
        expected = np.mean(-p * np.log(ours / theirs) - (1 - p) * np.log((1 - ours) / (1 - theirs)))
        low, high = paired_difference(outcome, ours, theirs, np.arange(300), seed=turn)
        covered += low <= expected <= high
    assert covered >= 178  # 95% of 200 is 190; P(< 178) is below one in a million


def test_the_card_tells_what_a_person_asks(shop: tuple[Challenger, made.Settings]) -> None:
    challenger, _ = shop
    found = reasons_told(challenger, seed=7)
    assert sum(one.share for one in found.groups) == pytest.approx(1)
    card = markdown(challenger, found)
    for expected in (
        challenger.train.hash,
        challenger.hash,
        "recency_rule",
        "Where not to trust it",
        found.features[0].feature,
    ):
        assert expected in card
    _, _, rest = card.partition("| bin | n | mean probability | what happened |\n")
    bins = [[float(cell) for cell in line.strip("| ").split(" | ")] for line in rest.split("\n\n")[0].splitlines()[1:]]
    assert len(bins) == 10
    assert sum(n for _, n, _, _ in bins) == len(challenger.test_rows.outcome)
    error = sum(n * abs(told - happened) for _, n, told, happened in bins) / len(challenger.test_rows.outcome)
    (result,) = (one for one in challenger.results if one["learner"] == challenger.bundle.learner)
    assert error == pytest.approx(result["ece"], abs=2e-4)
    opened = page(challenger, found, {"calibration.png": b"png"})
    assert "http" not in opened
    assert "data:image/png;base64," in opened
