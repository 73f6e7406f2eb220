"""Evidently's own UI on the results of all runs: a project a model, a snapshot a run, a dashboard made as code.

The workspace is made anew from the snapshots in `monitoring/runs/` each time the UI is opened, so nothing is added
twice, and what was pruned is gone here too. Panels are lines: a counter of Evidently's says "no value" where that is 0.
Speaks Evidently. Start reading at `build`; `serve` runs the UI.
"""

import gzip
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from churn.cohort import MODELS
from features.atomic import draft_folder
from monitoring.report import snapshot_beside
from monitoring.runs import runs_of

WORKSPACE = Path("monitoring") / "workspace"
MOST_RUNS = 120  # newest of each model
MOST_LINES = 8  # features of the newest run that have a line


def build(folder: Path, business: str) -> tuple[Path, dict[str, int]]:
    """Make the workspace; where it lies, and how many runs of each model it has.

    Args:
        folder: the artifacts of the business.
        business: name, plain text.
    """
    target = folder / WORKSPACE
    counts = {}
    with draft_folder(target) as draft:
        for model in MODELS:
            kept = [snapshot_beside(run / f"evidently-{model}.html") for _, run in runs_of(folder)]
            kept = [one for one in kept if one.is_file()][-MOST_RUNS:]
            if kept:
                _project(draft, f"{business}: {model}", kept)
                counts[model] = len(kept)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    return target, counts


def _project(workspace: Path, name: str, kept: Sequence[Path]) -> None:
    """One project with all of its runs and its dashboard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own code
        from evidently import Run
        from evidently.ui.workspace import Workspace

        held = Workspace.create(str(workspace))
        project = held.create_project(name)
        columns: list[str] = []
        for path in kept:
            run = Run.loads(gzip.decompress(path.read_bytes()).decode())
            columns = _columns(run) or columns
            held.add_run(project.id, run)
        for title, metric, column in _panels(columns):
            project.dashboard.add_panel(_panel(title, metric, column), tab="Drift")


def _columns(run: Any) -> list[str]:  # Evidently's Run
    """The columns of a run, in its order: the score first, then what drifts most."""
    told = [one["config"].get("column") for one in run.dict()["metrics"] if "ValueDrift" in one["config"]["type"]]
    return [one for one in told if one]


def _panels(columns: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(f"PSI of {one}", "ValueDrift", one) for one in columns[:MOST_LINES]] + [
        (f"Nulls of {one}", "MissingValueCount", one) for one in columns[1:MOST_LINES]
    ]


def _panel(title: str, metric: str, column: str) -> Any:  # Evidently's panel
    from evidently.sdk.models import PanelMetric
    from evidently.sdk.panels import line_plot_panel

    labels = {"column": column} | ({"value_type": "share"} if metric == "MissingValueCount" else {})
    values = [PanelMetric(legend=column, metric=metric, metric_labels=labels)]
    return line_plot_panel(title, values, size="half")


def serve(workspace: Path, *, host: str, port: int) -> None:
    """Run Evidently's UI on a workspace until somebody ends it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently.ui.service.app import run_local

        run_local(host=host, port=port, workspace=str(workspace))
