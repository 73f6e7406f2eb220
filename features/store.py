"""The feature store: views derived from the catalogue, history off line, one row a customer on line.

    snapshot.parquet --> customer_behaviour   documented scalars, off line     --> service churn_training
    current.parquet  --> customer_vector      the same row packed, on line too --> service churn_serving

`FeatureStore` registers, fills and asks the past; `OnlineStore` reads and writes rows for serving. Feast is imported
when one of them is made (a second of CPU), never by importing this module. Unknown customers, stale rows
and rows too old to be written are told by us: Feast's `status` and `ttl` do not tell them on line. Instants lie in
the view as int64 microseconds, because Feast's SQLite store sends its own through local time.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.settings import Settings
from features.ahead_log import write_ahead
from features.atomic import write_text
from features.current_file import ROWS_FILE as CURRENT_FILE
from features.current_file import current_groups, read_manifest, write_current
from features.feature_set import FeatureSet
from features.online import (
    AGE_FIELDS,
    FIELDS,
    OnlineRow,
    age_of,
    answer_of,
    batches,
    newer,
    packed,
    rows_of,
    unchanged,
    unpacked,
)
from features.store_config import WRITE_TIMEOUT_S, address, may_be_registered, yaml_text
from features.store_errors import NothingMaterialised, StoreUnavailable, told
from features.store_limits import limited_connection
from features.store_session import Session
from features.store_views import LEARNT, VECTOR_VIEW, definitions, feast_store, open_feast, past_store, repo_config
from features.writer_lock import WriterLock

Progress = Callable[[int, int, str], None]


class FeatureStore:
    """What the pipeline does: register views, fill the store, ask what was known in the past."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._folder = settings, settings.folder / "features"

    def apply(self, features: FeatureSet, snapshot_path: Path) -> None:
        """Register entity, views and services for a feature set and the snapshot that holds its history.

        Args:
            features: from which the views are derived.
            snapshot_path: the Parquet file of a snapshot (Snapshot.rows_path).

        Raises:
            StoreUnavailable, SettingsError: the on-line store does not answer, or `[store]` names none.
        """
        where = address(self._settings.store, self._folder)
        write_text(self._folder / "feature_store.yaml", yaml_text(self._settings))
        ttl = timedelta(days=self._settings.training.every_days + 1)
        with told(where, self._settings.business.slug), feast_store(self._settings) as store:
            if where.kind == "sqlite":
                with closing(sqlite3.connect(where.config["path"])) as connection:
                    write_ahead(connection, WRITE_TIMEOUT_S)  # readers do not wait for writers, from now on
            elif where.kind == "postgres":
                limited_connection(store.config.online_store, WRITE_TIMEOUT_S).close()  # Feast would wait for ever
            store.apply(definitions(features, snapshot_path, self._folder / CURRENT_FILE, ttl))

    def materialise(
        self,
        frames: pd.DataFrame | Iterable[pd.DataFrame],
        features: FeatureSet,
        *,
        progress: Progress | None = None,
    ) -> int:
        """Write everybody's row of now to disk and to the on-line store; how many rows were newer than theirs.

        Args:
            frames: as `features.snapshots.current` gives it, or block by block (`features.everybody`).
            features: their features.
            progress: told rows done and in all.

        Raises:
            WrongColumns: they have other columns than the feature set.
            NothingMaterialised: `apply` was never called.
            StoreUnavailable: the on-line store does not answer.
        """
        written = done = 0
        with closing(OnlineStore(self._settings, timeout_s=WRITE_TIMEOUT_S)) as store:
            write_current(frames, features, self._settings.lifecycle, self._folder)
            in_all = int(read_manifest(self._folder)["rows"])
            groups = current_groups(self._folder)
            rows = chain.from_iterable(rows_of(group, features.names, features.hash) for group in groups)
            for batch in batches(rows, self._settings.store.batch_size):
                written += store.write(batch)
                done += len(batch)
                if progress:
                    progress(done, in_all, "customers")
        return written

    def history(self, entity_frame: pd.DataFrame) -> pd.DataFrame:
        """The features as they were known, through Feast's point-in-time join.

        Args:
            entity_frame: customer_id and event_timestamp; other columns stay as they are.

        Returns:
            The same rows in the same order, and the features beside them; null where nothing was known.
        """
        rows = entity_frame.reset_index(drop=True)
        with past_store(self._settings) as store:
            service = store.get_feature_service(LEARNT)
            names = [field.name for view in service.feature_view_projections for field in view.features]
            entities = rows.assign(entity_row=np.arange(len(rows)))  # Feast keeps no order
            job = store.get_historical_features(entities, service, filter_by_created_timestamp=True)
            answer: pd.DataFrame = job.to_df().sort_values("entity_row", ignore_index=True)
        return pd.concat([rows, answer[names].astype(np.float64)], axis=1)

    def _open(self) -> Any:
        return open_feast().FeatureStore(config=repo_config(self._settings))


