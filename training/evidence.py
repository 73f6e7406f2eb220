"""What a verdict of the gate rests on: what challenger, champion and rivals said of the same test rows.

Arrays and numbers only; training/gathering.py collects them, training/gate.py judges. Start reading at `Evidence`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from churn.events import BoolArray, FloatArray
from churn.metrics_profit import Stakes
from training.gate_verdict import Check
from training.rows import Rows


@dataclass(frozen=True)
class Rival:
    """A champion on the challenger's test rows.

    Args:
        name: what people read: version 3.
        probability: what it says of them. Shape (n,).
        age_days: how much longer the challenger has known the world.
        reads_others: it reads another set of features than the challenger, all of which the rows have.
    """

    name: str
    probability: FloatArray
    age_days: float = 0.0
    reads_others: bool = False


@dataclass(frozen=True)
class Unlike:
    """A champion that cannot be asked about the challenger's rows, and why, in English and Chinese.

    Args:
        why: it in English. why_zh: it in Chinese.
        is_other_question: it was asked another question (definition).
        reads_others: it reads features that are gone or have changed.
        lost: those of them that the log no longer gives, though nobody left them out.
    """

    why: str
    why_zh: str
    is_other_question: bool
    reads_others: bool = False
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Footprint:
    """What a model weighs: trees, bytes of booster and bundle, CPU milliseconds of one score, 99 in 100."""

    trees: int
    size_bytes: int
    latency_p99_ms: float


@dataclass(frozen=True)
class Evidence:
    """All that a verdict rests on.

    Args:
        rows: test rows with known outcomes.
        probability: the challenger's. Shape (n,).
        rivals: recency_rule and base_rate, fitted on what the challenger learned from. Each of shape (n,).
        learner: what the challenger is: lightgbm, bg_nbd or recency_rule.
        champion: who serves; None: nobody.
        is_champion: the challenger serves already.
        is_afresh: a person said that the champion is no measure.
        segments: name to rows, beside the stages. Each of shape (n,).
        stakes: what a contact is worth; None: not known, or not asked (reactivation).
        footprint: None: not measured.
        others: conditions looked at elsewhere: parity, leaks, an earlier return.
    """

    rows: Rows
    probability: FloatArray
    rivals: Mapping[str, FloatArray]
    learner: str = "lightgbm"
    champion: Rival | Unlike | None = None
    is_champion: bool = False
    is_afresh: bool = False
    segments: Mapping[str, BoolArray] = field(default_factory=dict)
    stakes: Stakes | None = None
    footprint: Footprint | None = None
    others: tuple[Check, ...] = ()


def stages_of(rows: Rows) -> dict[str, BoolArray]:
    """The stages of the lifecycle as segments: name to rows."""
    stages = rows.stage.astype(str)
    return {f"stage {stage}": stages == stage for stage in np.unique(stages)}
