"""The recipe of examples/spark, run by a real Spark in a process of its own: the same rows as here."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.clustered_shop import ingested
from tests.conftest import ROOT, require

RECIPE = ROOT / "examples" / "spark" / "kernel_on_spark.py"
CONFIG = """
artifacts = "artifacts"
[business]
slug = "made"
name = "Made-up shop"
[definition]
horizon_days = 30
lookback_days = 180
lapse = { rule = "silence", days = 45 }
"""


@pytest.mark.nightly
def test_spark_makes_the_same_rows(tmp_path: Path) -> None:
    require(shutil.which("java"), "A Java runtime (17 or 21)", "install one (Debian: openjdk-17-jre-headless)")
    require(find_spec("pyspark"), "PySpark", "run `make nightly`, which installs requirements/spark.lock")
    ingested(tmp_path, customers=300)
    (tmp_path / "churn.toml").write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, str(RECIPE), "--config", str(tmp_path / "churn.toml"), "--check"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "rows")],
        capture_output=True, text=True, timeout=600, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] == told["local_rows"] > 300
    assert told["content"] == told["local_content"]
