"""Which of a champion's features the log lost, and which the business, or the program, no longer wanted."""

from typing import Any

import pytest

from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle
from churn.sections import Features
from features.catalogue import catalogue
from training.lost import lost

LIFECYCLE = Lifecycle(ChurnDefinition(horizon_days=60, lapse={"rule": "silence", "days": 90}), Calendar("UTC"))
LOG = {"order": ["amount"], "visit": [], "review": ["score"]}


def feature_set(log: dict[str, list[str]], **wanted: Any) -> dict[str, Any]:
    """What a manifest says of the features of a log."""
    made = catalogue(list(log), log, LIFECYCLE, Features(**wanted))
    return {"names": list(made.names), "alive": dict(made.alive), "settings": dict(made.settings)}


def asked(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return lost(then["names"], then, now, LIFECYCLE)


def test_a_source_that_ran_dry_is_told_by_its_features() -> None:
    then, now = feature_set(LOG), feature_set({kind: LOG[kind] for kind in ("order", "review")})
    assert asked(then, now)
    assert all("visit" in one for one in asked(then, now))
    assert set(asked(then, now)) == set(then["names"]) - set(now["names"])
    assert asked(now, then) == []  # a new kind takes nothing away


def test_a_column_that_is_empty_since_is_told() -> None:
    told = asked(feature_set(LOG), feature_set(LOG | {"order": []}))
    assert "order_total_90d" in told
    assert not any(one.startswith("visit") for one in told)


@pytest.mark.parametrize(
    "wanted", [{"leave_out": ("visit_*",)}, {"windows_days": (30, 90)}, {"leave_out": ("review_*", "visit_count_30d")}]
)
def test_what_the_business_left_out_is_not_lost(wanted: dict[str, Any]) -> None:
    now = feature_set(LOG, **wanted)
    assert set(feature_set(LOG)["names"]) - set(now["names"])
    assert asked(feature_set(LOG), now) == []


def test_what_was_left_out_before_hides_no_loss() -> None:
    then = feature_set(LOG, leave_out=("visit_days_since",))
    told = asked(then, feature_set({"order": ["amount"], "review": ["score"]}))
    assert told
    assert "visit_days_since" not in told


def test_manifests_that_do_not_tell_the_log_accuse_nobody() -> None:
    then, now = feature_set(LOG), feature_set({"order": ["amount"]})
    assert asked(then | {"alive": {}}, now) == asked(then, {"names": now["names"]}) == []
