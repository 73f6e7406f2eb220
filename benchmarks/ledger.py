"""What does it cost to judge a million answers? One cohort over a log of that size, and again when little has changed.

Run: python benchmarks/ledger.py [--customers 1000000] [--batches 1] [--quick]. Makes a log (20 events a customer, a
tenth of the orders taken back) and batches that ask about everybody, a night each; then, each in a process of its own,
judges them from nothing, once more with nothing changed, and after one bucket of the log has changed. Prints seconds,
CPU, peak memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.calendar import DAY_US, to_us
from churn.sections import Business
from churn.settings import Settings
from features import parquet
from features.log import LOG, LOG_SCHEMA, MANIFEST, LogManifest, bucket_name, bucket_of, read_log_manifest
from features.writing import hash_of, write_file
from monitoring.ledger.answers import COLUMNS
from monitoring.ledger.books import books

BUCKETS, EVENTS_EACH = 16, 20
UNTIL, CUTOFF = datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2025, 9, 1, 16, tzinfo=UTC)


def main() -> None:
    """Make the business, or judge one that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--batches", type=int, default=1, help="nights of one week, up to 7")
    parser.add_argument("--quick", action="store_true", help="100,000 customers")
    parser.add_argument("--judge", type=Path, help="artifacts to judge in this process")
    given = parser.parse_args()
    if given.judge:
        print(json.dumps(judged(given.judge)))
        return
    customers = 100_000 if given.quick else given.customers
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        events = write_business(root, customers, given.batches)
        print(f"{customers:,} customers, {events:,} events, {given.batches} answers each")
        for what in ("from nothing", "nothing changed"):
            print(f"  {what}: {elsewhere(root)}")
        change_a_bucket(root)
        print(f"  one bucket changed: {elsewhere(root)}")


def elsewhere(root: Path) -> str:
    """Judge in a process of its own."""
    told = subprocess.run([sys.executable, __file__, "--judge", str(root)], check=True, capture_output=True, text=True)
    found = json.loads(told.stdout)
    return (
        f"{found['wall_s']:.1f} s, {found['cpu_s']:.1f} s CPU, peak {found['peak_mb']:,.0f} MB ({found['n']:,} judged)"
    )


def judged(root: Path) -> dict[str, float]:
    """One look at the books; imports are not counted."""
    settings = settings_of(root)
    before, started = time.process_time(), time.perf_counter()
    (one,) = books(settings, read_log_manifest(settings.folder), UNTIL).versions
    return {
        "wall_s": time.perf_counter() - started,
        "cpu_s": time.process_time() - before,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "n": one.n,
    }


def settings_of(root: Path) -> Settings:
    """A business in Shanghai."""
    return Settings(
        artifacts=root, business=Business(name="Sized", slug="sized", timezone="Asia/Shanghai", clock="log")
    )


def write_business(root: Path, customers: int, batches: int) -> int:
    """Log and batches; how many events."""
    settings = settings_of(root)
    log = settings.folder / LOG
    log.mkdir(parents=True)
    ids = [f"C{number:07}" for number in range(customers)]
    by_bucket: dict[int, list[str]] = {}
    for one in ids:
        by_bucket.setdefault(bucket_of(one, BUCKETS), []).append(one)
    random, files = np.random.default_rng(3), {}
    for bucket, mine in sorted(by_bucket.items()):
        files[bucket_name(bucket)] = write_file(log / bucket_name(bucket), events_of(mine, random))
    rows = sum(int(one["rows"]) for one in files.values())
    manifest = LogManifest(
        log_hash=hash_of(files), events=rows, customers=customers, kinds={"order": rows}, columns={},
        first_event_at=UNTIL - timedelta(days=1095), last_event_at=UNTIL, observed_until=UNTIL, clock="log", now=UNTIL,
        timezone="Asia/Shanghai", is_bulk_import=False, rows=rows, rejected={}, buckets=BUCKETS, files=files,
        sources=[], taken_back_by=["return"], orders=["order"],
    )  # fmt: skip
    (log / MANIFEST).write_text(json.dumps(manifest.as_json()), encoding="utf-8")
    for night in range(batches):
        write_batch(settings, ids, random, CUTOFF + timedelta(days=night))
    return rows


def events_of(customers: list[str], random: np.random.Generator) -> pa.Table:
    """Orders, returns that name them, visits; by customer and time."""
    n = len(customers) * EVENTS_EACH
    time_us = to_us(UNTIL) - random.integers(1, 1095 * DAY_US, n)
    who = np.repeat(np.arange(len(customers)), EVENTS_EACH)
    order = np.lexsort((time_us, who))
    time_us, who = time_us[order], who[order]
    kind = np.array(["order", "visit", "return"], dtype=object)[random.choice(3, n, p=[0.45, 0.5, 0.05])]
    columns = {
        "customer_id": pa.array(np.array(customers, dtype=object)[who]), "event_type": pa.array(kind),
        "event_timestamp": pa.array(time_us), "ingested_at": pa.array(time_us + random.integers(0, DAY_US, n)),
        "amount": pa.array(random.gamma(2, 50, n)), "quantity": pa.array(np.ones(n)),
        "order_id": pa.array([f"O{one}" for one in random.integers(0, 3, n)]),
    }  # fmt: skip
    return pa.table([columns.get(one.name, pa.nulls(n, one.type)) for one in LOG_SCHEMA], schema=LOG_SCHEMA)


def write_batch(settings: Settings, customers: list[str], random: np.random.Generator, cutoff: datetime) -> None:
    """A nightly batch that asks about everybody."""
    n = len(customers)
    same = {"model": "churn", "model_version": "churn/1", "definition_id": settings.definition.id}
    told = {name: pa.array([value] * n) for name, value in same.items()}
    told |= {"customer_id": pa.array(customers), "probability": pa.array(random.beta(1, 3, n))}
    instant = pa.array([cutoff] * n, pa.timestamp("us", tz="UTC"))
    folder = settings.folder / "scores" / "batch"
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table([told.get(name, instant) for name in COLUMNS], names=[*COLUMNS])
    parquet.write_table(table, folder / f"{cutoff:%Y-%m-%dT%H%M%SZ}.parquet")


def change_a_bucket(root: Path) -> None:
    """Move a thousand orders of one bucket by a day: late corrections inside the window."""
    settings = settings_of(root)
    manifest = read_log_manifest(settings.folder)
    name = sorted(manifest.files)[0]
    path = settings.folder / LOG / name
    table = parquet.read_table(path)
    place = table.schema.get_field_index("event_timestamp")
    times = table["event_timestamp"].to_numpy().copy()
    times[:: max(len(times) // 1000, 1)] += 60_000_000
    files = manifest.files | {name: write_file(path, table.set_column(place, "event_timestamp", pa.array(times)))}
    changed = replace(manifest, files=files, log_hash=hash_of(files))
    (settings.folder / LOG / MANIFEST).write_text(json.dumps(changed.as_json()), encoding="utf-8")


if __name__ == "__main__":
    main()
