"""`churn campaign audit`: who is offered what, by groups of customers."""

from churn.settings import Settings
from cli.outcome import Outcome


def audit(settings: Settings, campaign: str | None, least: float) -> Outcome:
    """Audit the offers of a campaign, or those that are recommended now; write report and page.

    Args:
        settings: whose.
        campaign: its id; None: what is recommended.
        least: a difference of less than this share of the others' mean is not called worse.

    Returns:
        Exit code `WORSE` where a group gets worse terms than others of like risk.
    """
    from campaigns.audit.audit import audit as look
    from campaigns.audit.report import lines, write
    from cli.console import step

    with step("compare offers by group"):
        found = look(settings, campaign, least=least)
        path = write(settings, found)
    told = [*lines(found, settings.business.language), f"Page: {path}"]
    return Outcome("\n".join(told), found.as_json(), WORSE if found.worse else 0)


WORSE = 21  # as `watch`: a person has to look, and nothing is broken
