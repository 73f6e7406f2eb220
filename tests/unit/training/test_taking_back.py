"""A champion goes back alone where the other reads the same features, and together where they changed them together."""

from pathlib import Path
from typing import Any

import pytest

from cli import champions
from tests.bundles import a_bundle
from tests.unit.training import made
from training import history, taking_back
from training.gate_verdict import Verdict
from training.promote import Promotion, serve
from training.taking_back import NothingBefore, rollback, send_back
from training.versions import Files, MemoryRegistry

FACTS = {"train_snapshot": "snapshots/a", "test_snapshot": "snapshots/b"}
LABEL = {"churn": "churned", "reactivation": "reactivated"}


@pytest.fixture
def settings(tmp_path: Path) -> made.Settings:
    return made.settings(tmp_path)


def reigns(settings: made.Settings, **sets: str) -> MemoryRegistry:
    """Each model's champions, one after the other, by the features that they read: a letter each."""
    registry = MemoryRegistry()
    for model, letters in sets.items():
        for letter in letters:
            bundle = a_bundle(model=model, label=LABEL[model], feature_set_hash=letter)
            version = registry.register(f"{model}-made", bundle, "tree", FACTS, Files())
            line = history.compose("promote", version, settings, verdict=Verdict((), "first").as_json())
            serve(version, registry, settings, line)
    return registry


def serving(registry: MemoryRegistry) -> tuple[int | None, int | None]:
    return registry.champion("churn-made"), registry.champion("reactivation-made")


def test_champions_of_one_set_go_back_one_by_one(settings: made.Settings) -> None:
    registry = reigns(settings, churn="aa", reactivation="aa")
    (back,) = rollback("churn", registry, settings)
    assert back.version.version == 1
    assert serving(registry) == (1, 2)


@pytest.mark.parametrize("act", ["rollback", "return"])
def test_who_changed_features_together_goes_back_together(act: str, settings: made.Settings) -> None:
    registry = reigns(settings, churn="ab", reactivation="ab")
    if act == "rollback":
        went = rollback("churn", registry, settings)
    else:
        went = send_back("churn", registry, settings, why=("it broke a floor", "跌破下限"))
    assert [(one.record["model"], one.version.version) for one in went] == [("churn", 1), ("reactivation", 1)]
    assert serving(registry) == (1, 1)
    lines = history.read(settings)[-2:]
    assert [one["act"] for one in lines] == [act, "rollback"]
    assert "one set of features" in lines[1]["why"]
    assert "一组特征" in lines[1]["why_zh"]
    with pytest.raises(NothingBefore):
        rollback("reactivation", registry, settings)


def test_a_champion_goes_back_alone_where_the_other_has_none_of_its_features(settings: made.Settings) -> None:
    """What is broken must not go on serving; the other abstains, as a store of other features makes it."""
    registry = reigns(settings, churn="ab", reactivation="b")
    assert len(rollback("churn", registry, settings)) == 1
    assert serving(registry) == (1, 1)


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        (("aa", "aa"), []),
        (("ab", "ab"), ["churn features materialise"]),
        (("ab", "b"), ["churn features materialise", "`churn retrain`", "churn rollback --model reactivation"]),
    ],
)
def test_the_command_says_what_other_features_ask_for(
    sets: tuple[str, str], told: list[str], settings: made.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = reigns(settings, churn=sets[0], reactivation=sets[1])
    monkeypatch.setattr("training.registry.MlflowRegistry", lambda _settings: registry)
    monkeypatch.setattr("features.registry_place.may_exist", lambda _settings: True)
    said = champions.rollback(settings, "churn").text
    assert "churn-made version" in said
    for one in told:
        assert one in said
    assert ("other features" in said) is bool(told)
    assert ("feature_set_changed" in said) is (sets[1] == "b"), "only where the two are left on different features"


def test_who_was_left_behind_by_a_kill_goes_back_by_name(
    settings: made.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, serve_again, acts = reigns(settings, churn="aab", reactivation="ab"), taking_back._serve_again, []

    def killed(*asked: Any) -> Promotion:
        acts.append(asked)
        if len(acts) == 2:
            raise KeyboardInterrupt
        return serve_again(*asked)

    monkeypatch.setattr(taking_back, "_serve_again", killed)
    with pytest.raises(KeyboardInterrupt):
        rollback("churn", registry, settings)
    assert serving(registry) == (2, 2)
    (back,) = rollback("reactivation", registry, settings)
    assert back.version.version == 1
    assert serving(registry) == (2, 1), "the churn model goes no further back"
