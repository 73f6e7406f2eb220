"""What we did to reach customers, and whether they took it up: contacts, responses, invitations, attendance."""

from features.catalogue.present import Present
from features.feature import Feature, Kind
from features.feature_set import grouped
from features.forms import followed_share, those
from features.words import slug


def features(log: Present) -> list[Feature]:
    """Counts and days since, and the shares that were followed by a response, an attendance or a purchase."""
    out: list[Feature] = []
    _, year = log.short_long
    for contact in log.of("campaign_contact"):
        out += grouped("campaigns", contact.count[log.within(30, 90, 365)], contact.days_since, _after(contact, log))
    for response in log.of("campaign_response"):
        by = [response.point("latest", "channel")] if log.has("channel", response.name) else []
        out += grouped("campaigns", response.count[log.within(90, 365)], response.days_since, by)
    invitations, attendances = log.of("event_invitation"), log.of("event_attendance")
    for one in (*invitations, *attendances):
        out += grouped("campaigns", one.count[log.within(90, 365)], one.days_since)
    for invitation in invitations:
        out += grouped(
            "campaigns",
            *(
                (attendance.count[year] / invitation.count[year]).named(
                    f"{attendance.slug}_share_{year}d",
                    en=f"{attendance.en}s of the last {year} days for each {invitation.en}",
                    zh=f"近{year}天{attendance.zh}次数与{invitation.zh}次数之比",
                )
                for attendance in attendances
            ),
        )
    return out


def _after(contact: Kind, log: Present) -> list[Feature]:
    """How many orders were followed up by a contact, and how many contacts by an order or a response."""
    within, (_, year) = log.wanted.followed_within_days, log.short_long
    if within >= year:
        return []
    event, responses = log.backbone, log.of("campaign_response")
    out = [followed_share(event, contact, within, year), followed_share(contact, event, within, year)]
    out += [followed_share(contact, response, within, year) for response in responses]
    if not log.has("channel", contact.name):
        return out
    for channel in log.wanted.channels:
        here = _by(contact, channel)
        answers = [_by(one, channel) if log.has("channel", one.name) else one for one in responses]
        out += [followed_share(here, one, within, year) for one in answers or [event]]
    return out


def _by(kind: Kind, channel: str) -> Kind:
    """The events of a kind on one channel."""
    quoted = channel.replace("'", "''")
    words = {"en": f"{kind.en} by {channel}", "zh": f"{channel}渠道{kind.zh}"}
    return those(kind, f"channel = '{quoted}'", slug=f"{kind.slug}_{slug(channel)}", **words)
