"""A shop whose log is one small CSV: what the tests of ingest read, and how they look at what came of it."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from churn.sections import Business, Ingest, Source
from churn.settings import Settings
from features.sources import IngestReport, ingest

ORDERS = """customer_id,date,amount
00001,2024-01-01,11.77
00002,2024-01-12 10:30,12.0
00001,2024-03-01T08:00:00+08:00,
"""
ORDER = {
    "customer_id": "customer_id",
    "event_type": "'order'",
    "event_timestamp": "date",
    "amount": "amount",
    "timezone": "UTC",
}


def shop(root: Path, *sources: dict[str, object], max_rejected_share: float = 1.0, **business: str) -> Settings:
    return Settings(
        business=Business(slug="shop", **{"clock": "log", **business}),
        source=tuple(Source(**source) for source in sources),
        ingest=Ingest(max_rejected_share=max_rejected_share),
        root=root,
    )


def run(root: Path, text: str, mapping: dict[str, object] | None = None, **more: object) -> IngestReport:
    (root / "orders.csv").write_text(text, encoding="utf-8")
    return ingest(shop(root, {"path": "orders.csv", **ORDER, **(mapping or {})}, **more), environ={})


def rows_of(report: IngestReport) -> pd.DataFrame:
    files = sorted(report.path.glob("bucket=*.parquet"))
    return pd.concat([pq.ParquetFile(path).read().to_pandas() for path in files]).sort_values(
        ["customer_id", "event_timestamp"], ignore_index=True
    )


def rejects_of(report: IngestReport) -> pd.DataFrame:
    return pq.ParquetFile(report.path / "rejects.parquet").read().to_pandas()
