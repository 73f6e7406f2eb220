"""What was told of a customer, and what of it has changed: the values that the journal keeps.

    State     stage, model, band, code of the abstention, probability ... as an answer told them
    Change    what a state was before and is now; `what` names the parts that differ

Reads nothing. Start reading at `difference`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from churn.calendar import to_us
from serving.schemas import Score

FIRST = "first"
OPTED_OUT = "opted_out"  # the code of an abstention: whoever reads of it reads no older number either
TOLD = {"stage": "stage", "model": "model", "band": "band", "abstention": "code"}  # what a change is of, and its field
TRANSIENT = frozenset({"store_unavailable", "unknown_customer", "erased"})  # these answers tell of nobody's state


@dataclass(frozen=True, slots=True)
class State:
    """What was told of a customer.

    Args:
        as_of_us: the cutoff of the features; an older one never replaces a newer one.
        told_us: when it was told, by the business's clock. Both microseconds since 1970 UTC.
        code: of the abstention; None where there is a number.
        value_at_risk: in the business's currency.
        score_id: of the answer that told it.
    """

    customer_id: str
    as_of_us: int
    told_us: int
    stage: str | None
    model: str | None
    band: str | None
    code: str | None
    probability: float | None
    value_at_risk: float | None
    score_id: str
    model_version: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the journal.

    Args:
        seq: rises from entry to entry; of two changes the later has the greater.
        what: which parts differ: stage, model, band, abstention; or `first`, of a customer nobody was told of before.
        before: stage, model, band, code and probability as they were; None with `first`.
        now: the state that was told.
    """

    seq: int
    what: tuple[str, ...]
    before: Mapping[str, Any] | None
    now: State


def state_of(score: Score) -> State | None:
    """The state that an answer tells; None where it tells of nobody's."""
    code = score.abstention.code if score.abstention else None
    if code in TRANSIENT or score.features_as_of is None or score.from_last_good:
        return None
    return State(
        score.customer_id, to_us(score.features_as_of), to_us(score.scored_at), score.stage, score.model, score.band,
        code, score.probability, score.value_at_risk, score.score_id, score.model_version,
    )  # fmt: skip


def state_of_row(row: Mapping[str, Any]) -> State | None:
    """The state that a row of SCORES tells, with instants as such; None where it tells of nobody's."""
    cutoff, told = row["cutoff"], row["scored_at"]
    if not isinstance(cutoff, datetime) or row["abstention"] in TRANSIENT:
        return None
    return State(
        row["customer_id"], to_us(cutoff), to_us(told), row["stage"], row["model"], row["band"], row["abstention"],
        row["probability"], row["value_at_risk"], row["score_id"], row["model_version"],
    )  # fmt: skip


def difference(before: State | None, now: State) -> tuple[str, ...]:
    """Which parts of a state differ from the one before; `first` where there was none."""
    if before is None:
        return (FIRST,)
    return tuple(name for name, field in TOLD.items() if getattr(before, field) != getattr(now, field))


def has_moved(told: float | None, now: float | None, least_change: float) -> bool:
    """Whether a probability lies at least so far from the one that the feed told last."""
    return told is not None and now is not None and abs(now - told) >= least_change
