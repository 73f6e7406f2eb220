"""Campaigns of before, or of elsewhere: who was planned for, whom chance kept out, and with which chance.

    a CSV or Parquet file, a row a customer --checked--> TREATMENTS of each campaign in it

Columns: campaign, customer_id, day (local date), action, treated (true or false), propensity (the chance of being
treated, over 0 and at most 1). Such campaigns count for effects, for uplift and for learning like any other; what was
contacted and answered comes by the log. Every fault of a file is told at once, and then nothing is written.
Start reading at `bring_in`.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churn.calendar import Calendar
from churn.errors import DataError, WrongColumns
from churn.settings import Settings
from churn.tables import TREATMENTS
from features.erasure.forgetting import one_at_a_time
from features.erasure.forgotten import is_forgotten
from features.pseudonyms import pseudonyms_of
from features.treatments import is_id, treatments_file, write_treatments

COLUMNS: Final = ("campaign", "customer_id", "day", "action", "treated", "propensity")
TRUE, FALSE = frozenset({"1", "true", "yes", "y", "是"}), frozenset({"0", "false", "no", "n", "否"})


class WrongCampaigns(DataError):
    """A file of campaigns is not as it should be; its values are not repeated here."""

    def __init__(self, path: Path, faults: list[str]) -> None:
        super().__init__(
            f"{path} cannot be used: " + "; ".join(faults) + ". Nothing was written.",
            mend="give one row a campaign and customer, those held out too; docs/campaigns.md has the form.",
        )


def bring_in(settings: Settings, path: Path, *, window_days: int) -> tuple[dict[str, pd.DataFrame], int]:
    """Write the treatments of the campaigns in a file.

    Args:
        settings: whose.
        path: CSV or Parquet with `COLUMNS`.
        window_days: days in which their effect is measured, from the day on.

    Returns:
        TREATMENTS by campaign, as they were written, and how many rows were left out: of customers who were forgotten.

    Raises:
        WrongColumns: a column is missing. WrongCampaigns: rows are wrong, or it is no such file.
    """
    rows = _read(path)
    if faults := [*_faults(rows), *_known_before(settings, rows)]:
        raise WrongCampaigns(path, faults)
    calendar, known_as = Calendar(settings.business.timezone), pseudonyms_of(settings)
    ids = rows["customer_id"] if known_as is None else rows["customer_id"].map(known_as.of)
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
    return found, len(told) - len(kept)


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pq.read_table(path).to_pandas() if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        raise WrongCampaigns(path, [f"it is no CSV or Parquet file ({type(error).__name__})"]) from error
    if missing := [name for name in COLUMNS if name not in frame.columns]:
        raise WrongColumns(path.name, expected=missing, found=[str(name) for name in frame.columns])
    plain = frame[list(COLUMNS)].astype("string")
    stripped: pd.DataFrame = plain.apply(lambda column: column.str.strip()).fillna("").astype(object)
    return stripped


def _faults(rows: pd.DataFrame) -> list[str]:
    """What is wrong with the rows, by their numbers, never by their values."""
    chance = pd.to_numeric(rows["propensity"], errors="coerce")
    days = pd.to_datetime(rows["day"], format="%Y-%m-%d", errors="coerce")
    treated = _truth(rows["treated"])
    wrong = {
        "a campaign that can be no id, as 2025-spring is one": ~rows["campaign"].map(is_id).astype(bool),
        "no customer_id": rows["customer_id"] == "",
        "no action": rows["action"] == "",
        "a day that is no date as 2025-03-31": days.isna(),
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
