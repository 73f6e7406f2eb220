"""The newest list of who is due, as the day's run wrote it: `campaigns/due/<day>/tasks.parquet`.

Written by `churn campaign due`. Start reading at `newest`.
"""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from features import parquet
from features.erasure.due import DUE, TASKS
from serving.campaigns.reading import BrokenCampaign

DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
COLUMNS: Final = ("customer_id", "action", "channel", "text_en", "text_zh", "why_en", "why_zh", "owner", "due",
                  "is_overdue")  # fmt: skip


@dataclass(frozen=True)
class DueList:
    """Who was due on a day.

    Args:
        day: of the list.
        tasks: columns of COLUMNS, in the order in which they are to be done.
    """

    day: date
    tasks: pa.Table

    def counts(self) -> list[tuple[str, str, int, int]]:
        """Channel, code of the action, tasks, and overdue ones among them; by channel and action."""
        found = pa.TableGroupBy(self.tasks, ["channel", "action"]).aggregate([([], "count_all"), ("is_overdue", "sum")])
        rows = ((one["channel"], one["action"], one["count_all"], one["is_overdue_sum"]) for one in found.to_pylist())
        return sorted(rows)

    def of(self, channel: str, first: int, most: int) -> list[dict[str, Any]]:
        """Tasks of a channel, from the one in place `first` on."""
        mine = self.tasks.filter(pc.equal(self.tasks["channel"], channel))
        return list(mine.slice(first, most).to_pylist())


def newest(folder: Path) -> DueList | None:
    """The newest list; None where there is none yet.

    Args:
        folder: the artifacts of the business.

    Raises:
        BrokenCampaign: it cannot be read.
    """
    days = [path for path in (folder / DUE).glob(f"*/{TASKS}") if DAY.fullmatch(path.parent.name)]
    if not days:
        return None
    path = max(days, key=lambda one: one.parent.name)
    try:
        return DueList(date.fromisoformat(path.parent.name), parquet.read_table(path, columns=list(COLUMNS)))
    except (OSError, ValueError) as error:  # Arrow's are one or the other
        raise BrokenCampaign(path) from error
