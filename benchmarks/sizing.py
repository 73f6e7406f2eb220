"""The work behind benchmarks/cluster.py: rates of each step of a part on one core, multiplied out. Start at `main`."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import lightgbm
import numpy as np
import pyarrow.parquet as pq

from churn.events import Events, Texts
from churn.sections import Cluster
from churn.settings import Settings, load
from features.atomic import whole_folder
from features.catalogue import catalogue
from features.current_file import read_current, write_current
from features.distributed import cluster_engine
from features.feature_set import FeatureSet
from features.log import read_log_manifest
from features.parts import Bucket, log_parts
from features.simulation import SimulationSettings, write_demo_log
from features.snapshot_file import RowWriter, content_of, table_of
from features.snapshot_rows import asked
from features.snapshots import current, freeze
from features.sources import ingest
from serving.admission import Held
from serving.archive import BOOSTER, BUNDLE, folder_of
from serving.batch import score_everyone
from serving.elsewhere import scorer_again
from training.challenger import train
from training.folding import choose_fold
from training.recipe import Recipe
from training.rows import Columns, Rows

T = TypeVar("T")
SIZES = (10_000_000, 100_000_000, 1_000_000_000)
EVENTS_A_PART = 1_000_000
CORES = 64
TREES = 400  # as many as the recipe allows
EFFICIENCY = 0.7  # of a cluster's cores, on parts of unequal size and a shared file system


@dataclass(frozen=True)
class Rates:
    """What one core does, and what a row weighs."""

    ingest_events_s: float
    read_events_s: float
    kernel_events_s: float
    kernel_rows_s: float
    pack_rows_s: float
    write_rows_s: float
    log_bytes_an_event: float
    memory_bytes_an_event: float
    snapshot_bytes_a_row: float
    tree_rows_s: float
    scores_s: float
    features: int
    rows_an_event: float
    events_a_customer: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Rates of one core, and the sizing table")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        rates, cluster = measured(Path(folder), customers=2_000 if options.quick else 20_000)
    sizing = [sized(events, rates) for events in SIZES]
    figures = {name: round(getattr(rates, name), 3) for name in (field.name for field in fields(Rates))} | cluster
    if options.json:
        print(json.dumps({"figures": figures | {"sizing": sizing}}))
        return
    for name, value in figures.items():
        print(f"{name:28} {value:>16,}")
    print()
    print(markdown(sizing))


def measured(folder: Path, *, customers: int) -> tuple[Rates, dict[str, Any]]:
    """Rates on a simulated shop, and the same snapshot on two processes."""
    settings = _shop(folder, customers)
    ingest_s = cpu_seconds(lambda: ingest(settings, environ={}))
    manifest, lifecycle = read_log_manifest(settings.folder), settings.lifecycle
    parts = log_parts(settings.folder, taking_back=lifecycle.definition.taking_back)
    features = catalogue(list(manifest.kinds), manifest.columns, lifecycle, settings.wanted)
    cutoffs = choose_fold(manifest, settings, None).train
    question: dict[str, Any] = {"features": features, "lifecycle": lifecycle, "cutoffs": cutoffs}
    question |= {"observed_until": manifest.observed_until}
    disk = sum((settings.folder / "log" / name).stat().st_size for name in manifest.files)
    steps = _steps(parts, question, folder / "rows.parquet", manifest.events)
    rates = Rates(
        ingest_events_s=manifest.events / ingest_s,
        log_bytes_an_event=disk / manifest.events,
        **steps,
        **_models(settings, parts, features, cutoffs),
        features=len(features),
        events_a_customer=manifest.events / manifest.customers,
    )
    named = {"log_hash": manifest.log_hash}
    here, here_s = walled(lambda: freeze(parts, **question, **named, folder=folder / "here"))
    with cluster_engine(Cluster(engine="dask", workers=2), settings.folder) as engine:
        freeze(parts[:2], **question, **named, folder=folder / "warm", engine=engine)
        there, there_s = walled(lambda: freeze(parts, **question, **named, folder=folder / "there", engine=engine))
    if there.hash != here.hash:
        raise SystemExit(f"the cluster's snapshot is {there.hash}, not {here.hash}")
    size = {"events": manifest.events, "rows": len(here), "cutoffs": len(cutoffs)}
    return rates, size | {"local_s": here_s, "two_workers_s": there_s}


def _steps(parts: list[Bucket], question: dict[str, Any], path: Path, events_in_all: int) -> dict[str, float]:
    """Rates of the steps of a part, over all parts, and what events and rows weigh."""
    spent, rows, held = {"read": 0.0, "kernel": 0.0, "pack": 0.0, "write": 0.0}, 0, 0
    names = question["features"].names
    asked(parts[0].read(), **question)  # whatever is made once
    with RowWriter(path, names) as file:
        for part in parts:
            events = timed(spent, "read", part.read)
            frame = timed(spent, "kernel", lambda events=events: asked(events, **question))
            timed(spent, "pack", lambda frame=frame: content_of(frame, names))
            table = timed(spent, "pack", lambda frame=frame: table_of(frame, names))
            timed(spent, "write", lambda table=table: file.write(table))
            rows, held = rows + len(frame), held + weight(events)
        began = time.process_time()
    spent["write"] += time.process_time() - began
    return {
        "read_events_s": events_in_all / spent["read"],
        "kernel_events_s": events_in_all / spent["kernel"],
        "kernel_rows_s": rows / spent["kernel"],
        "pack_rows_s": rows / spent["pack"],
        "write_rows_s": rows / spent["write"],
        "memory_bytes_an_event": held / events_in_all,
        "snapshot_bytes_a_row": path.stat().st_size / pq.read_metadata(path).num_rows,
        "rows_an_event": rows / events_in_all,
    }


def _models(settings: Settings, parts: list[Bucket], features: FeatureSet, cutoffs: list[datetime]) -> dict[str, float]:
    """Growing trees, and scoring everybody with reasons and sheets: rates of one core, on a model of three cutoffs."""
    lifecycle, until = settings.lifecycle, read_log_manifest(settings.folder).observed_until
    train_rows, test_rows = (
        freeze(parts, features, lifecycle, some, observed_until=until, log_hash="", folder=settings.folder)
        for some in (cutoffs[-3:-1], cutoffs[-1:])
    )
    one_thread = settings.model_copy(update={"training": settings.training.model_copy(update={"threads": 1})})
    challenger = train("churn", train_rows, test_rows, one_thread, progress=lambda _text: None)
    rows = Rows.of(train_rows.frame, Columns.of(train_rows.manifest), "churn")
    learn = lightgbm.Dataset(rows.X, rows.outcome, params=(params := Recipe().lightgbm(seed=7, threads=1))).construct()
    grown_s = cpu_seconds(lambda: lightgbm.train(params, learn, 100))
    held = {"churn": Held("churn/1", challenger.hash)}
    with whole_folder(folder_of(settings.folder, challenger.hash)) as copy:
        (copy / BOOSTER).write_text(challenger.booster, encoding="utf-8")
        (copy / BUNDLE).write_text(challenger.bundle.to_json(), encoding="utf-8")
    write_current(current(parts, features, lifecycle, until), features, lifecycle, settings.folder / "features")
    scorer = scorer_again(settings, held)
    scorer.warm()
    people = len(read_current(settings.folder / "features")[0])
    scored_s = cpu_seconds(lambda: score_everyone(settings, scorer))
    return {"tree_rows_s": len(rows) * 100 / grown_s, "scores_s": people / scored_s}


def sized(events: int, rates: Rates) -> dict[str, Any]:
    """What a log of so many events asks of a cluster, by these rates."""
    parts = int(np.clip(2 ** np.ceil(np.log2(events / EVENTS_A_PART)), 16, 4096))
    rows = events * rates.rows_an_event
    core_s = events / rates.read_events_s + events / rates.kernel_events_s + rows / rates.pack_rows_s
    row_bytes = rates.features * 8
    customers = events / rates.events_a_customer
    part_bytes = events / parts * rates.memory_bytes_an_event * 3 + rows / parts * row_bytes * 4
    return {
        "events": events,
        "customers": round(customers),
        "buckets": parts,
        "rows": round(rows),
        "log_gb": round(events * rates.log_bytes_an_event / 1e9, 1),
        "snapshot_gb": round(rows * rates.snapshot_bytes_a_row / 1e9, 1),
        "core_hours": round(core_s / 3600, 2),
        "minutes_on_64_cores": round(core_s / CORES / EFFICIENCY / 60, 1),
        "minutes_of_the_writer": round(rows / rates.write_rows_s / 60, 1),
        "worker_gb": round(part_bytes / 1e9, 2),
        "draft_gb_of_materialise_on_the_clients_disk": round(customers * row_bytes / 1e9, 1),
        "training_minutes_on_64_cores": round(rows * TREES / rates.tree_rows_s / CORES / EFFICIENCY / 60, 1),
        "scoring_minutes_on_64_cores": round(customers / rates.scores_s / CORES / EFFICIENCY / 60, 1),
        "training_gb_of_all_workers": round(rows * (row_bytes * 2 + rates.features) / 1e9, 1),
        "ingest_hours_on_one_node": round(events / rates.ingest_events_s / 3600, 2),
    }


def markdown(sizing: list[dict[str, Any]]) -> str:
    """The sizing table as a page shows it."""
    names = [name for name in sizing[0] if name != "events"]
    head = "| | " + " | ".join(f"{one['events']:,} events" for one in sizing) + " |"
    lines = [f"| {name.replace('_', ' ')} | " + " | ".join(f"{one[name]:,}" for one in sizing) + " |" for name in names]
    return "\n".join([head, "| --- |" + " ---: |" * len(sizing), *lines])


def _shop(folder: Path, customers: int) -> Settings:
    root = Path(__file__).resolve().parents[1]
    write_demo_log(folder / "artifacts" / "demo-source", SimulationSettings(customers=customers))
    (folder / "churn.toml").write_text((root / "churn.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return load(folder / "churn.toml", environ={})


def weight(events: Events) -> int:
    """Bytes of the arrays of a log."""
    arrays = [getattr(events, field.name) for field in fields(events)]
    return sum((one.codes if isinstance(one, Texts) else one).nbytes for one in arrays)


def cpu_seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def timed(spent: dict[str, float], step: str, work: Callable[[], T]) -> T:
    began = time.process_time()
    made = work()
    spent[step] += time.process_time() - began
    return made


def walled(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    made = work()
    return made, round(time.perf_counter() - began, 2)
