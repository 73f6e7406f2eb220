"""Champions of before verdicts were signed: who promotion let in is vouched for, whoever else is not."""

import json
from pathlib import Path
from typing import Any

from churn.warrant import Artifact, fault
from features.atomic import write_json
from features.signing_key import own_key
from features.vouching import vouch_for_champions

RECORD: dict[str, Any] = {
    "model": "churn", "name": "churn-made", "version": 2, "model_hash": "a" * 64, "feature_set_hash": "b",
    "definition_id": "c", "history_hash": "h2",
}  # fmt: skip
LINE: dict[str, Any] = {
    "act": "promote", "at": "2026-01-01T00:00:00+00:00", "who": "ana", "hash": "h2", "name": "churn-made", "version": 2,
    "model_hash": "a" * 64, "verdict": {"passed": True, "checks": [{"name": "parity", "state": "passed"}]},
}  # fmt: skip


def migrated(folder: Path, record: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    path = folder / "champion" / "churn.json"
    write_json(path, record)
    path.with_name("history.jsonl").write_text(json.dumps(line) + "\n")
    vouch_for_champions(folder)
    vouch_for_champions(folder)  # it may be run again
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_whom_promotion_let_in_is_vouched_for(tmp_path: Path) -> None:
    found = migrated(tmp_path, RECORD, LINE)
    artifact = Artifact("churn", "churn-made", 2, "a" * 64, "b", "c")
    assert fault(found["warrant"], own_key(tmp_path), artifact) is None
    assert {name: found[name] for name in RECORD} == RECORD


def test_whoever_else_is_not(tmp_path: Path) -> None:
    for number, changed in enumerate(
        ({"hash": "h1"}, {"version": 1}, {"model_hash": "f" * 64}, {"act": "refused"}, {"name": "churn-other"})
    ):
        assert "warrant" not in migrated(tmp_path / str(number), RECORD, LINE | changed)


def test_without_champions_nothing_is_made(tmp_path: Path) -> None:
    vouch_for_champions(tmp_path)
    assert list(tmp_path.iterdir()) == []
