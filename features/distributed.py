"""A Dask cluster as an engine: the same functions on the same parts, worked on by its workers. The only Dask here.

`cluster_engine` connects to the scheduler of the settings, or starts worker processes on this machine where none is
named, and asks every worker first whether it runs this very version and sees the artifacts: parts are names of files,
so the folder of the business has to lie on a file system that all of them share under one path. Results come back in
the order of the parts, and only a few are ever under way. Start reading at `cluster_engine`.
"""

import logging
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import dask
from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.comm import CommClosedError, get_address_host_port

from churn.errors import ChurnError, SettingsError
from churn.sections import Cluster
from features.provenance import made_by

T = TypeVar("T")
R = TypeVar("R")

CONNECT_S = 15
TRIES_AGAIN = 2  # a part whose worker was lost is worked on so many times more
AHEAD = 2  # parts under way for each thread of the cluster
CONFIG = {
    "distributed.scheduler.http.routes": ["distributed.http.health"],  # no dashboard, no profile, no proxy
    "distributed.worker.http.routes": ["distributed.http.health"],
    "distributed.worker.profile.enabled": False,
    "distributed.admin.event-loop-monitor-interval": "10s",
}


class NoCluster(SettingsError):
    """No Dask scheduler answers, or it has no worker."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(
            f"The Dask cluster at {address} cannot be used: {why}.",
            mend="start its scheduler and workers (docs/cluster.md), correct [cluster] scheduler, or leave it unset "
            "for worker processes on this machine.",
        )


class UnlikeWorkers(SettingsError):
    """Workers run something else than the client, so that their numbers could differ; or a scheduler that lacks it."""

    def __init__(self, unlike: dict[str, str]) -> None:
        shown = "; ".join(f"{address}: {what}" for address, what in sorted(unlike.items())[:5])
        super().__init__(
            f"{len(unlike)} processes of the Dask cluster run another version than this client: {shown}.",
            mend="install the same commit and the same requirements/all.lock on the scheduler and every worker, and "
            "restart them.",
        )


class UnsharedFolder(SettingsError):
    """A worker does not see the artifacts of the business."""

    def __init__(self, folder: Path, workers: list[str]) -> None:
        super().__init__(
            f"{len(workers)} Dask workers do not see {folder}, {sorted(workers)[0]} for one.",
            mend="put `artifacts` on a file system that client and workers share under the same path (NFS, Lustre, "
            "a mounted bucket), or leave [cluster] scheduler unset.",
        )


class LostWorkers(ChurnError):
    """The cluster lost workers again and again over the same part, or went away."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The Dask cluster did not finish its work: {why}.",
            mend="look into the workers' logs (most often memory: raise [ingest] buckets, so that parts are smaller, "
            "or give workers more), then run the command again; what was written before stays as it was.",
        )


@dataclass(frozen=True)
class DaskEngine:
    """The engine `dask`. See `features.parts.Engine`.

    Args:
        client: connected; closed by whoever opened it.
        threads: of all workers together.
    """

    client: Client
    threads: int

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """What `function` makes of each item, in their order, a few ahead of who takes them.

        Raises:
            LostWorkers: a part's worker was lost again and again, or the cluster went away.
        """
        sent: deque[Future] = deque()
        for item in items:
            sent.append(self.client.submit(function, item, pure=False, retries=TRIES_AGAIN))
            if len(sent) >= AHEAD * self.threads:
                yield self._result(sent.popleft())
        while sent:
            yield self._result(sent.popleft())

    def _result(self, future: Future) -> Any:  # what the function gave
        with lost_workers_told():
            return future.result()


@contextmanager
def lost_workers_told() -> Iterator[None]:
    """Dask's words for a worker or a cluster that went away, in ours."""
    try:
        yield
    except KilledWorker as error:
        raise LostWorkers(f"worker {error.last_worker.address} died, and others over the same part before") from error
    except (CommClosedError, CancelledError) as error:
        raise LostWorkers(str(error) or "its scheduler went away") from error


@contextmanager
def cluster_engine(settings: Cluster, folder: Path) -> Iterator[DaskEngine]:
    """Connect to the cluster of the settings and check it, or start one of processes here; left as it was found.

    Args:
        settings: which cluster.
        folder: the artifacts of the business, which every worker must see.

    Raises:
        NoCluster: no scheduler answers, or it has no worker.
        UnlikeWorkers: workers run another version. UnsharedFolder: a worker does not see the folder.
    """
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(CONFIG))
        address = settings.scheduler or stack.enter_context(_processes(settings.workers))
        client = stack.enter_context(_connected(address))
        if settings.scheduler:
            check(client, folder)
        else:
            client.run(os.dup2, 2, 1)  # what libraries print in our own workers must not end up in a command's answer
        yield DaskEngine(client, sum(client.nthreads().values()))


@contextmanager
def _processes(workers: int) -> Iterator[str]:
    """A cluster of processes on this machine's loopback; the address of its scheduler."""
    with (
        tempfile.TemporaryDirectory(prefix="churn-dask-") as scratch,
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0",
            local_directory=scratch, memory_limit=0, silence_logs=logging.CRITICAL,
        ) as cluster,
    ):  # fmt: skip
        yield cluster.scheduler_address


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        get_address_host_port(address)  # a client that was given no address takes half a minute to be gone
    except ValueError as error:
        raise NoCluster(address, "that is no address such as tcp://10.0.0.1:8786") from error
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoCluster(address, str(error)) from error
    with client:
        if not client.nthreads():
            raise NoCluster(address, "it has no worker")
        yield client


def check(client: Client, folder: Path) -> None:
    """Ask every worker what it runs and whether it sees the folder, and the scheduler whether it knows us at all.

    Raises:
        UnlikeWorkers, UnsharedFolder: see `cluster_engine`.
    """
    own = stands(folder)
    told = client.run(stands, folder, on_error="return")
    broken = {address: str(said) for address, said in told.items() if isinstance(said, BaseException)}
    try:
        client.run_on_scheduler(stands, folder)
    except (ImportError, AttributeError, RuntimeError) as error:  # it has to read what it hands on
        broken["the scheduler"] = str(error)
    unlike = broken | {
        address: str(said.runs) for address, said in told.items() if address not in broken and said.runs != own.runs
    }
    if unlike:
        raise UnlikeWorkers(unlike)
    blind = [address for address, said in told.items() if own.sees and not said.sees]
    if blind:
        raise UnsharedFolder(folder, blind)


@dataclass(frozen=True)
class Stands:
    """What a worker runs, and whether it sees a folder."""

    runs: dict[str, str | None]
    sees: bool


def stands(folder: Path) -> Stands:
    """What this process runs, and whether it sees a folder; run on each worker."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    versions = {"numpy": np.__version__, "pandas": pd.__version__, "pyarrow": pa.__version__, "dask": dask.__version__}
    return Stands(made_by() | versions, folder.is_dir())
