"""Contacts that no plan knows: made by hand, or by another system, and told by the log alone.

    campaign_contact events  --no TREATMENTS of that campaign and person-->  treated, with propensity 1

Nobody was held out beside them, so nobody stands for whoever was contacted so; but they were contacted, and what became
of them is not what would have become of them alone. They reach as far as an action's effect is measured: `window_days`
of the action that they name, or gap and horizon. A contact of a campaign that held this very customer out is none of
these: there the plan counts, or its sides would be chance's no longer. Start reading at `outside_contacts`.
"""

from datetime import timedelta

import numpy as np
import pandas as pd

from churn.calendar import from_us
from churn.events import micros
from churn.settings import Settings
from churn.tables import TREATMENTS
from features.contacts_table import CONTACT
from features.kind_rows import rows_of_kinds
from features.log import NoLog
from features.persons import persons_of


def outside_contacts(settings: Settings, treatments: pd.DataFrame) -> pd.DataFrame:
    """Contacts of the log that no plan knows, as treatments that nobody could be held out of.

    Args:
        settings: whose; the windows of their actions.
        treatments: TREATMENTS of all campaigns.

    Returns:
        Columns: those of TREATMENTS; one row a contact. campaign and action are null where the log names none.

    Raises:
        BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox.
    """
    try:
        rows = rows_of_kinds(settings, (CONTACT,))
    except NoLog:
        return TREATMENTS.empty()
    people = persons_of(settings.folder)
    planned = set(zip(people.name(treatments["customer_id"]), treatments["campaign"], strict=True))
    each = zip(people.name(rows["customer_id"]), rows["category"], strict=True)
    rows = rows[np.array([one not in planned for one in each], dtype=np.bool_)]
    if rows.empty:
        return TREATMENTS.empty()
    named = {"category": "campaign", "reason_code": "action", "event_timestamp": "planned_at"}
    told = rows.rename(columns=named)[["campaign", "action", "planned_at", "customer_id", "channel"]]
    found = told.assign(window_end=_ends(settings, rows), propensity=1.0, is_treated=True)
    found = found.reindex(columns=TREATMENTS.names)
    return found.astype({name: TREATMENTS[name].dtype for name in ("planned_at", "due", "window_end")})


def _ends(settings: Settings, rows: pd.DataFrame) -> pd.Series:
    """The local midnight at which the window of each contact ends."""
    calendar, definition = settings.lifecycle.calendar, settings.definition
    usual = definition.gap_days + definition.horizon_days
    days = {one.code: one.window_days or usual for one in settings.action}
    contacted = [calendar.day_of(from_us(int(at))) for at in micros(rows["event_timestamp"])]
    lasts = rows["reason_code"].map(days).fillna(usual)
    ends = [day + timedelta(days=int(last)) for day, last in zip(contacted, lasts, strict=True)]
    midnights = {day: calendar.midnight(day) for day in set(ends)}
    return pd.to_datetime(pd.Series([midnights[day] for day in ends], index=rows.index), utc=True)
