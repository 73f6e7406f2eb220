"""The table of offers: one row a customer and category, none by their own orders for whom no score is wanted."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from campaigns.categories.offers import NoCategories, write_offers
from campaigns.categories.reading import NoOffers, of_customer
from churn.offer_tables import CATEGORIES
from churn.segment_sections import Segments
from cli.campaign_categories import categories, in_the_loop
from features.erasure.store import Whom
from serving.tables.erasing import erase_from_tables
from serving.tables.indexed import checked
from tests.campaign_shop import event, scored, settings, written

IDS = "abcdef"


def orders() -> list[dict[str, object]]:
    """Each of a, b, c has a category of their own; d, e and f order what is popular."""
    own = dict(zip("abc", ("tea", "pots", "mugs"), strict=True))
    return [event(one, "order", days, category=own.get(one, "nails")) for one in IDS for days in range(3, 360, 17)]


def test_offers_are_a_table_that_the_service_takes(tmp_path: Path) -> None:
    shop = settings(tmp_path).model_copy(update={"segments": Segments(top_categories=1)})
    written(shop, [scored(one) for one in IDS], [*orders(), event("a", "opt_out", 2, category="scoring")])
    told = write_offers(shop).as_json()
    table = checked(pq.read_table(shop.folder / "tables" / "categories.parquet"), CATEGORIES)
    rows = table.to_pylist()
    best = {row["customer_id"]: (row["category"], row["because"]) for row in rows if row["rank"] == 1}
    assert told["method"] == "simple"
    assert best["b"] == ("pots", "own")
    assert best["a"] == ("nails", "popularity")  # they refuse a score: nothing of their own orders
    assert {row["because"] for row in rows if row["customer_id"] == "a"} == {"popularity"}
    assert told["refused"] == 1
    assert sum(told["because"].values()) == len(rows) == len(IDS)
    assert of_customer(shop, "b")["label_zh"] == "简单排序：仅按订单计数，不了解库存与毛利。"
    text = categories(shop, None).text
    assert "simple ranking" in text
    assert "popularity" in text
    assert "1. pots (own)" in categories(shop, "b").text
    erase_from_tables(shop.folder, Whom(frozenset("b")))
    assert of_customer(shop, "b")["categories"] == []


def test_without_categories_there_is_a_mend(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    written(shop, [scored(one) for one in IDS])
    with pytest.raises(NoCategories) as caught:
        write_offers(shop)
    assert "category = " in caught.value.mend
    with pytest.raises(NoOffers) as none:
        of_customer(shop, "a")
    assert none.value.mend == "run `churn campaign categories`."


def test_the_loop_goes_on_without_categories_and_takes_old_offers_away(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    written(shop, [scored(one) for one in IDS], orders())
    assert in_the_loop(shop).as_json["label_zh"].startswith("简单排序")
    written(shop, [scored(one) for one in IDS], [event("a", "order", 3)])  # the column is mapped no more
    told = in_the_loop(shop)
    assert told.as_json["refused"] == "no_categories"
    assert told.exit_code == 0
    assert told.text.startswith("No category is offered.")
    assert "To mend it: name the column" in told.text
    assert not (shop.folder / "tables" / "categories.parquet").exists()
