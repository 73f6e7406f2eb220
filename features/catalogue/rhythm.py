"""How often customers come, how evenly, and whether it is growing more or less."""

from features.catalogue.present import Present
from features.feature import Feature, Kind
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """Counts, active days, pauses and trends of the qualifying events."""
    event = log.backbone
    return grouped(
        "rhythm",
        event.count[log.windows],
        event.count.ever,
        event.active_days[log.within(365)],
        event.gap_mean[log.within(365)],
        event.gap_mean.ever,
        event.of("gap_std")[log.within(365)],
        event.of("gap_std").ever,
        event.of("gap_longest").ever,
        event.point("gap_last"),
        event.point("streak_weeks"),
        event.point("streak_months"),
        (event.point("gap_last") / event.gap_mean.ever).named(
            f"{event.slug}_gap_trend",
            en=f"latest pause between two {event.en} days, relative to the usual one",
            zh=f"最近一次{event.zh}间隔与平时间隔之比",
        ),
        trends(event, log),
    )


def trends(event: Kind, log: Present) -> list[Feature]:
    """Rates of a shorter window over those of a longer one: below 1 is a decline."""
    one, two, three = (log.within(days)[0] for days in (30, 90, 365))
    return [
        (event.count[short] / event.count[long]).named(
            f"{event.slug}_trend_{short}d_{long}d",
            en=f"{event.en} rate of the last {short} days, relative to the last {long}",
            zh=f"近{short}天与近{long}天{event.zh}频率之比",
        )
        for short, long in ((one, two), (two, three))
        if short < long
    ]
