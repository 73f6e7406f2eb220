"""What became of the answers of one version of a model, as far as their horizons are over.

Until then the word is *immature*, with the day on which it ends; never zero. How it is found out:
monitoring/ledger/books.py. Start reading at `Realised`.
"""

from dataclasses import dataclass
from datetime import datetime

from churn.metrics import CalibrationBin


@dataclass(frozen=True)
class Interval:
    """A figure with the range that it has in nine of ten resamples of the customers."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Realised:
    """What became of the answers of one model version.

    Args:
        model: churn or reactivation. version: name/3; empty for all versions together.
        state: mature, too_few (not enough rows, or one outcome only) or immature (no horizon is over yet).
        n: judged answers. positives: how many came true.
        immature: answers whose horizon is not over. first_mature_at: when the first of them is.
        figures: roc_auc, pr_auc, log_loss, brier, ece, lift (top tenth), expected_rate, actual_rate, rate_ratio (actual
            over expected), and profit_per_customer where [costs] are set.
        bins: calibration, lowest scores first.
        base_log_loss: log loss of telling everybody the actual rate: the bar.
        left_out: mature answers not judged, by reason.
    """

    model: str
    version: str
    state: str
    n: int
    positives: int
    immature: int
    first_mature_at: datetime | None
    figures: dict[str, Interval]
    bins: tuple[CalibrationBin, ...]
    base_log_loss: float | None
    left_out: dict[str, int]
