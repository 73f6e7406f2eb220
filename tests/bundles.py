"""A small bundle that holds together, for tests to read, change and break."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from churn.bundle import Bundle
from churn.calibration import Calibrator


def a_bundle(**changes: Any) -> Bundle:
    facts: dict[str, Any] = {
        "model": "churn",
        "label": "churned",
        "business": "demo",
        "features": ("days_since_order", "favourite_category", "order_count_90d"),
        "feature_set_hash": "f" * 64,
        "categories": {"favourite_category": (900, 17, 2**53)},
        "calibrator": Calibrator(kind="platt", params={"a": 1.1, "b": -0.2}),
        "percentiles": tuple(np.linspace(0.0, 1.0, 101)),
        "bands": {"low": 0.0, "medium": 0.1, "high": 0.3},
        "base_rate": 0.12,
        "definition": {"horizon_days": 90},
        "definition_id": "d1",
        "horizon_days": 90,
        "gap_days": 0,
        "snapshot_hash": "s" * 64,
        "trained_at": datetime(2025, 1, 1, tzinfo=UTC),
        "trees": 10,
        "reasons": {"days_since_order": "silence"},
        "usual": {"days_since_order": 31.0, "favourite_category": None},
        "metrics": {"roc_auc": 0.8},
    }
    return Bundle(**{**facts, **changes})
