"""Whether customers still look: visits, and mail that was sent, opened and clicked."""

from features.catalogue.present import Present
from features.catalogue.rhythm import trends
from features.feature import Feature
from features.feature_set import grouped
from features.forms import followed_share


def features(log: Present) -> list[Feature]:
    """Counts and days since of what shows attention, and how much of it turns into more."""
    out: list[Feature] = []
    season, year = log.short_long
    for visit in log.of("visit"):
        per_event = (visit.count[season] / log.backbone.count[year]).named(
            f"{visit.slug}_per_{log.backbone.slug}",
            en=f"visits of the last {season} days for each {log.backbone.en} of the last {year}, as daily rates",
            zh=f"近{season}天访问频率与近{year}天{log.backbone.zh}频率之比",
        )
        out += grouped(
            "engagement", visit.count[log.within(30, 90, 365)], visit.days_since, trends(visit, log), per_event
        )
        if log.wanted.followed_within_days < year:
            out += grouped("engagement", followed_share(log.backbone, visit, log.wanted.followed_within_days, year))
    for mail in log.of("email_sent", "email_open", "email_click"):
        out += grouped(
            "engagement", mail.count[log.within(30, 90, 365)], mail.days_since, _share_of_sent(mail.name, log)
        )
    return out


def _share_of_sent(kind: str, log: Present) -> list[Feature]:
    """Of the mail sent, how much was opened, and clicked."""
    season, _ = log.short_long
    return [
        (mail.count[season] / sent.count[season]).named(
            f"{mail.slug}_share_{season}d",
            en=f"{mail.en}s of the last {season} days for each e-mail sent",
            zh=f"近{season}天{mail.zh}次数与发送邮件次数之比",
        )
        for sent in log.of("email_sent")
        for mail in log.of(kind)
        if kind != sent.name
    ]
