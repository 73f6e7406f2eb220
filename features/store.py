"""The feature store: views derived from the catalogue, history off line, one row a customer on line. The only Feast.

    snapshot.parquet --> customer_behaviour   documented scalars, off line     --> service churn_training
    current.parquet  --> customer_vector      the same row packed, on line too --> service churn_serving

`FeatureStore` registers, fills and asks the past; `OnlineStore` reads and writes rows for serving. Feast is imported
when one of them is made (some eight seconds of CPU), never by importing this module. Unknown customers, stale rows
and rows too old to be written are told by us: Feast's `status` and `ttl` do not tell them on line. Instants lie in
the view as int64 microseconds, because Feast's SQLite store sends its own through local time.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.settings import Settings
from features.atomic import write_text
from features.current_file import ROWS_FILE as CURRENT_FILE
from features.current_file import write_current
from features.feature_set import FeatureSet
from features.online import AGE_FIELDS, FIELDS, Fields, OnlineRow, age_of, batches, newer, packed, rows_of, unpacked
from features.store_config import READ_TIMEOUT_S, WRITE_TIMEOUT_S, address, repo, yaml_text
from features.store_errors import NothingMaterialised, quiet, told
from features.writer_lock import WriterLock

BEHAVIOUR, VECTOR_VIEW, LEARNT, SCORED = "customer_behaviour", "customer_vector", "churn_training", "churn_serving"
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
        with quiet(), told(where, self._settings.business.slug):
            if where.kind == "sqlite":
                with closing(sqlite3.connect(where.config["path"])) as connection:
                    connection.execute("PRAGMA journal_mode=WAL")  # readers do not wait for writers, from now on
            self._open().apply(_views(features, snapshot_path, self._folder / CURRENT_FILE, ttl))

    def materialise(self, frame: pd.DataFrame, features: FeatureSet, *, progress: Progress | None = None) -> int:
        """Write everybody's row of now to disk and to the on-line store; how many rows were newer than theirs.

        Args:
            frame: as `features.snapshots.current` gives it.
            features: its features.
            progress: told rows done and in all.

        Raises:
            WrongColumns: the frame has other columns than the feature set.
            NothingMaterialised: `apply` was never called.
            StoreUnavailable: the on-line store does not answer.
        """
        written = done = 0
        with closing(OnlineStore(self._settings, timeout_s=WRITE_TIMEOUT_S)) as store:
            write_current(frame, features, self._settings.lifecycle, self._folder)
            rows = rows_of(frame, features.names, features.hash)
            for batch in batches(rows, self._settings.store.batch_size):
                written += store.write(batch)
                done += len(batch)
                if progress:
                    progress(done, len(frame), "customers")
        return written

    def history(self, entity_frame: pd.DataFrame) -> pd.DataFrame:
        """The features as they were known, through Feast's point-in-time join.

        Args:
            entity_frame: customer_id and event_timestamp; other columns stay as they are.

        Returns:
            The same rows in the same order, and the features beside them; null where nothing was known.
        """
        rows = entity_frame.reset_index(drop=True)
        with quiet():
            store = self._open()
            service = store.get_feature_service(LEARNT)
            names = [field.name for view in service.feature_view_projections for field in view.features]
            entities = rows.assign(entity_row=np.arange(len(rows)))  # Feast keeps no order
            job = store.get_historical_features(entities, service, filter_by_created_timestamp=True)
            answer: pd.DataFrame = job.to_df().sort_values("entity_row", ignore_index=True)
        return pd.concat([rows, answer[names].astype(np.float64)], axis=1)

    def _open(self) -> Any:
        return _feast().FeatureStore(config=_repo_config(self._settings))


class OnlineStore:
    """One row a customer, as serving reads it. Views are resolved once, when it is made.

    Args:
        settings: whose store.
        timeout_s: how long Redis may take to answer.

    Raises:
        NothingMaterialised: the store was never set up.
    """

    def __init__(self, settings: Settings, *, timeout_s: float = READ_TIMEOUT_S) -> None:
        self._business, folder = settings.business.slug, settings.folder / "features"
        self._address = address(settings.store, folder, timeout_s=timeout_s)
        if not (folder / "registry.db").exists():
            raise NothingMaterialised(self._business)
        self._config = _repo_config(settings, timeout_s)
        views = _feast().FeatureStore(config=self._config).list_feature_views()
        self._view = next((view for view in views if view.name == VECTOR_VIEW), None)
        if self._view is None:
            raise NothingMaterialised(self._business)
        self._batch_size = settings.store.batch_size
        self._writers = WriterLock(settings.store, folder / "online.lock", self._business)
        self._one_at_a_time = threading.Lock()  # Feast's stores hold one connection
        self._store: Any = None

    def rows(self, customer_ids: Sequence[str]) -> list[OnlineRow | None]:
        """The rows of these customers in their order; None for who is unknown.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        with self._session() as store:
            answers = self._read(store, customer_ids, FIELDS)
        return [unpacked(customer_id, fields) for customer_id, fields in zip(customer_ids, answers, strict=True)]

    def write(self, rows: Iterable[OnlineRow]) -> int:
        """Keep these rows unless a newer one is there; how many were kept.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        return sum(self._write(batch) for batch in batches(rows, self._batch_size))

    def close(self) -> None:
        """End the connections; the next call opens them anew."""
        self._writers.close()
        connection, self._store = getattr(self._store, "_conn", None), None
        if connection:  # Feast's own `close` ends only what its asynchronous readers opened
            connection.close()

    def _write(self, batch: Sequence[OnlineRow]) -> int:
        with self._session() as store, self._writers.hold():
            held = self._read(store, [row.customer_id for row in batch], AGE_FIELDS)
            kept = newer(batch, [age_of(fields) for fields in held])
            store.online_write_batch(self._config, self._view, [_quadruple(row) for row in kept], None)
        return len(kept)

    def _read(self, store: Any, customer_ids: Sequence[str], names: Sequence[str]) -> list[Fields | None]:
        keys = [_key(customer_id) for customer_id in customer_ids]
        answers = store.online_read(self._config, self._view, keys, list(names)) if keys else []
        return [values and {name: _content(value) for name, value in values.items()} for _, values in answers]

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Feast's store of this kind. One that failed is opened anew the next time."""
        with self._one_at_a_time, told(self._address, self._business):
            from feast.infra.online_stores.helpers import get_online_store_from_config

            store, self._store = self._store or get_online_store_from_config(self._config.online_store), None
            yield store
            self._store = store


