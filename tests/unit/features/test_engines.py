"""Engines: what is asked of a cluster before any work is sent, and errors that travel between processes."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from churn.errors import ChurnError, WrongColumns
from churn.sections import Cluster
from churn.settings import Settings
from features import engines
from features.distributed import Stands, UnlikeWorkers, UnsharedFolder, check, stands
from features.log import BrokenLog
from features.parts import HERE, ReplacedLog, log_parts
from tests.clustered_shop import ingested


class Workers:
    """A client whose workers and scheduler answer as they are told."""

    def __init__(self, scheduler: Exception | None = None, **answers: Stands | Exception) -> None:
        self.scheduler, self.answers = scheduler, answers

    def run(self, _function: Callable[[Path], Stands], _folder: Path, *, on_error: str) -> dict[str, Any]:
        assert on_error == "return"
        return self.answers

    def run_on_scheduler(self, function: Callable[[Path], Stands], folder: Path) -> Stands:
        if self.scheduler:
            raise self.scheduler
        return function(folder)


def test_workers_of_another_version_are_refused(tmp_path: Path) -> None:
    own = stands(tmp_path)
    check(Workers(one=own, other=own), tmp_path)
    older = Stands(own.runs | {"commit": "0123"}, sees=True)
    with pytest.raises(UnlikeWorkers, match=r"1 processes .* other: .*0123") as told:
        check(Workers(one=own, other=older), tmp_path)
    assert "requirements/all.lock" in told.value.mend


def test_workers_without_the_project_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnlikeWorkers, match="No module named 'features'"):
        check(Workers(one=ModuleNotFoundError("No module named 'features'")), tmp_path)


def test_a_scheduler_without_the_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnlikeWorkers, match="the scheduler: No module named 'features'") as told:
        check(Workers(ModuleNotFoundError("No module named 'features'"), one=stands(tmp_path)), tmp_path)
    assert "on the scheduler and every worker" in told.value.mend


def test_workers_that_do_not_see_the_artifacts_are_refused(tmp_path: Path) -> None:
    own = stands(tmp_path)
    with pytest.raises(UnsharedFolder, match="2 Dask workers do not see") as told:
        check(Workers(one=Stands(own.runs, sees=False), two=Stands(own.runs, sees=False), three=own), tmp_path)
    assert "share under the same path" in told.value.mend


def test_the_engine_of_the_settings_is_here_unless_a_cluster_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with engines.engine_of(Settings()) as engine:
        assert engine is HERE
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    asked = Settings(cluster=Cluster(engine="dask"))
    with pytest.raises(engines.NoDask) as told, engines.engine_of(asked):
        pass
    assert "churn[cluster]" in told.value.mend


@pytest.mark.parametrize(
    "error", [BrokenLog(Path("log"), "gone"), WrongColumns("EVENTS", expected=["a"], found=["b"])], ids=lambda e: e.code
)
def test_errors_travel_between_processes(error: ChurnError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.mend) == (type(error), str(error), error.mend)


def test_a_log_that_is_replaced_meanwhile_is_told(tmp_path: Path) -> None:
    settings = ingested(tmp_path, customers=30)
    parts = log_parts(settings.folder)
    assert sum(len(part.read()) for part in parts) > 30
    ingested(tmp_path, customers=20)
    with pytest.raises(ReplacedLog) as told:
        parts[0].read()
    assert "run the command again" in told.value.mend
