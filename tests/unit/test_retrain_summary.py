"""The summary of a retraining that promoted nobody says why, of each model."""

import json
from pathlib import Path

from cli.journal import Journal
from cli.outcome import Outcome
from cli.retrain_summary import Summary
from tests.unit.training import made


def test_a_challenger_that_is_no_better_is_told_with_the_reason(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    (settings.folder / "champion").mkdir(parents=True)
    for model in ("churn", "reactivation"):
        record = {"version": 1, "model_hash": "h", "metrics": {}, "model": model}
        (settings.folder / "champion" / f"{model}.json").write_text(json.dumps(record))
    journal = Journal(settings.folder)
    journal.begin({"champions": {"churn": 1, "reactivation": 1}, "scores": {}, "versions": {}})
    why = "churn-made version 2 may not serve: not better by 0.01 beyond doubt."
    promoted = Outcome(f"No reactivation model was trained.\n{why}\nTo mend it: wait.", [], 0)
    told = Summary(settings, journal).done({"promote": promoted}, 0)
    churn, reactivation, *_ = told.text.splitlines()
    assert churn == f"churn: version 1 goes on serving. {why}"
    assert reactivation == "reactivation: version 1 goes on serving. no challenger was promoted"
    assert told.as_json["refused"] == {}
