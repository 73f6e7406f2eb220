"""Feast's entity, views and services, derived from the catalogue; what `feast apply` registers.

customer_behaviour   documented scalars of a snapshot, off line     --> service churn_training
customer_vector      the same row packed, on line too               --> service churn_serving
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from churn.settings import Settings
from features import parquet
from features.feature_set import FeatureSet
from features.online import FIELDS
from features.snapshot_file import NIGHTLY
from features.store_config import READ_TIMEOUT_S, registry, repo
from features.store_errors import quiet, told_registry

NO_HISTORY = "features.store_no_history.NoHistoryOfflineStore"
BEHAVIOUR, VECTOR_VIEW, LEARNT, SCORED = "customer_behaviour", "customer_vector", "churn_training", "churn_serving"


def definitions(features: FeatureSet, snapshot: Path, current: Path, ttl: timedelta) -> list[Any]:
    """Entity, views and services of a feature set.

    Args:
        features: from which the views are derived.
        snapshot: the Parquet file that holds their history.
        current: the Parquet file of everybody's row of now.
        ttl: how long a row may be joined to a later instant off line; on line Feast does not look at it.
    """
    feast = open_feast()
    from feast.types import Array, Bytes, Float64, Int64, String

    scalars = [
        feast.Field(name=f.name, dtype=Float64, description=f.en, tags={"zh": f.zh, "unit": f.unit, "group": f.group})
        for f in features
    ]
    types = dict.fromkeys(FIELDS, String) | {"vector": Array(Float64), "as_of_us": Int64, "known_at_us": Int64}
    types |= {NIGHTLY: Bytes}  # of a text, Feast's SQL stores keep two copies
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


@contextmanager
def feast_store(settings: Settings, *, with_history: bool = True) -> Iterator[Any]:
    """Feast's FeatureStore of a business, for as long as the block takes.

    Raises:
        StoreUnavailable: its registry is on a server that does not answer.
    """
    where = registry(settings.store, settings.folder / "features")
    with told_registry(where), quiet():
        store = open_feast().FeatureStore(config=repo_config(settings, with_history=with_history))
        try:
            yield store
        finally:
            store.registry.write_engine.dispose()


@contextmanager
def past_store(settings: Settings) -> Iterator[Any]:
    """Feast's FeatureStore to ask the past of. DuckDB, its off-line store, reads no file that Arrow encrypted.

    It is given a copy in clear then, in a folder that only this user may enter and that is gone at the end.
    """
    with feast_store(settings) as store:
        view = store.get_feature_view(BEHAVIOUR)
        path = Path(view.batch_source.path)
        if not parquet.is_encrypted(path):
            yield store
            return
        with tempfile.TemporaryDirectory(prefix="churn-") as name, quiet():
            scratch = Path(name)
            _decrypt(path, scratch / path.name)
            view.batch_source = _source(scratch / path.name)
            local = {"registry_type": "sql", "path": f"sqlite:///{scratch / 'registry.db'}"}
            told = repo(settings) | {"registry": local, "online_store": {"type": "sqlite", "path": f"{scratch}/o.db"}}
            copy = open_feast().FeatureStore(config=open_feast().RepoConfig(**told, repo_path=scratch))
            try:
                copy.apply([*store.list_entities(), view, store.get_feature_service(LEARNT)])
                yield copy
            finally:
                copy.registry.write_engine.dispose()


def _decrypt(path: Path, copy: Path) -> None:
    with parquet.opened(path) as file, parquet.writer(copy, file.schema_arrow) as clear:
        for group in range(file.num_row_groups):
            clear.write_table(file.read_row_group(group))


def repo_config(settings: Settings, timeout_s: float = READ_TIMEOUT_S, *, with_history: bool = True) -> Any:
    """Feast's RepoConfig of a business; without its history it is made, and held, for much less."""
    told = repo(settings, timeout_s=timeout_s) | ({} if with_history else {"offline_store": {"type": NO_HISTORY}})
    return open_feast().RepoConfig(**told, repo_path=settings.folder / "features")


def open_feast() -> Any:
    """The module, without typeguard's checks of its own functions: to write them takes three seconds of four."""
    if "feast" in sys.modules:
        return sys.modules["feast"]
    with quiet(), _unchecked():
        import feast
    return feast


@contextmanager
def _unchecked() -> Iterator[None]:
    """Let typeguard's decorator give back what it is given; it would parse and compile every function anew."""
    import typeguard  # comes with Feast

    checked = typeguard.typechecked
    typeguard.typechecked = lambda target=None, **_: target or (lambda inner: inner)  # type: ignore[assignment]
    try:
        yield
    finally:
        typeguard.typechecked = checked


def _source(path: Path) -> Any:  # feast.FileSource
    feast = open_feast()
    return feast.FileSource(
        name=path.stem, path=str(path), file_format=feast.data_format.ParquetFormat(),
        timestamp_field="event_timestamp", created_timestamp_column="created_timestamp",
    )  # fmt: skip
