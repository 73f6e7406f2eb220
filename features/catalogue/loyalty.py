"""What ties customers: points earned and spent, and the people they brought."""

from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """Points balance, redemptions and referrals."""
    out: list[Feature] = []
    earned, spent = log.of("points_earned"), log.of("points_redeemed")
    if earned and spent:
        balance = (earned[0].total.ever - spent[0].total.ever).named(
            "points_balance", en="points earned and not yet redeemed", zh="积分余额"
        )
        out += grouped("loyalty", balance)
    for points in log.of("points_redeemed", "points"):
        out += grouped("loyalty", points.count[log.within(90, 365)], points.total[log.within(365)], points.days_since)
    for points in [] if spent else earned:
        out += grouped("loyalty", points.total[log.within(90, 365)], points.days_since)
    for referral in log.of("referral"):
        out += grouped("referral", referral.count[log.within(365)], referral.count.ever, referral.days_since)
    return out
