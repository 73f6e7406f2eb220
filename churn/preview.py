"""How many would a definition call churners and stayers, cutoff by cutoff, before anything is trained?

Reads a log; trains and writes nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import pandas as pd

from churn.cohort import MODELS, cohort
from churn.definition import Lifecycle
from churn.events import Events
from churn.labels import label
from churn.model_sections import Training
from churn.tables import INSTANT

Outcomes = Callable[..., pd.Series]  # called as `churn.labels.label` is


def preview(
    events: Events,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    observed_until: datetime,
    training: Training = Training(),
    *,
    outcomes: Outcomes = label,
) -> pd.DataFrame:
    """Count cohorts and outcomes.

    Args:
        events: a log.
        lifecycle: definition, stage rules and calendar.
        cutoffs: where to count.
        observed_until: the log is complete up to here.
        training: the floors, `min_rows` and `min_positives`.
        outcomes: what became of them; another one where customers are somebody else by then.

    Returns:
        One row a cutoff and model. Columns: cutoff, model, n (customers asked about), positives, negatives (null while
        immature), enough (whether this cutoff alone reaches both floors; null while immature).
    """
    rows = [row for cutoff in cutoffs for row in _rows(events, lifecycle, cutoff, observed_until, training, outcomes)]
    counted = pd.DataFrame(rows, columns=["cutoff", "model", "n", "positives", "negatives", "enough"])
    return counted.astype(
        {"cutoff": INSTANT, "n": "int64", "positives": "Int64", "negatives": "Int64", "enough": "boolean"}
    )


def _rows(
    events: Events,
    lifecycle: Lifecycle,
    cutoff: datetime,
    observed_until: datetime,
    training: Training,
    outcomes: Outcomes,
) -> Iterator[dict[str, object]]:
    asked = cohort(events, lifecycle, cutoff)
    labels = outcomes(asked, events, lifecycle, cutoff=cutoff, observed_until=observed_until)
    mature = lifecycle.is_mature(cutoff, observed_until)
    for model in MODELS:
        mine = labels[asked["model"] == model]
        row: dict[str, object] = {"cutoff": cutoff, "model": model, "n": len(mine)}
        if mature:
            positives = int(mine.sum())
            negatives = len(mine) - positives
            enough = len(mine) >= training.min_rows and min(positives, negatives) >= training.min_positives
            row |= {"positives": positives, "negatives": negatives, "enough": enough}
        yield row
