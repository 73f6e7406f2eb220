"""What became of one model in a back-test: its judged rows at all test cutoffs, and every learner's word on them.

A *trial* is one fold: everything learned from what had matured by its test cutoff. A *study* lays the trials of a model
one below the other. Reads challengers; keeps arrays, so that snapshots can go. Start reading at `Study`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from churn.events import BoolArray, FloatArray
from training.challenger import Challenger, Model
from training.evaluate import Result
from training.rows import Rows


@dataclass(frozen=True)
class Trial:
    """One fold of a model.

    Args:
        train_cutoffs: what it learned from. test_cutoffs: what it was judged on.
        known_until: its training labels know nothing later.
        judged_until: the test's labels know nothing later.
        train_rows, train_customers: how many it learned from.
        train_snapshot, test_snapshot: hashes.
        rows: the judged rows.
        probabilities: of each learner that has numbers. Shape (n,) each.
        abstained: reason of each learner that has none.
        seen: rows whose customer was among those learned from. Shape (n,).
        bands: probability from which a customer lies in each band.
        params: what the learner used and found.
    """

    train_cutoffs: tuple[datetime, ...]
    test_cutoffs: tuple[datetime, ...]
    known_until: datetime
    judged_until: datetime
    train_rows: int
    train_customers: int
    train_snapshot: str
    test_snapshot: str
    rows: Rows
    probabilities: dict[str, FloatArray]
    abstained: dict[str, str]
    seen: BoolArray
    bands: dict[str, float]
    params: dict[str, Any]

    @classmethod
    def of(cls, challenger: Challenger) -> "Trial":
        """The fold of a challenger, as its judged sibling saw it."""
        train, test, rows = challenger.train, challenger.test, challenger.test_rows
        keys = train.columns("customer_id", "model", "label")
        learned = keys.loc[(keys["model"] == challenger.model) & keys["label"].notna(), "customer_id"]
        return cls(
            train_cutoffs=tuple(train.cutoffs),
            test_cutoffs=tuple(test.cutoffs),
            known_until=train.observed_until,
            judged_until=test.observed_until,
            train_rows=len(learned),
            train_customers=int(learned.nunique()),
            train_snapshot=train.hash,
            test_snapshot=test.hash,
            rows=rows,
            probabilities=dict(challenger.probabilities),
            abstained=_reasons(challenger.results),
            seen=np.isin(rows.customer.astype(str), learned.to_numpy(dtype=str)),
            bands=dict((challenger.judged.bundle if challenger.judged else challenger.bundle).bands),
            params=dict(challenger.params),
        )

    @property
    def learner(self) -> str:
        """Which learner would have served."""
        return str(self.params["ladder"]["learner"])


@dataclass(frozen=True)
class Study:
    """One model over all its trials; a study without trials says why there are none.

    Args:
        model: churn or reactivation.
        trials: in the order of their test cutoffs.
        abstained: why there is no trial at some cutoffs, by their days; with no trial at all, the reason of each.
        kept_out: what customers who were kept out of training got, or why nobody was.
    """

    model: Model
    trials: tuple[Trial, ...]
    abstained: dict[str, str]
    kept_out: "KeptOut | str"

    @property
    def rows(self) -> Rows:
        """The judged rows of all trials."""
        return joined([trial.rows for trial in self.trials])

    @property
    def learners(self) -> list[str]:
        """Learners with numbers in every trial, in the order of the first."""
        first, *rest = self.trials
        return [one for one in first.probabilities if all(one in trial.probabilities for trial in rest)]

    def probability(self, learner: str) -> FloatArray:
        """Of a learner, in the order of `rows`. Shape (n,)."""
        return np.concatenate([trial.probabilities[learner] for trial in self.trials])

    @property
    def why_not(self) -> dict[str, str]:
        """Learners without numbers in some trial, and the first reason."""
        told: dict[str, str] = {}
        for trial in self.trials:
            told = trial.abstained | told
        return {one: why for one, why in told.items() if one not in self.learners}

    @property
    def seen(self) -> BoolArray:
        """Rows whose customer was among those learned from. Shape (n,)."""
        return np.concatenate([trial.seen for trial in self.trials])

    @property
    def served(self) -> FloatArray:
        """Of the learner that would have served in each trial, in the order of `rows`. Shape (n,)."""
        return np.concatenate([trial.probabilities[trial.learner] for trial in self.trials])

    def in_band(self, lowest: str) -> BoolArray:
        """Rows that lie in a band or a higher one, by the bands of their own fold. Shape (n,)."""
        trials = self.trials
        return np.concatenate([one.probabilities[one.learner] >= one.bands[lowest] for one in trials])


@dataclass(frozen=True)
class KeptOut:
    """A model that learned from four fifths of the customers, judged on both sides of that line.

    Args:
        share: of customers kept out.
        cutoff: the test cutoff of the fold.
        cells: by name of the cell: rows, and the probabilities of the model that never saw the customers kept out.
        whole: probabilities of the model that saw everybody, on the rows of `unseen customers, unseen months`.
    """

    share: float
    cutoff: datetime
    cells: dict[str, tuple[Rows, FloatArray]]
    whole: FloatArray


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows one below the other, without what came when."""
    return Rows(
        columns=parts[0].columns,
        X=np.concatenate([part.X for part in parts]),
        outcome=np.concatenate([part.outcome for part in parts]),
        customer=np.concatenate([part.customer for part in parts]),
        cutoff_us=np.concatenate([part.cutoff_us for part in parts]),
        stage=np.concatenate([part.stage for part in parts]),
    )


def _reasons(results: Sequence[Result]) -> dict[str, str]:
    """Learners that abstained at every cutoff, and why."""
    with_numbers = {one["learner"] for one in results if not one["abstained"]}
    return {one["learner"]: str(one["abstained"]) for one in results if one["learner"] not in with_numbers}
