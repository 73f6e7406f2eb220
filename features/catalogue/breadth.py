"""How wide customers buy: how many categories and channels, and which came last."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """Different categories and channels of the qualifying events, and the latest of each."""
    event, columns = log.backbone, [column for column in ("category", "channel") if log.has(column)]
    return grouped(
        "breadth",
        *(event.of("distinct", column)[log.within(365)] for column in columns),
        *(event.point("latest", column) for column in columns),
    )
