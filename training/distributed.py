"""Growing the trees of a plan on a Dask cluster, from a snapshot that no node has to hold.

    snapshot.parquet --pieces--> workers: prepared rows + where boosting starts --lightgbm.dask--> LightGBM's text

Each worker reads its pieces of the one file. Line, levels, number of trees and calibration come from a sample on one
node (training/sampling.py): stopping early on several nodes is not to be had from LightGBM. The text is of the same
form as a local one. It is not the same to the bit: nodes find the bins of features from their own rows and add
histograms up in another order, and rows are bagged by node. Start reading at `boost_on`.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import lightgbm
import numpy as np
import pandas as pd

from churn.events import FloatArray
from features import parquet
from features.distributed import DaskEngine, lost_workers_told
from features.parts import Engine
from features.snapshot_file import row_groups
from features.snapshots import Snapshot
from training.plan import Boost, Plan
from training.rows import Columns, Rows

OF_THE_CLUSTER = re.compile(r"^\[(machines|local_listen_port|num_machines|time_out): .*\]\n", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """Some rows of a snapshot's file, read where they are needed."""

    path: Path
    columns: Columns
    model: str
    group: int
    first: int
    end: int

    def read(self) -> Rows:
        """The mature rows of the model in this piece."""
        (frame,) = row_groups(self.path, self.columns.names, groups=[self.group])
        return Rows.of(frame.iloc[self.first : self.end], self.columns, self.model)


def boost_on(engine: Engine, snapshot: Snapshot, model: str) -> Boost:
    """What grows the trees of one model of a snapshot on the cluster behind an engine.

    Args:
        engine: a `DaskEngine`.
        snapshot: lies where every worker sees it.
        model: churn or reactivation.
    """
    if not isinstance(engine, DaskEngine):
        raise TypeError(f"{type(engine).__name__} is no cluster")
    return partial(_boost, engine=engine, snapshot=snapshot, model=model)


def _boost(plan: Plan, *, engine: DaskEngine, snapshot: Snapshot, model: str) -> str:
    pieces = list(_pieces(snapshot, model, engine.threads))
    sizes = engine.map(_size, pieces)
    filled = [(piece, size) for piece, size in zip(pieces, sizes, strict=True) if size]
    X, outcome, start = _arrays(plan, filled)
    params = {name: value for name, value in plan.params.items() if name != "num_threads"}
    learner = lightgbm.DaskLGBMRegressor(client=engine.client, n_estimators=plan.trees, tree_learner="data", **params)
    with lost_workers_told(), engine.client.as_current(), redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parameter n_jobs will be ignored")  # each worker uses the threads it has
        learner.fit(
            X,
            outcome,
            init_score=start,
            feature_name=list(plan.columns.names),
            categorical_feature=plan.category_places,
        )
    return OF_THE_CLUSTER.sub("", str(learner.to_local().booster_.model_to_string()))


def _pieces(snapshot: Snapshot, model: str, least: int) -> Iterator[Piece]:
    """The file's groups of rows, cut finer where there are fewer than `least`, so that each thread has one."""
    columns = Columns.of(snapshot.manifest)
    with parquet.opened(snapshot.rows_path) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    cuts = max(1, -(-least // max(len(sizes), 1)))
    for group, size in enumerate(sizes):
        edges = np.linspace(0, size, cuts + 1).astype(int).tolist()
        for first, end in pairwise(edges):
            yield Piece(snapshot.rows_path, columns, model, group, first, end)


def _size(piece: Piece) -> int:
    """How many rows a piece has that can train."""
    names = ["model", "label"]
    with parquet.opened(piece.path) as file:
        frame: pd.DataFrame = file.read_row_group(piece.group, columns=names).to_pandas()
    mine = frame.iloc[piece.first : piece.end]
    return int(((mine["model"] == piece.model) & mine["label"].notna()).sum())


def _arrays(plan: Plan, pieces: list[tuple[Piece, int]]) -> tuple[Any, Any, Any]:
    """Prepared rows, outcomes and starts as Dask arrays, a chunk a piece. Shapes (n, f), (n,), (n,)."""
    width, chunks = len(plan.columns.names), list[list[Any]]()
    for piece, size in pieces:
        made = dask.delayed(partial(_prepared, piece, plan), pure=False, nout=3)()
        shapes = ((size, width), (size,), (size,))
        chunks.append([da.from_delayed(one, shape, np.float64) for one, shape in zip(made, shapes, strict=True)])
    X, outcome, start = (da.concatenate(list(column)) for column in zip(*chunks, strict=True))
    return X, outcome, start


def _prepared(piece: Piece, plan: Plan) -> tuple[FloatArray, FloatArray, FloatArray]:
    rows = piece.read()
    X = plan.prepared(rows)
    return X, rows.outcome, plan.start(rows, X)
