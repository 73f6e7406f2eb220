"""Grafana's dashboard and Prometheus's alarms ask for meters that exist, and every meter that exists is looked at."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families as parsed

from serving.metrics import Metrics
from tests.conftest import require

PACKAGING = Path(__file__).parents[2] / "packaging"
SUFFIXES = {
    "counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum"),
}  # fmt: skip
OURS = re.compile(r"\bchurn_[a-z_]+")
LABELS = {"instance", "job", "route", "status", "model", "answer", "version", "what", "reason", "receiver", "le"}
LABELS |= {"verdict", "code"}
MONITORED = re.compile(r'"(churn_monitor_[a-z0-9_]+)"')
PROMTOOL = "install Debian's prometheus; .ci/run does. Names are checked all the same"


@pytest.fixture(scope="module")
def exported() -> dict[str, str]:
    """Every name that can be asked for, and its family."""
    metrics = Metrics()
    assert metrics.webhooks
    families = [one for one in parsed(metrics.text().decode()) if not one.name.endswith("_created")]
    return {one.name + suffix: one.name for one in families for suffix in SUFFIXES[one.type]}


@pytest.fixture(scope="module")
def monitored() -> dict[str, str]:
    """Figures of `churn monitor`, which the service adds; they are gauges. Not every one needs a panel."""
    folder = Path(__file__).parents[2] / "monitoring"
    named = {name for path in folder.rglob("*.py") for name in MONITORED.findall(path.read_text("utf-8"))}
    return {name: name for name in named}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((PACKAGING / "grafana" / "churn.json").read_text("utf-8"))
    return told


def asked(dashboard: dict[str, Any]) -> Iterator[str]:
    """Every expression of the dashboard."""
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (one["expr"] for one in dashboard["annotations"]["list"])
    yield from (one["definition"] for one in dashboard["templating"]["list"] if one["type"] == "query")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PACKAGING / "prometheus" / "rules.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_dashboard_asks_for_meters_that_exist_and_for_all_of_them(
    dashboard: dict[str, Any], exported: dict[str, str], monitored: dict[str, str]
) -> None:
    names = {name for expression in asked(dashboard) for name in OURS.findall(expression)}
    assert names <= set(exported | monitored)
    assert {exported[name] for name in names - set(monitored)} == set(exported.values())


def test_the_alarms_ask_for_meters_that_exist_and_say_what_to_do(
    exported: dict[str, str], monitored: dict[str, str]
) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for rule in rules():
        assert set(OURS.findall(rule["expr"])) <= set(exported | monitored), rule
        assert set(re.findall(r"\bchurn:[a-z0-9_:]+", rule["expr"])) <= recorded, rule
        if "alert" in rule:
            assert set(rule["annotations"]) == {"summary", "mend"}
            assert rule["labels"]["severity"] in {"page", "ticket"}


def test_what_is_grouped_by_or_filtered_is_a_label(dashboard: dict[str, Any]) -> None:
    for expression in [*asked(dashboard), *(rule["expr"] for rule in rules())]:
        grouped = ",".join(re.findall(r"by \(([^)]*)\)", expression)).replace(" ", "").split(",")
        filtered = re.findall(r"([a-z_]+)(?:=~|!~|!=|=)\"", expression)
        assert {*grouped, *filtered} - {""} <= LABELS, expression


def test_every_panel_has_what_grafana_needs_and_none_lies_on_another(dashboard: dict[str, Any]) -> None:
    assert {"uid", "title", "schemaVersion", "panels", "templating", "annotations", "time"} <= set(dashboard)
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["type"] in {"stat", "timeseries", "heatmap"}
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert [target["refId"] for target in panel["targets"]] == list("ABCD"[: len(panel["targets"])])
        assert all('instance=~"$instance"' in target["expr"] for target in panel["targets"])
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    places = [panel["gridPos"] for panel in panels]
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_promtool_reads_rules_and_queries_and_raises_the_alarms_it_should(
    dashboard: dict[str, Any], tmp_path: Path
) -> None:
    require(shutil.which("promtool"), "promtool", PROMTOOL)
    queries = [one for one in asked(dashboard) if not one.startswith("label_values")]
    recorded = [
        {"record": f"query_{number}", "expr": one.replace("$__rate_interval", "5m").replace("$", "")}
        for number, one in enumerate(queries)
    ]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": recorded}]}))
    folder = PACKAGING / "prometheus"
    for words in (
        ["check", "rules", str(tmp_path / "queries.yml")],
        ["check", "rules", "rules.yml"],
        ["test", "rules", "rules_test.yml"],
        ["check", "config", "--syntax-only", "scrape.yml"],
    ):
        done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
