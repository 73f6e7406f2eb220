"""A crowd: the event log of a simulated shop whose customers are there many times over, each time under another id.

    python benchmarks/crowd.py FOLDER 1000000

Simulating a million customers and sorting their 61 million events takes an hour; repeating 2,000 of them takes two
minutes, and neither the kernel nor the stores can tell the difference, but for the files: equal rows pack better. The
log is laid out as `churn ingest` lays it, with about a million events a bucket. Start reading at `crowd`.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before benchmarks/features.py, which hides the package

from churn.settings import Settings, load
from features import parquet
from features.log import LOG_SCHEMA, MANIFEST, bucket_name, bucket_of, log_folder
from features.simulation import SimulationSettings, write_demo_log
from features.sources import ingest
from features.writing import hash_of, write_file

SHOP = 2_000
EVENTS_A_BUCKET = 1_000_000
LEAST_BUCKETS = 16


def crowd(folder: Path, customers: int) -> Settings:
    """Settings of a business in this folder that has so many customers, or the next multiple of the shop's."""
    root = Path(__file__).resolve().parents[1]
    write_demo_log(folder / "artifacts" / "demo-source", SimulationSettings(customers=min(customers, SHOP)))
    shutil.copy(root / "churn.toml", folder / "churn.toml")
    settings = load(folder / "churn.toml", environ={})
    ingest(settings, environ={})
    log = log_folder(settings.folder)
    told = json.loads((log / MANIFEST).read_text(encoding="utf-8"))
    copies = -(-customers // int(told["customers"]))
    buckets = int(max(LEAST_BUCKETS, 2 ** np.ceil(np.log2(told["events"] * copies / EVENTS_A_BUCKET))))
    rows = pa.concat_tables([parquet.read_table(log / name) for name in sorted(told["files"])]).combine_chunks()
    files = {
        bucket_name(number): write_file(log / bucket_name(number), table)
        for number, table in enumerate(repeated(rows, copies, buckets))
        if len(table)
    }
    told |= {name: told[name] * copies for name in ("events", "customers", "rows")}
    told |= {"kinds": {kind: count * copies for kind, count in told["kinds"].items()}}
    told |= {"files": files, "buckets": buckets, "log_hash": hash_of(files)}
    (log / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    return settings


def repeated(rows: pa.Table, copies: int, buckets: int) -> Iterator[pa.Table]:
    """The rows of each bucket: every customer so many times, sorted by customer, events in the order they have."""
    ids = rows["customer_id"].to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    counts = np.diff(np.r_[starts, len(ids)])
    members: list[list[tuple[str, int]]] = [[] for _ in range(buckets)]
    for copy in range(copies):
        for place, customer in enumerate(ids[starts]):
            name = f"{customer}-{copy:04d}"
            members[bucket_of(name, buckets)].append((name, place))
    column = rows.schema.get_field_index("customer_id")
    for mine in members:
        mine.sort()
        places = np.array([place for _, place in mine], dtype=np.int64)
        picked = [np.arange(starts[place], starts[place] + counts[place]) for place in places]
        table = rows.take(pa.array(np.concatenate([np.zeros(0, dtype=np.int64), *picked])))
        owner = pa.array(np.repeat(np.arange(len(mine), dtype=np.int32), counts[places]))
        names = pa.DictionaryArray.from_arrays(owner, pa.array([name for name, _ in mine], pa.string()))
        yield table.set_column(column, "customer_id", names.cast(pa.string())).cast(LOG_SCHEMA)


if __name__ == "__main__":
    crowd(Path(sys.argv[1]), int(sys.argv[2]))
