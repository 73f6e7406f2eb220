"""Whether customers still look: visits, opened and clicked mail, and the campaigns that reached them."""

from features.catalogue.present import Present
from features.catalogue.rhythm import trends
from features.feature import Feature
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """Counts and days since of what shows attention, and how much of it turns into more."""
    out: list[Feature] = []
    for visit in log.of("visit"):
        per_event = (visit.count[log.within(90)[0]] / log.backbone.count[log.within(365)[0]]).named(
            f"{visit.slug}_per_{log.backbone.slug}",
            en=f"visits of the last 90 days for each {log.backbone.en} of the year, as daily rates",
            zh=f"近90天访问频率与近一年{log.backbone.zh}频率之比",
        )
        out += grouped(
            "engagement", visit.count[log.within(30, 90, 365)], visit.days_since, trends(visit, log), per_event
        )
    for mail in log.of("email_open", "email_click"):
        out += grouped("engagement", mail.count[log.within(30, 90, 365)], mail.days_since)
    for contact in log.of("campaign_contact"):
        out += grouped("campaigns", contact.count[log.within(30, 90, 365)], contact.days_since)
    return out
