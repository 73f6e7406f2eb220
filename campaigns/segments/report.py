"""What `churn campaign segments` tells: sizes now, the grid, the drift; as JSON, and as a page for people.

Counts alone, nobody's row: lists of members are written where somebody asks for them. Start reading at `Report`.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from campaigns.segments.drift import Drift
from campaigns.segments.intervals import share_of
from campaigns.segments.outcomes import Outcomes
from campaigns.segments.rfm import Rfm
from churn.settings import Settings
from features.atomic import write_json, write_text

FOLDER: Final = Path("campaigns") / "segments"
REPORT, PAGE = "report.json", "report.html"


@dataclass(frozen=True)
class Report:
    """What is told of segments.

    Args:
        settings: whose.
        as_of: the instant.
        customers: known then.
        sizes: customers of each segment, by name.
        grid: the RFM grid; None where it was not asked for.
        drift: what changed; None likewise.
        outcomes: what became of each segment; None likewise.
    """

    settings: Settings
    as_of: datetime
    customers: int
    sizes: dict[str, int]
    grid: Rfm | None = None
    drift: Drift | None = None
    outcomes: Outcomes | None = None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        segments = [
            {"name": one.name, "kind": one.kind, "en": one.en, "zh": one.zh, "where": one.where,
             **share_of(self.sizes[one.name], self.customers, self.settings.segments.confidence)}
            for one in self.settings.segment if one.name in self.sizes
        ]  # fmt: skip
        return {
            "as_of": self.as_of.isoformat(), "customers": self.customers, "segments": segments,
            "untold": [one.name for one in self.settings.segment if one.name not in self.sizes],
            "outcomes": self.outcomes and self.outcomes.as_json(),
            "rfm": self.grid and self.grid.as_json(), "drift": self.drift and self.drift.as_json(),
        }  # fmt: skip


def sizes_of(found: pd.DataFrame) -> dict[str, int]:
    """Customers of each segment, by the frame that `members` gives."""
    return {name: int(found[name].sum()) for name in found.columns if name != "customer_id"}


def write(report: Report) -> Path:
    """Write report and page whole; returns where the page lies."""
    from campaigns.segments.page import page  # it reads reports

    folder = report.settings.folder / FOLDER
    write_json(folder / REPORT, report.as_json())
    write_text(folder / PAGE, page(report))
    return folder / PAGE
