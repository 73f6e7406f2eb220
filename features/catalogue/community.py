"""What customers do among others: posts, comments, likes and messages, on social media, in communities and groups."""

from features.catalogue.present import Present
from features.catalogue.rhythm import trends
from features.feature import Feature, Kind
from features.feature_set import grouped
from features.forms import joined

SPEAKING = (
    "social_post",
    "social_comment",
    "message",
    "community_post",
    "community_reply",
    "group_message",
    "group_reply",
)
ACTING = ("social_share", "social_like", "community_like")


def features(log: Present) -> list[Feature]:
    """Each kind's counts and days since, all of them together, and the groups that customers are in."""
    season, year = log.short_long
    kinds = log.of(*SPEAKING, *ACTING)
    out = [feature for kind in kinds for feature in grouped("community", kind.count[season], kind.days_since)]
    if kinds:
        social = joined(kinds, slug="social", en="social activity", zh="社交互动")
        out += grouped(
            "community",
            social.count[log.within(30, 90, 365)],
            social.active_days[year],
            social.days_since,
            trends(social, log),
            _channels(social, kinds, log),
        )
    return out + _groups(log)


def _channels(social: Kind, kinds: list[Kind], log: Present) -> list[Feature]:
    _, year = log.short_long
    return [social.of("distinct", "channel")[year]] if any(log.has("channel", kind.name) for kind in kinds) else []


def _groups(log: Present) -> list[Feature]:
    joins, leaves = log.of("group_join"), log.of("group_leave")
    out = [feature for one in (*joins, *leaves) for feature in grouped("community", one.count.ever, one.days_since)]
    if joins and leaves:
        member = joins[0].count.ever.less(leaves[0].count.ever, least=0)
        words = {"en": "groups joined and not left since", "zh": "仍在其中的群数"}
        out += grouped("community", member.named("groups_count", **words))
    return out
