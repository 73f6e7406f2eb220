"""The folds that everybody is raced on: real logs at their test cutoffs, and the simulated shop.

Everything is made by the product's own path: `churn ingest`, then the two snapshots of a fold, frozen apart.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from churn.settings import Settings, load
from features.log import NoLog, read_log_manifest
from features.simulated_export import write_sources
from features.simulation import SimulationSettings, simulate
from features.snapshots import Snapshot
from features.sources import ingest
from training.folding import freeze_fold

ROOT = Path(__file__).resolve().parents[2]
FINAL = {"cdnow": ["1998-01-01"], "online-retail-ii": ["2011-06-01"], "mathoverflow": ["2015-10-01"]}
EARLIER = {
    "cdnow": ["1997-08-19", "1997-09-03", "1997-10-03"],
    "online-retail-ii": ["2010-11-03", "2011-01-02", "2011-03-03"],
    "mathoverflow": ["2015-01-04", "2015-04-04", "2015-07-03"],
}
SIMULATOR = "simulator"
LAST = "last"  # the newest mature cutoffs, as many as [training] test_cutoffs says
FINAL_SHOP, EARLIER_SHOP, QUICK_SHOP = (20_000, 7), (10_000, 11), (3_000, 7)  # customers and seed


@dataclass(frozen=True)
class Case:
    """A fold of a log, ready to be learned from."""

    log: str
    cutoff: str
    settings: Settings
    train: Snapshot
    test: Snapshot


def cases(logs: Sequence[str], cutoffs: dict[str, list[str]], shop: tuple[int, int], folder: Path) -> Iterator[Case]:
    """The folds of these logs, one after the other; logs are ingested and snapshots frozen below a folder."""
    for log in logs:
        settings = _shop(shop, folder) if log == SIMULATOR else _real(log, folder)
        for cutoff in cutoffs.get(log, [LAST]):
            fold = freeze_fold(settings, cutoff=None if cutoff == LAST else date.fromisoformat(cutoff))
            yield Case(log, cutoff, settings, fold.train, fold.test)


def _real(log: str, folder: Path) -> Settings:
    environ = {**os.environ, "CHURN_ARTIFACTS": str(folder)}
    settings = load(ROOT / "examples" / log / "churn.toml", environ)
    return _ingested(settings, environ)


def _shop(shop: tuple[int, int], folder: Path) -> Settings:
    customers, seed = shop
    home = folder / f"shop-{customers}-{seed}"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "churn.toml", home)
    settings = load(home / "churn.toml", {})
    if not (source := home / "artifacts" / "demo-source").is_dir():
        events = simulate(SimulationSettings(customers=customers, seed=seed)).events
        write_sources(events, source, timezone=settings.business.timezone)
    return _ingested(settings, {})


def _ingested(settings: Settings, environ: dict[str, str]) -> Settings:
    try:
        read_log_manifest(settings.folder)
    except NoLog:
        ingest(settings, environ=environ)
    return settings
