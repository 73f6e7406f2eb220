"""The figures of the business that Prometheus and the history of runs keep: of the newest whole month and quarter.

Start reading at `figures`.
"""

from collections.abc import Iterator

from monitoring.business.retention import stocks
from monitoring.business.survival import Share
from monitoring.business.taking_stock import Stocktaking
from monitoring.section import Figure

GRAINS = ("month", "quarter")
MEANINGS = {
    "retention_rate": "Of those active at the start of the newest whole period, the share that is active at its end.",
    "retention_rate_by_formula": "Customers at the end of the period less those acquired in it, by those at its start.",
    "churn_rate": "Of those active at the start of the period, the share that is lapsed at its end.",
    "acquired_customers": "Customers whose first order lies in the period.",
    "lapsed_customers": "Customers active at the start of the period and lapsed at its end.",
    "won_back_customers": "Customers lapsed at the start of the period and active at its end.",
    "repeat_purchase_rate": "Of the buyers of the period, the share that bought on more than one day.",
    "revenue_amount": "Money of the orders of the period, in the currency of the business.",
    "known_revenue_share": "The share of that money which came from customers who had bought before the period.",
    "lost_amount": "What those who lapsed in the period had spent in the 365 days before it.",
    "won_back_amount": "What those won back in the period have spent since it began, for a year at most.",
    "referrals_per_customer": "Referrals of the period, by customer active at its start.",
}


def figures(found: Stocktaking) -> Iterator[Figure]:
    """What can be told; a figure of nobody is left out."""
    for grain in GRAINS:
        nth = found.latest(grain)
        if nth is None:
            continue
        for name, value in _of_period(found, nth).items():
            if value is not None:
                yield Figure(f"churn_monitor_{name}", value, MEANINGS[name], {"grain": grain})
    for one in stocks(found.flow(found.of("month")[-1])):
        yield Figure("churn_monitor_customers", one.end, "Customers in each stage now.", {"stage": one.stage})


def _of_period(found: Stocktaking, nth: int) -> dict[str, float | None]:
    kept, bought, worth, referred = found.retention(nth), found.buying(nth), found.worth(nth), found.referrals(nth)
    return {
        "retention_rate": _value(kept.by_cohort),
        "retention_rate_by_formula": kept.by_formula,
        "churn_rate": _value(kept.churn),
        "acquired_customers": kept.acquired,
        "lapsed_customers": kept.lapsed,
        "won_back_customers": kept.won_back,
        "repeat_purchase_rate": _value(bought.repeat_purchase),
        "revenue_amount": bought.money,
        "known_revenue_share": bought.known_share,
        "lost_amount": worth.lost if worth else None,
        "won_back_amount": worth.back if worth else None,
        "referrals_per_customer": referred.per_customer if referred else None,
    }


def _value(one: Share | None) -> float | None:
    return one.value if one else None
