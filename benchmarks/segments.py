"""What saved segments, the RFM grid, drift and categories cost: CPU and peak memory, each in a process of its own.

    python benchmarks/crowd.py FOLDER 1000000       a log of so many customers, once
    python -m benchmarks.segments FOLDER [members rfm drift categories]

Segments are one by the profile, one by a feature and the stage, one by events. Figures: docs/segments.md.
"""

import multiprocessing
import resource
import sys
import time
from pathlib import Path

from campaigns.categories.offers import write_offers
from campaigns.segments.drift import drift_of
from campaigns.segments.members import members
from campaigns.segments.rfm import rfm_of
from churn.segment_sections import Segment
from churn.settings import Settings, load
from features.log import read_log_manifest

SAVED = (
    Segment(name="north", kind="geographic", en="north", zh="北方", where="profile.region = 'north'"),
    Segment(
        name="big", kind="behavioural", en="big spenders", zh="大额客户",
        where="order_total_365d > 1000 and stage in ('active', 'loyal')",
    ),
    Segment(
        name="quiet", kind="behavioural", en="clicked, did not order", zh="点击未下单",
        where="did email_click within 30 days and not did order within 60 days",
    ),
)  # fmt: skip
WORK = {"members": members, "rfm": rfm_of, "drift": drift_of, "categories": write_offers}


def timed(settings: Settings, name: str) -> None:
    """Print what one of them costs."""
    began, wall = time.process_time(), time.perf_counter()
    WORK[name](settings)
    cpu, wall = time.process_time() - began, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    customers = read_log_manifest(settings.folder).customers
    print(f"{customers:,} customers, {name}: {cpu:.0f} s CPU, {wall:.0f} s in all, peak {peak:.2f} GiB", flush=True)


def main() -> None:
    """Run from the command line."""
    settings = load(Path(sys.argv[1]) / "churn.toml", environ={}).model_copy(update={"segment": SAVED})
    for name in sys.argv[2:] or WORK:
        one = multiprocessing.get_context("spawn").Process(target=timed, args=(settings, name))
        one.start()
        one.join()
        if one.exitcode:
            sys.exit(one.exitcode)


if __name__ == "__main__":
    main()
