"""What ingest and reading a log cost: the simulated shop's files in, the event log out, arrays back.

    python -m benchmarks.ingest            20,000 customers, 3 years (about 1.4 million events)
    python -m benchmarks.ingest --quick    2,000 customers

CPU-seconds of the process and its threads, the report on what came in apart; reading is the best of three. One
customer is read from one bucket alone.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from churn.settings import load
from features.log_reading import read_events
from features.simulation import SimulationSettings, write_demo_log
from features.sources import ingest

ROOT = Path(__file__).parents[1]


def cpu_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


class Steps:
    """CPU-seconds by what an ingest said that it was doing."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._doing, self._since = "", time.process_time()

    def __call__(self, sentence: str) -> None:
        """Begin what is said next."""
        now = time.process_time()
        self.spent[self._doing] = self.spent.get(self._doing, 0.0) + now - self._since
        self._doing, self._since = sentence, now


REPORT = ("looking at what came in", "counting what models could learn from")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2,000 customers")
    customers = 2_000 if parser.parse_args().quick else 20_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(ROOT / "churn.toml", root)
        write_demo_log(root / "artifacts" / "demo-source", SimulationSettings(customers=customers))
        settings = load(root / "churn.toml", environ={})
        steps = Steps()
        taken = cpu_seconds(lambda: ingest(settings, environ={}, progress=steps))
        steps("")
        report = sum(steps.spent[sentence] for sentence in REPORT)
        events = read_events(settings.folder)
        size = sum(path.stat().st_size for path in (settings.folder / "log").iterdir())
        everybody = min(cpu_seconds(lambda: read_events(settings.folder)) for _ in range(3))
        one = min(cpu_seconds(lambda: read_events(settings.folder, [events.customers[0]])) for _ in range(3))
    print(f"{len(events):,} events of {len(events.customers):,} customers, {size / 1e6:.1f} MB on disk")
    print(f"ingest             {taken:7.2f} CPU-s, {taken / len(events) * 1e6:.1f} a million events")
    print(f"  of which report  {report:7.2f} CPU-s, {report / taken:.1%}")
    print(f"read everybody     {everybody:7.2f} CPU-s, {everybody / len(events) * 1e6:.2f} a million events")
    print(f"read one customer  {one * 1e3:7.1f} CPU-ms")


if __name__ == "__main__":
    main()
