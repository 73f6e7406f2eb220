"""Laws of parts: however a log is parted, and wherever its parts are worked on, a snapshot is the same."""

import tempfile
import weakref
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churn.events import Events
from features.everybody import everybody
from features.parts import InMemory, Part
from features.snapshots import Snapshot, current, freeze
from tests import small_shop

LOG = small_shop.events(small_shop.log(customers=40, events=600))
PEOPLE = list(LOG.customers)


def parted(events: Events, owner: list[int]) -> list[Part]:
    """The log in parts, a customer in the part of their number; some parts may be empty."""
    return [
        InMemory(events.of(one for one, part in zip(PEOPLE, owner, strict=True) if part == number))
        for number in range(max(owner) + 2)
    ]


def frozen(parts: Events | list[Part], folder: str) -> Snapshot:
    return freeze(
        parts, small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS,
        observed_until=small_shop.UNTIL, log_hash="a log", folder=Path(folder),
    )  # fmt: skip


@settings(max_examples=10)
@example(owner=list(range(len(PEOPLE))), shuffle=None)
@given(owner=st.lists(st.integers(0, 6), min_size=len(PEOPLE), max_size=len(PEOPLE)), shuffle=st.none() | st.randoms())
def test_any_parting_gives_the_same_snapshot(owner: list[int], shuffle: object) -> None:
    parts = parted(LOG, owner)
    if shuffle is not None:
        shuffle.shuffle(parts)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole, parting = frozen(LOG, one), frozen(parts, other)
        assert parting.hash == whole.hash
        assert parting.manifest == whole.manifest
        pd.testing.assert_frame_equal(parting.frame, whole.frame)


def test_any_parting_gives_the_same_rows_of_now(tmp_path: Path) -> None:
    parts = parted(LOG, [number % 5 for number in range(len(PEOPLE))])
    arguments = (small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS[-1])
    pd.testing.assert_frame_equal(current(parts, *arguments), current(LOG, *arguments))
    with everybody(parts, *arguments, folder=tmp_path) as people:
        pd.testing.assert_frame_equal(pd.concat(people.frames(), ignore_index=True), current(LOG, *arguments))


@pytest.mark.parametrize("solved", [True, False])
def test_a_solution_in_one_part_tells_what_is_open_in_all(*, solved: bool, tmp_path: Path) -> None:
    frame = small_shop.log(customers=40, events=600)
    frame.loc[frame["event_type"] == "visit", "event_type"] = "complaint"
    frame = frame.assign(reason_code="defect")
    if solved:
        last = frame.index[frame["event_timestamp"] == frame["event_timestamp"].min()]
        frame.loc[last, ["event_type", "reason_code"]] = ["complaint_solved", None]
    events = small_shop.events(frame)
    parts = parted(events, [number % 5 for number in range(len(PEOPLE))])
    arguments = (small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS[-1])
    rows = current(parts, *arguments)
    pd.testing.assert_frame_equal(rows, current(events, *arguments))
    with everybody(parts, *arguments, folder=tmp_path) as people:
        pd.testing.assert_frame_equal(pd.concat(people.frames()), rows)
    assert set(rows["stated"].str.contains('"open"')) == {solved}
    assert rows["stated"].str.contains("product").any()


class Watched:
    """A part that tells how many parts are in memory when it is read."""

    given: ClassVar[list[weakref.ref[Events]]] = []
    most: ClassVar[int] = 0

    def __init__(self, customers: list[str]) -> None:
        self.customers = customers

    def read(self) -> Events:
        events = LOG.of(self.customers)
        Watched.given.append(weakref.ref(events))
        Watched.most = max(Watched.most, sum(one() is not None for one in Watched.given))
        return events


def test_freezing_never_holds_more_than_the_part_at_hand(tmp_path: Path) -> None:
    parts = [Watched(PEOPLE[number::10]) for number in range(10)]
    assert frozen(parts, str(tmp_path)).hash == frozen(LOG, str(tmp_path)).hash
    now = small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS[-1]
    with everybody(parts, *now, folder=tmp_path) as people:
        assert len(people) == len(current(LOG, *now))
    assert (len(Watched.given), Watched.most) == (20, 1)


@pytest.mark.parametrize("leave_out", range(3))
def test_a_part_that_is_missing_changes_the_hash(leave_out: int, tmp_path: Path) -> None:
    parts = parted(LOG, [number % 3 for number in range(len(PEOPLE))])
    del parts[leave_out]
    assert frozen(parts, str(tmp_path)).hash != frozen(LOG, str(tmp_path)).hash
