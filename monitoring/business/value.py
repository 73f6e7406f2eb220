"""What customers of one period bought, what left with the lapsed and came with the returned, and who was recommended.

    repeat-purchase rate    of those who bought in the period, the share that bought on more than one day
    related sales           money of customers whose first order lies before the period
    lost value              what those who lapsed in the period had spent in the 365 days before it began
    won-back value          what those who returned in it have spent since, for a year at most
    referred share          of those acquired in the period, the share that had been recommended

Orders that were taken back are no orders. Where orders carry no money, or no event speaks of referrals, it says None,
never zero. Start reading at `buying`.
"""

from dataclasses import dataclass

from churn.events import FloatArray
from monitoring.business.counts import (
    BUYERS,
    KNOWN,
    MONEY,
    NEW,
    ORDER_DAYS,
    REFERRALS,
    REFERRED,
    REFERRERS,
    REPEATERS,
)  # fmt: skip
from monitoring.business.retention import Retention
from monitoring.business.survival import Share, wilson


@dataclass(frozen=True)
class Buying:
    """What was bought in one period.

    Args:
        buyers: customers who bought. repeaters: on more than one day. order_days: days with an order, summed up.
        known_buyers: of the buyers, those who had bought before the period.
        money: in all, in the currency of the business; None where orders carry none.
        known_money: of those who had bought before.
    """

    buyers: int
    repeaters: int
    order_days: int
    known_buyers: int
    money: float | None
    known_money: float | None

    @property
    def repeat_purchase(self) -> Share | None:
        """Of the buyers, those who bought on more than one day."""
        return wilson(self.repeaters, self.buyers) if self.buyers else None

    @property
    def money_per_buyer(self) -> float | None:
        """Mean money of a buyer."""
        return self.money / self.buyers if self.money is not None and self.buyers else None

    @property
    def known_share(self) -> float | None:
        """The share of the money that comes from customers who had bought before: related sales."""
        return self.known_money / self.money if self.money and self.known_money is not None else None


def buying(bought: FloatArray, *, has_money: bool) -> Buying:
    """What was bought, of `Counts.bought` of one period and level. Shape (2, 4)."""
    both = bought[NEW] + bought[KNOWN]
    return Buying(
        buyers=int(both[BUYERS]),
        repeaters=int(both[REPEATERS]),
        order_days=int(both[ORDER_DAYS]),
        known_buyers=int(bought[KNOWN, BUYERS]),
        money=round(float(both[MONEY]), 2) if has_money else None,
        known_money=round(float(bought[KNOWN, MONEY]), 2) if has_money else None,
    )


@dataclass(frozen=True)
class Worth:
    """Money that left and money that came back.

    Args:
        lapsed, returned: customers.
        lost: of the lapsed, in the 365 days before the period.
        back: of the returned, since the period began, for a year at most.
        is_year_over: whether the year after the period's start has passed; otherwise `back` still grows.
    """

    lapsed: int
    returned: int
    lost: float
    back: float
    is_year_over: bool

    @property
    def net(self) -> float:
        """What came back less what left."""
        return round(self.back - self.lost, 2)

    @property
    def lost_per_customer(self) -> float | None:
        """Of a lapsed customer, mean."""
        return round(self.lost / self.lapsed, 2) if self.lapsed else None

    @property
    def back_per_customer(self) -> float | None:
        """Of a returned customer, mean."""
        return round(self.back / self.returned, 2) if self.returned else None


def worth(one: Retention, lost: float, back: float, *, is_year_over: bool) -> Worth:
    """Money beside the customers of whom it is."""
    return Worth(one.lapsed, one.won_back, round(lost, 2), round(back, 2), is_year_over)


@dataclass(frozen=True)
class Referrals:
    """Recommendations of one period.

    Args:
        referrals: events; None where the log tells of none, only of those who had been recommended.
        active: customers active at the start. referrers: of these, those who made any.
        referred: of the acquired, those who had been recommended; None where the log does not tell.
        acquired: customers whose first order lies in the period.
    """

    referrals: int | None
    referrers: int | None
    active: int
    referred: int | None
    acquired: int

    @property
    def per_customer(self) -> float | None:
        """Referrals a customer active at the start."""
        return self.referrals / self.active if self.referrals is not None and self.active else None

    @property
    def referrer_share(self) -> Share | None:
        """Of those active at the start, those who recommended somebody in the period."""
        return wilson(self.referrers, self.active) if self.referrers is not None and self.active else None

    @property
    def referred_share(self) -> Share | None:
        """Of the acquired, those who had been recommended."""
        return wilson(self.referred, self.acquired) if self.referred is not None and self.acquired else None


def referrals(one: Retention, counts: FloatArray, *, tells_referrals: bool, tells_referred: bool) -> Referrals:
    """Recommendations, of `Counts.referred` of one period and level. Shape (3,)."""
    made, makers = (int(counts[REFERRALS]), int(counts[REFERRERS])) if tells_referrals else (None, None)
    return Referrals(made, makers, one.start, int(counts[REFERRED]) if tells_referred else None, one.acquired)
