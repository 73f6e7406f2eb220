"""Every campaign of a business: who was planned for and held out, who is in charge, and when its effect can be told.

    treatments.parquet of each campaign --> one line a campaign

Start reading at `listed`.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from features.treatments import read_treatments


@dataclass(frozen=True)
class Campaign:
    """One campaign, as it was planned.

    Args:
        campaign: its id. actions: codes, most frequent first. owners: who is in charge, likewise.
        planned_at: when chance decided. due: the last day on which something is due; None where nothing says.
        window_end: the last measurement window ends here.
        unowned: customers planned for with an action that nobody is in charge of.
        planned: customers planned for. treated: of them to be contacted. held_out: kept out by chance.
    """

    campaign: str
    actions: tuple[str, ...]
    owners: tuple[str, ...]
    planned_at: datetime
    due: datetime | None
    window_end: datetime
    planned: int
    treated: int
    held_out: int
    unowned: int = 0

    def is_over(self, now: datetime) -> bool:
        """Whether all of its measurement windows are over."""
        return self.window_end <= now


def listed(folder: Path, campaign: str | None = None) -> list[Campaign]:
    """Every campaign, by the day on which it was planned.

    Args:
        folder: the artifacts of the business.
        campaign: this one alone; all where None.

    Raises:
        BrokenTreatments: a file of them cannot be read.
    """
    rows = read_treatments(folder, campaign)
    found = [_of(str(name), mine) for name, mine in rows.groupby("campaign", sort=True)]
    return sorted(found, key=lambda one: (one.planned_at, one.campaign))


def _of(name: str, mine: pd.DataFrame) -> Campaign:
    due, treated = mine["due"].max(), int(mine["is_treated"].astype(bool).sum())
    return Campaign(
        campaign=name,
        actions=tuple(mine["action"].value_counts().index),
        owners=tuple(mine["owner"].dropna().value_counts().index),
        planned_at=mine["planned_at"].min().to_pydatetime(),
        due=None if pd.isna(due) else due.to_pydatetime(),
        window_end=mine["window_end"].max().to_pydatetime(),
        planned=len(mine),
        treated=treated,
        held_out=len(mine) - treated,
        unowned=int(mine["owner"].isna().sum()),
    )
