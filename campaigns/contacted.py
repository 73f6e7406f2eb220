"""When customers were contacted, by which action: what the log tells, and what campaigns have planned.

A contact is an event `campaign_contact` (its `category` names the campaign, its `reason_code` the action), or somebody
planned for who was not held out: a plan counts from the day it was made, or two plans on one day would not know of each
other. One contact that is both counts once; one of a person counts under each of their ids. Start at `contacts_since`.
"""

from datetime import datetime

import pandas as pd

from churn.settings import Settings
from features.contacts_table import CONTACT
from features.kind_rows import rows_of_kinds
from features.log import NoLog
from features.persons import persons_of
from features.treatments import read_treatments

COLUMNS = ("customer_id", "contacted_at", "channel", "action", "campaign")


def contacts_since(settings: Settings, since: datetime, now: datetime) -> pd.DataFrame:
    """Contacts in `[since, now)`, done or planned.

    Args:
        settings: whose.
        since: aware.
        now: aware; a plan of this very instant counts.

    Returns:
        Columns: customer_id, contacted_at, channel, action, campaign (null where not said); by customer and instant.
    """
    rows = pd.concat([_told(settings, since, now), _planned(settings, since, now)], ignore_index=True)
    every = persons_of(settings.folder).spread(rows)
    return _once(every.drop_duplicates([*COLUMNS, "is_plan"]))


def contacts_told(settings: Settings, since: datetime, now: datetime) -> pd.DataFrame:
    """Contacts in `[since, now)` of which the log or the inbox tells; columns of `contacts_since`."""
    return _told(settings, since, now)[list(COLUMNS)]


def _told(settings: Settings, since: datetime, now: datetime) -> pd.DataFrame:
    try:
        rows = rows_of_kinds(settings, (CONTACT,), known_before=now)
    except NoLog:
        return pd.DataFrame(columns=[*COLUMNS, "is_plan"])
    rows = rows[rows["event_timestamp"] >= since]
    named = {"event_timestamp": "contacted_at", "reason_code": "action", "category": "campaign"}
    return rows.rename(columns=named)[list(COLUMNS)].assign(is_plan=False)


def _planned(settings: Settings, since: datetime, now: datetime) -> pd.DataFrame:
    rows = read_treatments(settings.folder)
    rows = rows[rows["is_treated"].astype(bool) & (rows["planned_at"] >= since) & (rows["planned_at"] <= now)]
    return rows.rename(columns={"planned_at": "contacted_at"})[list(COLUMNS)].assign(is_plan=True)


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """What was planned and then told of is one contact: the one that was told."""
    named, is_plan = list(zip(rows["customer_id"], rows["campaign"], strict=True)), rows["is_plan"].astype(bool)
    done = {one for one, plan in zip(named, is_plan, strict=True) if not plan}
    kept = [not plan or one not in done for one, plan in zip(named, is_plan, strict=True)]
    return rows.loc[kept, list(COLUMNS)].sort_values(["customer_id", "contacted_at"], kind="stable", ignore_index=True)
