"""A business with champions, as a user gets one: two years of a simulated log through the whole loop.

The loop runs once a shop and is kept in a folder, since every fault is watched by the same champions. Start reading
at `business`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.watched.worlds import ZONE, events_of
from churn.settings import Settings, load
from cli.pipeline import run
from features.simulated_export import write_sources
from features.simulation import SimulationSettings

ROOT = Path(__file__).resolve().parents[2]
YEARS = 4
LEARNED_UNTIL = date(2025, 3, 3)  # a Monday, after two years and two months


def shop(seed: int, customers: int) -> SimulationSettings:
    """The shop of a seed."""
    return SimulationSettings(customers=customers, years=YEARS, seed=seed)


def business(seed: int, customers: int, folder: Path) -> Settings:
    """The settings of a business whose champions were promoted on `LEARNED_UNTIL`; made where the folder has none."""
    demo = load(ROOT / "churn.toml")
    where = folder / f"shop-{seed}-{customers}"
    source = tuple(
        one.model_copy(update={"path": str(where / "source" / Path(str(one.path)).name)}) for one in demo.source
    )
    settings = demo.model_copy(update={"artifacts": where / "artifacts", "source": source})
    if not (where / "done").exists():
        events = events_of(shop(seed, customers))
        known = events["ingested_at"] < pd.Timestamp(ZONE.midnight(LEARNED_UNTIL))
        write_sources(events[known], where / "source", timezone=ZONE.timezone)
        run(settings)
        (where / "done").touch()
    return settings


@contextmanager
def kept_in(folder: Path | None) -> Iterator[Path]:
    """A folder for businesses: this one, or one that is gone at the end."""
    import tempfile

    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)
