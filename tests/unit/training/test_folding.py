"""The snapshots of a fold are frozen by the definition of today, also where it changed after ingest."""

from pathlib import Path

import pandas as pd

from churn.definition import ChurnDefinition
from churn.model_sections import Training
from churn.sections import Business, Source
from churn.settings import Settings
from features.sources import ingest
from training.folding import freeze_fold

COLUMNS = ("customer_id", "event_type", "event_timestamp", "order_id")


def test_what_takes_an_order_back_is_asked_of_the_settings(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", "2024-06-30", freq="5D", tz="UTC").astype(str)
    orders = [(who, "order", day, f"{who}{day}") for who in ("kept", "returned") for day in days]
    backs = [("returned", "chargeback", day, f"returned{day}") for day in days]
    pd.DataFrame(orders + backs, columns=list(COLUMNS)).to_csv(tmp_path / "log.csv", index=False)
    settings = Settings(
        business=Business(slug="shop", clock="log"),
        definition=ChurnDefinition(horizon_days=10),
        training=Training(min_history_days=30, test_cutoffs=1),
        source=(Source(path="log.csv", **{name: name for name in COLUMNS}),),  # type: ignore[arg-type]
        root=tmp_path,
    )
    ingest(settings, environ={}, progress=lambda _: None)
    assert set(freeze_fold(settings).train.frame["customer_id"]) == {"kept", "returned"}
    stricter = settings.definition.model_copy(update={"taken_back_by": ("chargeback",)})
    now = settings.model_copy(update={"definition": stricter})
    assert set(freeze_fold(now).train.frame["customer_id"]) == {"kept"}
