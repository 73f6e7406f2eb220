"""The lists that people work through: whom to contact by which channel, with what, by when, and who does it.

    TREATMENTS, those to be contacted --once more through the door--> list-<channel>.csv, and a line in exports.json

Whoever opted out, or took consent back, since the plan was made is left out, and counted; they stay on their side of
the comparison, or it would no longer be chance's. Nobody who is held out is ever in a list, nor told apart there. Who
was merged since stands there once, by their id of today. A list may be written again; exports.json keeps every time.
Start reading at `export`.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from campaigns.ledger.effect import NoCampaign
from campaigns.ledger.people_planned import joined
from campaigns.people import People
from campaigns.suppress import COOLING_DOWN, HELD_OUT, TOO_MANY, doors_of
from churn.action_sections import Action
from churn.calendar import Calendar
from churn.cells import harmless
from churn.errors import DataError, SettingsError
from churn.settings import Settings
from features import parquet
from features.atomic import write_json, write_text, write_whole
from features.current_file import ROWS_FILE
from features.encryption import is_encrypting
from features.exported_lists import digest_of, is_ours, ours
from features.persons import persons_of
from features.treatments import read_treatments, treatments_file

EXPORTS, LISTED = "exports.json", "listed.parquet"
COLUMNS = ("customer_id", "action", "text", "text_zh", "why", "why_zh", "due", "owner")
GONE = "no_such_action"  # the catalogue knows it no longer
OF_THE_PLAN = (TOO_MANY, COOLING_DOWN, HELD_OUT)  # the plan itself is what counts there, not one that came after it


class WindowOver(DataError):
    """A campaign whose time is over is to be exported."""

    def __init__(self, campaign: str, until: datetime) -> None:
        super().__init__(
            f"The measurement window of {campaign!r} ended at {until:%Y-%m-%d %H:%M} UTC.",
            mend="plan a new campaign: who is contacted now would count as contacted then.",
        )


class PlainLists(SettingsError):
    """Lists would lie unencrypted among files that are encrypted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is encrypted, and a list that people open cannot be.",
            mend="name a folder of your own with `--out`, and see to who may read it.",
        )


@dataclass(frozen=True)
class Export:
    """What was exported.

    Args:
        files: each with its rows and its SHA-256. left_out: how many are not in any list, by code.
    """

    files: dict[str, dict[str, Any]]
    left_out: dict[str, int]

    @property
    def rows(self) -> int:
        """How many are in the lists."""
        return sum(int(one["rows"]) for one in self.files.values())


def export(
    settings: Settings, campaign: str, now: datetime, environ: Mapping[str, str], *, out: Path | None = None
) -> Export:
    """Write the lists of a campaign, one a channel.

    Args:
        settings: whose.
        campaign: its id.
        now: by the business's clock.
        environ: what `${VARIABLES}` of `[contacts] path` stand for.
        out: folder of the lists; that of the campaign where None.

    Raises:
        NoCampaign: nobody planned it. WindowOver: its window is over. PlainLists: they would lie among encrypted files.
    """
    rows = read_treatments(settings.folder, campaign)
    if rows.empty:
        raise NoCampaign(campaign, sorted(read_treatments(settings.folder)["campaign"].unique()))
    until = rows["window_end"].max().to_pydatetime()
    if until <= now:
        raise WindowOver(campaign, until)
    own = treatments_file(settings.folder, campaign).parent
    folder = out or own
    if out is None and is_encrypting(folder):
        raise PlainLists(folder)
    mine = _today(settings.folder, joined(rows[rows["is_treated"].astype(bool)], persons_of(settings.folder)))
    why_not = _why_not(settings, mine, now, environ)
    listed = mine[[code is None for code in why_not]]
    texts = {
        f"list-{channel}.csv": _text(theirs, settings)
        for channel, theirs in listed.groupby(listed["channel"].fillna("none"), sort=True)
    }
    told = pd.Series(why_not).dropna().value_counts()
    found = Export(
        {name: {"rows": rows, "sha256": digest_of(text.encode())} for name, (rows, text) in texts.items()},
        {str(code): int(count) for code, count in told.items()},
    )
    # noted before a list lies anywhere: killed in between, nobody may plan the campaign anew
    before = ours(own)
    _note(own / EXPORTS, {"at": now.isoformat(), "folder": "" if out is None else str(out.absolute()), **asdict(found)})
    _remove(before, {folder / name for name in texts})
    for name, (_, text) in texts.items():
        write_text(folder / name, text)
    _keep(own / LISTED, listed, settings)
    return found


