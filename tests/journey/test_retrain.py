"""Retraining killed by the system at every stage: the next run goes on, ends right, and nothing is half-promoted."""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import pandas as pd
import pytest

from churn.errors import NoChampion
from churn.settings import Settings, load
from cli.journal import JOURNAL
from cli.steps import Step, steps
from features.current_file import read_manifest
from serving import admission, champion
from tests.command_line import churn
from tests.short_shop import DEFINITION, FLOORS
from tests.unit.training import made
from training.promote import history
from training.registry import MlflowRegistry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
cloudpickle.register_pickle_by_value(sys.modules[__name__])
CUSTOMERS = 900
TOML = (
    """
[business]
slug = "made"
clock = "log"
"""
    + DEFINITION
    + """
[training]
"""
    + FLOORS
    + """
max_cutoffs = 3
test_cutoffs = 1
[[source]]
path = "orders.csv"
customer_id = "customer_id"
event_type = "'order'"
event_timestamp = "at"
amount = "amount"
"""
)
NAMES = [step.name for step in steps(made.settings(Path()))]
AT_WORST = "one model registered", "alias moved", "batch half-written"  # each leaves two things that disagree
WITHIN = {  # what is done within a step: the module, what is killed after it, and the step
    "run logged, no version": ("training.registry_runs", "Runs.log_model", "train"),
    "one model registered": ("cli.training", "_trained", "train"),
    "hunt half-written": ("training.leaks.kept", "write_json", "leaks"),
    "alias moved": ("training.registry", "MlflowRegistry.crown", "promote"),
    "rows computed": ("features.store", "FeatureStore.apply", "materialise"),
    "batch half-written": ("serving.batch", "score_piece", "score --all"),
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A business that has never been trained."""
    (tmp_path / "churn.toml").write_text(TOML, encoding="utf-8")
    write(tmp_path, until="2023-11-15")
    return tmp_path / "churn.toml"


def write(folder: Path, until: str) -> None:
    log = made.log(CUSTOMERS).rename(columns={"event_timestamp": "at"})
    log[log["at"] < pd.Timestamp(until, tz="UTC")].to_csv(folder / "orders.csv", index=False)


CHILD = """
import json, sys
from pathlib import Path
import cloudpickle
task, gave = map(Path, sys.argv[1:])
gave.write_text(json.dumps(cloudpickle.loads(task.read_bytes())()))
"""


def forked(work: Callable[[], Any]) -> tuple[int, Any]:
    """Work in a process of its own: how it ended, and what it gave.

    Not a fork: a process that has ever computed with threads leaves children that wait for locks nobody holds.
    """
    with tempfile.TemporaryDirectory() as folder:
        task, gave = Path(folder) / "task", Path(folder) / "gave"
        task.write_bytes(cloudpickle.dumps(work))
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", CHILD, str(task), str(gave)], env=env, check=False)
        return done.returncode, json.loads(gave.read_text()) if gave.exists() else None


def retrained(config: Path) -> dict[str, Any]:
    """Retrain: the exit code, and what it says for machines."""

    def work() -> dict[str, Any]:
        said = churn("retrain", "--json", config=config)
        return {"code": said.code, "err": said.err[-4000:], "summary": json.loads(said.out)["summary"]}

    status, result = forked(work)
    assert status == 0
    return dict(result)


def dying(config: Path, arm: Callable[[], None]) -> bool:
    """Retrain in a process that is to kill itself; whether it did."""

    def work() -> None:
        arm()
        churn("retrain", config=config)

    status, _ = forked(work)
    return status == -signal.SIGKILL


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before_step(name: str) -> None:
    """Die when a step begins."""
    room = importlib.import_module("cli.steps")
    do = room._done

    def done(step: Step, *rest: Any) -> Any:
        if step.name == name:
            kill()
        return do(step, *rest)

    room._done = done  # type: ignore[attr-defined]


def before_note(name: str) -> None:
    """Die when a step is done, and nobody knows yet."""
    from cli.journal import Journal

    write_down = Journal.note

    def note(journal: Journal, step: str, *rest: Any) -> Any:
        if step == name:
            kill()
        return write_down(journal, step, *rest)

    Journal.note = note  # type: ignore[method-assign]


def after(module: str, path: str) -> None:
    """Die when a function has done its work."""
    place: Any = importlib.import_module(module)
    *owners, name = path.split(".")
    for owner in owners:
        place = getattr(place, owner)
    work = getattr(place, name)

    def worked(*args: Any, **named: Any) -> Any:
        work(*args, **named)
        kill()

    setattr(place, name, worked)


def served(config: Path) -> int | None:
    """The version that serves, which alias, record and history agree upon; a service would start with it."""
    settings = load(config)
    status, held = forked(lambda: {model: one.version for model, one in _fetched(settings).items()})
    assert status == 0
    record = settings.folder / "champion" / "churn.json"
    if "churn" not in held:
        assert not record.exists()
        return None
    version = int(json.loads(record.read_text(encoding="utf-8"))["version"])
    acts = [act for act in history(settings) if act["name"] == "churn-made" and act["act"] == "promote"]
    assert (held["churn"], acts[-1]["version"]) == (f"churn-made/{version}", version)
    return version


def _fetched(settings: Settings) -> dict[str, admission.Held]:
    try:
        return champion.fetch(settings)
    except NoChampion:
        return {}


def test_killed_where_half_is_done(config: Path) -> None:
    for what in AT_WORST:
        assert dying(config, lambda what=what: after(*WITHIN[what][:2])), what  # type: ignore[misc]
        assert (load(config).folder / JOURNAL).exists()
    ended_right(config, runs=len(AT_WORST) + 1)


@pytest.mark.nightly
@pytest.mark.parametrize("stages", [(before_note,), (before_step, before_note)])
def test_killed_at_every_stage(stages: tuple[Callable[[str], None], ...], config: Path) -> None:
    """Each run goes on where the one before was killed, and is killed a little later."""
    settings = load(config)
    for name in NAMES:
        assert served(config) == (None if NAMES.index(name) <= NAMES.index("promote") else 1)
        for what, (module, path, step) in WITHIN.items():
            if step == name:
                assert dying(config, lambda module=module, path=path: after(module, path)), what  # type: ignore[misc]
        for stage in stages:
            assert dying(config, lambda stage=stage, name=name: stage(name)), name  # type: ignore[misc]
        assert (settings.folder / JOURNAL).exists()
    ended_right(config, runs=len(stages) * len(NAMES) + len(WITHIN) + 1)
    status, code = forked(lambda: churn("reproduce", config=config).code)
    assert (status, code) == (0, 0), "the model is what an undisturbed training makes"


@pytest.mark.nightly
def test_what_changed_since_the_kill_is_done_again(config: Path) -> None:
    """A champion serves, newer events come, a run is killed, and newer ones still: who serves is told by all alike."""
    assert retrained(config)["code"] in (0, 15)
    write(config.parent, until="2023-12-15")
    assert dying(config, lambda: after("training.registry", "MlflowRegistry.nominate"))
    assert served(config) == 1
    write(config.parent, until="2024-01-01")
    said = retrained(config)
    assert "by a run that broke off" not in said["err"]
    assert served(config) == said["summary"]["models"]["churn"]["now"]
    assert {one["step"] for one in said["summary"]["steps"]} >= set(NAMES) - {"prove", "promote"}


def ended_right(config: Path, runs: int) -> None:
    """The run ends, and everything is of the version that serves now."""
    settings, said = load(config), retrained(config)
    assert said["code"] in (0, 15), said
    summary = said["summary"]
    assert len(summary["runs"]) == runs
    assert summary["models"]["churn"]["is_new"]
    assert summary["scores"]["churn"]["now"]["versions"] == ["churn-made/1"]
    assert served(config) == 1
    name = settings.model_name("churn")
    assert forked(lambda: MlflowRegistry(settings).latest(name)) == (0, 1), "no version is registered twice"
    assert not (settings.folder / JOURNAL).exists()
    record = json.loads((settings.folder / "champion" / "churn.json").read_text(encoding="utf-8"))
    assert read_manifest(settings.folder / "features")["feature_set"]["hash"] == record["feature_set_hash"]
    batch = max((settings.folder / "scores" / "batch").glob("*.parquet"), key=lambda path: path.stat().st_mtime)
    scores = pd.read_parquet(batch)
    assert set(scores.loc[scores["model"] == "churn", "model_hash"].dropna()) == {record["model_hash"]}
