"""A feature set proven before it goes live: some rows written to a store of the same kind, read back and removed.

A champion may serve other features than a challenger learned from; writing the challenger's to the live view would
silence it. They go through the same write and read path under a project of their own, `staging-<business>`, whose
files lie in the folder of the business. What a killed proof left behind is removed by the next one, or by `clear`.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime

from churn.definition import Lifecycle
from churn.events import Events
from churn.settings import Settings
from features.current_file import ROWS_FILE, NoCurrent, read_customers
from features.feature_set import FeatureSet
from features.parity import Certificate, chosen, prove
from features.snapshots import current
from features.store import FeatureStore, OnlineStore
from features.store_config import WRITE_TIMEOUT_S
from features.store_errors import NothingMaterialised


def prove_apart(
    settings: Settings, events: Events, features: FeatureSet, lifecycle: Lifecycle, *, as_of: datetime, customers: int
) -> Certificate:
    """Write some customers' rows apart from the live ones, read them back and compare them with the off-line path.

    Args:
        settings: whose store.
        events: the log, or some customers' whole part of it.
        features: the feature set to prove.
        lifecycle: what churn means.
        as_of: the cutoff of the rows.
        customers: how many; those that `features.parity.prove` compares.

    Raises:
        StoreUnavailable: the on-line store does not answer.
    """
    people = current(events, features, lifecycle, as_of)  # many at once, as the live rows are made
    some = people[people["customer_id"].isin(chosen(events, customers))].reset_index(drop=True)
    with _apart(settings) as apart:
        registered = FeatureStore(apart)
        registered.apply(features, apart.folder / "features" / ROWS_FILE)
        registered.materialise(some, features)
        with closing(OnlineStore(apart)) as store:
            kind = settings.store.online
            return prove(store, events, features, lifecycle, customers=customers, kind=kind, rows="staged")


def clear(settings: Settings) -> None:
    """Remove what a proof wrote: its keys on the server, its table, its files."""
    apart = _settings(settings)
    with suppress(NoCurrent, NothingMaterialised):  # killed before it wrote a row
        written = read_customers(apart.folder / "features").to_pylist()
        with closing(OnlineStore(apart, timeout_s=WRITE_TIMEOUT_S)) as store:
            store.remove(written)
            store.drop()
    shutil.rmtree(apart.folder, ignore_errors=True)


@contextmanager
def _apart(settings: Settings) -> Iterator[Settings]:
    """The settings of the staged store, empty at the start and gone at the end; one proof at a time."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    with (settings.folder / "staging.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        clear(settings)
        try:
            yield _settings(settings)
        finally:
            clear(settings)


def _settings(settings: Settings) -> Settings:
    business = settings.business.model_copy(update={"slug": f"staging-{settings.business.slug}"})
    store = settings.store.model_copy(update={"registry_url": None})  # views that nobody else is to see
    return settings.model_copy(update={"business": business, "artifacts": settings.folder, "store": store})