def _remove(before: Mapping[Path, frozenset[str]], kept: set[Path]) -> None:
    """Remove lists of before that are not written anew: whoever objected since stands in them; not what others edit."""
    names = {path.absolute() for path in kept}
    for path in before:
        if path.absolute() not in names and is_ours(path, before[path]):
            path.unlink(missing_ok=True)


def _today(folder: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by the ids of today: of who has no row of now any more, that of whoever took over."""
    people = persons_of(folder)
    if people:
        path = folder / "features" / ROWS_FILE
        here = parquet.read_table(path, ["customer_id"])["customer_id"].to_pylist() if path.exists() else []
        ids = rows["customer_id"]
        rows = rows.assign(customer_id=ids.where(ids.isin(here), pd.Series(people.today(ids), index=ids.index)))
    return rows.reset_index(drop=True)


def _why_not(settings: Settings, mine: pd.DataFrame, now: datetime, environ: Mapping[str, str]) -> list[str | None]:
    """Why each may not be contacted after all; None where they may."""
    by_code = {one.code: one for one in settings.action}
    doors = doors_of(settings, People(mine[["customer_id"]], now, {}, ""), now, environ)
    found = np.full(len(mine), GONE, dtype=object)
    for code in mine["action"].unique():
        theirs = (mine["action"] == code).to_numpy()
        if action := by_code.get(str(code)):
            told = doors.why_not(action)
            told[np.isin(told, OF_THE_PLAN)] = None
            found[theirs] = told[theirs]
    return list(found)


def _keep(path: Path, rows: pd.DataFrame, settings: Settings) -> None:
    """Keep all lists as one table, which the service tells page by page."""
    calendar, by_code = Calendar(settings.business.timezone), {one.code: one for one in settings.action}
    ordered = rows.sort_values("customer_id")
    lines = [_line(row, by_code[str(row.action)], calendar) for row in ordered.itertuples(index=False)]
    columns = {name: pa.array([line[place] for line in lines], pa.string()) for place, name in enumerate(COLUMNS)}
    table = pa.table(columns | {"channel": pa.array(ordered["channel"].fillna("none").to_list(), pa.string())})
    write_whole(path, lambda draft: parquet.write_table(table, draft))


def _text(rows: pd.DataFrame, settings: Settings) -> tuple[int, str]:
    """How many rows a list has, and what stands in its file."""
    calendar, by_code = Calendar(settings.business.timezone), {one.code: one for one in settings.action}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows.sort_values("customer_id").itertuples(index=False):
        writer.writerow([harmless(cell) for cell in _line(row, by_code[str(row.action)], calendar)])
    return len(rows), "\ufeff" + text.getvalue()  # the mark by which spreadsheets know UTF-8


def _line(row: Any, action: Action, calendar: Calendar) -> list[str]:
    due = "" if pd.isna(row.due) else f"{calendar.day_of(row.due.to_pydatetime()):%Y-%m-%d}"
    return [
        row.customer_id,
        action.code,
        action.en,
        action.zh,
        row.why_en or "",
        row.why_zh or "",
        due,
        row.owner or "",
    ]


def _note(path: Path, line: dict[str, Any]) -> None:
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    write_json(path, [*before, line])
