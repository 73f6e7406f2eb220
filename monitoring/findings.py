"""All that is known when a verdict is made: of one model (`Findings`), and of the business as a whole (`Whole`).

Each part of monitoring adds what it found as a typed field, None where it could not be tried. Start at `Findings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.attempts import Trouble
from monitoring.before.found import Early, Estimated
from monitoring.business.hazards import Hazards
from monitoring.business.taking_stock import Stocktaking
from monitoring.champion import Champion
from monitoring.data.contract import Fault
from monitoring.data.incoming import Incoming
from monitoring.data.refused import Refused
from monitoring.drift.judging import Drift
from monitoring.drift.shift import FeatureDrift, ScoreDrift
from monitoring.ledger.cohort import Ledger, Unreadable
from monitoring.ledger.realised import Realised


@dataclass(frozen=True)
class Findings:
    """All that is known of one model when it is judged.

    Args:
        champion: the model.
        rows: customers that it is asked about now. min_rows: fewer are too few to say.
        feature_set_hash: of the features of now; None where they cannot be read.
        faults: broken columns.
        features: how far each feature moved.
        score: how far the scores moved; None without scores.
        realised: what became of its answers; None where it has given none.
        age: of the features of now; None where there are none. max_age: older ones are not scored.
        newer_outcomes: whether training now would learn from cutoffs that the champion has not seen.
        stopped_at: when an earlier verdict stopped it, and nobody has let a model serve since; None otherwise.
        troubles: what could not be looked at.
        estimate: of its answers before outcomes are known; shown, never a reason. None: not looked at.
        drift: features and scores against the weeks before; None where there are none.
        early: signs before outcomes are known. None: not looked at.
        ledger: what became of all answers of the model, whatever version gave them; None where there are none.
        rows_before: customers that it was asked about at the run before; None at the first.
    """

    champion: Champion
    rows: int
    min_rows: int
    feature_set_hash: str | None
    faults: Sequence[Fault]
    features: Sequence[FeatureDrift]
    score: ScoreDrift | None
    realised: Realised | None
    age: timedelta | None
    max_age: timedelta
    newer_outcomes: bool
    stopped_at: str | None = None
    troubles: tuple[Trouble, ...] = ()
    estimate: Estimated | None = None
    early: Early | None = None
    ledger: Ledger | None = None
    drift: Drift | None = None
    rows_before: int | None = None

    @property
    def untold(self) -> frozenset[str]:
        """Parts that could not be looked at: that they show nothing says nothing."""
        return frozenset(one.part for one in self.troubles)


@dataclass(frozen=True)
class Whole:
    """All that is known of the business as a whole, whichever model is asked.

    Args:
        now: the instant judged. last_run_at: the instant that the run before judged; None for the first.
        troubles: what could not be looked at.
        stock: how the business stands; None where the log cannot be read.
        hazards: when customers leave and return, and how many are expected; None likewise.
        unreadable: answers that nobody can read, by file.
        incoming: what comes in; None where the log cannot be read. refused: sources whose new rows mostly are.
    """

    now: datetime
    last_run_at: datetime | None = None
    troubles: tuple[Trouble, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    stock: Stocktaking | None = None
    incoming: Incoming | None = None
    refused: tuple[Refused, ...] = ()
    hazards: Hazards | None = None
