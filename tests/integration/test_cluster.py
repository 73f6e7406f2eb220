"""A real Dask cluster of two processes on loopback: the same values as here, and what is said when it fails."""

import gc
import io
import os
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.definition import ChurnDefinition, Lifecycle
from churn.sections import Cluster
from churn.settings import Settings
from features.atomic import whole_folder
from features.catalogue import catalogue
from features.current_file import write_current
from features.distributed import DaskEngine, LostWorkers, NoCluster, cluster_engine
from features.log import NoLog, read_log_manifest
from features.parts import HERE, Bucket, log_parts
from features.snapshots import current, freeze
from serving import batch
from serving.admission import Held
from serving.archive import BOOSTER, BUNDLE, folder_of
from serving.elsewhere import scorer_again
from tests import mapped_shop
from tests.clustered_shop import ingested
from training.challenger import train
from training.evaluate import pooled
from training.folding import freeze_fold

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return ingested(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[DaskEngine]:
    with cluster_engine(Cluster(engine="dask", workers=2), settings.folder) as opened:
        yield opened


def test_a_cluster_freezes_the_same_snapshots(settings: Settings, engine: DaskEngine) -> None:
    here = freeze_fold(settings)
    shutil.rmtree(settings.folder / "snapshots")
    there = freeze_fold(settings, engine=engine)
    assert (there.train.hash, there.test.hash) == (here.train.hash, here.test.hash)
    pd.testing.assert_frame_equal(there.train.frame, freeze_fold(settings).train.frame)


def test_labels_that_followed_a_merge_are_the_same_on_a_cluster(tmp_path: Path, engine: DaskEngine) -> None:
    """Who took over lies in another bucket, which the worker reads too."""
    report = mapped_shop.told(tmp_path, "hotline,h1,s1,2024-03-01", "hotline,h2,s2,2024-03-01")
    folder, manifest = report.path.parent, report.manifest
    lifecycle = Lifecycle(ChurnDefinition(qualifying=("complaint",), horizon_days=60))
    features = catalogue(list(manifest.kinds), manifest.columns, lifecycle)
    cutoffs = [mapped_shop.at("2024-02-27")]
    here, there = (
        freeze(
            log_parts(folder), features, lifecycle, cutoffs, observed_until=mapped_shop.at("2024-05-01"),
            log_hash=manifest.log_hash, folder=tmp_path / name, engine=one,
        )
        for name, one in (("here", HERE), ("there", engine))
    )  # fmt: skip
    assert there.hash == here.hash
    assert dict(zip(here.frame["customer_id"], here.frame["label"], strict=True)) == {"h1": False, "h2": True}


def test_a_cluster_gives_the_same_rows_of_now(settings: Settings, engine: DaskEngine) -> None:
    parts, lifecycle, manifest = log_parts(settings.folder), settings.lifecycle, read_log_manifest(settings.folder)
    features = catalogue(
        list(manifest.kinds), {kind: set(names) for kind, names in manifest.columns.items()}, lifecycle
    )
    assert len(parts) == 8
    there = current(parts, features, lifecycle, manifest.observed_until, engine=engine)
    pd.testing.assert_frame_equal(there, current(parts, features, lifecycle, manifest.observed_until))


def test_a_cluster_trains_a_model_as_good_as_here(settings: Settings, engine: DaskEngine) -> None:
    """The line, the number of trees and the calibration come from the same rows here; only the trees are grown apart.

    LightGBM's nodes bin and bag by themselves, so texts differ; the ROC AUC on rows that neither saw hardly does.
    """
    fold = freeze_fold(settings)
    here, there, again = (
        train("churn", fold.train, fold.test, settings, progress=print, engine=one) for one in (HERE, engine, engine)
    )
    assert there.bundle.trees == here.bundle.trees > 0
    assert there.bundle.calibrator == here.bundle.calibrator
    assert "127.0.0.1" not in there.booster
    auc_here, auc_there = (pooled(one.results, "lightgbm")["roc_auc"] for one in (here, there))
    assert auc_there == pytest.approx(auc_here, abs=0.01)
    for one in (there, again):
        assert np.abs(one.probabilities["lightgbm"] - here.probabilities["lightgbm"]).mean() < 0.02


def test_a_sample_trains_where_the_snapshot_is_larger(settings: Settings, engine: DaskEngine) -> None:
    small = settings.model_copy(update={"cluster": Cluster(engine="dask", sample_rows=1000)})
    fold = freeze_fold(settings)
    found = train("churn", fold.train, fold.test, small, progress=print, engine=engine)
    assert 0 < len(found.test_rows) <= len(fold.test)
    assert pooled(found.results, "lightgbm")["roc_auc"] > 0.6


def test_a_cluster_gives_everybody_the_same_score(
    settings: Settings, engine: DaskEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With champions that the workers load from the artifacts; only the id and the instant of an answer differ."""
    fold = freeze_fold(settings)
    trained = train("churn", fold.train, fold.test, settings, progress=print)
    held = {"churn": Held(trained.hash[:8], trained.hash)}
    with whole_folder(folder_of(settings.folder, trained.hash)) as copy:
        (copy / BOOSTER).write_text(trained.booster, encoding="utf-8")
        (copy / BUNDLE).write_text(trained.bundle.to_json(), encoding="utf-8")
    manifest, lifecycle = read_log_manifest(settings.folder), settings.lifecycle
    features = catalogue(["order"], {"order": set(manifest.columns["order"])}, lifecycle)
    now = current(log_parts(settings.folder), features, lifecycle, manifest.observed_until)
    write_current(now, features, lifecycle, settings.folder / "features")
    monkeypatch.setattr(batch, "PIECE", 300)
    log_clock = settings.model_copy(update={"business": settings.business.model_copy(update={"clock": "log"})})
    scorer = scorer_again(log_clock, held)
    here, sheet_here = (path.read_bytes() for path in batch.score_everyone(log_clock, scorer).files)
    report = batch.score_everyone(log_clock, scorer, engine=engine, elsewhere=partial(scorer_again, log_clock, held))
    there, sheet_there = (path.read_bytes() for path in report.files)
    assert report.scored > 300
    assert answers(there).equals(answers(here))
    pd.testing.assert_frame_equal(people(sheet_there), people(sheet_here))


def answers(parquet: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(parquet)).drop_columns(["score_id"])


def people(sheet: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(sheet), dtype=str).drop(columns="score_id")


def test_a_cluster_that_runs_already_is_checked_and_left_running(settings: Settings, engine: DaskEngine) -> None:
    address = engine.client.scheduler.address
    for _ in range(2):
        with cluster_engine(Cluster(engine="dask", scheduler=address), settings.folder) as other:
            assert list(other.map(len, ["a", "bc"])) == [1, 2]
    assert list(engine.map(len, ["abc"])) == [3]


def test_what_fails_on_a_worker_is_told_as_it_would_be_here(tmp_path: Path, engine: DaskEngine) -> None:
    with pytest.raises(NoLog) as told:
        list(engine.map(Bucket.read, [Bucket(tmp_path / "nothing", "bucket=000.parquet", "")]))
    assert "churn ingest" in told.value.mend


def test_results_come_in_order_and_a_lost_worker_is_made_up_for(tmp_path: Path, engine: DaskEngine) -> None:
    notes = [tmp_path / str(number) for number in range(12)]
    assert list(engine.map(dies_once_at_5, notes)) == [str(number) for number in range(12)]


def test_a_part_that_kills_every_worker_is_told(tmp_path: Path) -> None:
    with (
        cluster_engine(Cluster(engine="dask", workers=1), tmp_path) as engine,
        pytest.raises(LostWorkers, match="died") as told,
    ):
        list(engine.map(dies, [1]))
    assert "raise [ingest] buckets" in told.value.mend


def test_a_scheduler_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.distributed.CONNECT_S", 0.5)
    unreachable = Cluster(engine="dask", scheduler="tcp://127.0.0.1:1")
    with (
        pytest.raises(NoCluster, match=r":1 cannot be used") as told,
        cluster_engine(unreachable, tmp_path),
    ):
        pass
    assert "[cluster] scheduler" in told.value.mend


@pytest.mark.parametrize("address", ["garbage", "http://127.0.0.1:8786", "tcp://127.0.0.1:port"])
def test_what_is_no_address_is_told_at_once(tmp_path: Path, address: str) -> None:
    started = time.monotonic()
    with (
        pytest.raises(NoCluster, match="no address such as tcp://"),
        cluster_engine(Cluster(engine="dask", scheduler=address), tmp_path),
    ):
        pass
    gc.collect()
    assert time.monotonic() - started < 5


def dies_once_at_5(note: Path) -> str:
    """Kills its process the first time it sees note 5."""
    if note.name == "5" and not note.exists():
        note.touch()
        os._exit(1)
    return note.name


def dies(_item: int) -> None:
    os._exit(1)
