"""`churn campaign audit`: who is offered what, by groups of customers."""

from churn.errors import SettingsError
from churn.settings import Settings
from cli.outcome import Outcome


def audit(settings: Settings, campaign: str | None, least: float, *, together: bool = False) -> Outcome:
    """Audit the offers of a campaign, of all as one, or those that are recommended now; write report and page.

    Args:
        settings: whose.
        campaign: its id; None: what is recommended.
        least: a difference of less than this share of the others' mean is not called worse.
        together: all campaigns as one.

    Returns:
        Exit code `WORSE` where a group gets worse terms than others of like risk.

    Raises:
        SettingsError: one campaign and all are asked for at once. NoCampaign: nobody planned it.
    """
    if together and campaign is not None:
        raise SettingsError("--id names one campaign, and --all asks for all as one.", mend="give one of the two.")
    from campaigns.audit.audit import audit as look
    from campaigns.audit.report import lines, write
    from campaigns.audit.together import audit_together
    from campaigns.ledger.effect import NoCampaign
    from cli.console import step
    from features.treatments import read_treatments

    if campaign is not None and read_treatments(settings.folder, campaign).empty:
        raise NoCampaign(campaign, sorted(read_treatments(settings.folder)["campaign"].unique()))
    with step("compare offers by group"):
        found = audit_together(settings, least=least) if together else look(settings, campaign, least=least)
        path = write(settings, found)
    told = [*lines(found, settings.business.language), f"Page: {path}"]
    return Outcome("\n".join(told), found.as_json(), WORSE if found.worse else 0)


WORSE = 21  # as `watch`: a person has to look, and nothing is broken
