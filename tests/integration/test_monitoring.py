"""`churn monitor` with Evidently: everything is written, and every page opens without a network."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from cli.monitoring import monitor
from monitoring.report import FROM_OUTSIDE
from tests.monitored_shop import build

pytestmark = pytest.mark.slow


def test_monitor_writes_verdict_and_pages_though_columns_are_broken(tmp_path: Path) -> None:
    shop = build(tmp_path)
    shop.write_scores(shop.now())
    shop.change_current({"order_total_90d": "a text", "order_mean_90d": np.nan, "visit_count_30d": np.inf})
    outcome = monitor(shop.settings)
    written = shop.settings.folder / "monitoring"
    assert (outcome.exit_code, outcome.as_json["verdict"]) == (22, "stop")
    assert json.loads((written / "verdict.json").read_text()) | {"sent_back": []} == outcome.as_json
    assert "order_total_90d" in outcome.text
    (run,) = (written / "runs").iterdir()
    assert json.loads((run / "verdict.json").read_text()) | {"sent_back": []} == outcome.as_json
    assert f'href="runs/{run.name}/index.html' in (written / "report.html").read_text()
    assert len(list(run.glob("*.html"))) > 5
    for path in (written / "report.html", *run.glob("*.html")):
        page = path.read_text()
        assert not FROM_OUTSIDE.search(page)
        assert not re.search(r"(?:@import\s+|url\(\s*)['\"]?https?:", page)
    columns = {
        metric["config"].get("column")
        for metric in json.loads((run / "evidently.json").read_text())["churn"]["metrics"]
    }
    assert columns == {"score", "order_count_30d", "order_count_90d", "order_count_365d", "order_total_365d"}
