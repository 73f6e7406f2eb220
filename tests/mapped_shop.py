"""A shop and its hotline, whose customers an id map makes one: what the tests of merges and splits read.

Ann buys in the shop (s1) and calls the hotline (h1); Bob calls too (h2). By default nobody knows that they are one.
"""

from datetime import UTC, datetime
from pathlib import Path

from churn.calendar import to_us
from churn.sections import Business, IdMap, Ingest, Source
from churn.settings import Settings
from features.sources import IngestReport, ingest
from tests.command_line import churn

ORDERS = """customer,placed,total,id,order
s1,2024-01-05,10,1,o1
s1,2024-02-05,20,2,o2
s1,2024-03-05,30,3,o3
s1,2024-04-05,40,4,o4
s2,2024-01-10,11,5,o5
s2,2024-03-10,12,6,o6
"""
CALLS = """caller,at,id,order,kind,known
h1,2024-01-20,1,,complaint,
h1,2024-02-20,2,,complaint,
h1,2024-04-20,3,,complaint,
h2,2024-02-25,4,,complaint,
"""
ORDERS_ONLY = """
[business]
slug = "mapped"
clock = "log"
[definition]
horizon_days = 7
[training]
every_days = 7
min_history_days = 30
test_cutoffs = 1
[[source]]
path = "orders.csv"
timezone = "UTC"
customer_id = "customer"
event_type = "'order'"
event_timestamp = "placed"
amount = "total"
"""
HEADER = "source,source_id,customer_id,known_from\n"


def us(day: str) -> int:
    return to_us(at(day))


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def settings(root: Path, *, mapped: bool = True, **id_map: object) -> Settings:
    orders = Source(
        name="shop", path="orders.csv", timezone="UTC", customer_id="customer", event_type="'order'", amount="total",
        event_timestamp="placed", ingested_at="placed", event_id="id", order_id='"order"',
    )  # fmt: skip
    calls = Source(
        name="hotline", path="calls.csv", timezone="UTC", customer_id="caller", event_type="kind",
        event_timestamp="at", ingested_at='coalesce(known, "at")', event_id="id", order_id='"order"',
    )  # fmt: skip
    return Settings(
        business=Business(slug="mapped", clock="log"),
        source=(orders, calls),
        ingest=Ingest(buckets=4),
        id_map=IdMap(**({"path": "ids.csv", "timezone": "UTC"} | id_map)) if mapped else IdMap(),
        root=root,
    )


def told(root: Path, *rows: str, orders: str = ORDERS, calls: str = CALLS, **id_map: object) -> IngestReport:
    """The log of the shop under these rows of the map; without rows there is no map."""
    (root / "orders.csv").write_text(orders)
    (root / "calls.csv").write_text(calls)
    (root / "ids.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return ingest(settings(root, mapped=bool(rows), **id_map), environ={})


def orders_only(root: Path) -> Path:
    """The shop without its hotline, as somebody's own churn.toml; ingested."""
    config = root / "churn.toml"
    config.write_text(ORDERS_ONLY)
    (root / "orders.csv").write_text(ORDERS)
    assert churn("ingest", config=config).code == 0
    return config
