"""The simulated log as a shop would export it: orders, activity and profiles, each in a form of its own.

Answers what lies on the disk before `churn ingest`: `orders.csv.gz` in local time without a zone, under the till's
own column names; `activity.parquet` with everything else; `profiles.csv.gz` with one row a customer. The mapping in
churn.toml turns them back into EVENTS. Reads a log, writes three files. Knows nothing of the truth.
"""

from pathlib import Path

import numpy as np
import pandas as pd

PROFILE = "profile."
ORDER_COLUMNS = {  # the till's name of each EVENTS column
    "event_id": "row_id",
    "customer_id": "customer",
    "event_timestamp": "placed_at",
    "ingested_at": "recorded_at",
    "order_id": "order_no",
    "amount": "total",
    "discount_amount": "discount",
    "quantity": "items",
    "category": "department",
    "channel": "sold_via",
}
_GZIP = {"method": "gzip", "mtime": 0, "compresslevel": 1}  # no time inside: the same log gives the same bytes


def write_sources(events: pd.DataFrame, folder: Path, *, timezone: str) -> dict[str, Path]:
    """Write a log as the three files of a shop.

    Args:
        events: a log with the columns of EVENTS.
        folder: where to; made if need be, files of these names are replaced.
        timezone: in which the till writes its local times.

    Returns:
        The files by name: orders, activity, profiles.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "orders": folder / "orders.csv.gz",
        "activity": folder / "activity.parquet",
        "profiles": folder / "profiles.csv.gz",
    }
    is_order = events["event_type"] == "order"
    is_profile = events["event_type"].str.startswith(PROFILE)
    orders = events.loc[is_order, list(ORDER_COLUMNS)].rename(columns=ORDER_COLUMNS)
    _in_local_time(orders, ["placed_at", "recorded_at"], timezone)
    orders.to_csv(files["orders"], index=False, compression=_GZIP)
    activity = events.loc[~is_order & ~is_profile].drop(columns=["order_id"]).assign(order_no=events["order_id"])
    activity.to_parquet(files["activity"], index=False)
    profiles = _profiles(events.loc[is_profile])
    _in_local_time(profiles, ["known_since", "recorded_at"], timezone)
    profiles.to_csv(files["profiles"], index=False, compression=_GZIP)
    return files


def _profiles(attributes: pd.DataFrame) -> pd.DataFrame:
    """One row a customer: since when known, when that reached the shop, and the value of each attribute."""
    by_customer = attributes.groupby("customer_id", sort=True)
    since = by_customer.agg(known_since=("event_timestamp", "min"), recorded_at=("ingested_at", "max"))
    values = attributes.pivot_table(index="customer_id", columns="event_type", values="category", aggfunc="last")
    values.columns = [str(name).removeprefix(PROFILE) for name in values.columns]
    return since.join(values).rename_axis("customer").reset_index()


def _in_local_time(frame: pd.DataFrame, names: list[str], timezone: str) -> None:
    """Write instants as the shop's clocks show them, without a zone."""
    for name in names:
        local = frame[name].dt.tz_convert(timezone).dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
        frame[name] = np.datetime_as_string(local)  # ISO 8601; strftime takes seven times as long
