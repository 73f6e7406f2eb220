"""The small shop that the notebooks look at: simulated, ingested, in artifacts/notebooks; made once, then reused."""

import shutil
from pathlib import Path

from churn.settings import Settings, load
from features.simulation import SimulationSettings, write_demo_log
from features.sources import ingest

ROOT = Path(__file__).resolve().parents[1]
CUSTOMERS = 4_000
BRIEFLY = {"CHURN_TRAINING__MAX_CUTOFFS": "6", "CHURN_TRAINING__TEST_CUTOFFS": "2"}  # a notebook is not a night's work


def small_shop(folder: Path = ROOT / "artifacts" / "notebooks") -> Settings:
    """The settings of a shop with an event log. Everything later is written under `settings.folder`."""
    config = folder / "churn.toml"
    if not (folder / "artifacts" / "demo" / "log" / "manifest.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_demo_log(folder / "artifacts" / "demo-source", SimulationSettings(customers=CUSTOMERS))
        shutil.copy(ROOT / "churn.toml", config)
        ingest(load(config, BRIEFLY), environ={}, progress=lambda _: None)
    return load(config, BRIEFLY)
