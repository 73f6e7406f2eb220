"""An ingested shop of 1,500 customers in eight buckets, for tests that work on it part by part."""

from pathlib import Path

from churn.sections import Ingest, Source
from churn.settings import Settings
from features.sources import ingest
from tests.unit.training import made


def ingested(folder: Path, customers: int = 1500) -> Settings:
    """Settings of the shop, its log written below a folder."""
    made.log(customers).to_parquet(folder / "orders.parquet")
    source = Source(
        path="orders.parquet", customer_id="customer_id", event_type="event_type",
        event_timestamp="event_timestamp", amount="amount", timezone="UTC",
    )  # fmt: skip
    settings = made.settings(folder / "artifacts").model_copy(
        update={"source": (source,), "ingest": Ingest(buckets=8), "root": folder}
    )
    ingest(settings, environ={})
    return settings
