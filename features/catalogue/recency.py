"""How long the silence is, by the clock and by the customer's own measure, and how long we have known them."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """Days since the last and the first qualifying event, and silence beside the customer's own pauses."""
    event = log.backbone
    since, usual, longest = event.days_since, event.gap_mean.ever, event.of("gap_longest").ever
    overdue = (since / usual).named(
        f"{event.slug}_overdue_ratio",
        en=f"days since the last {event.en}, in multiples of the usual pause",
        zh=f"距上次{event.zh}的天数相当于平时间隔的倍数",
    )
    record = (since / longest).named(
        f"{event.slug}_silence_vs_longest",
        en=f"days since the last {event.en}, relative to the longest pause so far",
        zh=f"距上次{event.zh}的天数与历史最长间隔之比",
    )
    first = event.point("days_since_first").named(
        f"{event.slug}_tenure_days", en=f"days since the first {event.en}", zh=f"距首次{event.zh}的天数"
    )
    return [*grouped("silence", since, overdue, record), *grouped("tenure", first)]
