"""Imagined events: the row that would be, by the kernel of every batch, and nothing stored."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from churn.calendar import to_us
from churn.settings import Settings
from features.live.index import INDEX, IndexUnavailable
from features.live.intake import Intake
from features.live.what_if import Imagined
from features.online import MemoryOnlineStore, canonical
from tests import live_shop
from tests.live_shop import event, ingested, taken

KNOWN = "客 0003"


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    held = live_shop.settings(tmp_path)
    ingested(held)
    return held


@pytest.fixture
def store() -> MemoryOnlineStore:
    return MemoryOnlineStore()


@pytest.fixture
def intake(shop: Settings, store: MemoryOnlineStore) -> Iterator[Intake]:
    opened = live_shop.intake(shop, store)
    yield opened
    opened.close()


def test_without_imagined_events_a_known_customer_is_as_they_are(intake: Intake, store: MemoryOnlineStore) -> None:
    taken(intake, [event("1", minutes=30)])
    (stored,) = store.rows([KNOWN])
    assert stored is not None
    (imagined,) = intake.imagine([Imagined([], KNOWN)], to_us(stored.as_of))
    assert imagined is not None
    assert np.array_equal(canonical(imagined.vector), canonical(stored.vector))
    assert (imagined.stage, imagined.model, imagined.as_of) == (stored.stage, stored.model, stored.as_of)


def test_an_imagined_event_counts_as_a_real_one_would(intake: Intake, store: MemoryOnlineStore) -> None:
    """Orders, one that takes back an order of the log, and a visit: imagined first, then posted."""
    events = [
        event("a", minutes=90), event("b", event_type="return", order_id="o7", amount=-12.0, minutes=20),
        event("c", event_type="visit", amount=None, order_id=None, minutes=2),
    ]  # fmt: skip
    reach = intake.inbox.ledger.reach()
    (imagined,) = intake.imagine([Imagined(events, KNOWN)], intake.instant_us() + 60_000_000)
    (as_they_are,) = intake.imagine([Imagined([], KNOWN)], intake.instant_us() + 60_000_000)
    assert imagined is not None
    assert as_they_are is not None
    assert intake.inbox.ledger.reach() == reach
    assert store.rows([KNOWN]) == [None]
    assert not np.array_equal(canonical(imagined.vector), canonical(as_they_are.vector))
    taken(intake, events)
    (posted,) = intake.imagine([Imagined([], KNOWN)], to_us(imagined.as_of))
    (again,) = intake.imagine([Imagined(events, None)], to_us(imagined.as_of))
    assert posted is not None
    assert again is not None
    same = canonical(posted.vector) == canonical(imagined.vector)
    assert same.all(), [intake.refresher.features.names[place] for place in np.flatnonzero(~same)]
    assert not np.array_equal(canonical(again.vector), canonical(posted.vector)), "alone: nothing of the known one"


def test_customers_are_computed_each_by_themselves(intake: Intake) -> None:
    cutoff_us = intake.instant_us()
    some = [
        Imagined([], KNOWN), Imagined([event("x")], KNOWN), Imagined([event("x", customer_id="whoever")]),
        Imagined([event("x"), event("y", minutes=10)]), Imagined([]), Imagined([], "nobody"),
    ]  # fmt: skip
    together = intake.imagine(some, cutoff_us)
    for one, row in zip(some, together, strict=True):
        (alone,) = intake.imagine([one], cutoff_us)
        assert (alone is None) == (row is None)
        assert alone is None or (row is not None and np.array_equal(canonical(alone.vector), canonical(row.vector)))
    assert together[4] is None
    assert together[5] is None


def test_what_lies_at_the_instant_or_after_it_is_left_out(intake: Intake) -> None:
    one = event("x")
    before, at = intake.imagine([Imagined([one])], one.time_us + 1), intake.imagine([Imagined([one])], one.time_us)
    assert before[0] is not None
    assert before[0].stage == "new"
    assert at == [None]


def test_while_a_new_log_is_taken_up_it_has_to_wait(intake: Intake, shop: Settings) -> None:
    (shop.folder / INDEX).rename(shop.folder / "aside")
    with pytest.raises(IndexUnavailable) as refused:
        intake.imagine([Imagined([], KNOWN)], intake.instant_us())
    assert "tries again by itself" in refused.value.mend
    assert intake.imagine([Imagined([event("x")])], intake.instant_us())[0] is not None, "nobody's events need no log"
    (shop.folder / "aside").rename(shop.folder / INDEX)
