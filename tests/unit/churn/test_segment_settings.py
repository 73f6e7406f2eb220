"""What may be said of a segment in churn.toml, and what is refused with its mend."""

from typing import Any

import pytest
from pydantic import ValidationError

from churn.action_sections import Action
from churn.grammar import Compare, ConditionError, Did, Every
from churn.segment_parsing import UnknownFact, check_names, parse_segment
from churn.segment_sections import Segment, Segments
from churn.settings import Settings


def segment(where: str, kind: Any = "behavioural", name: str = "some") -> Segment:
    return Segment(name=name, kind=kind, en="Some", zh="一些", where=where)


def test_a_condition_speaks_of_what_they_did_and_of_what_is_known() -> None:
    read = parse_segment("profile.region in ('west', 'east') and order_total_365d >= 100 and did order within 30 days")
    assert read == Every(
        (
            Compare("profile.region", "in", ("west", "east")),
            Compare("order_total_365d", ">=", (100.0,)),
            Did("order", None, 30),
        )
    )
    assert parse_segment("profile.age > 30") == Compare("profile.age", ">", (30.0,))
    assert parse_segment("'profile.home town' = 'Xi''an'") == Compare("profile.home town", "=", ("Xi'an",))


@pytest.mark.parametrize(
    ("where", "mend"),
    [
        ("stage = 'lapsd'", "did you mean 'lapsed'"),
        ("stage > 'new'", "write one of = !="),
        ("order_total_365d = 'much'", "write a number for order_total_365d"),
        ("profile.region = west", "a text in single quotes"),
        ("profile. = 'x'", "write a number for profile."),
        ("and stage = 'new'", "say what they did"),
        ("did order where stage = 'new'", "Columns are amount"),
        ("stage = 'new' 5", "`and`, `or`, or the end"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_mend(where: str, mend: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_segment(where)
    assert mend in str(caught.value) + caught.value.mend


def test_a_name_that_the_log_has_not_is_told_with_the_nearest() -> None:
    known: dict[str, Any] = {"features": ("order_total_365d", "order_days_since"), "attributes": ("region",)}
    check_names("some", parse_segment("order_total_365d > 1 and profile.region = 'x'"), **known)
    with pytest.raises(UnknownFact, match="order_totl_365d") as caught:
        check_names("some", parse_segment("order_totl_365d > 1"), **known)
    assert "did you mean 'order_total_365d'" in caught.value.mend
    with pytest.raises(UnknownFact, match=r"profile\.regoin") as caught:
        check_names("some", parse_segment("profile.regoin = 'x'"), **known)
    assert "did you mean 'profile.region'" in caught.value.mend


@pytest.mark.parametrize("where", ["did order", "stage = 'new'", "profile.region = 'x' and order_days_since > 5"])
def test_where_and_who_customers_are_is_told_by_their_profile_alone(where: str) -> None:
    with pytest.raises(ValidationError, match="call it behavioural"):
        segment(where, "geographic")
    segment("profile.age > 30 or profile.gender is null", "demographic")


@pytest.mark.parametrize(
    "where", ["profile.hobby = 'x' and profile.region = 'y'", "order_days_since > 5", "did order", "stage = 'new'"]
)
def test_what_customers_think_is_never_inferred(where: str) -> None:
    stated = Segments(stated=("profile.hobby", "survey"))
    Settings(segment=(segment("profile.hobby = 'x' or did survey where score > 3", "psychographic"),), segments=stated)
    with pytest.raises(ValidationError, match=r"which nobody stated.*Name it in \[segments\] stated"):
        Settings(segment=(segment(where, "psychographic"),), segments=stated)


def test_names_are_unique_and_actions_name_segments_that_there_are() -> None:
    with pytest.raises(ValidationError, match="is there twice; give each segment its own"):
        Settings(segment=(segment("did order"), segment("did visit")))
    action = Action(code="a", kind="call", channel="phone", en="x", zh="x", segments=("sme",))
    with pytest.raises(ValidationError, match=r"no segment 'sme'; those in churn\.toml: some"):
        Settings(segment=(segment("did order"),), action=(action,))


def test_edges_rise() -> None:
    with pytest.raises(ValidationError, match="edges must rise"):
        Segments(grid_orders_edges=(3, 2))
