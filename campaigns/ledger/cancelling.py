"""Take back a plan of which nothing went out: it counts as contacts, and keeps its held out waiting, until it is gone.

    campaigns/<campaign>/ --no list, no audience, no contact in the log--> gone, and its id is free

What went out stays in the ledger, and so do campaigns that were imported: they happened. Start reading at `cancel`.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime

from campaigns.contacted import contacts_told
from campaigns.ledger.effect import NoCampaign
from churn.errors import DataError
from churn.settings import Settings
from features.treatments import MANIFEST, is_on_paper, read_treatments, treatments_file


class WentOut(DataError):
    """A campaign that reached people, or may have, is to be cancelled."""

    def __init__(self, campaign: str, how: str) -> None:
        super().__init__(
            f"The campaign {campaign!r} cannot be cancelled: {how}.",
            mend="leave it in the ledger: who was contacted, or held out, stays so. To contact fewer, see to the lists "
            "where they are worked through; `churn campaign effect` tells what it did.",
        )


@dataclass(frozen=True)
class Cancelled:
    """What was taken back.

    Args:
        campaign: its id, free again.
        treated: who count as contacted by it no more. held_out: who wait for its window no more.
    """

    campaign: str
    treated: int
    held_out: int


def cancel(settings: Settings, campaign: str, now: datetime) -> Cancelled:
    """Take a plan back.

    Args:
        settings: whose.
        campaign: its id.
        now: by the business's clock.

    Raises:
        NoCampaign: nobody planned it. WentOut: it was exported, imported or worked through. NoName: it can be no id.
    """
    rows = read_treatments(settings.folder, campaign)
    if rows.empty:
        raise NoCampaign(campaign, sorted(read_treatments(settings.folder)["campaign"].unique()))
    path = treatments_file(settings.folder, campaign)
    if not path.with_name(MANIFEST).exists():
        raise WentOut(campaign, "it was brought in from a file, so it happened")
    if not is_on_paper(settings.folder, campaign):
        raise WentOut(campaign, "a list or an audience of it was written")
    contacts = contacts_told(settings, rows["planned_at"].min().to_pydatetime(), now)
    if (contacts["campaign"] == campaign).any():
        raise WentOut(campaign, "the log tells of contacts by it")
    path.unlink()  # first: it alone counts, so that what is cut short after it is no campaign either
    shutil.rmtree(path.parent)
    treated = int(rows["is_treated"].astype(bool).sum())
    return Cancelled(campaign, treated, len(rows) - treated)
