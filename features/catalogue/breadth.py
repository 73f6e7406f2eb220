"""How wide customers buy: how many categories and channels, which is the main one, and whether the mix moves."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped
from features.forms import mix_shift


def features(log: Present) -> list[Feature]:
    """Different categories and channels of the qualifying events, the latest and the main one, and their shift."""
    event, columns = log.backbone, [column for column in ("category", "channel") if log.has(column)]
    season, year = log.short_long
    return grouped(
        "breadth",
        *(event.of("distinct", column)[year] for column in columns),
        *(event.of("main_share", column)[year] for column in columns),
        *(mix_shift(event, column, season, year) for column in columns if season < year),
        *(event.point("latest", column) for column in columns),
    )
