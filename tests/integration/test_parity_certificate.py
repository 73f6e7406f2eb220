"""A feature set proven on real stores before it goes live: beside the live rows, and without a trace."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from churn.sections import Store
from churn.settings import Settings
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.snapshots import current
from features.staging import clear, prove_apart
from features.store import FeatureStore, OnlineStore
from tests import small_shop

NOW = small_shop.CUTOFFS[-1]
EVENTS, FEATURES, LIFECYCLE = small_shop.events(), small_shop.features(), small_shop.LIFECYCLE
SERVERS = [pytest.param(kind, marks=pytest.mark.server) for kind in ("redis", "postgres")]
OTHERS = FeatureSet(tuple(grouped("rhythm", Kind("order", "order", "下单").count[60])), LIFECYCLE)


@pytest.fixture(params=["sqlite", *SERVERS])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A business whose live view holds everybody's row of one feature set."""
    url = None if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    slug = f"proof-{uuid.uuid4().hex[:8]}"
    settings = small_shop.settings(tmp_path, Store(online=request.param, url=url), slug)
    filled = FeatureStore(settings)
    filled.apply(FEATURES, small_shop.frozen(settings.folder).rows_path)
    filled.materialise(current(EVENTS, FEATURES, LIFECYCLE, NOW), FEATURES)
    yield settings
    filled._open().teardown()


def test_a_challengers_features_are_proven_beside_the_live_rows(live: Settings) -> None:
    ids = [str(one) for one in EVENTS.customers]
    with closing(OnlineStore(live)) as store:
        before = store.rows(ids)
        certificate = prove_apart(live, EVENTS, OTHERS, LIFECYCLE, as_of=NOW, customers=40)
        assert (certificate["count"], certificate["mismatches"], certificate["rows"]) == (40, 0, "staged")
        assert certificate["passed"]
        assert certificate["feature_set_hash"] == OTHERS.hash != FEATURES.hash
        assert certificate["store"] == live.store.online
        after = store.rows(ids)
    assert [one and one.feature_set_hash for one in after] == [one and one.feature_set_hash for one in before]
    assert not [path for path in live.folder.rglob("*staging*") if path.name != "staging.lock"]


def test_what_a_killed_proof_left_is_removed_by_the_next(live: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("features.staging.clear", lambda settings: None)  # a killed process clears nothing away
        prove_apart(live, EVENTS, OTHERS, LIFECYCLE, as_of=NOW, customers=40)
    (left,) = live.folder.glob("staging-*")
    apart = live.model_copy(
        update={"artifacts": live.folder, "business": live.business.model_copy(update={"slug": left.name})}
    )
    ids = [str(one) for one in EVENTS.customers]
    with closing(OnlineStore(apart)) as store:
        assert any(store.rows(ids))
        clear(live)
        assert not left.exists()
        if live.store.online == "redis":  # the others have no table any more
            assert not any(store.rows(ids))
    clear(live)


def test_a_store_that_loses_a_bit_gets_no_certificate(live: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Single precision on the way in: what the contract of a store forbids, the certificate finds."""
    import numpy as np

    from features import store

    honest = store.packed
    monkeypatch.setattr(
        store, "packed", lambda row: honest(row) | {"vector": row.vector.astype(np.float32).astype(float)}
    )
    certificate = prove_apart(live, EVENTS, FEATURES, LIFECYCLE, as_of=NOW, customers=120)
    assert not certificate["passed"]
    assert set(certificate["differences"]) <= {"order_total_90d", "order_total_365d", "order_mean_90d"}
