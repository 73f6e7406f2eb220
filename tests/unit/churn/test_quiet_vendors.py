"""Nobody's usage is reported from here."""

import os
import subprocess
import sys

import pytest

import churn


@pytest.mark.parametrize(
    ("name", "value"),
    [("BENTOML_DO_NOT_TRACK", "True"), ("MLFLOW_DISABLE_TELEMETRY", "true"), ("DO_NOT_TRACK", "true")],
)
def test_importing_the_kernel_switches_usage_reports_off(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "something else")
    churn.quiet_vendors()
    assert os.environ[name] == value


def test_it_happens_on_import_and_imports_nothing_heavy() -> None:
    program = (
        "import os, sys; import churn; "
        "assert os.environ['MLFLOW_DISABLE_TELEMETRY'] == 'true'; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'pandas', 'pydantic'}))"
    )
    bare = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name and "TRACK" not in name}
    done = subprocess.run([sys.executable, "-c", program], env=bare, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
