"""A small business with two real models, for tests of serving: trained here in a second, registered as training does.

Eight customers stand in the store, one for each way an answer can go.
"""

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from starlette.testclient import TestClient

from churn.bundle import Bundle, Text, model_hash
from churn.calendar import to_us
from churn.calibration import Calibrator
from churn.clock import Clock, StoppedClock
from churn.sections import Business, Serving
from churn.settings import Settings
from churn.stated_text import NOTHING
from churn.treeshap import TreeShap
from churn.warrant import signed
from cli.app import assemble
from features.atomic import write_json
from features.online import MemoryOnlineStore, OnlineRow
from features.registry_place import FILE, reach
from features.signing_key import key_to_sign
from serving.app import Counter, Desk
from serving.champion import Champion
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from serving.scorer import Scorer

NOW = datetime(2025, 1, 1, 16, tzinfo=UTC)
AS_OF = NOW - timedelta(hours=12)
FEATURES = ("days_since_last_order", "order_count_90d", "order_total_90d", "region")
GROUPS = dict(zip(FEATURES, ("silence", "rhythm", "value", "profile"), strict=True))
CODES = (101.0, 202.0, 303.0)
SET_HASH = "0123456789ab"
SLUG = "tiny"
SAID = json.dumps(  # two complaints open, the older for ten days; what they said, and something nobody has a code for
    {
        "open": [2, to_us(AS_OF - timedelta(days=10))],
        "reasons": [
            ["service", "late_delivery", "complaint", to_us(AS_OF - timedelta(days=3))],
            [None, None, "survey", to_us(AS_OF - timedelta(days=40))],
        ],
    }
)
TEXTS = {
    "days_since_last_order": Text(en="days since the last order", zh="距上次下单天数", unit="days"),
    "order_count_90d": Text(en="orders in the last 90 days", zh="近90天下单次数", unit="events"),
    "order_total_90d": Text(en="order spend in the last 90 days", zh="近90天消费金额", unit="EUR"),
    "region": Text(en="region", zh="地区"),
}


def vectors(count: int, seed: int = 3) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Feature vectors as the store packs them, with nulls and a category among them."""
    random = np.random.default_rng(seed)
    rows = np.column_stack(
        [
            random.gamma(1.5, 40.0, count),
            random.poisson(3.0, count).astype(float),
            random.gamma(2.0, 60.0, count),
            random.choice(CODES, count),
        ]
    )
    rows[random.random(rows.shape) < 0.1] = np.nan
    return rows


@cache
def texts(model: str) -> tuple[str, str]:
    """Booster and bundle of a model, as they are registered."""
    rows = vectors(3000, seed=len(model))
    random = np.random.default_rng(11)
    odds = np.nan_to_num(rows[:, 0]) / 40 - np.nan_to_num(rows[:, 1]) / 2 + (rows[:, 3] == CODES[1])
    label = random.random(len(rows)) < 1 / (1 + np.exp(-(odds if model == "churn" else -odds)))
    label_name = {"churn": "churned", "reactivation": "reactivated"}[model]
    draft = Bundle(
        model=model, label=label_name, business=SLUG, features=FEATURES, feature_set_hash=SET_HASH,
        categories={"region": tuple(int(code) for code in CODES)}, calibrator=Calibrator(),
        percentiles=tuple(np.linspace(0, 1, 101)), bands={"low": 0.0, "medium": 0.3, "high": 0.6},
        base_rate=float(label.mean()), definition={"horizon_days": 90}, definition_id="d" * 12, horizon_days=90,
        gap_days=0, snapshot_hash="5" * 64, trained_at=datetime(2024, 12, 1, tzinfo=UTC), trees=40, reasons=GROUPS,
        texts=TEXTS, usual=dict(zip(FEATURES, (35.0, 3.0, 110.0, None), strict=True)),
    )  # fmt: skip
    params = {"objective": "binary", "num_leaves": 15, "verbosity": -1, "num_threads": 1, "seed": 7}
    dataset = lightgbm.Dataset(
        draft.prepare(rows), label, feature_name=list(FEATURES), categorical_feature=["region"], free_raw_data=False
    )
    return lightgbm.train(params, dataset, 40).model_to_string(), draft.to_json()


@cache
def champion(model: str) -> Champion:
    """A champion as serving holds it."""
    booster, bundle = texts(model)
    return Champion(
        f"{model}-{SLUG}/3", model_hash(bundle, booster), Bundle.from_json(bundle), TreeShap.from_text(booster, nodes=4)
    )


def row(customer_id: str, **changed: Any) -> OnlineRow:
    """A row that the churn model answers for."""
    usual = OnlineRow(
        customer_id, vectors(1, seed=8)[0], "active", "churn", AS_OF, AS_OF + timedelta(minutes=5), SET_HASH
    )
    return replace(usual, **changed)


def rows() -> list[OnlineRow]:
    """Customers for every way an answer can go."""
    return [
        row("C1", vector=np.array([60.0, 1.0, 35.5, 202.0]), stated=SAID),
        row("C2", vector=np.array([2.0, 9.0, 900.0, np.nan]), stage="loyal", stated=NOTHING),
        row("客户-3", vector=np.array([200.0, 0.0, 0.0, 999.0]), stage="lapsed", model="reactivation", stated="{}"),
        row("prospect", vector=np.full(4, np.nan), stage="prospect", model=None),
        row("gone", stage="lapsed", model=None),
        row("stale", as_of=NOW - timedelta(hours=36, microseconds=1)),
        row("other-features", feature_set_hash="ba9876543210"),
        row("too-wide", vector=np.zeros(5)),
    ]


def settings(folder: Path, **serving: Any) -> Settings:
    """Settings of the business, with its artifacts below a folder."""
    business = Business(name="Tiny <shop>", slug=SLUG, clock="log")
    return Settings(artifacts=folder, business=business, serving=Serving(**serving))


def scorer(models: Sequence[str] = ("churn", "reactivation"), clock: Clock | None = None, **changed: Any) -> Scorer:
    """A scorer with these champions."""
    usual = Scorer(
        {model: champion(model) for model in models}, clock or StoppedClock(NOW), "log", timedelta(hours=36), "e" * 12
    )
    return replace(usual, **changed)


def store(more: Sequence[OnlineRow] = ()) -> MemoryOnlineStore:
    """An on-line store with the eight customers, and more."""
    held = MemoryOnlineStore()
    held.write([*rows(), *more])
    return held


def client(folder: Path, *, answering: Scorer | None = None, opened: bool = True, **serving: Any) -> TestClient:
    """A caller of the whole application, everything but BentoML; `app.desk` may be closed at the end."""
    held = settings(folder, **serving)
    desk = Desk(held)
    if opened:
        desk.open(Counter(answering or scorer(), Lookup(store()), ScoreLog(held.folder)))
    return TestClient(assemble(desk), base_url="http://127.0.0.1", raise_server_exceptions=True)


def register(held: Settings, models: Sequence[str] = ("churn", "reactivation")) -> None:
    """Put the models into a real MLflow registry, under the alias `champion`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of MLflow
        _register(held, models)


