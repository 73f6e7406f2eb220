"""Product news is for those who have some: new or better in what they buy, since they were here last, and known."""

from pathlib import Path
from typing import Any

import pytest

from campaigns.catalogue.knowing import known_of
from campaigns.catalogue.offers import offers_of
from campaigns.catalogue.products import BrokenProducts, newest
from campaigns.people import people_of
from campaigns.plan.planning import Asked, plan
from campaigns.suppress import doors_of
from churn.product_sections import Products
from churn.settings import Settings
from tests.campaign_shop import COUPON, NOW, event, scored, settings, written

NEWS = COUPON.model_copy(update={"code": "news", "kind": "product_news", "offer_amount": None})
TABLE = """product_id,category,changed_at,what,name,known_at
p1,beauty,2025-01-10,new,Cream,2025-01-10
p2,beauty,2025-02-10,improved,Lotion,2025-02-01
p3,home,2024-06-01,new,Lamp,2024-06-01
p4,home,2025-02-20,new,Chair,2025-03-05
p5,beauty,2025-03-02,new,Soap,2025-02-01
"""


def shop_with(folder: Path, table: str = TABLE) -> Settings:
    (folder / "products.csv").write_text(table, encoding="utf-8")
    columns: dict[str, Any] = {"what": "what", "name": "name", "known_at": "known_at"}
    products = Products(path="products.csv", **columns)
    return settings(folder, NEWS).model_copy(update={"products": products})


def test_the_newest_change_that_was_known_counts(tmp_path: Path) -> None:
    found = newest(shop_with(tmp_path), NOW, {})
    assert {name: one.name for name, one in found.items()} == {"beauty": "Lotion", "home": "Lamp"}
    assert found["beauty"].in_words("en") == "better in beauty: Lotion"
    assert found["beauty"].in_words("zh") == "beauty品类升级：Lotion"


def test_who_has_news(tmp_path: Path) -> None:
    events = [
        event("a", "order", 60, category="beauty"),  # better since
        event("b", "order", 60, category="beauty"),
        event("b", "order", 5, category="home"),  # was here after it
        event("c", "order", 60, category="home"),  # the chair was not known yet
        event("d", "order", 60, category="garden"),
        event("e", "order", 60, category="beauty", order_id="1", amount=5.0),
    ]
    shop = written(shop_with(tmp_path), [scored(one) for one in "abcdef"], events)
    found = known_of(shop, people_of(shop, NOW), NOW, {})
    assert found.has_news is not None
    assert found.news_en is not None
    assert list(found.has_news) == [True, False, False, False, True, False]
    assert list(found.news_en[:2]) == ["better in beauty: Lotion", None]


def test_a_plan_names_the_product(tmp_path: Path) -> None:
    shop = written(shop_with(tmp_path), [scored("a", 0.9)], [event("a", "order", 60, category="beauty")],
                   values={"a": 900.0})  # fmt: skip
    people = people_of(shop, NOW)
    doors, known = doors_of(shop, people, NOW, {}), known_of(shop, people, NOW, {})
    decisions = plan(shop, people, offers_of(shop, people, doors, known), Asked("spring")).decisions
    assert "(better in beauty: Lotion)" in decisions["why_en"][0]
    assert "beauty品类升级：Lotion" in decisions["why_zh"][0]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (TABLE.replace("improved", "gone"), "row 2 is no product"),
        (TABLE.replace("2024-06-01,new", "June,new"), "row 3 has no date, but 'June'"),
        (TABLE.replace("category", "shelf"), "columns"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, table: str, problem: str) -> None:
    with pytest.raises(BrokenProducts, match=rf"(?s){problem}.*\[products\]"):
        newest(shop_with(tmp_path, table), NOW, {})
