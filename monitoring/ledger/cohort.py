"""What the ledger knows: cohorts of answers, what became of each, and the line that they make over time.

A *cohort* is the answers of one model whose cutoffs lie in one local week, or month where weeks are small. Start
reading at `Ledger`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from churn.metrics import CalibrationBin
from monitoring.ledger.realised import Interval, Realised

Figures = dict[str, Interval]


@dataclass(frozen=True)
class Became:
    """What became of some answers whose horizon is over.

    Args:
        n: judged answers. positives: how many came true.
        figures: roc_auc, pr_auc, log_loss, brier, ece, lift (top tenth), expected_rate, actual_rate, rate_ratio
            (actual over expected), and profit_per_customer where [costs] are set; each with a 90 % interval. Empty
            where there are too few.
        bins: calibration, lowest scores first.
        base_log_loss: log loss of telling everybody the actual rate: the bar.
        left_out: mature answers not judged, by reason.
    """

    n: int
    positives: int
    figures: Figures = field(default_factory=dict)
    bins: tuple[CalibrationBin, ...] = ()
    base_log_loss: float | None = None
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Untreated:
    """What became of some answers where no campaign was to contact the customer.

    Args:
        treated: answers left out, as a campaign was to contact the customer.
        held_out: answers that stand for those, as chance kept the customer out of every campaign.
        unrepresented: of the treated, those of campaigns that held nobody out: nobody stands for them.
        became: of the others, each as often as it stands for somebody.
    """

    treated: int
    held_out: int
    unrepresented: int
    became: Became


@dataclass(frozen=True)
class Correction:
    """What a cohort's figures were before something changed that had happened in its time.

    Args:
        found_at: the instant of the run that judged the cohort again.
        why: log (an event came late, was corrected or taken back, or ids were merged) or answers (some were forgotten,
            or came late).
        before: as it was judged then.
    """

    found_at: datetime
    why: str
    before: Became


@dataclass(frozen=True)
class Cohort:
    """The answers of a model in a local week or month, and what became of them.

    Args:
        model: churn or reactivation. name: 2025-W40 or 2025-10.
        first_day, last_day: local days of its cutoffs, both included.
        state: immature (no horizon is over), partly_mature (some are), mature, or too_few (mature, and not enough).
        answers: judged or to be judged: of a version's about a customer and a day the first. versions: of the model,
            that gave them, with how many each.
        expected_rate: mean score of all of them.
        mature_share: share of judgeable answers whose horizon is over.
        first_mature_at: when the first answer can be judged. mature_at: when all can.
        became: of the mature part; None while there is none. by_version: likewise, a version.
        corrections: earlier figures of it, newest last.
        is_closed: its answers are gone (pruned), or spoke of another definition: judged no more.
        untreated: likewise, of those whom no campaign was to contact; None where none contacted anybody.
    """

    model: str
    name: str
    first_day: date
    last_day: date
    state: str
    answers: int
    versions: dict[str, int]
    expected_rate: float | None
    mature_share: float
    first_mature_at: datetime
    mature_at: datetime
    became: Became | None = None
    by_version: dict[str, Became] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    is_closed: bool = False
    untreated: Untreated | None = None


@dataclass(frozen=True)
class Ledger:
    """One model's history, whatever versions of it answered.

    Args:
        model: churn or reactivation.
        cohorts: oldest first.
        line: all judged answers of all versions together; its `version` is empty.
        versions: each version's own, newest first.
        took_over: first local day on which each version answered.
    """

    model: str
    cohorts: tuple[Cohort, ...]
    line: Realised
    versions: tuple[Realised, ...]
    took_over: dict[str, date]

    @property
    def judged(self) -> tuple[Cohort, ...]:
        """Cohorts with figures of all their answers, oldest first."""
        return tuple(one for one in self.cohorts if one.state == "mature" and one.became and one.became.figures)


@dataclass(frozen=True)
class Unreadable:
    """Answers that nobody can read.

    Args:
        file: below the artifacts. lines: how many; 0: all of the file.
        why: torn, no_cutoff, wrong_value, no_parquet, no_file, no_cohort (of the ledger itself); or unfinished: a last
            line without its end, which is being written, or was when a machine went down.
    """

    file: str
    lines: int
    why: str


@dataclass(frozen=True)
class Books:
    """The ledgers of all models of a business, and what could not be read."""

    ledgers: dict[str, Ledger]
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def versions(self) -> list[Realised]:
        """Every version that ever answered, newest first."""
        return [one for ledger in self.ledgers.values() for one in ledger.versions]
