"""A small business for tests of live events: its log came by file, everything else comes live."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from churn.calendar import to_us
from churn.clock import Clock
from churn.definition import ChurnDefinition
from churn.events import Events
from churn.sections import Business, Ingest, Live, Source
from churn.settings import Settings
from features.catalogue import catalogue
from features.feature_set import FeatureSet
from features.live.event import LiveEvent
from features.live.intake import Intake
from features.log import read_log_manifest
from features.online import MemoryOnlineStore, OnlineRow, RowStore
from features.snapshots import current
from features.sources import IngestReport, ingest
from tests import small_shop

NOW = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)  # in the middle of a day of the business


class Ticking:
    """A clock that goes on by a second whenever it is asked."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """The next second."""
        self.at += timedelta(seconds=1)
        return self.at


def settings(
    folder: Path, *, customers: int = 30, events: int = 400, live: Live | None = None, **business: Any
) -> Settings:
    """Settings of the shop, whose orders lie in a file below the folder."""
    frame = small_shop.log(customers=customers, events=events).assign(order_id=None)
    orders = frame["event_type"].isin(["order", "return"])
    frame.loc[orders, "order_id"] = [f"o{number % 150}" for number in range(int(orders.sum()))]
    frame["event_id"] = [f"e{number}" for number in range(len(frame))]
    frame.to_parquet(folder / "shop.parquet")
    names = ("customer_id", "event_type", "event_timestamp", "ingested_at", "event_id", "order_id", "amount")
    source = Source(path="shop.parquet", **{name: name for name in names})  # type: ignore[arg-type]
    return Settings(
        artifacts=folder / "artifacts",
        root=folder,
        business=Business(slug="live-shop", timezone="Asia/Shanghai", **business),
        definition=ChurnDefinition(),
        source=(source,),
        ingest=Ingest(buckets=4),
        live=live or Live(),
    )


def ingested(held: Settings, at: datetime = NOW) -> IngestReport:
    """Read the file into the log."""
    return ingest(held, environ={}, wall=Ticking(at))


def features(held: Settings) -> FeatureSet:
    """The features that its log has."""
    manifest = read_log_manifest(held.folder)
    return catalogue(list(manifest.kinds), {k: set(c) for k, c in manifest.columns.items()}, held.lifecycle)


def event(event_id: str, customer_id: str = "客 0003", minutes: float = 60, **changed: Any) -> LiveEvent:
    """An order some minutes before NOW."""
    when = to_us(NOW - timedelta(minutes=minutes))
    usual = LiveEvent("live", event_id, customer_id, "order", when, amount=25.0, order_id=f"live-{event_id}")
    return replace(usual, **changed)


def intake(held: Settings, store: RowStore | None = None, clock: Clock | None = None) -> Intake:
    """What takes its live events, with an index; nothing runs in the background."""
    opened = Intake(held, store or MemoryOnlineStore(), features(held), clock or Ticking())
    opened.keeper.step()
    return opened


def taken(opened: Intake, events: Sequence[LiveEvent]) -> list[str]:
    """Post events and refresh, as the service does; what became of each."""
    committed = opened.append(events).result()
    accepted = [one for one, receipt in zip(events, committed.receipts, strict=True) if receipt.status == "accepted"]
    assert opened.refresh(committed, [one.customer_id for one in accepted])
    return [receipt.status for receipt in committed.receipts]


def batch_row(events: Events, chosen: FeatureSet, held: Settings, row: OnlineRow) -> OnlineRow:
    """What a batch as of the instant of a row says of its customer."""
    from features.online import rows_of

    frame: pd.DataFrame = current(events, chosen, held.lifecycle, row.as_of)
    (found,) = [one for one in rows_of(frame, chosen.names, chosen.hash) if one.customer_id == row.customer_id]
    return found
