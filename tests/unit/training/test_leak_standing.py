"""What the newest hunt says of a model that asks to serve: of its own log, of a log that grew, of something else."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.training import made
from training.challenger import train
from training.keep import keep
from training.leaks.kept import Learned, mapping_hash, standing_of
from training.promote import NotPromoted, promote
from training.versions import MemoryRegistry


def hunted(**changes: object) -> dict[str, object]:
    """A report as a hunt writes it."""
    report: dict[str, object] = {
        "feature_set_hash": "f", "definition_id": "d", "log_hash": "l", "sources": "s", "cutoffs": ["2024-01-01"] * 6,
        "observed_until": "2024-06-01T00:00:00+00:00", "suspicious_features": [],
    }  # fmt: skip
    return report | changes


LEARNED = Learned(("a", "b"), "f", "d", "l", datetime(2024, 6, 1, tzinfo=UTC), "s")


def test_a_clean_hunt_of_the_models_own_log_passes() -> None:
    found = standing_of(hunted(), LEARNED)
    assert (found.state, "6 cutoffs found none" in found.why, "6 个截止时点" in found.why_zh) == ("passed", True, True)
    assert standing_of(None, None).state == "not_required"


@pytest.mark.parametrize(("days", "en", "zh"), [(30, "30 days before", "30 天前"), (-2, "2 days later", "晚 2 天")])
def test_a_log_that_grew_counts_and_its_age_is_told(days: int, en: str, zh: str) -> None:
    grown = replace(LEARNED, log_hash="m", observed_until=LEARNED.observed_until + timedelta(days=days))
    found = standing_of(hunted(), grown)
    assert (found.state, en in found.why, zh in found.why_zh) == ("passed", True, True)


@pytest.mark.parametrize(
    ("other", "en", "zh"),
    [
        ({"feature_set_hash": "x"}, "other features", "另一组特征"),
        ({"definition_id": "x"}, "another definition", "另一个流失定义"),
        ({"log_hash": "x", "sources": "x"}, "a log of other sources", "其他数据源"),
    ],
)
def test_a_hunt_made_on_something_else_says_nothing_and_is_asked_for_again(
    other: dict[str, str], en: str, zh: str
) -> None:
    found = standing_of(hunted(**other), LEARNED)
    assert found.state == "not_required"
    assert f"made on {en} (log until 2024-06-01): run `churn leaks` again" in found.why
    assert zh in found.why_zh
    assert "请重新运行 `churn leaks`" in found.why_zh
    named = standing_of(hunted(**other, suspicious_features=["b"]), LEARNED)
    assert named.state == "failed", "a name stays until a fresh hunt takes it away"
    assert "run `churn leaks` again" in named.why
    assert zh in named.why_zh
    assert standing_of(hunted(**other, suspicious_features=["c"]), LEARNED).state == "not_required", "it reads no c"


@pytest.mark.parametrize(
    ("suspicions", "held", "state"),
    [
        ([("not_as_known", "b")], "of the champion", "passed"),
        ([("not_as_known", "b")], "mine", "failed"),
        ([("not_as_known", "b"), ("too_good_alone", "b")], "of the champion", "failed"),
        ([("not_as_known", "a"), ("too_good_alone", "b")], "of the champion", "failed"),
    ],
)
def test_rows_frozen_for_the_champion_are_no_fault_of_who_learned_from_others(
    suspicions: list[tuple[str, str]], held: str, state: str
) -> None:
    """Or a source that was corrected would keep every later challenger out: the champion's rows stay as they are."""
    told = [{"check": check, "level": "suspicious", "features": [name]} for check, name in suspicions]
    hunt = hunted(suspicions=told, suspicious_features=[name for _, name in suspicions], frozen_snapshot=held)
    assert standing_of(hunt, replace(LEARNED, snapshot_hash="mine")).state == state


def test_a_mapping_that_changed_makes_other_sources() -> None:
    one = [{"mapping": {"ingested_at": "written"}, "source": "a.csv", "origins": [{"bytes": 1}]}]
    grown = [{**one[0], "origins": [{"bytes": 2}]}]
    assert mapping_hash(one) == mapping_hash(grown)
    assert mapping_hash([{"mapping": {"ingested_at": "sold"}, "source": "a.csv"}]) != mapping_hash(one)


def test_a_hunt_that_named_a_feature_keeps_a_challenger_out_until_a_fresh_one(
    tmp_path: Path,
) -> None:
    settings = made.settings(tmp_path)
    learn, test = made.snapshots(made.log(), settings)
    challenger = train("churn", learn, test, settings, progress=lambda _text: None)
    registry, bundle = MemoryRegistry(), challenger.bundle
    keep(challenger, registry, settings)
    hunt = {
        "feature_set_hash": bundle.feature_set_hash, "definition_id": bundle.definition_id, "sources": mapping_hash([]),
        "log_hash": challenger.test.manifest["log_hash"], "suspicious_features": [bundle.features[0]],
        "cutoffs": ["2023-06-01"], "observed_until": challenger.test.manifest["observed_until"],
    }  # fmt: skip
    report = settings.folder / "leaks" / "report.json"
    report.parent.mkdir()
    report.write_text(json.dumps(hunt))
    with pytest.raises(NotPromoted) as refused:
        promote("churn", registry, settings, parity=made.certificate(bundle))
    assert f"know too much: {bundle.features[0]} (leaks/report.html)" in refused.value.problem
    assert refused.value.verdict.failed == ["leaks"]
    assert "[features] leave_out" in refused.value.mend
    assert "`churn leaks`" in refused.value.mend
    report.write_text(json.dumps(hunt | {"suspicious_features": []}))
    record = promote("churn", registry, settings, parity=made.certificate(bundle)).record
    (leaks,) = (one for one in record["gate"]["checks"] if one["name"] == "leaks")
    assert (leaks["state"], "泄漏排查" in leaks["why_zh"]) == ("passed", True)
