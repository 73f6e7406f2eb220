"""Where the books are kept, over which log, and by which rules. Start reading at `Desk`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from churn.calendar import to_us
from churn.metrics_profit import Stakes
from churn.settings import Settings
from features.holders import read_holders
from features.log import LogManifest
from features.parts import log_parts
from features.treatments import read_treatments
from monitoring.ledger.judging import Rules
from monitoring.ledger.outcomes import Known
from monitoring.ledger.plan import WEEK_ROWS

MOST_ROWS = 8_000_000  # answers that are judged in one walk through the log


@dataclass(frozen=True)
class Desk:
    """Where the books are kept, and by which rules.

    Args:
        folder: the artifacts. known: the log. log_hash: of it. rules: how answers are judged.
        now: the instant of this run. most_rows: answers in one walk. week_rows: that make a week a cohort.
    """

    folder: Path
    known: Known
    log_hash: str
    rules: Rules
    now: datetime
    most_rows: int = MOST_ROWS
    week_rows: int = WEEK_ROWS

    @property
    def until_us(self) -> int:
        """The log is complete up to here."""
        return to_us(self.known.observed_until)


def desk_of(settings: Settings, manifest: LogManifest, now: datetime) -> Desk:
    """Where a business keeps its books.

    Raises:
        NoLog: it has no log. BrokenTreatments: the treatments of a campaign cannot be read.
    """
    training, folder, definition = settings.training, settings.folder, settings.definition
    rules = Rules(definition.id, training.min_rows, training.min_positives, training.seed, Stakes.of(settings.costs))
    parts = log_parts(folder, taking_back=definition.taking_back)
    known = Known(parts, settings.lifecycle, manifest.observed_until, read_holders(folder), read_treatments(folder))
    return Desk(folder, known, manifest.log_hash, rules, now)
