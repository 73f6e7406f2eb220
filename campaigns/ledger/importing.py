"""Campaigns of before, or of elsewhere: who was planned for, whom chance kept out, and with which chance.

    a CSV or Parquet file, a row a customer --checked--> TREATMENTS of each campaign in it

Columns: campaign, customer_id, day (local date), action, treated (true or false), propensity (the chance of being
treated, over 0 and at most 1). Such campaigns count for effects, for uplift and for learning like any other; what was
contacted and answered comes by the log. Every fault of a file is told at once, and then nothing is written.
Start reading at `bring_in`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from churn.calendar import Calendar
from churn.errors import DataError, SettingsError
from churn.settings import Settings
from churn.tables import TREATMENTS
from features.erasure.forgotten import is_forgotten
from features.erasure.turns import one_at_a_time
from features.log import NoLog
from features.parts import log_parts
from features.persons import persons_of
from features.pseudonyms import pseudonyms_of
from features.text_table import FALSE, TRUE, NoTable, header_of, text_of
from features.treatments import is_id, treatments_file, write_treatments

COLUMNS: Final = ("campaign", "customer_id", "day", "action", "treated", "propensity")
MOST_UNKNOWN: Final = 0.5  # share of customers whom the log does not know: more look like ids of another system


class WrongCampaigns(DataError):
    """A file of campaigns is not as it should be; its values are not repeated here."""

    def __init__(self, path: Path, faults: list[str], *, mend: str = "") -> None:
        super().__init__(
            f"{path} cannot be used: " + "; ".join(faults) + ". Nothing was written.",
            mend=mend or "give one row a campaign and customer, those held out too; docs/campaigns.md has the form.",
        )


class MissingColumns(DataError):
    """A file of campaigns lacks columns, or calls them otherwise."""

    def __init__(self, path: Path, missing: Sequence[str], found: Sequence[str], first: str) -> None:
        super().__init__(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(found)}. Nothing was written.",
            mend=f"rename them, or say which column is which: `--column {first}=NAME`, once each.",
        )


class WrongMapping(SettingsError):
    """`--column` does not say which column is which."""

    def __init__(self, why: str, near: Sequence[str] = ()) -> None:
        super().__init__(
            f"{why}.",
            mend=(f"did you mean {near[0]}? " if near else "")
            + f"write it as `--column customer_id=客户编号`; there are {', '.join(COLUMNS)}.",
        )


class UnknownCustomers(DataError):
    """Most customers of a file are not in the log: perhaps their ids are of another system."""

    def __init__(self, path: Path, unknown: int, rows: int) -> None:
        super().__init__(
            f"{path} names {unknown:,} customers of {rows:,} whom the log does not know. Nothing was written.",
            mend="give the ids of the event log; or, if they never bought, say `--allow-unknown`: they count as people "
            "who did nothing.",
        )


@dataclass(frozen=True)
class BroughtIn:
    """What was brought in.

    Args:
        campaigns: TREATMENTS by campaign, as they were written.
        forgotten: rows left out: of customers who were forgotten.
        unknown: rows of customers whom the log does not know.
    """

    campaigns: dict[str, pd.DataFrame]
    forgotten: int
    unknown: int


def bring_in(
    settings: Settings,
    path: Path,
    *,
    window_days: int,
    now: datetime,
    columns: Mapping[str, str] = MappingProxyType({}),
    allow_unknown: bool = False,
) -> BroughtIn:
    """Write the treatments of the campaigns in a file.

    Args:
        settings: whose.
        path: CSV or Parquet with `COLUMNS`.
        window_days: days in which their effect is measured, from the day on.
        now: by the business's clock; no campaign began later.
        columns: what the file calls those of `COLUMNS` that it calls otherwise.
        allow_unknown: even where the log does not know most of the customers.

    Raises:
        MissingColumns, WrongMapping: a column is not there. WrongCampaigns: rows are wrong, or it is no such file.
        UnknownCustomers: the log does not know most of them.
    """
    rows = _read(path, columns)
    today = Calendar(settings.business.timezone).day_of(now)
    if faults := [*_faults(rows, today), *_known_before(settings, rows)]:
        raise WrongCampaigns(path, faults)
    calendar, known_as = Calendar(settings.business.timezone), pseudonyms_of(settings)
    ids = rows["customer_id"] if known_as is None else rows["customer_id"].map(known_as.of)
    unknown = int(_unknown(settings, ids).sum())
    if unknown > MOST_UNKNOWN * len(ids) and not allow_unknown:
        raise UnknownCustomers(path, unknown, len(ids))
    days = {text: date.fromisoformat(text) for text in rows["day"].unique()}
    starts = {text: calendar.midnight(day) for text, day in days.items()}
    ends = {text: calendar.midnight(day + timedelta(days=window_days)) for text, day in days.items()}
    told = pd.DataFrame(
        {
            "campaign": rows["campaign"], "customer_id": ids, "action": rows["action"],
            "planned_at": rows["day"].map(starts), "window_end": rows["day"].map(ends),
            "propensity": rows["propensity"].astype(np.float64), "is_treated": _truth(rows["treated"]).isin(TRUE),
        }
    ).reindex(columns=TREATMENTS.names)  # fmt: skip
    told = told.astype({column.name: "object" if column.dtype == "str" else column.dtype for column in TREATMENTS})
    texts = [column.name for column in TREATMENTS if column.dtype == "str"]
    told[texts] = told[texts].where(told[texts].notna(), None)
    with one_at_a_time(settings.folder):  # whoever is forgotten meanwhile is seen here, or erased afterwards
        kept = told[~told["customer_id"].isin(is_forgotten(settings.folder, told["customer_id"]))]
        found = {str(name): mine.reset_index(drop=True) for name, mine in kept.groupby("campaign", sort=True)}
        for name, mine in found.items():
            write_treatments(settings.folder, name, mine)
    return BroughtIn(found, len(told) - len(kept), unknown)


def _read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """The rows as text, under the names of `COLUMNS`."""
    if wrong := [name for name in columns if name not in COLUMNS]:
        near = get_close_matches(wrong[0], COLUMNS, n=1)
        raise WrongMapping(f"{wrong[0]!r} is no column of a campaign", near)
    theirs = {name: columns.get(name, name) for name in COLUMNS}
    try:
        found = header_of(path)
        if missing := [name for name, own in theirs.items() if own not in found]:
            raise MissingColumns(path, [theirs[name] for name in missing], found, missing[0])
        rows = text_of(path, list(theirs.values()))
    except NoTable as error:
        raise WrongCampaigns(path, [error.why], mend=f"{error.mend}.") from error
    return pd.DataFrame({name: rows[own] for name, own in theirs.items()}).astype(object)


def _unknown(settings: Settings, ids: pd.Series) -> pd.Series:
    """Which customers the log has never heard of; nobody where there is no log yet. Shape (n,)."""
    try:
        parts = log_parts(settings.folder)
    except NoLog:
        return pd.Series(data=False, index=ids.index)
    known: set[str] = set()
    for part in parts:
        known.update(map(str, part.read().customers))
    people = persons_of(settings.folder)
    return ~(ids.isin(known) | pd.Series(people.among(ids, known), index=ids.index))


def _faults(rows: pd.DataFrame, today: date) -> list[str]:
    """What is wrong with the rows, by their numbers, never by their values."""
    chance = pd.to_numeric(rows["propensity"], errors="coerce")
    days = pd.to_datetime(rows["day"], format="%Y-%m-%d", errors="coerce")
    treated = _truth(rows["treated"])
    wrong = {
        "a campaign that can be no id, as 2025-spring is one": ~rows["campaign"].map(is_id).astype(bool),
        "no customer_id": rows["customer_id"] == "",
        "no action": rows["action"] == "",
        "a day that is no date as 2025-03-31": days.isna(),
        f"a day after today, {today}": (days > pd.Timestamp(today)).fillna(value=False),
        "treated that is neither true nor false": ~treated.isin(TRUE | FALSE),
        "a propensity that is not over 0 and at most 1": ~((chance > 0) & (chance <= 1)),
        "a customer held out with a propensity of 1": treated.isin(FALSE) & (chance == 1),
        "a customer who is in the campaign twice": rows.duplicated(["campaign", "customer_id"]),
    }
    return ([] if len(rows) else ["it holds no row"]) + [
        f"{int(bad.sum()):,} rows have {what}, first row {int(bad.to_numpy().argmax()) + 1}"
        for what, bad in wrong.items()
        if bad.any()
    ]


def _known_before(settings: Settings, rows: pd.DataFrame) -> list[str]:
    ids = [str(one) for one in rows["campaign"].unique() if is_id(str(one))]
    there = [one for one in ids if treatments_file(settings.folder, one).exists()]
    return [f"there is a campaign {', '.join(there)} already"] if there else []


def _truth(column: pd.Series) -> pd.Series:
    return column.str.lower()
