"""What monitoring found at `/metrics`: as it wrote it, read again when it changes, and no spoilt line."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as parsed

from monitoring.section import Figure
from monitoring.textfile import text_of
from serving.metrics import Metrics
from serving.monitor_figures import FILE, MonitorFigures

FIGURES = [
    Figure("churn_monitor_verdict", 1, "The verdict.", {"model": "churn", "verdict": "keep"}),
    Figure("churn_monitor_run_timestamp_seconds", 1.7e9, "When."),
    Figure("churn_monitor_score_psi", -1.5e-07, "PSI.", {"version": 'odd "\\\n name, {}'}),
]


def test_what_monitoring_wrote_is_told_and_read_again_when_it_changes(tmp_path: Path) -> None:
    told = MonitorFigures(tmp_path)
    assert told.text() == b""
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text_of(FIGURES))
    assert told.text().decode() == text_of(FIGURES)
    text = (Metrics().text() + told.text()).decode()
    found = {one.name: one for one in parsed(text)}
    assert found["churn_monitor_score_psi"].samples[0].labels["version"] == 'odd "\\\n name, {}'
    assert found["churn_monitor_verdict"].documentation == "The verdict."
    (tmp_path / FILE).unlink()
    assert told.text() == b""


def test_a_spoilt_file_costs_its_spoilt_lines_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    good = text_of(FIGURES[:2])
    for spoilt in ("up 1", 'churn_monitor_rows{model="a} 1', "churn_monitor_rows", "churn_monitor_rows nan", "\x00"):
        (tmp_path / FILE).write_text(f"{good}{spoilt}\n")
        assert MonitorFigures(tmp_path).text().decode() == good
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    assert MonitorFigures(tmp_path).text() == b""
