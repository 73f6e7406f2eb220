"""Nothing but our own store is spoken to: every connection of a process that fills and reads one is counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORK = """
import sys
spoken = []
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        spoken.append(repr(args[1] if event == "socket.connect" else args[:2]))
sys.addaudithook(hook)
import pathlib
from features.snapshots import current
from features.staging import prove_apart
from features.store import FeatureStore, OnlineStore
from tests import small_shop
import training.registry, monitoring.report, serving.service
settings = small_shop.settings(pathlib.Path(sys.argv[1]))
events, features, lifecycle = small_shop.events(), small_shop.features(), small_shop.LIFECYCLE
store = FeatureStore(settings)
store.apply(features, small_shop.frozen(settings.folder).rows_path)
store.materialise(current(events, features, lifecycle, small_shop.CUTOFFS[-1]), features)
assert OnlineStore(settings).rows(["00000"])[0]
assert prove_apart(settings, events, features, lifecycle, as_of=small_shop.CUTOFFS[-1], customers=9)["passed"]
training.registry.MlflowRegistry(settings).champion("churn-small-shop")
print(spoken)
"""


@pytest.mark.slow
def test_no_library_reports_on_us(tmp_path: Path) -> None:
    """Feast, MLflow, Evidently and BentoML in one process, and the store in a file: nobody to speak to."""
    env = {name: value for name, value in os.environ.items() if "TRACK" not in name and "TELEMETRY" not in name}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORK, str(tmp_path)],
        check=False, capture_output=True, text=True, env=env | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "[]", ran.stdout
