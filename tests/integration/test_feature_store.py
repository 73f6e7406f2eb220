"""Feast for real: views that follow from the catalogue, history equal to the snapshot, everybody's row on line."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.errors import WrongColumns
from churn.settings import Settings
from features.current_file import read_current, write_current
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.online import rows_of
from features.parity import prove
from features.snapshots import Snapshot, current, freeze
from features.store import FeatureStore, OnlineStore
from features.store_errors import METRICS_VARIABLES, NothingMaterialised, StoreUnavailable, quiet
from tests import small_shop

NOW = small_shop.CUTOFFS[-1]
EVENTS, FEATURES, LIFECYCLE = small_shop.events(), small_shop.features(), small_shop.LIFECYCLE


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small_shop.settings(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def snapshot(settings: Settings) -> Snapshot:
    return small_shop.frozen(settings.folder)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return current(EVENTS, FEATURES, LIFECYCLE, NOW)


@pytest.fixture(scope="module")
def filled(settings: Settings, snapshot: Snapshot, people: pd.DataFrame) -> FeatureStore:
    store = FeatureStore(settings)
    store.apply(FEATURES, snapshot.rows_path)
    assert store.materialise(people, FEATURES) == len(people)
    return store


def test_history_is_the_snapshot(filled: FeatureStore, snapshot: Snapshot) -> None:
    """The point-in-time join gives, for any rows in any order, what was frozen."""
    sample = snapshot.frame.sample(200, random_state=3)
    asked = sample[["customer_id", "event_timestamp", "model"]]
    answer = filled.history(asked)
    wanted = sample[["customer_id", "event_timestamp", "model", *snapshot.feature_names]].reset_index(drop=True)
    pd.testing.assert_frame_equal(answer, wanted)


def test_history_knows_nothing_before_the_first_cutoff(filled: FeatureStore, snapshot: Snapshot) -> None:
    asked = pd.concat([snapshot.frame.head(1), snapshot.frame.head(1)])[["customer_id", "event_timestamp"]]
    asked["event_timestamp"] -= pd.Timedelta(microseconds=1)
    answer = filled.history(asked)
    assert len(answer) == 2
    assert answer[snapshot.feature_names].isna().all(axis=None)


def test_views_follow_from_the_catalogue(filled: FeatureStore, snapshot: Snapshot) -> None:
    store = filled._open()
    behaviour, vector = (store.get_feature_view(name) for name in ("customer_behaviour", "customer_vector"))
    assert [field.name for field in behaviour.features] == snapshot.feature_names
    assert [field.description for field in behaviour.features] == [feature.en for feature in FEATURES]
    assert [field.tags["zh"] for field in behaviour.features] == [feature.zh for feature in FEATURES]
    assert (behaviour.online, vector.online) == (False, True)
    assert behaviour.tags["feature_set_hash"] == vector.tags["feature_set_hash"] == FEATURES.hash
    assert {service.name for service in store.list_feature_services()} == {"churn_training", "churn_serving"}


def test_everybody_is_on_line(filled: FeatureStore, settings: Settings, people: pd.DataFrame) -> None:
    wanted = list(rows_of(people, FEATURES.names, FEATURES.hash))
    found = OnlineStore(settings).rows(list(people["customer_id"]))
    assert all(one is not None and one.is_same(other) for one, other in zip(found, wanted, strict=True))
    assert [one and one.stated for one in found] == [other.stated for other in wanted] == list(people["stated"])
    pd.testing.assert_frame_equal(read_current(settings.folder / "features")[0], people)


def test_feasts_own_materialisation_gives_the_same_rows(
    filled: FeatureStore, settings: Settings, snapshot: Snapshot, people: pd.DataFrame, tmp_path: Path
) -> None:
    """`feast materialize` from its command line fills the store like ours."""
    empty = small_shop.settings(tmp_path)
    store = FeatureStore(empty)
    store.apply(FEATURES, snapshot.rows_path)
    write_current(people, FEATURES, LIFECYCLE, empty.folder / "features")
    customers = list(people["customer_id"])
    assert OnlineStore(empty).rows(customers) == [None] * len(customers)
    with quiet():
        store._open().materialize(NOW - pd.Timedelta(days=1), NOW, feature_views=["customer_vector"])
    found, wanted = OnlineStore(empty).rows(customers), OnlineStore(settings).rows(customers)
    assert all(one and other and one.is_same(other) for one, other in zip(found, wanted, strict=True))


def test_applied_again_the_views_follow_the_new_catalogue(tmp_path: Path) -> None:
    settings = small_shop.settings(tmp_path)
    store, order = FeatureStore(settings), Kind("order", "order", "下单")
    for days in (30, 60):
        features = FeatureSet(tuple(grouped("rhythm", order.count[days], order.total[days])), LIFECYCLE)
        frozen = freeze(
            EVENTS, features, LIFECYCLE, [NOW], observed_until=small_shop.UNTIL, log_hash="a log", folder=tmp_path
        )
        store.apply(features, frozen.rows_path)
        people = current(EVENTS, features, LIFECYCLE, NOW)
        assert store.materialise(people, features) == len(people)
        assert prove(OnlineStore(settings), EVENTS, features, LIFECYCLE, customers=20, kind="sqlite")["passed"]
        answer = store.history(frozen.frame[["customer_id", "event_timestamp"]])
        assert list(answer.columns[2:]) == [f"order_count_{days}d", f"order_total_{days}d"]
        np.testing.assert_array_equal(answer.iloc[:, 2:], frozen.frame[frozen.feature_names])


def test_an_older_batch_changes_nothing(filled: FeatureStore, settings: Settings, people: pd.DataFrame) -> None:
    older = current(EVENTS, FEATURES, LIFECYCLE, small_shop.CUTOFFS[0])
    told: list[tuple[int, int, str]] = []
    assert filled.materialise(older, FEATURES, progress=lambda *step: told.append(step)) == 0
    assert told[-1][:2] == (len(older), len(older))
    found = OnlineStore(settings).rows(list(people["customer_id"]))
    assert {row.as_of for row in found if row} == {NOW}
    filled.materialise(people, FEATURES)


def test_parity_is_proven_by_replay(filled: FeatureStore, settings: Settings) -> None:
    certificate = prove(OnlineStore(settings), EVENTS, FEATURES, LIFECYCLE, customers=50, kind="sqlite")
    assert certificate["passed"] is True
    assert (certificate["count"], certificate["mismatches"], certificate["differences"]) == (50, 0, {})


def test_nothing_of_feast_is_left_in_the_process(filled: FeatureStore) -> None:
    assert not [name for name in METRICS_VARIABLES if name in os.environ]


def test_meters_of_a_process_that_opened_feast_first_are_its_own() -> None:
    """The library of meters asks the variables at its import, and Feast sets them for a while."""
    words = (
        "import os; from features.store_errors import METRICS_VARIABLES, quiet\n"
        "with quiet():\n    os.environ |= dict.fromkeys(METRICS_VARIABLES, 'gone')\n    import prometheus_client\n"
        "from serving.metrics import Metrics; Metrics()"
    )
    around = {name: value for name, value in os.environ.items() if name not in METRICS_VARIABLES}
    done = subprocess.run([sys.executable, "-c", words], env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_feast_reads_the_yaml(filled: FeatureStore, settings: Settings) -> None:
    from feast.repo_config import load_repo_config

    folder = settings.folder / "features"
    config = load_repo_config(folder, folder / "feature_store.yaml")
    assert config.project == "small_shop"
    assert config.online_store.path == str(folder / "online.db")
    assert config.materialization_config.pull_latest_features


def test_wrong_columns_reach_no_store(filled: FeatureStore, people: pd.DataFrame) -> None:
    with pytest.raises(WrongColumns, match="- order_count_30d"):
        filled.materialise(people.drop(columns="order_count_30d"), FEATURES)


def test_an_empty_folder_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NothingMaterialised) as told:
        OnlineStore(small_shop.settings(tmp_path))
    assert "churn features materialise" in told.value.mend


def test_a_lost_or_broken_file_is_told(tmp_path: Path) -> None:
    settings = small_shop.settings(tmp_path)
    FeatureStore(settings).apply(FEATURES, small_shop.frozen(settings.folder).rows_path)
    database = settings.folder / "features" / "online.db"
    for beside in database.parent.glob("online.db*"):
        beside.unlink()
    store = OnlineStore(settings)
    with pytest.raises(NothingMaterialised):
        store.rows(["00000"])
    database.write_bytes(b"this is no database, " * 100)
    with pytest.raises(StoreUnavailable, match=r"online\.db") as told:
        OnlineStore(settings).rows(["00000"])
    assert "churn features materialise" in told.value.mend
    assert told.value.exit_code == 10
    with pytest.raises(StoreUnavailable):
        FeatureStore(settings).apply(FEATURES, small_shop.frozen(settings.folder).rows_path)
    database.unlink()
    FeatureStore(settings).apply(FEATURES, small_shop.frozen(settings.folder).rows_path)
    assert OnlineStore(settings).rows(["00000"]) == [None]


def test_a_column_of_nulls_is_a_column_of_nulls(tmp_path: Path) -> None:
    """Feast gives nulls as objects; they come back as float64."""
    settings = small_shop.settings(tmp_path)
    snapshot = small_shop.frozen(settings.folder, small_shop.log().assign(amount=np.nan))
    store = FeatureStore(settings)
    store.apply(FEATURES, snapshot.rows_path)
    answer = store.history(snapshot.frame[["customer_id", "event_timestamp"]].head(20))
    assert answer["order_mean_90d"].isna().all()
    assert answer["order_mean_90d"].dtype == np.float64


def test_feast_is_imported_without_writing_its_functions_anew() -> None:
    """typeguard's decorator parses and compiles each of them: three seconds of every process that opens a store."""
    script = (
        "import typeguard, typeguard._decorators as inner; anew = []; before = typeguard.typechecked; "
        "inner.instrument = lambda one: anew.append(one) or 'no'; "
        "from features.store_views import open_feast; open_feast().FeatureStore; "
        "print(len(anew), typeguard.typechecked is before)"
    )
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "True"]
