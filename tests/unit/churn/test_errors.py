"""Every error says what is wrong and how to mend it, and has an exit code that a scheduler can act on."""

import pandas as pd
import pytest

import churn.conditions
import churn.cutoffs  # noqa: F401 (its errors belong to the tree)
from churn.errors import ChurnError, DataError, ImmatureError, NaiveTime, NoChampion, NothingToLearn, SettingsError
from churn.errors import WrongColumns as Wrong
from churn.tables import CONTACTS, EVENTS, check


def _all(root: type[ChurnError]) -> list[type[ChurnError]]:
    """The kernel's classes below one; those of the rooms are tested beside the code that raises them."""
    below = (leaf for child in root.__subclasses__() for leaf in _all(child))
    return [error for error in (root, *below) if error.__module__.startswith("churn.")]


def test_the_families_have_their_exit_codes() -> None:
    families = {DataError: 10, ImmatureError: 11, SettingsError: 12, NoChampion: 13}
    for family, code in families.items():
        assert {error.exit_code for error in _all(family)} == {code}
    assert {error.exit_code for error in _all(ChurnError)} >= set(families.values())


def test_a_message_holds_problem_and_mend() -> None:
    error = ChurnError("It is broken.", mend="repair it.")
    assert str(error) == "It is broken.\nTo mend it: repair it."
    assert (error.problem, error.mend) == ("It is broken.", "repair it.")


@pytest.mark.parametrize(
    ("error", "code", "mend"),
    [
        (NoChampion("demo"), "no_champion", "`churn promote`"),
        (NaiveTime("The instant x"), "naive_time", 'timezone = "Europe/London"'),
        (
            NothingToLearn("The cohort", rows=3, positives=1, min_rows=200, min_positives=30),
            "nothing_to_learn",
            "`churn definition preview`",
        ),
    ],
)
def test_mends(error: ChurnError, code: str, mend: str) -> None:
    assert error.code == code
    assert mend in error.mend


def test_columns_are_shown_as_a_difference() -> None:
    frame = CONTACTS.empty()
    assert check(CONTACTS, frame) is frame
    with pytest.raises(Wrong) as caught:
        check(CONTACTS, frame.rename(columns={"channel": "chanel"}))
    assert "- channel\n+ chanel" in caught.value.problem
    assert "rename or add the columns where 'CONTACTS' is written" in caught.value.mend


def test_tables_know_their_columns() -> None:
    assert EVENTS.names[:4] == ["customer_id", "event_type", "event_timestamp", "ingested_at"]
    assert EVENTS["amount"].nullable
    assert [column.name for column in EVENTS] == EVENTS.names
    empty = EVENTS.empty()
    assert (len(empty), list(empty.columns)) == (0, EVENTS.names)
    assert isinstance(empty["event_timestamp"].dtype, pd.DatetimeTZDtype)
