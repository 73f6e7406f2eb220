"""The categories to offer to each customer now, in `tables/categories.parquet`, and how well such offers did before.

    measure --> simple, or popularity where that is no worse --> one row a customer and category

Labelled as simple wherever it is shown: it counts orders, and knows neither stock nor margin nor what is new. Start
reading at `write_offers`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from campaigns.categories.measured import POPULAR, SIMPLE, Measured, measure
from campaigns.categories.orders import Orders, orders_at
from campaigns.categories.ranking import AT_ONCE, POPULARITY, Ranking, first_of, popular
from campaigns.segments.members import instant_of_now
from churn.calendar import to_us
from churn.errors import DataError
from churn.offer_tables import CATEGORIES
from churn.settings import Settings
from features import parquet
from features.atomic import write_json, write_whole
from features.log import read_log_manifest
from features.opt_outs import SCORING, opt_outs
from features.parts import HERE, Engine, log_parts

TABLE: Final = Path("tables") / "categories.parquet"
REPORT: Final = Path("campaigns") / "categories" / "report.json"
LABEL: Final = (
    "A simple ranking: it counts orders, and knows neither stock nor margin.",
    "简单排序：仅按订单计数，不了解库存与毛利。",
)
WORDS: Final = {
    SIMPLE: ("by own orders and look-alikes", "按自身历史与相似客户"),
    POPULAR: ("by popularity", "按热门程度"),
    "too_few_to_measure": (
        "there are too few orders with a category to measure anything",
        "带品类的订单过少，无法衡量",
    ),
    "not_better_than_popularity": (
        "own orders and look-alikes did not beat popularity beyond chance",
        "自身历史与相似客户的命中率未显著高于热门品类",
    ),
}
SCHEMA: Final = pa.schema(
    [
        ("customer_id", pa.string()), ("rank", pa.float64()), ("category", pa.string()), ("because", pa.string()),
        ("as_of", pa.timestamp("us", tz="UTC")), ("hit_rate", pa.float64()), ("popularity_hit_rate", pa.float64()),
    ]
)  # fmt: skip


class NoCategories(DataError):
    """No order says of which category it is."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(
            f"No event of {', '.join(kinds)} has a category, so there is none to offer.",
            mend='name the column in the [[source]]: `category = "department"`, then run `churn ingest`.',
        )


@dataclass(frozen=True)
class Offers:
    """What was written.

    Args:
        as_of: by orders known before it.
        customers: with an offer.
        categories: that there are. left_out: rarer ones that were not looked at.
        because: rows by what they rest on.
        refused: customers who want no score of theirs, and are offered what is popular.
        measured: how such offers did before.
    """

    as_of: datetime
    customers: int
    categories: int
    left_out: int
    because: dict[str, int]
    refused: int
    measured: Measured

    def as_json(self) -> dict[str, Any]:
        """For machines; `label` belongs beside every offer."""
        told = self.measured.as_json()
        method = WORDS[self.measured.method]
        why = WORDS[self.measured.why] if self.measured.why else (None, None)
        return {
            "label_en": LABEL[0], "label_zh": LABEL[1], "method_en": method[0], "method_zh": method[1],
            "why_en": why[0], "why_zh": why[1], "as_of": self.as_of.isoformat(), "customers": self.customers,
            "categories": self.categories, "left_out": self.left_out, "because": self.because,
            "refused": self.refused, **told,
        }  # fmt: skip


def write_offers(settings: Settings, *, engine: Engine = HERE) -> Offers:
    """Rank the categories of everybody, and write the table and the report.

    Args:
        settings: whose.
        engine: where parts of the log are read.

    Raises:
        NoCategories: no order has one; what was offered before is taken away. NoLog: nothing was ingested.
    """
    manifest, top = read_log_manifest(settings.folder), settings.segments.top_categories
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    now = instant_of_now(settings)
    orders = orders_at(parts, settings.lifecycle, now, engine=engine)
    if not orders.categories:
        for file in (TABLE, REPORT):  # what was offered before rests on nothing any more
            (settings.folder / file).unlink(missing_ok=True)
        raise NoCategories(settings.definition.qualifying_kinds)
    confidence = settings.segments.confidence
    found = measure(
        parts, settings.lifecycle, manifest.observed_until, manifest.first_event_at, top=top, confidence=confidence,
        engine=engine,
    )  # fmt: skip
    refused = frozenset(opt_outs(settings, categories=[SCORING])["customer_id"])  # heeded at once, not as of then
    because: dict[str, int] = {}
    write_whole(settings.folder / TABLE, lambda draft: _fill(draft, orders, found, top, now, refused, because))
    offers = Offers(
        now, len(orders.customer_ids), len(orders.categories), orders.left_out, because,
        sum(one in refused for one in orders.customer_ids), found,
    )  # fmt: skip
    write_json(settings.folder / REPORT, offers.as_json())
    return offers


def _fill(
    draft: Path, orders: Orders, found: Measured, top: int, now: datetime, refused: frozenset[str],
    because: dict[str, int],
) -> None:  # fmt: skip
    names = np.array(orders.categories, dtype=object)
    everybody = first_of(popular(orders, found.popular_half_life_days)[None, :], top)
    first = 0
    with parquet.writer(draft, SCHEMA) as file:
        for ranked, reasons in _ranked(orders, found, everybody, top):
            ids = orders.customer_ids[first : first + len(ranked)]
            out = np.array([one in refused for one in ids], dtype=np.bool_)
            places, why = np.where(out[:, None], everybody, ranked), np.where(out[:, None], POPULARITY, reasons)
            many = places.shape[1]
            file.write_table(pa.table([
                pa.array(np.repeat(ids, many), pa.string()), pa.array(np.tile(np.arange(1.0, many + 1), len(ids))),
                pa.array(names[places.ravel()], pa.string()), pa.array(why.ravel(), pa.string()),
                pa.array(np.full(len(ids) * many, to_us(now)), pa.timestamp("us", tz="UTC")),
                *(pa.array([rate] * (len(ids) * many), pa.float64()) for rate in found.told_rates),
            ], schema=SCHEMA))  # fmt: skip
            for name, count in zip(*np.unique(why.astype(str), return_counts=True), strict=True):
                because[str(name)] = because.get(str(name), 0) + int(count)
            first += len(ids)


def _ranked(orders: Orders, found: Measured, everybody: Any, top: int) -> Iterator[tuple[Any, Any]]:  # arrays
    """Places and reasons, a block of customers at a time."""
    if found.method == SIMPLE:
        yield from Ranking.of(orders, found.recipe).top(top)
        return
    for first in range(0, len(orders.customer_ids), AT_ONCE):
        rows = min(AT_ONCE, len(orders.customer_ids) - first)
        yield np.repeat(everybody, rows, axis=0), np.full((rows, everybody.shape[1]), POPULARITY, dtype=object)


assert SCHEMA.names == CATEGORIES.names
