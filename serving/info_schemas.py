"""Features and models on the wire: what the answers stand on.

The OpenAPI document follows from the structs here; later versions only add fields. Start reading at `ModelInfo`.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta


class FeatureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One feature that a model reads."""

    name: str
    en: Annotated[str, Meta(description="What it is, in English.")]
    zh: Annotated[str, Meta(description="What it is, in Chinese.")]
    unit: Annotated[str, Meta(description="events, days, money, share, ratio, category ...; empty where it has none.")]
    group: Annotated[str | None, Meta(description="Group of reasons that it speaks for.")]
    window_days: Annotated[
        int | None, Meta(description="How far back it looks, in days; null where it looks back for ever.")
    ]
    models: Annotated[list[str], Meta(description="Models that read it.")]
    usual_value: Annotated[
        dict[str, float | None], Meta(description="By model: median among the customers it learned from.")
    ]
    usual_text: Annotated[
        dict[str, str | None], Meta(description="By model: the commonest category among them; null of a number.")
    ]


class FeaturesAnswer(msgspec.Struct, frozen=True):
    """The features that the champions read."""

    feature_set_hash: Annotated[dict[str, str], Meta(description="By model: which features, in which order.")]
    features: list[FeatureInfo]


class GradeInfo(msgspec.Struct, frozen=True):
    """How much better than the rule of thumb a back-test was."""

    letter: Annotated[str, Meta(description="`A`, `B`, `C` or `none`.")]
    skill: Annotated[float, Meta(description="Share of the rule's log loss that the model takes away.")]
    low: float
    high: Annotated[float, Meta(description="The 95% interval of the skill.")]
    customers: Annotated[int, Meta(description="So many were judged on.")]


class CheckInfo(msgspec.Struct, frozen=True):
    """One check of the gate."""

    name: str
    state: Annotated[str, Meta(description="`passed`, `failed`, `not_required` ...")]
    why: str


class GateInfo(msgspec.Struct, frozen=True):
    """What the gate said when it let the model serve."""

    passed: bool
    checks: list[CheckInfo]


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A champion."""

    model: Annotated[str, Meta(description="`churn` or `reactivation`.")]
    outcome: Annotated[str, Meta(description="What its probability is of.")]
    model_version: Annotated[str, Meta(description="Registered name and version, name/3.")]
    model_hash: Annotated[str, Meta(description="Hash of its trees and its bundle.")]
    learner: Annotated[str, Meta(description="`lightgbm`, `bg_nbd` or `recency_rule`.")]
    trained_at: datetime
    serves_since: Annotated[datetime | None, Meta(description="When it was promoted; null where nobody wrote it down.")]
    definition_id: str
    definition: Annotated[dict[str, Any], Meta(description="The churn definition that it learned.")]
    horizon_days: int
    gap_days: int
    bands: Annotated[dict[str, float], Meta(description="Band to the lowest probability in it.")]
    base_rate: Annotated[float, Meta(description="Rate of the outcome among the customers it learned from.")]
    calibration: Annotated[str, Meta(description="How log-odds become probabilities: none, platt, isotonic ...")]
    calibration_error: Annotated[float | None, Meta(description="ECE of its back-test, 10 equal-mass bins.")]
    grade: Annotated[GradeInfo | None, Meta(description="Null where nobody said.")]
    feature_set_hash: str
    features: Annotated[list[str], Meta(description="Names of the features it reads, in their order.")]
    snapshot_hash: Annotated[str, Meta(description="The frozen table it learned from.")]
    gate: Annotated[GateInfo | None, Meta(description="Null where the record of its promotion is not there.")]


class ModelsAnswer(msgspec.Struct, frozen=True):
    """Both models; null where there is no champion."""

    models: dict[str, ModelInfo | None]