def _new_registry() -> Path:
    """An empty registry, made once for each version of MLflow: its migrations take seconds of every start."""
    import mlflow

    made = Path(tempfile.gettempdir()) / f"churn-tests-{os.getuid()}-mlflow-{mlflow.__version__}.db"
    if not made.exists():
        with tempfile.TemporaryDirectory() as folder:
            making = Path(folder) / made.name
            mlflow.MlflowClient(tracking_uri=f"{FILE}{making}").search_experiments()
            shutil.copy(making, beside := made.with_suffix(f".{os.getpid()}"))
            beside.replace(made)
    return made


def _register(held: Settings, models: Sequence[str]) -> None:
    from mlflow import MlflowClient

    held.folder.mkdir(parents=True, exist_ok=True)
    reach(held)  # as every command does
    if held.registry_uri.startswith(FILE) and not (database := Path(held.registry_uri.removeprefix(FILE))).exists():
        shutil.copy(_new_registry(), database)
    registry = MlflowClient(tracking_uri=held.registry_uri, registry_uri=held.registry_uri)
    experiment = registry.create_experiment(SLUG, artifact_location=(held.folder / "mlruns").as_uri())
    for model in models:
        booster, bundle = texts(model)
        run = registry.create_run(experiment).info
        registry.log_text(run.run_id, booster, "model/artifacts/booster.txt")
        registry.log_text(run.run_id, bundle, "model/artifacts/bundle.json")
        name = held.model_name(model)
        registry.create_registered_model(name)
        version = registry.create_model_version(name, f"{run.artifact_uri}/model", run.run_id)
        registry.set_registered_model_alias(name, "champion", version.version)
        let_in(held, model, int(version.version), booster, bundle)


def version_texts(model: str, number: int) -> tuple[str, str]:
    """Booster and bundle of a version: each tells another probability, so that an answer shows whose it is."""
    booster, bundle = texts(model)
    if number == 1:  # the one that `register` registers
        return booster, bundle
    shifted = Calibrator(kind="platt", params={"a": 1.0, "b": number / 7})
    return booster, Bundle.from_json(bundle).model_copy(update={"calibrator": shifted}).to_json()


def promote(held: Settings, model: str, number: int) -> None:
    """Let a version serve as promotion and rollback do, registered first where it is new; its own verdict, signed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of MLflow
        from mlflow import MlflowClient

        registry = MlflowClient(tracking_uri=held.registry_uri, registry_uri=held.registry_uri)
        name, (booster, bundle) = held.model_name(model), version_texts(model, number)
        for missing in range(len(registry.search_model_versions(f"name = '{name}'")) + 1, number + 1):
            _add_version(registry, held, model, version_texts(model, missing)[1])
        registry.set_registered_model_alias(name, "champion", str(number))
    let_in(held, model, number, booster, bundle)


def _add_version(registry: Any, held: Settings, model: str, bundle: str) -> None:  # MlflowClient
    run = registry.create_run(registry.get_experiment_by_name(SLUG).experiment_id).info
    registry.log_text(run.run_id, texts(model)[0], "model/artifacts/booster.txt")
    registry.log_text(run.run_id, bundle, "model/artifacts/bundle.json")
    registry.create_model_version(held.model_name(model), f"{run.artifact_uri}/model", run.run_id)


def let_in(held: Settings, model: str, number: int, booster: str, bundle: str, **changed: Any) -> None:
    """Write down that the gate let a version in, signed, as `churn promote` does."""
    told = json.loads(bundle)
    facts = {name: told[name] for name in ("model", "feature_set_hash", "definition_id")} | {
        "name": held.model_name(model), "version": number, "model_hash": model_hash(bundle, booster), "act": "promote",
        "at": NOW.isoformat(), "who": "test", "passed": True, "checks": {}, "history_hash": "",
    }  # fmt: skip
    record = {name: facts[name] for name in ("name", "version", "model_hash", "feature_set_hash")}
    warrant = signed(facts | changed, key_to_sign(held))
    write_json(held.folder / "champion" / f"{model}.json", record | {"warrant": warrant})
