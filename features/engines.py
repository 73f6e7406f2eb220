"""Which engine the settings ask for, opened: this process, or a Dask cluster.

Imports Dask only where it is asked for. Start reading at `engine_of`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from churn.errors import SettingsError
from churn.settings import Settings
from features.parts import HERE, Engine


class NoDask(SettingsError):
    """The settings ask for a Dask cluster, and Dask is not installed."""

    def __init__(self) -> None:
        super().__init__(
            '[cluster] engine = "dask" needs Dask, which is not installed.',
            mend='install the extra `churn[cluster]`, or set [cluster] engine = "local".',
        )


@contextmanager
def engine_of(settings: Settings) -> Iterator[Engine]:
    """The engine of a business, closed when the block ends.

    Raises:
        NoDask, NoCluster, UnlikeWorkers, UnsharedFolder: the cluster that the settings ask for cannot be used.
    """
    if settings.cluster.engine == "local":
        yield HERE
        return
    if find_spec("distributed") is None:
        raise NoDask
    from features.distributed import cluster_engine

    with cluster_engine(settings.cluster, settings.folder) as engine:
        yield engine
