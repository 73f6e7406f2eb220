"""A small business for tests of campaigns: a log, scores and values of everybody, written by hand; no model is needed.

`written(folder, ...)` lays it out; every customer is given as a row of what matters here. Now is `NOW`.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from campaigns.ledger.export import COLUMNS as LIST_COLUMNS
from churn.action_sections import Action, Campaigns
from churn.calendar import Calendar
from churn.sections import Business, Contacts, Ingest, Source
from churn.settings import Settings
from churn.tables import INSTANT, SCORES, TREATMENTS, VALUES
from features.atomic import write_json
from features.sources import ingest
from features.treatments import write_treatments

NOW = datetime(2025, 3, 1, tzinfo=UTC)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
COLUMNS = (
    "customer_id", "event_type", "event_timestamp", "event_id", "category", "channel", "reason_code", "amount",
    "quantity",
)  # fmt: skip
COUPON = Action(
    code="coupon", kind="coupon", channel="sms", en="A coupon", zh="优惠券", contact_amount=0.1, offer_amount=10.0,
    take_up_ratio=0.2, cool_down_days=30,
)  # fmt: skip
CALL = Action(
    code="solve", kind="complaint", channel="phone", en="Solve the complaint", zh="解决投诉", contact_amount=5.0,
    take_up_ratio=0.3,
)  # fmt: skip


def settings(folder: Path, *actions: Action, **campaigns: Any) -> Settings:
    """Settings of the shop, artifacts below a folder; nobody is kept out by chance unless that is asked."""
    columns: dict[str, Any] = {name: name for name in COLUMNS}
    source = Source(path="log.parquet", **columns)
    contacts = Contacts(path="contacts.csv", may_email="may_email", may_phone="may_phone")
    limits = {"permanent_hold_out_ratio": 0.0, **campaigns}
    return Settings(
        artifacts=folder / "artifacts", root=folder, source=(source,), ingest=Ingest(buckets=4), contacts=contacts,
        business=Business(slug="campaign-shop", timezone="Asia/Shanghai", clock="log"),
        action=actions or (COUPON, CALL), campaigns=Campaigns(**limits),
    )  # fmt: skip


def event(customer: str, kind: str, days_ago: float, **columns: Any) -> dict[str, Any]:
    """An event so many days before `NOW`."""
    return {"customer_id": customer, "event_type": kind, "event_timestamp": NOW - timedelta(days=days_ago), **columns}


def scored(customer: str, probability: float | None = 0.5, **columns: Any) -> dict[str, Any]:
    """A row of SCORES, of somebody who may leave unless another model is named."""
    asked = {"model": "churn", "stage": "lapsing", "band": "medium"} if probability is not None else {}
    return {
        "customer_id": customer, "probability": probability, "cutoff": NOW, "horizon_days": 90, "scored_at": NOW,
        "valid_until": NOW + timedelta(hours=36), "score_id": customer, **asked, **columns,
    }  # fmt: skip


def written(
    shop: Settings,
    scores: Sequence[dict[str, Any]],
    events: Iterable[dict[str, Any]] = (),
    *,
    values: dict[str, float] | None = None,
    refuse: Sequence[str] = (),
    complaining: Sequence[str] = (),
) -> Settings:
    """Lay the business out on disk.

    Args:
        shop: its settings.
        scores: rows of `scored`, one a customer.
        events: rows of `event`; an order of each customer comes first.
        values: expected margin by customer.
        refuse: customers who consented to nothing.
        complaining: customers whose complaint is not solved.
    """
    ids = [row["customer_id"] for row in scores]
    first = [{"customer_id": one, "event_type": "order", "event_timestamp": FIRST, "amount": 50.0} for one in ids]
    every = pd.DataFrame([*first, *events]).reindex(columns=list(COLUMNS))
    every["event_id"] = [f"e{number}" for number in range(len(every))]
    last = {"customer_id": ids[0], "event_type": "visit", "event_timestamp": NOW - timedelta(hours=1), "event_id": "e"}
    every = pd.concat([every, pd.DataFrame([last])], ignore_index=True)
    every["event_timestamp"] = pd.to_datetime(every["event_timestamp"], utc=True).astype(INSTANT)
    every.to_parquet(shop.root / "log.parquet")
    told = ["false" if one in refuse else "true" for one in ids]
    pd.DataFrame({"customer_id": ids, "may_email": told, "may_phone": told}).to_csv(
        shop.root / "contacts.csv", index=False
    )
    ingest(shop, environ={})
    _tables(shop.folder, scores, values)
    known = pd.DataFrame(
        {"customer_id": ids, "complaint_unsolved_oldest_days": [9.0 if one in complaining else None for one in ids]}
    )
    _put(known.astype({"complaint_unsolved_oldest_days": float}), shop.folder / "features" / "current.parquet")
    return shop


def _tables(folder: Path, scores: Sequence[dict[str, Any]], values: dict[str, float] | None) -> None:
    rows = pd.DataFrame(scores).reindex(columns=SCORES.names)
    for column in SCORES:
        if column.dtype == INSTANT:
            rows[column.name] = pd.to_datetime(rows[column.name], utc=True).astype(INSTANT)
        elif column.dtype == "float64":
            rows[column.name] = rows[column.name].astype(float)
    _put(rows, folder / "scores" / "batch" / f"{NOW:%Y-%m-%dT%H%M%SZ}.parquet")
    if values is not None:
        worth = pd.DataFrame({"customer_id": list(values), "expected_value_amount": list(values.values())})
        _put(worth.assign(value_tier="middle").reindex(columns=VALUES.names), folder / "tables" / "values.parquet")


def _put(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)


def treatments(
    campaign: str, treated: dict[str, bool], *, days_ago: int, window_days: int, **columns: Any
) -> pd.DataFrame:
    """Rows of TREATMENTS: who was planned for, and whether they were to be contacted; a coupon, nine in ten."""
    at = NOW - timedelta(days=days_ago)
    planned = {
        "campaign": campaign, "customer_id": list(treated), "action": "coupon", "channel": "sms", "model": "churn",
        "stage": "lapsing", "planned_at": at, "due": at + timedelta(days=7),
        "window_end": at + timedelta(days=window_days), "owner": "shop", "propensity": 0.9,
        "is_treated": list(treated.values()), "probability": 0.5, "value_amount": 100.0, "take_up_ratio": 0.2,
        "cost_amount": 5.0, "expected_profit_amount": 5.0, "why_en": "likely to leave", "why_zh": None, **columns,
    }  # fmt: skip
    instants = dict.fromkeys(("planned_at", "due", "window_end"), INSTANT)
    return pd.DataFrame(planned)[TREATMENTS.names].astype(instants)


def exported(folder: Path, campaign: str, treated: dict[str, bool], *, window_days: int = 60) -> None:
    """A campaign whose lists were written, as the service finds it."""
    write_treatments(folder, campaign, treatments(campaign, treated, days_ago=70, window_days=window_days))
    rows = [[one, "coupon", "A coupon", "优惠券", "likely to leave", "", "2025-01-05", "shop"]
            for one, is_treated in sorted(treated.items()) if is_treated]  # fmt: skip
    columns = {name: [row[place] for row in rows] for place, name in enumerate(LIST_COLUMNS)}
    lists = pd.DataFrame(columns | {"channel": ["email" if row[0] == "客户-3" else "sms" for row in rows]})
    lists.to_parquet(folder / "campaigns" / campaign / "listed.parquet", index=False)
    files = {"list-sms.csv": {"rows": len(rows), "sha256": "0" * 64}}
    told = {"at": "2024-12-21T01:00:00+00:00", "folder": "", "files": files, "left_out": {}}
    write_json(folder / "campaigns" / campaign / "exports.json", [told])


def local_day(days_ago: int) -> datetime:
    """Local midnight of the business, so many days before the day of `NOW`."""
    return Calendar("Asia/Shanghai").window_start(NOW, days_ago)
