"""Week after week as ops live it: what had reached the shop is ingested, rows are made, scored and monitored.

The real commands on a real folder, in one process. The only thing left out is the on-line store, which monitoring
does not read. Start reading at `watch`.
"""

import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.watched.business import LEARNED_UNTIL
from benchmarks.watched.worlds import ZONE, Fault
from churn.settings import Settings
from cli.ingest import ingest
from cli.opened import open_log
from cli.serving import score
from features.current_file import write_current
from features.simulated_export import write_sources
from features.snapshots import current
from monitoring.monitor import Result, monitor


@dataclass(frozen=True)
class Week:
    """One week's verdict.

    Args:
        day: the local day on whose midnight was judged.
        verdict: the worst of all.
        alarms: what asked for something, (who, code): a model, or the business.
        told: all of it, as verdict.json has it.
    """

    day: date
    verdict: str
    alarms: frozenset[tuple[str, str]]
    told: dict[str, Any]


def watch(
    settings: Settings, events: pd.DataFrame, folder: Path, *, weeks: int, fault: Fault | None = None, since: int = 0
) -> Iterator[Week]:
    """The verdicts of the weeks after the champions were promoted.

    Args:
        settings: of the business whose champions are watched; its folder stays as it is.
        events: what customers do, EVENTS, in the watched time too.
        folder: for a copy of the business.
        weeks: how many.
        fault: what is wrong with the rows, if anything is; faults of world and feed are in the events already.
        since: the week, from 0, from which on rows are wrong.
    """
    mine = _copy(settings, folder)
    known = events["ingested_at"]
    for week in range(weeks):
        day = LEARNED_UNTIL + timedelta(days=7 * (week + 1))
        write_sources(events[known < pd.Timestamp(ZONE.midnight(day))], folder / "source", timezone=ZONE.timezone)
        spoil = fault.rows if fault is not None and week >= since else None
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            ingest(mine)
            log = open_log(mine)
            rows = current(log.parts, log.served, log.lifecycle, log.as_of)
            write_current(spoil(rows) if spoil else rows, log.served, log.lifecycle, mine.folder / "features")
            score(mine, everyone=True, ids=None, out=None)
            seen = monitor(mine, progress=lambda _: None, with_pages=False)
        yield Week(day, seen.content["verdict"], frozenset(_alarms(seen)), seen.content)


def _alarms(seen: Result) -> Iterator[tuple[str, str]]:
    for one in (*seen.verdicts, seen.whole):
        yield from ((one.model or "business", reason.code) for reason in one.reasons if reason.outcome != "cannot_tell")


def _copy(settings: Settings, folder: Path) -> Settings:
    """The same business in a folder of its own, without an on-line store to fill."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(settings.artifacts, folder / "artifacts")
    source = tuple(
        one.model_copy(update={"path": str(folder / "source" / Path(str(one.path)).name)}) for one in settings.source
    )
    serving = settings.serving.model_copy(update={"nightly_answers": False})
    return settings.model_copy(update={"artifacts": folder / "artifacts", "source": source, "serving": serving})
