"""One live event: how long from stored to the customer's fresh row in the on-line store, in one process?

Everything is the product's own: inbox on SQLite (synchronous = FULL), the index made from the log, the whole catalogue
that the log gives, Feast's SQLite store. Counted from the event's commit; the whole way, with the commit, and the CPU
of it all stand beside. Start reading at `refresh`.
"""

import json
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.race.log import ENDS_US, write_log
from benchmarks.race.task import SHOP
from churn.calendar import from_us
from churn.sections import Business
from churn.settings import Settings
from features.catalogue import catalogue
from features.feature_set import FeatureSet
from features.live.event import LiveEvent
from features.live.intake import Intake
from features.log_reading import read_events
from features.snapshots import current, freeze
from features.store import FeatureStore, OnlineStore

KINDS = ("order", "visit", "email_open")


class Ticking:
    """A clock that goes on by a second whenever it is asked, from the end of the log."""

    def __init__(self) -> None:
        self._at = from_us(ENDS_US)

    def now(self) -> Any:
        """The next second."""
        self._at += timedelta(seconds=1)
        return self._at


def refresh(folder: Path, events: int, times: int) -> dict[str, float]:
    """Milliseconds of many single events of many customers, one after the other.

    Args:
        folder: for the artifacts of the business.
        events: size of its log.
        times: how many live events.
    """
    settings = Settings(artifacts=folder, root=folder, business=Business(slug="race", timezone="Asia/Shanghai"))
    settings = settings.model_copy(update={"definition": SHOP.definition})
    log = write_log(settings.folder, events)
    chosen = catalogue(list(log.kinds), {kind: set(columns) for kind, columns in log.columns.items()}, SHOP)
    online = _store(settings, chosen)
    intake = Intake(settings, online, chosen, Ticking())
    intake.keeper.step()  # makes the index
    waited = [_one(intake, number, log.customers) for number in range(times)][times // 10 :]  # the first ones warm up
    intake.close()
    online.close()
    stored, fresh, cpu = 1000 * np.array(waited).T
    found = {"refresh_p50_ms": fresh, "event_to_row_p50_ms": stored + fresh, "event_to_row_cpu_p50_ms": cpu}
    figures = {name: float(np.percentile(values, 50)) for name, values in found.items()}
    figures |= {name.replace("p50", "p99"): float(np.percentile(values, 99)) for name, values in found.items()}
    return figures | {"refresh_features": len(chosen), "refresh_log_events": log.events, "refresh_times": len(waited)}


def _one(intake: Intake, number: int, customers: int) -> tuple[float, float, float]:
    """Seconds until an event is committed, from then until its customer's row is written, and of CPU in all."""
    customer = f"c{number * 7919 % customers:08d}"
    event = LiveEvent("live", f"e{number}", customer, KINDS[number % 3], ENDS_US + number, amount=25.0, channel="app")
    began, cpu = time.perf_counter(), time.process_time()
    committed = intake.append([event]).result()
    stored = time.perf_counter()
    assert committed.receipts[0].status == "accepted"
    assert intake.refresh(committed, [customer])
    return stored - began, time.perf_counter() - stored, time.process_time() - cpu


def _store(settings: Settings, chosen: FeatureSet) -> OnlineStore:
    """Feast's SQLite store with everybody's row of the end of the log."""
    events, end = read_events(settings.folder), from_us(ENDS_US)
    frozen = {"observed_until": end, "log_hash": "", "folder": settings.folder}
    snapshot = freeze(events, chosen, SHOP, [SHOP.calendar.midnight(date(2024, 7, 1))], **frozen)
    filled = FeatureStore(settings)
    filled.apply(chosen, snapshot.rows_path)
    filled.materialise(current(events, chosen, SHOP, end), chosen)
    return OnlineStore(settings)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        print(json.dumps(refresh(Path(work), *map(int, sys.argv[1:]))))
