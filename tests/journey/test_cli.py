"""The command line itself: quick to start, with help for everything, JSON for machines, exit codes for schedulers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.main import app
from tests.command_line import churn, refused

ROOT = Path(__file__).parents[2]
HEAVY = {
    *("numpy", "pandas", "pyarrow", "duckdb", "pydantic", "sqlalchemy", "structlog"),
    *("bentoml", "evidently", "feast", "lightgbm", "matplotlib", "mlflow", "numba", "sklearn"),
}
COMMANDS = {
    *("ingest", "definition preview", "snapshot freeze", "train", "backtest", "promote", "rollback", "history"),
    *("features list", "features materialise", "features parity", "score", "serve", "monitor", "retrain", "run"),
    *("settings", "demo"),
}
LOADED = """
import sys
from cli.main import main
sys.argv = ["churn", "--help"]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command below a group, by the words that a person types."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield " ".join((*path, name)), command


EVERY = dict(commands(typer.main.get_command(app)))


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True, env=env)


def test_help_imports_nothing_heavy() -> None:
    ran = run("-c", LOADED)
    assert ran.returncode == 0, ran.stderr
    assert "ingest" in ran.stdout
    loaded = {name.partition(".")[0] for name in ran.stderr.split()}
    assert {"typer", "cli"} <= loaded
    assert loaded & HEAVY == set()


def test_no_command_is_missing() -> None:
    assert COMMANDS - set(EVERY) == set()


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    command = EVERY[name]
    assert (command.help or "").strip()
    assert [one.name for one in command.params if not getattr(one, "help", None) and one.name != "help"] == []
    said = CliRunner().invoke(app, [*name.split(), "--help"])
    assert said.exit_code == 0
    assert command.help.strip().partition(".")[0].split()[0] in said.output


def test_settings_for_machines_hold_every_value(tmp_path: Path) -> None:
    toml = tmp_path / "churn.toml"
    toml.write_text('[business]\nslug = "shop"\n[definition]\nhorizon_days = 60\n')
    said = churn("settings", "--json", config=toml)
    settings = json.loads(said.out)
    assert said.code == 0
    assert settings["business"]["slug"] == "shop"
    assert settings["definition"]["horizon_days"] == 60
    assert settings["training"]["min_rows"] == 200
    assert "horizon_days = 60" in churn("settings", config=toml).out


def test_the_environment_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "churn.toml").write_text("[definition]\nhorizon_days = 60\n")
    monkeypatch.setenv("CHURN_DEFINITION__HORIZON_DAYS", "30")
    settings = json.loads(churn("settings", "--json", config=tmp_path / "churn.toml").out)
    assert settings["definition"]["horizon_days"] == 30


def test_a_word_that_is_no_command_is_a_matter_of_usage() -> None:
    said = CliRunner().invoke(app, ["tarin"])
    assert said.exit_code == 2
    assert "tarin" in said.output


def test_a_model_that_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text("")
    refused(churn("promote", "--model", "chrun", config=tmp_path / "churn.toml"), 12, "--model churn")


@pytest.mark.parametrize("command", ["train", "backtest", "snapshot freeze"])
def test_a_cutoff_that_is_no_day(command: str, tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text('[business]\nclock = "log"\n[[source]]\n' + SOURCE)
    (tmp_path / "orders.csv").write_text("who,day\n1,2024-01-01\n2,2024-06-01\n")
    assert churn("ingest", config=tmp_path / "churn.toml").code == 0
    said = churn(*command.split(), "--cutoff", "August", config=tmp_path / "churn.toml")
    refused(said, 12, "YYYY-MM-DD")


SOURCE = """
path = "orders.csv"
customer_id = "who"
event_type = "'order'"
event_timestamp = "day"
timezone = "UTC"
"""


def test_a_process_of_its_own_ends_with_the_exit_code_and_without_a_traceback(tmp_path: Path) -> None:
    ran = run("-m", "cli", "ingest", "-c", str(tmp_path / "none.toml"))
    assert ran.returncode == 12
    assert ran.stdout == ""
    assert ran.stderr.startswith("settings_error: There is no settings file")
    assert "Traceback" not in ran.stderr
