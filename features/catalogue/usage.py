"""Kinds of event that the catalogue has no page for: a business names them freely, and they count all the same."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """Counts and days since of each, and the mean of its score where it has one."""
    out: list[Feature] = []
    leftover = log.of("subscription_start", "renewal", "cancel", "order", "purchase")
    named = {kind.name for kind in log.others}
    for kind in [*log.others, *(one for one in leftover if one.name not in named)]:
        scores = kind.of("mean", "score")[log.within(365)] if log.has("score", kind.name) else []
        out += grouped("usage", kind.count[log.within(30, 90, 365)], kind.days_since, scores)
    return out
