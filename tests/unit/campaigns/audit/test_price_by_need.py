"""Which price somebody gets follows from no score, unless a person switched that on and said why."""

from typing import Any

import pytest
from pydantic import ValidationError

from campaigns.audit.price_by_need import PriceByNeed, check, pairs_of
from churn.action_sections import Action, Campaigns
from churn.settings import Settings


def action(code: str, kind: str = "discount", amount: float | None = 5, **changed: Any) -> Action:
    """An offer by e-mail."""
    return Action(code=code, kind=kind, channel="email", en=code, zh=code, offer_amount=amount, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "follows"),
    [
        (action("a"), action("b"), False),  # the same worth: the same price
        (action("a"), action("b", amount=10), True),
        (action("a"), action("b", "coupon", 10), True),  # a coupon is a price, too
        (action("a"), action("b", "points", None), True),  # an amount that nobody said may be any
        (action("a"), action("b", "gift", 10), False),  # audited, not refused
        (action("a"), action("b", "birthday", 10), False),  # due on a day, not by a score
        (action("a", stages=("lapsing",)), action("b", amount=10, stages=("new",)), False),
        (action("a", stages=("lapsing", "new")), action("b", amount=10, stages=("new",)), True),
        (action("a", stages=("new",)), action("b", amount=10), True),  # no stage named: every stage
        (action("a", segments=("students",)), action("b", amount=10, segments=("north",)), False),
        (action("a", segments=("students",)), action("b", amount=10), True),
        (action("a", reasons=("price",)), action("b", amount=10, reasons=("service",)), True),  # a score's reasons
    ],
)
def test_a_price_follows_from_a_score_where_one_customer_could_get_either(
    one: Action, other: Action, follows: bool
) -> None:
    assert pairs_of([one, other]) == ([("a", "b")] if follows else [])


def test_it_is_refused_with_its_mend_or_recorded_with_its_reason() -> None:
    catalogue = (action("five"), action("ten", amount=10))
    with pytest.raises(PriceByNeed, match="five or ten") as told:
        check(Settings(action=catalogue))
    assert "price_by_need_reason" in told.value.mend
    allowed = Campaigns(price_by_need=True, price_by_need_reason="The works council agreed on 3 May.")
    rule = check(Settings(action=catalogue, campaigns=allowed))
    assert rule.as_json() == {
        "is_by_need": True, "pairs": [["five", "ten"]], "reason": "The works council agreed on 3 May.",
    }  # fmt: skip
    assert check(Settings(action=catalogue), catalogue[:1]).as_json()["is_by_need"] is False


def test_switching_it_on_takes_a_reason() -> None:
    with pytest.raises(ValidationError, match="price_by_need_reason"):
        Campaigns(price_by_need=True)
