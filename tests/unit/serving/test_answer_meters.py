"""Meters of answers: what is counted of each, names and labels as Prometheus wants them, and many workers together."""

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from churn.clock import StoppedClock
from tests import tiny_service
from tests.conftest import require
from tests.tiny_service import AS_OF

ROOT = Path(__file__).parents[3]


@pytest.fixture
def text(tmp_path: Path) -> str:
    """What is told once each of the eight customers was asked for."""
    with tiny_service.client(tmp_path) as asked:
        ids = [row.customer_id for row in tiny_service.rows()]
        assert asked.post("/v1/score", json={"customer_ids": [*ids, "nobody"]}).status_code == 200
        return asked.get("/metrics").text


def value(text: str, name: str, **labels: str) -> float:
    """The one sample of that name and those labels."""
    (found,) = [
        sample.value
        for family in parsed(text)
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    ]
    return float(found)


def test_every_probability_that_was_told_is_counted_by_its_model(text: str) -> None:
    told = {model: value(text, "churn_score_probability_count", model=model) for model in ("churn", "reactivation")}
    assert told == {"churn": 2.0, "reactivation": 1.0}
    below = [value(text, "churn_score_probability_bucket", model="churn", le=bound) for bound in ("0.5", "1.0", "+Inf")]
    assert below[0] < below[1] == below[2] == 2.0
    assert value(text, "churn_score_probability_count", model="none") == 0.0


def test_the_age_of_features_is_counted_whether_or_not_they_were_too_old(text: str) -> None:
    def ages(le: str) -> float:
        return value(text, "churn_features_age_seconds_bucket", model="churn", le=le)

    assert ages("43200.0") == 4.0  # twelve hours
    assert ages("86400.0") == 4.0
    assert ages("129600.0") == 5.0  # with the row that abstains, beyond 36 hours by a microsecond that rounding takes
    assert value(text, "churn_features_age_seconds_sum", model="reactivation") == 12 * 3600


def test_abstentions_are_counted_by_code(text: str) -> None:
    assert value(text, "churn_answers_total", model="none", answer="unknown_customer") == 1.0
    assert value(text, "churn_answers_total", model="churn", answer="feature_set_changed") == 2.0


def test_a_clock_that_stepped_back_takes_nothing_from_a_sum(tmp_path: Path) -> None:
    behind = tiny_service.scorer(clock=StoppedClock(AS_OF - timedelta(days=1)))
    with tiny_service.client(tmp_path, answering=behind) as asked:
        asked.post("/v1/score", json={"customer_ids": ["C1"]})
        assert value(asked.get("/metrics").text, "churn_features_age_seconds_sum", model="churn") == 0.0


def test_names_are_as_prometheus_wants_them_and_each_says_what_it_is(text: str) -> None:
    units = ("_seconds", "_probability", "_total", "_up", "_info", "_versions", "_waiting", "_lag_seconds")
    for family in parsed(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        if name.endswith("_created"):
            continue
        assert re.fullmatch(r"churn_[a-z_]+", name)
        assert name.endswith(units), name
        assert len(family.documentation) > 10
        assert {label for sample in family.samples for label in sample.labels} <= {
            "route", "method", "status", "model", "answer", "version", "what", "reason", "receiver", "le",
        }  # fmt: skip


def test_no_label_holds_what_a_caller_wrote(text: str) -> None:
    assert "nobody" not in text
    assert "C1" not in text


def test_promtool_finds_nothing_to_complain_of(text: str) -> None:
    require(shutil.which("promtool"), "promtool", "install Debian's prometheus; .ci/run does")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


WORKERS = """
import os
import sys
from datetime import UTC, datetime
from serving.meters_folder import forget_dead_workers
from serving.metrics import Metrics
from serving.schemas import Score
first = os.fork()
metrics = Metrics()
metrics.store(answers=True)
metrics.answers([Score(score_id="s", customer_id="c", model="churn", band="high", probability=0.75, clock="wall",
    features_age_hours=1.5, scored_at=datetime.now(UTC), definition_id="d")] * (3 if first else 2))
if first:
    os.waitpid(first, 0)
    forget_dead_workers()
    sys.stdout.write(metrics.text().decode())
"""


def test_what_dead_workers_counted_is_told_with_what_others_count(tmp_path: Path) -> None:
    around = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", WORKERS], env=around, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert value(told, "churn_answers_total", model="churn", answer="high") == 5.0
    assert value(told, "churn_score_probability_count", model="churn") == 5.0
    assert value(told, "churn_features_age_seconds_sum", model="churn") == 5 * 1.5 * 3600
    assert value(told, "churn_store_up") == 1.0
    assert len(list(tmp_path.glob("counter_*.db"))) == 2
    assert len(list(tmp_path.glob("gauge_livemin_*.db"))) == 1