def _views(features: FeatureSet, snapshot: Path, current: Path, ttl: timedelta) -> list[Any]:
    """Entity, views and services, derived from the catalogue."""
    feast = _feast()
    from feast.types import Array, Float64, Int64, String

    scalars = [
        feast.Field(name=f.name, dtype=Float64, description=f.en, tags={"zh": f.zh, "unit": f.unit, "group": f.group})
        for f in features
    ]
    types = dict.fromkeys(FIELDS, String) | {"vector": Array(Float64), "as_of_us": Int64, "known_at_us": Int64}
    row = [feast.Field(name=name, dtype=types[name]) for name in FIELDS]
    key = feast.Field(name="customer_id", dtype=String)
    customer = feast.Entity(name="customer", join_keys=[key.name], value_type=feast.ValueType.STRING)
    shared = {"entities": [customer], "ttl": ttl, "tags": {"feature_set_hash": features.hash}}
    behaviour = feast.FeatureView(
        name=BEHAVIOUR, source=_source(snapshot), schema=[key, *scalars], online=False,
        description="features at the cutoffs of a snapshot, one column each", **shared,
    )  # fmt: skip
    vector = feast.FeatureView(
        name=VECTOR_VIEW, source=_source(current), schema=[key, *row], online=True,
        description="the same features packed in order, as the model takes them", **shared,
    )  # fmt: skip
    learnt = feast.FeatureService(name=LEARNT, features=[behaviour], description="what models learn from")
    scored = feast.FeatureService(name=SCORED, features=[vector], description="what a score is made from")
    return [customer, behaviour, vector, learnt, scored]


def _source(path: Path) -> Any:  # feast.FileSource
    feast = _feast()
    return feast.FileSource(
        name=path.stem, path=str(path), file_format=feast.data_format.ParquetFormat(),
        timestamp_field="event_timestamp", created_timestamp_column="created_timestamp",
    )  # fmt: skip


def _key(customer_id: str) -> Any:  # EntityKey
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey

    return EntityKey(join_keys=["customer_id"], entity_values=[_value(customer_id)])


def _quadruple(row: OnlineRow) -> tuple[Any, ...]:
    values = {name: _value(content) for name, content in packed(row).items()}
    return _key(row.customer_id), values, row.as_of, row.known_at


def _value(content: Any) -> Any:  # Value: a list of numbers, a number, a text or nothing
    from feast.protos.feast.types.Value_pb2 import DoubleList, Value

    if isinstance(content, list):
        return Value(double_list_val=DoubleList(val=content))
    return Value(int64_val=content) if isinstance(content, int) else Value(string_val=content)  # of None: nothing


def _content(value: Any) -> Any:  # and back; a list stands one deeper
    kind = value.WhichOneof("val")
    content = getattr(value, kind) if kind else None
    return getattr(content, "val", content)


def _repo_config(settings: Settings, timeout_s: float = READ_TIMEOUT_S) -> Any:
    return _feast().RepoConfig(**repo(settings, timeout_s=timeout_s), repo_path=settings.folder / "features")


def _feast() -> Any:
    with quiet():
        import feast
    return feast
