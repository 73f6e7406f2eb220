"""Live events with the inbox on a real PostgreSQL: taken, refreshed, compacted, ingested again."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn.sections import Live
from churn.settings import Settings
from features.live.compaction import compact
from features.live.opening import inbox_of
from features.log import read_log_manifest
from features.online import MemoryOnlineStore
from tests import live_shop
from tests.live_shop import event, ingested, intake, taken

pytestmark = pytest.mark.server


@pytest.fixture
def held(tmp_path: Path, postgres_url: str) -> Iterator[Settings]:
    """A business whose inbox lies in PostgreSQL."""
    plain = live_shop.settings(tmp_path, live=Live(inbox="postgres", url=postgres_url))
    slug = f"live-{uuid.uuid4().hex[:8]}"
    yield plain.model_copy(update={"business": plain.business.model_copy(update={"slug": slug})})
    import psycopg

    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        for table in ("event", "pending", "state"):
            connection.execute(f"DROP TABLE IF EXISTS churn_live_{slug.replace('-', '_')}_{table}")


def test_taken_refreshed_compacted_and_ingested_again(held: Settings) -> None:
    ingested(held)
    store = MemoryOnlineStore()
    opened = intake(held, store)
    assert taken(opened, [event("1"), event("2", "a new one")]) == ["accepted"] * 2
    assert [row and row.stage for row in store.rows(["a new one"])] == ["new"]
    opened.inbox.settle()
    opened.close()
    assert compact(held).events == 2
    first = read_log_manifest(held.folder)
    ingested(held)
    assert read_log_manifest(held.folder).log_hash == first.log_hash
    again = intake(held, store)
    assert taken(again, [event("1")]) == ["duplicate"]
    again.close()
    assert not (held.folder / "live" / "inbox.db").exists()


def test_another_worker_takes_up_what_one_left_behind(held: Settings) -> None:
    """Committed, never refreshed: the process ended in between."""
    ingested(held)
    dying = intake(held)
    dying.append([event("1", "a new one")]).result()
    dying.close()
    with inbox_of(held) as ledger:
        assert ledger.pending(10) == [("a new one", 1)]
    store = MemoryOnlineStore()
    opened = intake(held, store)  # with one step of its keeper
    assert store.rows(["a new one"])[0] is not None
    opened.close()
    with inbox_of(held) as ledger:
        assert ledger.pending(10) == []
