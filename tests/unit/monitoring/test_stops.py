"""A stop holds until a person lets a model serve again."""

import json
from pathlib import Path

from monitoring.champion import champions
from monitoring.findings import Findings
from monitoring.looking import look
from monitoring.stops import VERDICT, lift, stopped
from monitoring.verdict import judge
from tests.monitored_shop import Shop


def _judged(folder: Path, **models: dict[str, object]) -> None:
    (folder / VERDICT).parent.mkdir(parents=True, exist_ok=True)
    (folder / VERDICT).write_text(json.dumps({"verdict": "stop", "models": models}))


def test_only_a_stop_stops(tmp_path: Path) -> None:
    _judged(
        tmp_path,
        churn={"verdict": "stop", "version": "churn-demo/1", "stopped_at": "2024-01-01"},
        reactivation={"verdict": "retrain", "version": "reactivation-demo/1", "stopped_at": None},
    )
    assert stopped(tmp_path) == {"churn-demo/1": "2024-01-01"}


def test_a_lifted_stop_is_gone_and_the_other_model_keeps_its_own(tmp_path: Path) -> None:
    one = {"verdict": "stop", "version": "churn-demo/1", "stopped_at": "2024-01-01"}
    _judged(tmp_path, churn=one, reactivation=one | {"version": "reactivation-demo/1"})
    lift(tmp_path, "churn")
    assert stopped(tmp_path) == {"reactivation-demo/1": "2024-01-01"}


def test_nobody_is_stopped_before_the_first_verdict(tmp_path: Path) -> None:
    assert stopped(tmp_path) == {}
    lift(tmp_path, "churn")
    assert not (tmp_path / VERDICT).exists()


def test_a_stop_outlives_a_better_verdict_until_it_is_lifted(shop: Shop) -> None:
    shop.write_scores(shop.now())
    version = champions(shop.settings.folder, "monitored")[0].version
    _judged(shop.settings.folder, churn={"verdict": "stop", "version": version, "stopped_at": "2024-01-01"})
    held = judge(_found(shop), shop.settings.monitoring)
    assert (held.outcome, held.reasons[0].code) == ("stop", "stopped_before")
    assert "churn promote" in held.reasons[0].mend[0]
    lift(shop.settings.folder, "churn")
    assert judge(_found(shop), shop.settings.monitoring).outcome == "keep"


def _found(shop: Shop) -> Findings:
    return look(shop.settings, progress=lambda what: None).findings[0]
