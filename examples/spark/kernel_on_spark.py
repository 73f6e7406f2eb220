"""The feature kernel on Spark: the rows of a snapshot, customer group by customer group, through `applyInArrow`.

    python examples/spark/kernel_on_spark.py --config churn.toml --out spark-rows [--master local[2]] [--check]

Reads the event log that `churn ingest` wrote, makes the rows of the newest fold's training cutoffs on Spark, writes
them as Parquet with the columns of a snapshot, and prints their hash as JSON. With --check it freezes the same
snapshot here and fails unless both hashes are equal. `rows_on_spark` is what a job of your own needs. See README.md.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.pandas.types import from_arrow_schema

from churn.definition import Lifecycle
from churn.events import Events
from churn.orders import TakingBack
from churn.settings import load
from features.catalogue import catalogue
from features.feature_set import FeatureSet
from features.log import log_folder, read_log_manifest
from features.parts import log_parts
from features.snapshot_file import CONTENT_SIZE, content_of, no_rows, row_groups, table_of
from features.snapshot_rows import asked
from features.snapshots import freeze
from training.folding import choose_fold

LOOPBACK = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
}
INSTANTS = {"spark.sql.session.timeZone": "UTC", "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS"}


def rows_on_spark(
    events: DataFrame,
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    *,
    observed_until: datetime,
    taking_back: TakingBack,
    parts: int,
) -> DataFrame:
    """The rows of a snapshot, in no order.

    Args:
        events: the columns of EVENTS, instants as microseconds since 1970 UTC (int64) or as timestamps.
        features: what to compute.
        lifecycle: what churn means.
        cutoffs: ascending, distinct.
        observed_until: labels know what had reached us before it.
        taking_back: kinds that are orders, and that take them back.
        parts: groups of customers; a group has to fit into one executor's memory, some 100,000 events are good.
    """
    question = {"lifecycle": lifecycle, "cutoffs": cutoffs, "observed_until": observed_until}

    def work(group: pa.Table) -> pa.Table:  # Spark reads the hints, and takes no partial
        return rows_of_group(group, taking_back=taking_back, features=features, **question)

    schema = from_arrow_schema(no_rows(features.names).schema)
    part = sql.pmod(sql.xxhash64("customer_id"), sql.lit(parts)).alias("part")
    return events.groupBy(part).applyInArrow(work, schema)


def rows_of_group(group: pa.Table, *, taking_back: TakingBack, features: FeatureSet, **question: Any) -> pa.Table:
    """What an executor does with all events of some customers: the same function as everywhere."""
    frame = group.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    events = Events.from_frame(frame, taking_back=taking_back)
    return table_of(asked(events, features=features, **question), features.names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe on the log of a business."""
    options = _options(arguments)
    settings = load(options.config)
    if settings.id_map.path:
        raise SystemExit("With an [id_map], labels of who was merged later follow them into other groups: freeze here.")
    lifecycle, manifest = settings.lifecycle, read_log_manifest(settings.folder)
    cutoffs = choose_fold(manifest, settings, None).train
    features = catalogue(list(manifest.kinds), manifest.columns, lifecycle, settings.wanted)
    question = {"observed_until": manifest.observed_until}
    began = time.perf_counter()
    with _session(options.master) as spark:
        started = time.perf_counter()
        events = spark.read.parquet(*(str(log_folder(settings.folder) / name) for name in manifest.files))
        rows = rows_on_spark(
            events, features, lifecycle, cutoffs, **question,
            taking_back=lifecycle.definition.taking_back, parts=options.parts,
        )  # fmt: skip
        rows.write.mode("overwrite").parquet(str(options.out))
    told = _told(options.out, features) | {
        "events": manifest.events,
        "start_s": round(started - began, 1),
        "spark_s": round(time.perf_counter() - started, 1),
    }
    if options.check:
        parts = log_parts(settings.folder, taking_back=lifecycle.definition.taking_back)
        began = time.perf_counter()
        here = freeze(
            parts, features, lifecycle, cutoffs, **question, log_hash=manifest.log_hash, folder=settings.folder
        )
        told |= {"local_s": round(time.perf_counter() - began, 1)} | {
            f"local_{name}": value for name, value in _told(here.path, features).items()
        }
    sys.stdout.write(json.dumps(told) + "\n")
    return int(options.check and (told["rows"], told["content"]) != (told["local_rows"], told["local_content"]))


def _told(folder: Path, features: FeatureSet) -> dict[str, Any]:
    """How many rows lie in a folder, and the number that stands for them, in whatever order and files."""
    rows, content = 0, 0
    for path in folder.glob("*.parquet"):
        for group in row_groups(path, features.names):
            rows, content = rows + len(group), (content + content_of(group, features.names)) % CONTENT_SIZE
    return {"rows": rows, "content": f"{content:064x}"}


def _session(master: str) -> SparkSession:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # executors need this project's packages, too
    builder = SparkSession.builder.master(master).appName("churn features")
    for name, value in (INSTANTS | (LOOPBACK if master.startswith("local") else {})).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--config", type=Path, default=Path("churn.toml"))
    parser.add_argument("--out", type=Path, required=True, help="folder for the rows")
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--parts", type=int, default=16, help="groups of customers")
    parser.add_argument("--check", action="store_true", help="freeze the same here and compare")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
