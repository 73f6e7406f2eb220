"""The age that an answer tells is that of its oldest feature: no number of a row was computed before its cutoff."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.clock import StoppedClock
from churn.events import Events
from churn.settings import Settings
from features.live.pieces import laid_out, rows_of_log
from features.log import log_folder, read_log_manifest
from features.log_reading import rows_of as log_rows
from features.online import MemoryOnlineStore, rows_of
from features.snapshots import current
from serving.scorer import Scorer
from tests import live_shop
from tests.law.test_live import copied
from tests.live_shop import NOW, Ticking, batch_row, event, ingested, intake, taken

pytestmark = pytest.mark.slow
PEOPLE = ("客 0003", "00004", "00002")
STEPS = st.lists(st.sampled_from(("batch", "answers of the night", *PEOPLE)), min_size=2, max_size=6)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    held = live_shop.settings(tmp_path_factory.mktemp("shop"))
    ingested(held)
    return held


def told_age(row_as_of: datetime, now: datetime) -> float:
    return round((now - row_as_of).total_seconds() / 3600, 2)


@settings(max_examples=8)
@given(steps=STEPS, asked_hours=st.sampled_from((0, 1, 30, 60)))
def test_no_feature_of_a_row_is_older_than_the_age_told(shop: Settings, steps: list[str], asked_hours: int) -> None:
    """Batches, live events and answers of the night in any order; the log goes on while nobody writes rows."""
    with tempfile.TemporaryDirectory() as folder:
        held, store, clock = copied(shop, Path(folder)), MemoryOnlineStore(), Ticking(NOW)
        chosen, opened = live_shop.features(held), intake(held, store, clock)
        for number, step in enumerate(["batch", *steps]):
            everything = _everything(held, opened.inbox.ledger.after(0)[1])
            if step == "batch":
                rows = current(everything, chosen, held.lifecycle, clock.now())
                store.write(rows_of(rows, chosen.names, chosen.hash))
            elif step == "answers of the night":
                store.attach(row for row in store.rows(PEOPLE) if row)
            else:
                taken(opened, [event(str(number), step, minutes=number)])
        everything = _everything(held, opened.inbox.ledger.after(0)[1])
        opened.close()
    found = [row for row in store.rows(PEOPLE) if row]
    assert len(found) == len(PEOPLE)
    now = clock.at + timedelta(hours=asked_hours)
    scorer = Scorer({}, StoppedClock(now), "log", timedelta(hours=36), "d" * 12)
    for row, answer in zip(found, scorer.score(PEOPLE, found, language="en", top=0), strict=True):
        assert row.is_same(batch_row(everything, chosen, held, row)), "every feature is of the cutoff, none of before"
        assert row.known_at == row.as_of, "what reached us later is in none of them"
        assert answer.score.features_as_of == row.as_of
        assert answer.score.features_age_hours == told_age(row.as_of, now)


def _everything(held: Settings, live: list[tuple[object, ...]]) -> Events:
    log = log_folder(held.folder)
    tables = [log_rows(log / name) for name in read_log_manifest(held.folder).files]
    return laid_out([*tables, rows_of_log(live, tables[0].schema)], held.definition.taking_back)
