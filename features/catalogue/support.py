"""What went wrong and how it was taken: tickets, complaints, returns, and the scores customers gave."""

from dataclasses import replace

from features.catalogue.present import Present
from features.feature import Feature, Kind
from features.feature_set import grouped
from features.formula import Selection
from features.words import many

SOLVED = ("resolved", "solved", "closed")  # reason codes that say a ticket was dealt with


def features(log: Present) -> list[Feature]:
    """Counts, days since and shares of trouble; means and latest of scores."""
    out: list[Feature] = []
    for trouble in log.of("support_ticket", "complaint"):
        out += grouped("service", trouble.count[log.within(30, 90, 365)], trouble.days_since, _reasons(trouble, log))
    for back in log.of("return", "refund", "cancellation"):
        out += grouped("returns", back.count[log.within(90, 365)], back.days_since, _shares(back, log))
    for answer in log.of("survey", "review"):
        out += grouped("satisfaction", answer.count[log.within(90, 365)], answer.days_since, _scores(answer, log))
    return out


def _reasons(trouble: Kind, log: Present) -> list[Feature]:
    """The latest reason, and how many of the last 90 days' tickets nobody has said to be solved."""
    if trouble.name != "support_ticket" or not log.has("reason_code", trouble.name):
        return []
    window = log.within(90)[0]
    solved = replace(trouble, name=f"{trouble.name}_solved", selection=Selection((trouble.name,), SOLVED))
    asked = trouble.count[window] - solved.count[window]  # an answer is a row of its own
    rest = asked.less(solved.count[window], least=0)  # and may answer a ticket from before the window
    return [
        trouble.point("latest", "reason_code"),
        rest.named(
            f"{trouble.slug}_open_{window}d",
            en=f"{many(trouble.en)} of the last {window} days that nobody has called solved",
            zh=f"近{window}天{trouble.zh}中尚未解决的数量",
        ),
    ]


def _shares(back: Kind, log: Present) -> list[Feature]:
    return [
        (back.count.ever / log.backbone.count.ever).named(
            f"{back.slug}_share_ever",
            en=f"{many(back.en)} for each {log.backbone.en} so far",
            zh=f"历史{back.zh}次数与{log.backbone.zh}次数之比",
        )
    ]


def _scores(answer: Kind, log: Present) -> list[Feature]:
    if not log.has("score", answer.name):
        return []
    mean, last = answer.of("mean", "score"), answer.point("last", "score")
    change = (last - mean.ever).named(
        f"{answer.slug}_score_change",
        en=f"score of the last {answer.en}, less the usual",
        zh=f"最近一次{answer.zh}评分与平均之差",
    )
    return [mean.ever, last, change]
