"""May a model's number decide who pays which price? Refused, unless a person switched it on and said why.

    [[action]]s --which two prices could one customer get?--> none: fine; some: refused, or recorded with its reason

A price follows from predicted need where one customer could get either of two offers of price (discount, coupon,
points) that are worth different amounts: then it is the score, and nothing that the business states, that decides.
One price for a stage, or for a named segment, is a rule that anybody can be told; so is an occasion. That a score
decides who is offered the one price at all is told by the audit (campaigns/audit/audit.py) and not refused here:
docs/adr/0050. Reads settings alone. Start reading at `check`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from churn.action_sections import Action
from churn.errors import SettingsError
from churn.settings import Settings

PRICE: Final = (
    "discount",
    "coupon",
    "points",
)  # kinds that change what somebody pays; gifts and trials are audited only


class PriceByNeed(SettingsError):
    """Which price a customer gets would follow from what a model predicts of them."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        told = "; ".join(f"{one} or {other}" for one, other in pairs)
        super().__init__(
            f"A score would decide which price a customer gets: {told}.",
            mend="offer one price: give these the same offer_amount, or each its own `stages` or `segments` in its "
            "[[action]]. If the score is to decide, switch it on and say why, for the record: [campaigns] "
            'price_by_need = true and price_by_need_reason = "..." (docs/fair-and-lawful.md).',
        )
        self.pairs = tuple(pairs)


@dataclass(frozen=True)
class PriceRule:
    """What was found about prices, for the manifest of a plan and for the audit.

    Args:
        pairs: codes of offers of which one customer could get either, at different prices.
        reason: why the business lets a score decide; None where it does not.
    """

    pairs: tuple[tuple[str, str], ...]
    reason: str | None

    @property
    def is_by_need(self) -> bool:
        """Whether a score decides on prices."""
        return bool(self.pairs)

    def as_json(self) -> dict[str, Any]:
        """For a manifest."""
        return {"is_by_need": self.is_by_need, "pairs": [list(one) for one in self.pairs], "reason": self.reason}


def check(settings: Settings, actions: Sequence[Action] | None = None) -> PriceRule:
    """Refuse prices that follow from scores, unless that was switched on with a reason.

    Args:
        settings: whose `[campaigns]`.
        actions: those that are chosen from; the whole catalogue where None.

    Raises:
        PriceByNeed: a score would decide, and nobody switched that on.
    """
    pairs = tuple(pairs_of(settings.action if actions is None else actions))
    if pairs and not settings.campaigns.price_by_need:
        raise PriceByNeed(pairs)
    return PriceRule(pairs, settings.campaigns.price_by_need_reason if pairs else None)


def pairs_of(actions: Sequence[Action]) -> list[tuple[str, str]]:
    """Offers of which one customer could get either, at prices that differ; an amount nobody said may be any."""
    prices = [one for one in actions if one.kind in PRICE]
    return [
        (one.code, other.code)
        for one, other in combinations(prices, 2)
        if _may_meet(one.stages, other.stages) and _may_meet(one.segments, other.segments) and _differ(one, other)
    ]


def _may_meet(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether somebody may be among both; none named is everybody."""
    return not some or not others or bool(set(some) & set(others))


def _differ(one: Action, other: Action) -> bool:
    amounts = one.offer_amount, other.offer_amount
    return None in amounts or amounts[0] != amounts[1]
