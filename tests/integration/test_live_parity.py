"""Rows refreshed by live events are rows of the log: proven by replay, also after later and late events."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from churn.settings import Settings
from cli.opened import open_log
from cli.parity import parity
from features.online import OnlineRow
from features.parity import NoParity, compare
from features.snapshots import current
from features.store import FeatureStore, OnlineStore
from tests import live_shop

WHO = ("客 0003", "00004", "somebody new")


@pytest.fixture
def held(tmp_path: Path) -> Settings:
    """A business with everybody's row of its last midnight on line."""
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    log, store = open_log(held), FeatureStore(held)
    store.apply(log.served, held.folder / "features" / "current.parquet")
    store.materialise(current(log.events, log.served, log.lifecycle, log.as_of), log.served)
    return held


def refreshed(held: Settings, name: str, minutes: float) -> list[OnlineRow]:
    """The rows on line after each of some customers ordered so many minutes ago."""
    with closing(OnlineStore(held, timeout_s=5.0)) as store:
        opened = live_shop.intake(held, store)
        for number, one in enumerate(WHO):
            live_shop.taken(opened, [live_shop.event(f"{name}-{number}", one, minutes=minutes + number)])
        opened.close()
        return [row for row in store.rows(WHO) if row]


def test_live_rows_replay_beside_those_of_the_batch(held: Settings) -> None:
    rows = refreshed(held, "first", minutes=30)
    told = parity(held, customers=1000).as_json
    assert (told["passed"], told["differences"]) == (True, {})
    assert told["as_of"][0] < told["as_of"][1] == max(row.as_of for row in rows).isoformat()


def test_what_was_served_replays_after_late_events_have_come(held: Settings) -> None:
    served = refreshed(held, "first", minutes=30)
    later = refreshed(held, "late", minutes=3 * 24 * 60)  # of before the first ones, and known after them
    assert [row.is_same(other) for row, other in zip(served, later, strict=True)] == [False] * len(WHO)
    log = open_log(held)
    found = [(row.customer_id, row) for row in [*served, *later]]
    told = compare(found, log.of(WHO), log.served, log.lifecycle, kind="sqlite", rows="scores")
    assert (told["count"], told["mismatches"]) == (2 * len(WHO), 0)


def test_a_live_row_that_claims_another_instant_is_caught(held: Settings) -> None:
    *_, last = refreshed(held, "first", minutes=30)
    with closing(OnlineStore(held, timeout_s=5.0)) as store:
        moved = last.as_of + timedelta(days=9)
        store.write([OnlineRow(WHO[0], last.vector, last.stage, last.model, moved, moved, last.feature_set_hash)])
    with pytest.raises(NoParity) as told:
        parity(held, customers=1000)
    assert "churn features materialise" in told.value.mend
