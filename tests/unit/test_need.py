"""`churn retrain --if-needed`: what speaks for training, what against it, and with which exit code it ends."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from churn.monitoring_sections import Monitoring
from churn.settings import Settings
from cli import monitoring, retrain
from cli.journal import Journal
from cli.need import need
from cli.outcome import Outcome
from features.atomic import write_json
from monitoring.reason import EXIT_CODES, worst
from tests.unit.training import made


def judged(settings: Settings, **outcomes: str) -> dict[str, Any]:
    """A verdict on models, written."""
    outcome = worst(list(outcomes.values()))
    content = {
        "verdict": outcome, "exit_code": EXIT_CODES[outcome], "as_of": "2025-01-01T00:00:00+00:00",
        "models": {model: {"verdict": one, "version": f"{model}-made/1"} for model, one in outcomes.items()},
        "summary": {"en": "A sentence.", "zh": "一句话。"},
    }  # fmt: skip
    write_json(settings.folder / "monitoring" / "verdict.json", content)
    return content


@pytest.mark.parametrize(
    ("outcomes", "is_needed", "code", "said"),
    [
        ({"churn": "keep", "reactivation": "keep"}, False, 0, "Nothing is retrained."),
        ({"churn": "watch"}, False, 21, "Nothing is retrained."),
        ({"churn": "cannot_tell"}, False, 23, "Nothing is retrained."),
        ({"churn": "stop", "reactivation": "retrain"}, False, 22, "while a model is stopped"),
        ({"churn": "watch", "reactivation": "retrain"}, True, 20, "To be retrained: reactivation"),
    ],
)
def test_the_verdict_decides(tmp_path: Path, outcomes: dict[str, str], is_needed: bool, code: int, said: str) -> None:
    settings = made.settings(tmp_path)
    judged(settings, **outcomes)
    found = need(settings)
    assert (found.is_needed, found.exit_code) == (is_needed, code)
    assert said in found.text
    assert "A sentence." in found.text


def test_it_is_not_tried_every_day(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    judged(settings, churn="retrain")
    for days, is_needed in ((6.9, False), (7.1, True)):
        at = datetime.now(UTC) - timedelta(days=days)
        summary = {"state": "done", "ended_at": at.isoformat(timespec="seconds")}
        write_json(settings.folder / "retrain" / "2025-01-01T000000Z.json", summary)
        found = need(settings)
        assert (found.is_needed, found.exit_code) == (is_needed, 20)
    write_json(settings.folder / "retrain" / "2025-01-01T000000Z.json", summary | {"state": "failed"})
    assert need(settings).is_needed
    write_json(settings.folder / "retrain" / "2025-01-02T000000Z.json", ["spoilt"])
    (settings.folder / "retrain" / "2025-01-03T000000Z.json").write_text("{")
    assert need(settings).is_needed
    often = settings.model_copy(update={"monitoring": Monitoring(retrain_every_days=0)})
    write_json(settings.folder / "retrain" / "2025-01-01T000000Z.json", summary | {"ended_at": str(datetime.now(UTC))})
    assert need(often).is_needed


@pytest.mark.parametrize(
    "stale", ["none", "spoilt", "a number", "of before", "newer log", "newer champion", "of tomorrow"]
)
def test_a_verdict_that_is_not_of_todays_files_is_made_anew(
    tmp_path: Path, stale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = made.settings(tmp_path)
    content, path = judged(settings, churn="retrain"), settings.folder / "monitoring" / "verdict.json"
    now = time.time()
    if stale == "none":
        path.unlink()
    elif stale == "spoilt":
        path.write_text("{")
    elif stale == "a number":
        path.write_text("5")
    elif stale.startswith("newer"):
        other = settings.folder / ("log/manifest.json" if stale == "newer log" else "champion/churn.json")
        write_json(other, {})
        os.utime(other, (now + 5, now + 5))
    else:
        at = now + 86_400 if stale == "of tomorrow" else now - 37 * 3600
        os.utime(path, (at, at))
    kept = content | {"verdict": "keep", "exit_code": 0, "models": {"churn": {"verdict": "keep"}}}
    looked: list[str] = []

    def look(_: Settings) -> Outcome:
        looked.append(stale)
        return Outcome("", kept)

    monkeypatch.setattr(monitoring, "monitor", look)
    assert not need(settings).is_needed
    assert looked == [stale]


def test_a_dry_run_says_whether_there_is_a_need_and_looks_at_nothing(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    judged(settings, churn="watch")
    dry = retrain.plan(settings, if_needed=True)
    assert (dry.text.splitlines()[-1], dry.as_json["steps"]) == ("Nothing is retrained.", [])
    judged(settings, churn="retrain")
    dry = retrain.plan(settings, if_needed=True)
    assert "To be retrained: churn" in dry.text
    assert dry.as_json["steps"]
    (settings.folder / "monitoring" / "verdict.json").unlink()
    assert "Monitoring would look first" in retrain.plan(settings, if_needed=True).text


def test_nothing_is_trained_in_vain_and_what_broke_off_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = made.settings(tmp_path)
    trained: list[str] = []
    monkeypatch.setattr(retrain, "retrain", lambda _: trained.append("yes") or Outcome("done", {}))
    judged(settings, churn="watch")
    outcome = retrain.if_needed(settings)
    assert (outcome.exit_code, outcome.as_json["retrained"], trained) == (21, False, [])
    judged(settings, churn="retrain")
    assert retrain.if_needed(settings).exit_code == 0
    assert trained == ["yes"]
    judged(settings, churn="keep")
    Journal(settings.folder).begin({"versions": {}})
    retrain.if_needed(settings)
    assert trained == ["yes", "yes"]
    assert json.loads((settings.folder / "retrain" / "journal.json").read_text())["runs"]
