"""What every engine computes: 72 features and a label at 24 monthly cutoffs, and how cells are laid out.

Every column is a formula of the product's own grammar. The label is a formula too: orders of the 60 days that begin at
the cutoff are the orders of the last 60 days as seen from their end. Start reading at `FEATURES`.
"""

from datetime import date, datetime, timedelta

from churn.calendar import Calendar, to_us
from churn.definition import ChurnDefinition, Lifecycle
from features.feature import Feature, Kind
from features.feature_set import FeatureSet, flat
from features.formula import Selection

SHOP = Lifecycle(ChurnDefinition(qualifying=("order",)), calendar=Calendar("Asia/Shanghai"))
HORIZON_DAYS = 60
WINDOWS = (7, 30, 90, 180, 365)
KINDS = ("complaint", "email_open", "order", "points_earned", "points_redeemed", "return", "support_ticket", "survey")
ALL_KINDS = (*KINDS, "visit")


def _kind(name: str) -> Kind:
    return Kind(name, name, name)


def _features() -> list[Feature]:
    order, visit = _kind("order"), _kind("visit")
    anything = Kind("anything", "event", "事件", selection=Selection(ALL_KINDS))
    parts: list[Feature | list[Feature]] = [
        *(order.count[WINDOWS], order.total[WINDOWS], order.mean[WINDOWS], order.peak[WINDOWS]),
        *(order.active_days[WINDOWS], order.of("distinct", "channel")[WINDOWS]),
        *(visit.count[WINDOWS], visit.active_days[30, 90, 365]),
        *(_kind("email_open").count[30, 90, 365], _kind("support_ticket").count[30, 90, 365]),
        *(_kind("return").count[90, 365], _kind("return").total[365], _kind("complaint").count[90, 365]),
        *(_kind("survey").count[365], _kind("survey").of("mean", "score")[365]),
        *(_kind("points_earned").total[30, 90, 365], _kind("points_redeemed").total[90, 365]),
        *(_kind(name).days_since for name in ALL_KINDS),
        *(order.gap_mean[365], order.of("gap_std")[365], anything.point("days_since_first")),
        *(order.count[30] / order.count[90], order.count[90] / order.count[365]),
        *(order.total[90] / order.total[365], visit.count[30] / visit.count[90]),
    ]
    return list(flat(parts))


FEATURES = FeatureSet(tuple(_features()), SHOP)
LABEL = FeatureSet((_kind("order").count[HORIZON_DAYS],), SHOP)
NAMES = (*FEATURES.names, "label")


def cutoffs(count: int) -> list[datetime]:
    """Midnights of the business, 30 days apart, the last with its horizon within the log."""
    last = date(2024, 10, 1)
    return [SHOP.calendar.midnight(last - timedelta(days=30 * back)) for back in range(count)][::-1]


def horizon_ends(at: list[datetime]) -> list[datetime]:
    """Where the horizon of each cutoff ends."""
    return [SHOP.calendar.plus_days(cutoff, HORIZON_DAYS) for cutoff in at]


def offset_us() -> int:
    """How far the clock of the business is ahead of UTC; constant, so that every engine gets days by a division."""
    return -to_us(SHOP.calendar.midnight(date(1970, 1, 1)))
