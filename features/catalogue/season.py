"""When we ask: where in the local year the cutoff lies, and what the customer did at this time of the year before.

Who buys every Christmas looks lapsed each autumn; the same weeks of the year before tell them from the lost.
"""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped
from features.formula import Season
from features.words import many

YEAR_DAYS = 365


def features(log: Present) -> list[Feature]:
    """Sine and cosine of the day of the year, and last year's events of the days that the horizon now covers."""
    angles = (
        Feature(f"season_{part}", f"time of the year ({part})", f"一年中的时节（{zh}）", "ratio", Season(part))
        for part, zh in (("sine", "正弦"), ("cosine", "余弦"))
    )
    return grouped("season", *angles, _year_ago(log))


def _year_ago(log: Present) -> list[Feature]:
    definition, event = log.lifecycle.definition, log.backbone
    later = YEAR_DAYS - definition.gap_days - definition.horizon_days
    if definition.lookback_days < YEAR_DAYS or later < 1:
        return []
    return [
        (event.count[YEAR_DAYS - definition.gap_days] - event.count[later]).named(
            f"{event.slug}_count_year_ago",
            en=f"number of {many(event.en)} a year ago, in the {definition.horizon_days} days after this day",
            zh=f"去年同期之后{definition.horizon_days}天的{event.zh}次数",
        )
    ]
