"""Attributes of profiles as they stood at a cutoff, and that those of [fairness] are no features."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from churn.definition import Lifecycle
from churn.events import Events
from churn.model_sections import Fairness
from churn.sections import Features
from churn.settings import Settings
from features.attributes import NoSuchAttribute, attribute_names, attributes_at, check_attributes
from features.catalogue import catalogue

JUNE, JULY = datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
KINDS = ["order", "profile.age", "profile.gender"]
ALIVE = {"order": {"amount"}, "profile.gender": {"category"}, "profile.age": {"amount"}}


def log() -> Events:
    told = [
        ("anna", "order", "2024-05-01", "2024-05-01", None, 5.0),
        ("anna", "profile.gender", "2024-05-01", "2024-05-01", "f", None),
        ("anna", "profile.age", "2024-05-01", "2024-05-01", None, 30.0),
        ("anna", "profile.age", "2024-06-15", "2024-06-15", None, 31.0),
        ("ben", "profile.gender", "2024-05-20", "2024-06-10", "m", None),  # it reached us in June
        ("eve", "order", "2024-05-01", "2024-05-01", None, 5.0),
    ]
    names = ["customer_id", "event_type", "event_timestamp", "ingested_at", "category", "amount"]
    frame = pd.DataFrame(told, columns=names)
    instants = {name: pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]") for name in names[2:4]}
    return Events.from_frame(frame.assign(**instants))


def test_the_value_that_was_known_then() -> None:
    found = attributes_at(log(), ["gender", "age"], [JUNE, JULY])
    told = [(one.customer_id, one.cutoff_us, one.gender, one.age) for one in found.itertuples()]
    june, july = (int(one.timestamp() * 1e6) for one in (JUNE, JULY))
    assert told == [("anna", june, "f", 30.0), ("anna", july, "f", 31.0), ("ben", july, "m", None)]


def test_a_name_that_no_profile_has_is_refused() -> None:
    assert attribute_names(KINDS) == ("age", "gender")
    with pytest.raises(NoSuchAttribute, match="gendre") as caught:
        check_attributes(["gendre"], KINDS)
    assert "the log has age, gender" in caught.value.mend
    with pytest.raises(NoSuchAttribute) as caught:
        check_attributes(["gender"], ["order"])
    assert "the log has none" in caught.value.mend


def test_an_attribute_of_fairness_is_no_feature_unless_it_is_asked_for() -> None:
    def names(settings: Settings) -> set[str]:
        return set(catalogue(KINDS, ALIVE, Lifecycle(), settings.wanted).names)

    everything = names(Settings(fairness=Fairness(as_features=True)))
    profiles = {name for name in everything if "gender" in name or "age" in name.split("_")}
    assert len(profiles) == 2
    assert everything - names(Settings()) == profiles
    seen = names(Settings(fairness=Fairness(attributes=("gender",), allow_as_features=("age",))))
    assert everything - seen == {name for name in profiles if "gender" in name}
    assert names(Settings(fairness=Fairness(attributes=("gender",), as_features=True))) == everything
    both = Settings(features=Features(leave_out_attributes=("age",)), fairness=Fairness(attributes=("gender",)))
    assert everything - names(both) == profiles
