"""The champions as `/readyz` lists them. Start reading at `described`."""

from collections.abc import Mapping
from typing import Any

from serving.champion import MODELS, Champion


def described(champions: Mapping[str, Champion]) -> dict[str, dict[str, Any] | None]:
    """Both models as `/readyz` lists them; null where there is no champion."""
    return {model: _described(champions.get(model)) for model in MODELS}


def _described(champion: Champion | None) -> dict[str, Any] | None:
    if champion is None:
        return None
    bundle = champion.bundle
    return {
        "version": champion.version,
        "model_hash": champion.model_hash,
        "trained_at": bundle.trained_at.isoformat(),
        "definition_id": bundle.definition_id,
        "feature_set_hash": bundle.feature_set_hash,
        "horizon_days": bundle.horizon_days,
        "gap_days": bundle.gap_days,
        "learner": bundle.learner,
        "grade": bundle.grade.letter if bundle.grade else None,
    }
