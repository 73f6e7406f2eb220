"""How often simple offers of categories hit, beside popularity: Online Retail II, and simulated shops.

    CHURN_DATA=data python -m benchmarks.categories [churn.toml ...]

Online Retail II has no categories; its 4,000 products take their place, of which those of most customers are ranked.
Half-life and mixture are chosen on the window before the test. Prints a line a business and number of offers.
"""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from campaigns.categories.measured import measure
from churn.definition import ChurnDefinition
from churn.events import Events
from churn.settings import Settings, load
from features import parquet
from features.log import read_log_manifest
from features.parts import InMemory, log_parts

UNTIL = datetime(2011, 12, 9, tzinfo=UTC)  # the log's last day is cut


def retail(folder: Path) -> Events:
    """Purchases of products by customers who are known."""
    lines = parquet.read_frame(folder / "online_retail_ii" / "online_retail_ii.parquet")
    lines = lines[lines["CustomerID"].notna() & lines["StockCode"].notna() & (lines["Quantity"] > 0)]
    lines = lines[(lines["UnitPrice"] > 0) & ~lines["overlap_duplicate"].astype(bool)]
    bought = pd.DataFrame(
        {
            "customer_id": lines["CustomerID"].astype("int64").astype(str),
            "event_type": "purchase",
            "event_timestamp": pd.to_datetime(lines["InvoiceDate"], utc=True).dt.as_unit("us"),
            "category": lines["StockCode"].astype(str),
        }
    )
    return Events.from_frame(bought.drop_duplicates())


def main() -> None:
    """Print the table."""
    settings = Settings(definition=ChurnDefinition(qualifying=("purchase",)))
    events = retail(Path(os.environ["CHURN_DATA"]))
    first = datetime(2009, 12, 1, tzinfo=UTC)
    for top in (1, 3, 10):
        began = time.process_time()
        found = measure([InMemory(events)], settings.lifecycle, UNTIL, first, top=top, confidence=0.95)
        _tell("online-retail-ii, products", found.as_json(), time.process_time() - began)
    for path in sys.argv[1:]:
        shop = load(Path(path))
        manifest, began = read_log_manifest(shop.folder), time.process_time()
        found = measure(
            log_parts(shop.folder), shop.lifecycle, manifest.observed_until, manifest.first_event_at, top=3,
            confidence=0.95,
        )  # fmt: skip
        _tell(path, found.as_json(), time.process_time() - began)


def _tell(name: str, told: dict[str, object], seconds: float) -> None:
    rates = told["hit_rates"]
    assert isinstance(rates, list)
    for one in rates[-1:]:
        words = " | ".join(
            f"{key} {one[key]['share']:.3f} ({one[key]['low']:.3f} to {one[key]['high']:.3f})"
            for key in ("simple", "own_alone", "popularity", "gain")
        )
        print(
            f"{name}: {one['offered']} of n = {one['customers']:,} | {words} | {told['method']}, half-life "
            f"{told['half_life_days']}, own {told['own_share']} | {seconds:.1f} s CPU"
        )


if __name__ == "__main__":
    main()
