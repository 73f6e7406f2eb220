"""What customers told us of their satisfaction: scores, their change, bad reviews, and surveys left unanswered."""

from features.catalogue.present import Present
from features.feature import Feature, Kind
from features.feature_set import grouped
from features.forms import followed_share, open_count, those

ANSWER_DAYS = 30  # in which a survey is answered, or is not


def features(log: Present) -> list[Feature]:
    """Counts, days since and scores of what they said; the share of what they were asked and said nothing to."""
    out: list[Feature] = []
    for answer in log.of("survey", "review"):
        out += grouped("satisfaction", answer.count[log.within(90, 365)], answer.days_since, _scores(answer, log))
    for sent in log.of("survey_sent"):
        out += grouped("satisfaction", sent.count[log.within(90, 365)], _answers(sent, log))
    return out


def _scores(answer: Kind, log: Present) -> list[Feature]:
    if not log.has("score", answer.name):
        return []
    mean, last = answer.of("mean", "score"), answer.point("last", "score")
    change = (last - mean.ever).named(
        f"{answer.slug}_score_change",
        en=f"score of the last {answer.en}, less the usual",
        zh=f"最近一次{answer.zh}评分与平均之差",
    )
    return [mean.ever, last, change, *(_bad(answer, log) if answer.name == "review" else [])]


def _bad(answer: Kind, log: Present) -> list[Feature]:
    limit, (_, year) = f"{log.wanted.bad_score:g}", log.short_long
    words = {"en": f"{answer.en} with a score of {limit} or less", "zh": f"{limit}分及以下的{answer.zh}"}
    bad = those(answer, f"score <= {limit}", slug=f"{answer.slug}_bad", **words)
    plural = f"number of {answer.en}s with a score of {limit} or less in the last {year} days"
    return [bad.count[year].named(f"{bad.slug}_count_{year}d", en=plural), bad.days_since]


def _answers(sent: Kind, log: Present) -> list[Feature]:
    season, year = log.short_long
    return [
        one
        for answer in log.of("survey")
        for one in (
            *([followed_share(sent, answer, ANSWER_DAYS, year)] if year > ANSWER_DAYS else []),
            open_count(sent, answer, season),
        )
    ]
