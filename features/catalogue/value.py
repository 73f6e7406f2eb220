"""What customers are worth: money in, window by window, how much at a time, and at what discount."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """Totals, means and peaks of money, items and discounts, as far as the log has them."""
    return [*_money(log), *_items(log), *_discounts(log)]


def _money(log: Present) -> list[Feature]:
    if not log.has("amount"):
        return []
    event, (season, year) = log.backbone, log.short_long
    last = event.point("last", "amount")
    trend = (event.total[season] / event.total[year]).named(
        f"{event.slug}_total_trend",
        en=f"{event.en} {event.amount_en} a day of the last {season} days, relative to the last {year}",
        zh=f"近{season}天与近{year}天日均{event.zh}{event.amount_zh}之比",
    )
    last_vs_mean = (last / event.mean.ever).named(
        f"{event.slug}_last_vs_mean",
        en=f"{event.amount_en} of the last {event.en}, relative to the usual",
        zh=f"最近一次{event.zh}{event.amount_zh}与平时之比",
    )
    return grouped(
        "value",
        event.total[log.within(30, 90, 365)],
        event.total.ever,
        event.mean[log.within(365)],
        event.mean.ever,
        event.peak[log.within(365)],
        last,
        last_vs_mean,
        [trend] if season < year else [],
    )


def _items(log: Present) -> list[Feature]:
    if not log.has("quantity"):
        return []
    event = log.backbone
    return grouped("value", event.of("mean", "quantity")[log.within(365)], event.point("last", "quantity"))


def _discounts(log: Present) -> list[Feature]:
    if not (log.has("discount_amount") and log.has("amount")):
        return []
    event, year = log.backbone, log.within(365)[0]
    taken, last = event.of("total", "discount_amount"), event.point("last", "discount_amount")
    share = (taken[year] / event.total[year]).named(
        f"{event.slug}_discount_share_{year}d",
        en=f"discount taken for each unit of {event.amount_en} in the last {year} days",
        zh=f"近{year}天{event.zh}优惠金额与{event.amount_zh}之比",
    )
    latest = (last / event.point("last", "amount")).named(
        f"{event.slug}_last_discount_share",
        en=f"discount of the last {event.en} for each unit of {event.amount_en}",
        zh=f"最近一次{event.zh}优惠金额与{event.amount_zh}之比",
    )
    return grouped("price", share, latest)
