"""When customers were contacted, by which action: told by the log, planned by campaigns, asked of staff.

A contact is an event `campaign_contact` (its `category` names the campaign, its `reason_code` the action), or somebody
planned for who was not held out: a plan counts from the day it was made, or two plans on one day would not know of each
other. So does a task of `churn campaign due`, from the last day that told it. One contact that is planned or asked for,
and then told of, counts once; one of a person counts under each of their ids. Start at `contacts_since`.
"""

from datetime import date, datetime, timedelta

import pandas as pd

from campaigns.due.told import told_before
from churn.calendar import Calendar
from churn.settings import Settings
from features.contacts_table import CONTACT
from features.kind_rows import rows_of_kinds
from features.log import NoLog
from features.persons import persons_of
from features.treatments import read_treatments

TASK = "\0task"  # no campaign can be called so
COLUMNS = ("customer_id", "contacted_at", "channel", "action", "campaign")


def contacts_since(
    settings: Settings, since: datetime, now: datetime, *, with_tasks: bool = True, without: str | None = None
) -> pd.DataFrame:
    """Contacts in `[since, now)`, done, planned or asked of staff.

    Args:
        settings: whose.
        since: aware.
        now: aware; a plan of this very instant counts.
        with_tasks: whether tasks count; not for the lists of the day themselves, which know which of theirs are open.
        without: a campaign whose plan does not count, as it is planned anew.

    Returns:
        Columns: customer_id, contacted_at, channel, action, campaign (null where not said); by customer and instant.
    """
    parts = [_told(settings, since, now), _planned(settings, since, now, without)]
    if with_tasks:
        parts.append(_asked(settings, since, now))
    rows = pd.concat([one for one in parts if len(one)] or parts, ignore_index=True)
    every = persons_of(settings.folder).spread(rows)
    return _once(_still_asked(every.drop_duplicates([*COLUMNS, "is_plan"])))


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


def _planned(settings: Settings, since: datetime, now: datetime, without: str | None) -> pd.DataFrame:
    rows = read_treatments(settings.folder)
    rows = rows[rows["is_treated"].astype(bool) & (rows["campaign"] != without)]
    rows = rows[(rows["planned_at"] >= since) & (rows["planned_at"] <= now)]
    return rows.rename(columns={"planned_at": "contacted_at"})[list(COLUMNS)].assign(is_plan=True)


def _asked(settings: Settings, since: datetime, now: datetime) -> pd.DataFrame:
    """Tasks of the lists of the day, an occasion once: on the last day that told it."""
    calendar = Calendar(settings.business.timezone)
    rows = told_before(settings.folder, calendar.day_of(now) + timedelta(days=1), first=calendar.day_of(since))
    days = {str(day): calendar.midnight(date.fromisoformat(str(day))) for day in rows["told_on"].unique()}
    at = pd.to_datetime(rows["told_on"].map(days), utc=True)
    found: pd.DataFrame = rows.assign(contacted_at=at, campaign=TASK, is_plan=False)
    return found.loc[(at >= since).to_numpy(), [*COLUMNS, "is_plan"]]


def _still_asked(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the tasks of which the log tells since that they were done."""
    is_task, is_plan = (rows["campaign"] == TASK).to_numpy(), rows["is_plan"].to_numpy(dtype=bool)
    if not is_task.any():
        return rows
    last = rows[~is_task & ~is_plan].groupby(["customer_id", "action"])["contacted_at"].max()
    done = last.reindex(pd.MultiIndex.from_frame(rows[["customer_id", "action"]]))
    is_done = pd.to_datetime(done, utc=True).to_numpy() >= pd.to_datetime(rows["contacted_at"], utc=True).to_numpy()
    kept = rows[~(is_task & is_done)]
    named: pd.DataFrame = kept.assign(campaign=kept["campaign"].where(kept["campaign"] != TASK, None))
    return named


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """What was planned and then told of is one contact: the one that was told."""
    named, is_plan = list(zip(rows["customer_id"], rows["campaign"], strict=True)), rows["is_plan"].astype(bool)
    done = {one for one, plan in zip(named, is_plan, strict=True) if not plan}
    kept = [not plan or one not in done for one, plan in zip(named, is_plan, strict=True)]
    return rows.loc[kept, list(COLUMNS)].sort_values(["customer_id", "contacted_at"], kind="stable", ignore_index=True)
