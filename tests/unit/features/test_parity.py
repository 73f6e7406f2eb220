"""Parity finds every fault that was put in, at rows on line as at served scores; it passes where all are equal."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.calendar import Calendar, to_us
from churn.definition import Lifecycle
from churn.events import Events, before
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.log_reading import read_events
from features.online import MemoryOnlineStore, OnlineRow, rows_of
from features.parity import (
    Certificate,
    NoParity,
    certificate_path,
    compare,
    prove,
    read_certificate,
    write_certificate,
)
from features.replay import known_at
from features.snapshots import current
from tests import mapped_shop, small_shop

NOW = small_shop.CUTOFFS[-1]
LOG = small_shop.log()
EVENTS, FEATURES, LIFECYCLE = small_shop.events(LOG), small_shop.features(), small_shop.LIFECYCLE


LATE = LOG[(LOG["event_type"] == "order") & (LOG["ingested_at"] > LOG["event_timestamp"] + pd.Timedelta(hours=1))]
AMID = (LATE["event_timestamp"].iloc[0] + pd.Timedelta(minutes=30)).to_pydatetime()  # it happened; nobody knew


def made(
    events: Events = EVENTS, features: FeatureSet = FEATURES, lifecycle: Lifecycle = LIFECYCLE, now: datetime = NOW
) -> list[OnlineRow]:
    """Rows as somebody might write them, under the hash of the right set."""
    frame = current(events, features, lifecycle, now)
    return list(rows_of(frame, features.names, FEATURES.hash))


ROWS = made()


def proof(rows: Iterable[OnlineRow], events: Events = EVENTS, customers: int = 500) -> Certificate:
    store = MemoryOnlineStore()
    store.write(rows)
    return prove(store, events, FEATURES, LIFECYCLE, customers=customers, kind="memory")


def test_equal_rows_pass() -> None:
    """Customers whose first event came after the cutoff are on neither side, and equal."""
    certificate = proof(ROWS)
    assert certificate["passed"]
    assert (certificate["count"], certificate["mismatches"]) == (len(EVENTS.customers), 0)
    assert len(EVENTS.customers) > len(ROWS)
    assert certificate["as_of"] == certificate["known_at"] == [NOW.isoformat(), NOW.isoformat()]
    assert proof(ROWS, customers=7)["count"] == 7


def test_rows_of_several_instants_are_replayed_each_at_its_own() -> None:
    certificate = proof([*made(now=NOW - timedelta(hours=5))[:40], *ROWS[40:]])
    assert certificate["passed"]
    assert certificate["as_of"] == [(NOW - timedelta(hours=5)).isoformat(), NOW.isoformat()]


def test_the_hash_is_of_what_was_compared_and_of_nobody() -> None:
    renamed = LOG.assign(customer_id="x" + LOG["customer_id"])
    others = [replace(row, customer_id="x" + row.customer_id) for row in ROWS]
    assert proof(ROWS)["hash"] == proof(ROWS[::-1])["hash"] == proof(others, small_shop.events(renamed))["hash"]
    assert proof(ROWS)["hash"] != proof([flipped(ROWS[0]), *ROWS[1:]])["hash"] != proof(ROWS[1:])["hash"]


def flipped(row: OnlineRow) -> OnlineRow:
    """The row with the last bit of one number flipped."""
    vector = row.vector.copy()
    vector.view(np.uint64)[3] ^= np.uint64(1)
    return replace(row, vector=vector)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (flipped, FEATURES.names[3]),
        (lambda row: replace(row, stage="prospect"), "stage"),
        (lambda row: replace(row, model="other"), "model"),
        (lambda row: replace(row, feature_set_hash="another"), "feature_set_hash"),
        (lambda row: replace(row, vector=row.vector[:-1]), "length of the vector"),
        (lambda row: replace(row, customer_id="somebody else"), "not on line"),
    ],
)
def test_every_difference_is_found_and_named(fault: Callable[[OnlineRow], OnlineRow], named: str) -> None:
    certificate = proof([fault(ROWS[0]), *ROWS[1:]])
    assert not certificate["passed"]
    assert certificate["mismatches"] == 1
    assert certificate["differences"] == {named: 1}


def test_a_row_nobody_has_an_event_for_is_found() -> None:
    late = next(one for one in EVENTS.customers if one not in {row.customer_id for row in ROWS})
    assert proof([*ROWS, replace(ROWS[0], customer_id=late)])["differences"] == {"not in the log": 1}


# Faults as they happen: somebody writes the rows otherwise than the log says.


def test_rows_that_knew_what_came_late_are_caught() -> None:
    """One event in ten reached us up to three days late; these rows had it when it happened."""
    hindsight = replace(EVENTS, known_us=EVENTS.time_us)
    assert proof(made(now=AMID))["passed"]
    certificate = proof(made(hindsight, now=AMID))
    assert not certificate["passed"]
    assert "order_count_30d" in certificate["differences"]


def test_a_changed_time_zone_is_caught() -> None:
    elsewhere = replace(LIFECYCLE, calendar=Calendar("America/New_York"))
    features = small_shop.features(elsewhere)
    assert features.hash != FEATURES.hash
    certificate = proof(made(features=features, lifecycle=elsewhere))
    assert not certificate["passed"]
    assert set(certificate["differences"]) & set(FEATURES.names)


def test_a_log_written_eight_hours_off_is_caught() -> None:
    off = LOG.assign(**{name: LOG[name] - pd.Timedelta(hours=8) for name in ("event_timestamp", "ingested_at")})
    now = (LOG.loc[LOG["event_type"] == "order", "ingested_at"].iloc[5] - pd.Timedelta(hours=4)).to_pydatetime()
    assert set(proof(made(small_shop.events(off), now=now))["differences"]) & set(FEATURES.names)


def test_duplicate_keys_are_caught() -> None:
    """The writer took one event in fifty twice; and of two rows of one customer, the wrong one was kept."""
    twice = small_shop.events(pd.concat([LOG, LOG[::50]]))
    assert set(proof(made(twice))["differences"]) & {"order_count_365d", "visit_count_30d", "order_total_365d"}
    assert proof([*ROWS, replace(ROWS[0], vector=ROWS[1].vector)])["mismatches"] == 1


def test_a_changed_definition_of_a_feature_is_caught() -> None:
    """Under the same name the writer computes something else, and does not know it: the hash is the right one."""
    changed = [
        replace(one, formula=FEATURES["order_count_30d"].formula) if one.name == "order_count_90d" else one
        for one in FEATURES
    ]
    other = FeatureSet(tuple(changed), LIFECYCLE)
    assert other.names == FEATURES.names
    assert other.hash != FEATURES.hash
    certificate = proof(made(features=other))
    assert list(certificate["differences"]) == ["order_count_90d"]


def test_a_store_that_rounds_to_single_precision_is_caught() -> None:
    rounded = [replace(row, vector=row.vector.astype(np.float32).astype(np.float64)) for row in ROWS]
    assert set(proof(rounded)["differences"]) <= {"order_total_90d", "order_total_365d", "order_mean_90d"}
    assert not proof(rounded)["passed"]


def test_another_log_is_caught() -> None:
    certificate = proof(ROWS, small_shop.events(LOG.assign(amount=LOG["amount"] * 1.01)))
    assert "order_total_365d" in certificate["differences"]


# Served scores: rows of many instants, replayed from a log that has gone on since.


def scored(instants: list[datetime]) -> list[tuple[str, OnlineRow | None]]:
    return [(row.customer_id, row) for instant in instants for row in made(now=instant)]


def test_scores_replay_equal_after_late_events_have_come() -> None:
    """What reached us after a score was made, of before it, changes nothing that is compared."""
    instants = [NOW - timedelta(days=30), NOW, NOW + timedelta(hours=14)]
    late = pd.concat([LOG, LOG[:300].assign(ingested_at=pd.Timestamp(NOW) + pd.Timedelta(days=9), amount=77.0)])
    found = scored(instants)
    certificate = compare(found, small_shop.events(late), FEATURES, LIFECYCLE, kind="memory", rows="scores")
    assert (certificate["mismatches"], certificate["differences"]) == (0, {})
    assert certificate["count"] == len(found) > 200
    undated = pd.concat([LOG, LOG[:300].assign(ingested_at=LOG["event_timestamp"][:300], amount=77.0)])
    assert not compare(found, small_shop.events(undated), FEATURES, LIFECYCLE, kind="memory", rows="scores")["passed"]


def test_knowledge_of_another_instant_than_the_cutoff_is_replayed_as_it_was() -> None:
    """A row may know more than its cutoff (restated with late events) or less (nothing came in since)."""
    instants = [AMID - timedelta(days=9), AMID, AMID + timedelta(days=4)]
    for instant in instants:
        mine = known_at(EVENTS, instant)
        rows = [replace(row, known_at=instant) for row in made(mine, now=AMID)]
        assert proof(rows)["passed"]
    seen = [len(before(known_at(EVENTS, instant), to_us(AMID))) for instant in instants]
    assert seen[0] < seen[1] < seen[2]
    assert not proof([replace(row, known_at=instants[2]) for row in made(now=AMID)])["passed"]


def test_scores_of_ids_that_were_merged_later_replay_under_the_ids_they_were_made_with(tmp_path: Path) -> None:
    mapped_shop.told(tmp_path)
    lifecycle = mapped_shop.settings(tmp_path).lifecycle
    order, complaint = Kind("order", "order", "下单"), Kind("complaint", "complaint", "投诉")
    features = FeatureSet(tuple(grouped("rhythm", order.count[90], order.total[90], complaint.count[90])), lifecycle)
    folder, instant = mapped_shop.settings(tmp_path).folder, mapped_shop.at("2024-03-01")
    frame = current(read_events(folder), features, lifecycle, instant)
    found = [(row.customer_id, row) for row in rows_of(frame, features.names, features.hash)]
    assert {"s1", "h1"} <= {customer_id for customer_id, _ in found}
    mapped_shop.told(tmp_path, "hotline,h1,s1,2024-04-01")
    merged = read_events(folder)
    later = current(merged, features, lifecycle, mapped_shop.at("2024-04-02"))
    assert "h1" not in set(later["customer_id"])
    assert compare(found, merged, features, lifecycle, kind="memory", rows="scores")["passed"]


def test_an_empty_store_or_log_proves_nothing() -> None:
    assert proof([])["differences"] == {"nothing on line": len(EVENTS.customers)}
    assert not proof([])["passed"]
    assert not proof([], small_shop.events(LOG.head(0)))["passed"]


def test_a_certificate_is_found_by_its_key_and_names_no_customer(tmp_path: Path) -> None:
    certificate = proof([replace(ROWS[0], stage="prospect"), *ROWS[1:]])
    path = write_certificate(certificate, tmp_path)
    assert path == certificate_path(tmp_path, FEATURES.hash, LIFECYCLE.definition.id, "memory")
    assert write_certificate(certificate | {"rows": "scores"}, tmp_path) != path
    assert not [one for one in EVENTS.customers if one in path.read_text(encoding="utf-8")]
    error = NoParity(certificate)
    assert "stage (1)" in error.problem
    assert "churn features materialise" in error.mend
    assert error.exit_code == 10


def test_a_certificate_that_is_not_whole_is_none(tmp_path: Path) -> None:
    """Promotion then asks for a proof, as where there was none."""
    key = FEATURES.hash, LIFECYCLE.definition.id, "memory"
    assert read_certificate(tmp_path, *key) is None
    certificate = proof(ROWS)
    path = write_certificate(certificate, tmp_path)
    assert read_certificate(tmp_path, *key) == certificate
    whole = path.read_text(encoding="utf-8")
    for torn in ("", whole[:50], "[]", "{}", "\x00"):
        path.write_text(torn, encoding="utf-8")
        assert read_certificate(tmp_path, *key) is None
