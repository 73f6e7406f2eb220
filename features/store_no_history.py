"""The off-line side of Feast for a process that only reads and writes rows of now: there is none.

Feast imports the off-line store that its configuration names as soon as it is read, DuckDB and ibis with it: a third of
a second and 30 MB of every worker, for questions about the past that no worker asks. Named in features/store_config.py
for the on-line side alone. Start reading at `NoHistoryOfflineStore`.
"""

from typing import Literal

from feast.infra.offline_stores.offline_store import OfflineStore
from feast.repo_config import FeastConfigBaseModel

TYPE: Literal["features.store_no_history.NoHistoryOfflineStore"] = "features.store_no_history.NoHistoryOfflineStore"


class NoHistoryOfflineStoreConfig(FeastConfigBaseModel):  # type: ignore[misc,unused-ignore]
    """Nothing to configure; Feast finds it by this name."""

    type: Literal["features.store_no_history.NoHistoryOfflineStore"] = TYPE


class NoHistoryOfflineStore(OfflineStore):  # type: ignore[misc,unused-ignore]
    """Knows nothing of the past; whoever asks it gets Feast's own NotImplementedError."""