class OnlineStore:
    """One row a customer, as serving reads it. Views are resolved once, when it is made.

    Args:
        settings: whose store.
        timeout_s: how long a server may take to answer; [serving] store_timeout_ms where none is given.

    Raises:
        NothingMaterialised: the store was never set up.
    """

    def __init__(self, settings: Settings, *, timeout_s: float | None = None) -> None:
        timeout_s = settings.serving.store_timeout_ms / 1000 if timeout_s is None else timeout_s
        business, folder = settings.business.slug, settings.folder / "features"
        where = address(settings.store, folder, timeout_s=timeout_s)
        if not may_be_registered(settings):
            raise NothingMaterialised(business)
        config = repo_config(settings, timeout_s, with_history=False)
        with feast_store(settings, with_history=False) as store:
            views = store.list_feature_views()
        view = next((view for view in views if view.name == VECTOR_VIEW), None)
        if view is None:
            raise NothingMaterialised(business)
        self.folder = folder
        self._batch_size, self._where, self._business = settings.store.batch_size, where, business
        self._one_writer, self._failed_at = threading.Lock(), 0.0
        self._writers = WriterLock(settings.store, folder / "online.lock", business, timeout_s=timeout_s)
        self._session = Session(config, view, where, business=business, timeout_s=timeout_s)

    def rows(self, customer_ids: Sequence[str]) -> list[OnlineRow | None]:
        """The rows of these customers in their order; None for who is unknown.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        answers = self._session.read(customer_ids, FIELDS)
        return [unpacked(customer_id, fields) for customer_id, fields in zip(customer_ids, answers, strict=True)]

    def write(self, rows: Iterable[OnlineRow]) -> int:
        """Keep these rows, without what is `nightly`, unless a newer one is there; how many were kept.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        return sum(self._write(batch) for batch in batches(rows, self._batch_size))

    def attach(self, rows: Iterable[OnlineRow]) -> int:
        """Keep what is `nightly` of these rows wherever the row that is there is as old as they; how many these are.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        return sum(self._attach(batch) for batch in batches(rows, self._batch_size))

    def remove(self, customer_ids: Iterable[str]) -> int:
        """Forget these customers: delete their keys; how many of them had a row.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        return sum(self._remove(batch) for batch in batches(dict.fromkeys(customer_ids), self._batch_size))

    def drop(self) -> None:
        """Take the table away, where the store has one for this view; for views that are no longer needed.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        self._session.drop()

    def close(self) -> None:
        """End the connections; the next call opens them anew."""
        self._writers.close()
        self._session.close()

    def _write(self, batch: Sequence[OnlineRow]) -> int:
        with self._locked():
            held = self._session.read([row.customer_id for row in batch], AGE_FIELDS)
            kept = newer(batch, [age_of(fields) for fields in held])
            self._session.write([(row.customer_id, packed(row), row.as_of, row.known_at) for row in kept])
        return len(kept)

    def _attach(self, batch: Sequence[OnlineRow]) -> int:
        with self._locked():
            held = self._session.read([row.customer_id for row in batch], AGE_FIELDS)
            mine = unchanged(batch, [age_of(fields) for fields in held])
            self._session.write([(row.customer_id, answer_of(row), row.as_of, row.known_at) for row in mine])
        return len(mine)

    def _remove(self, batch: Sequence[str]) -> int:
        with self._locked():
            held = self._session.read(batch, AGE_FIELDS)
            self._session.remove(batch)
        return sum(age_of(fields) is not None for fields in held)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else writes: no other thread, no other process, no other machine.

        Who waited behind a writer that met no answer has its answer: a server that hangs is not waited for in a queue.
        """
        came = time.monotonic()
        with self._one_writer:
            if self._failed_at > came:
                raise StoreUnavailable(self._where.shown, reason="nor did it answer another", mend=self._where.mend)
            try:
                with told(self._where, self._business), self._writers.hold():
                    yield
            except StoreUnavailable:
                self._failed_at = time.monotonic()
                raise
