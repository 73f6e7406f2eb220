"""What ties customers: points earned, spent and about to expire, their tier, and the people they brought."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped
from features.forms import at_most


def features(log: Present) -> list[Feature]:
    """Points, tiers and referrals."""
    out = grouped("loyalty", _balance(log), _expiring(log))
    earned, spent = log.of("points_earned"), log.of("points_redeemed")
    for points in (*spent, *log.of("points", "points_expired")):
        out += grouped("loyalty", points.count[log.within(90, 365)], points.total[log.within(365)], points.days_since)
    for points in [] if spent else earned:
        out += grouped("loyalty", points.total[log.within(90, 365)], points.days_since)
    out += grouped("loyalty", _tier(log))
    for referral in log.of("referral", "referred"):
        out += grouped("referral", referral.count[log.within(365)], referral.count.ever, referral.days_since)
    return out


def _points_left(log: Present) -> list[Feature]:
    """What was earned and neither redeemed nor lost."""
    earned, spent = log.of("points_earned"), log.of("points_redeemed")
    if not (earned and spent and log.has("amount", "points_earned") and log.has("amount", "points_redeemed")):
        return []
    left = earned[0].total.ever - spent[0].total.ever
    for lost in log.of("points_expired"):
        left = left - lost.total.ever
    return [left.named("points_balance", en="points earned and neither redeemed nor expired", zh="积分余额")]


def _balance(log: Present) -> list[Feature]:
    out: list[Feature] = []
    for left in _points_left(log):
        earned, spent = log.of("points_earned")[0].total.ever, log.of("points_redeemed")[0].total.ever
        share = (spent / earned).named(
            "points_redeemed_share", en="points redeemed for each point earned", zh="已兑换积分占获得积分的比例"
        )
        words = {"en": "whether all points that were ever earned are gone", "zh": "获得的积分是否已用完"}
        out += [left, share, at_most(left / earned, 0, "points_gone", **words)]
    return out


def _expiring(log: Present) -> list[Feature]:
    """The latest notice: how many points, of how many, and in how many days."""
    out: list[Feature] = []
    for notice in log.of("points_expiring"):
        if log.has("amount", notice.name):
            last = notice.point("last", "amount")
            out.append(
                last.named("points_expiring", en="points that the last notice calls expiring", zh="即将过期的积分")
            )
            words = {"en": "expiring points, relative to the balance", "zh": "即将过期积分占余额的比例"}
            out += [(last / left).named("points_expiring_share", **words) for left in _points_left(log)]
        if log.has("quantity", notice.name):
            words = {"en": "days until points expire", "zh": "距积分过期的天数"}
            out.append(notice.point("days_until", "quantity").named("points_expiring_days_until", **words))
    return out


def _tier(log: Present) -> list[Feature]:
    """The latest statement: which tier, how far to the next, how long until a downgrade."""
    out: list[Feature] = []
    for tier in log.of("tier_status"):
        if log.has("category", tier.name):
            out.append(tier.point("latest", "category").named("tier", en="tier of membership", zh="会员等级"))
        if log.has("score", tier.name):
            rank = tier.point("last", "score")
            below = {"en": "ranks below the highest tier ever held", "zh": "低于历史最高等级的级数", "unit": "ranks"}
            out.append(rank.named("tier_rank", en="rank of the tier", zh="会员等级的级别", unit="rank"))
            out.append((tier.of("peak", "score").ever - rank).named("tier_ranks_lost", **below))
        if log.has("amount", tier.name):
            words = {"en": "points missing to the next tier", "zh": "距下一等级所差的积分"}
            out.append(tier.point("last", "amount").named("tier_points_to_next", **words))
        if log.has("quantity", tier.name):
            words = {"en": "days until a downgrade, unless the tier is earned again", "zh": "距降级的天数"}
            out.append(tier.point("days_until", "quantity").named("tier_days_to_downgrade", **words))
        out.append(tier.days_since)
    return out
