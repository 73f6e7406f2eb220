"""Where a subscription stands: its age, its renewals, how its price moved, and when the time paid for is over."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped
from features.forms import joined

PAID = ("subscription_start", "renewal")


def features(log: Present) -> list[Feature]:
    """State of the subscription, as its starts and renewals tell it; whatever of them qualifies."""
    kinds = [log.called(kind) for kind in PAID if kind in log.kinds]
    if not kinds:
        return []
    paid = joined(kinds, slug="subscription", en="payment for a subscription", zh="订阅付费")
    age = paid.point("days_since_first").named(
        "subscription_age_days", en="days since the first payment for a subscription", zh="订阅时长（天）"
    )
    out = grouped("tenure", age)
    for renewal in (log.called("renewal"),) if "renewal" in log.kinds else ():
        words = {"en": "number of renewals", "zh": "历史续费次数"}
        out += grouped("usage", renewal.count.ever.named("subscription_renewals_count", **words))
    if any(log.has("quantity", kind.name) for kind in kinds):
        words = {"en": "days until the time paid for is over", "zh": "距订阅到期的天数"}
        out += grouped("usage", paid.point("days_until", "quantity").named("subscription_days_to_end", **words))
    if any(log.has("amount", kind.name) for kind in kinds):
        last, before = paid.point("last", "amount"), paid.point("previous", "amount")
        words = {"en": "price of the last renewal, relative to the one before", "zh": "最近一次续费与上一次的价格之比"}
        out += grouped("price", (last / before).named("subscription_price_change", **words))
    return out
