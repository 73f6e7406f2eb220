"""What is offered to one customer, read back with its label. Start reading at `of_customer`."""

import json
from typing import Any

from campaigns.categories.offers import LABEL, REPORT, TABLE
from churn.errors import DataError
from churn.settings import Settings
from features import parquet


class NoOffers(DataError):
    """Nobody has ranked categories yet."""

    def __init__(self) -> None:
        super().__init__("There is no table of categories to offer.", mend="run `churn campaign categories`.")


def of_customer(settings: Settings, customer_id: str) -> dict[str, Any]:
    """The categories to offer to one customer, with the label and the hit rates that belong beside them.

    Raises:
        NoOffers: the table was never written.
    """
    path, report = settings.folder / TABLE, settings.folder / REPORT
    if not path.exists():
        raise NoOffers
    rows = parquet.read_table(path, filters=[("customer_id", "=", customer_id)]).sort_by("rank")
    offered = [{name: row[name] for name in ("rank", "category", "because")} for row in rows.to_pylist()]
    told = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    return {
        "customer_id": customer_id, "categories": offered, "label_en": LABEL[0], "label_zh": LABEL[1],
        "method": told.get("method"), "hit_rates": told.get("hit_rates", []),
    }  # fmt: skip
