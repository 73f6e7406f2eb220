"""Laws of live events: whatever order they come in, and however often, rows and log are the same."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.settings import Settings
from churn.stated_text import told
from features.live.compaction import compact
from features.live.event import LiveEvent
from features.live.kept import kept_events
from features.live.pieces import laid_out, rows_of_log
from features.live.refresh import rows_at
from features.log import log_folder, read_log_manifest
from features.log_reading import read_events, rows_of
from features.online import MemoryOnlineStore, OnlineRow
from tests import live_shop
from tests.live_shop import Ticking, batch_row, event, ingested, intake, taken

pytestmark = pytest.mark.slow
PEOPLE = ("客 0003", "00004", "a new one")


@st.composite
def live_events(draw: st.DrawFn) -> list[LiveEvent]:
    """Events of a few customers at few instants, some of which take orders of the log back."""
    return [
        event(
            str(number),
            draw(st.sampled_from(PEOPLE)),
            draw(st.sampled_from((5, 5, 90, 1_500, 700_000))),
            event_type=draw(st.sampled_from(("order", "order", "return", "visit", "something new"))),
            order_id=draw(st.sampled_from((None, "o1", "o7", "live"))),
            amount=draw(st.sampled_from((None, 10.0, 25.0))),
            channel=draw(st.sampled_from((None, "web", "app"))),
        )
        for number in range(draw(st.integers(1, 8)))
    ]


def stating(posts: list[list[LiveEvent]], words: list[str | None]) -> list[list[LiveEvent]]:
    """The same posts, in which what is new to the log is a complaint, and some events have these reasons in turn."""
    said = iter(words)
    return [
        [
            replace(one, event_type=one.event_type.replace("something new", "complaint"), reason_code=next(said, None))
            for one in post
        ]
        for post in posts
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A business whose log came by file; every example works on a copy of it."""
    held = live_shop.settings(tmp_path_factory.mktemp("shop"))
    ingested(held)
    return held


def copied(shop: Settings, folder: Path) -> Settings:
    held = shop.model_copy(update={"artifacts": folder / "artifacts", "root": shop.root})
    shutil.copytree(shop.folder / "log", held.folder / "log")
    return held


def content(held: Settings) -> list[tuple[object, ...]]:
    """The live events that the log has got, but for the moment at which each came."""
    rows = kept_events(held.folder).to_pylist()
    return sorted(tuple(value for name, value in row.items() if name not in ("seq", "ingested_at")) for row in rows)  # type: ignore[type-var]


@settings(max_examples=15)
@given(events=live_events(), order=st.randoms(use_true_random=False), cuts=st.integers(1, 4))
def test_order_and_duplicates_change_nothing(shop: Settings, events: list[LiveEvent], order: object, cuts: int) -> None:
    """Posted one after the other, or shuffled, in other batches, some of them twice: the same rows at one instant."""
    again = [*events, *events[::2]]
    order.shuffle(again)  # type: ignore[attr-defined]
    batches = [again[at::cuts] for at in range(cuts)]
    logs, rows = [], []
    for posts in ([[one] for one in events], batches):
        with tempfile.TemporaryDirectory() as folder:
            held = copied(shop, Path(folder))
            chosen, opened = live_shop.features(held), intake(held)
            for post in posts:
                taken(opened, post)
            opened.close()
            compact(held, wall=Ticking())
            late = 2 * live_shop.to_us(live_shop.NOW)  # an instant that knows all of them, whenever each came
            found = rows_at(read_events(held.folder, PEOPLE), chosen, held.lifecycle, late)
            rows.append([(row.customer_id, row.stage, row.vector.tobytes()) for row in found])
            logs.append((content(held), read_log_manifest(held.folder).kinds))
    assert rows[0] == rows[1]
    assert repr(logs[0]) == repr(logs[1])


@settings(max_examples=20)
@given(
    posts=st.lists(live_events(), min_size=1, max_size=3),
    words=st.lists(st.sampled_from((None, "defect", "resolved", "ring 0170 1234567")), min_size=8, max_size=24),
)
def test_a_fresh_row_is_the_batch_row_of_its_instant(
    shop: Settings, posts: list[list[LiveEvent]], words: list[str | None]
) -> None:
    """After every post, bit by bit, whatever the kernel of the batch says of the log and the inbox together."""
    with tempfile.TemporaryDirectory() as folder:
        held, store = copied(shop, Path(folder)), MemoryOnlineStore()
        opened, chosen = intake(held, store), live_shop.features(held)
        for number, post in enumerate(stating(posts, words)):
            numbered = [event_of(one, f"{number}-{one.event_id}") for one in post]
            taken(opened, numbered)
            log = log_folder(held.folder)
            tables = [rows_of(log / name) for name in read_log_manifest(held.folder).files]
            _, rows = opened.inbox.ledger.after(0)
            everything = laid_out([*tables, rows_of_log(rows, tables[0].schema)], held.definition.taking_back)
            for customer_id in {one.customer_id for one in numbered}:
                row = store.rows([customer_id])[0]
                assert row is not None
                batch = batch_row(everything, chosen, held, row)
                assert row.is_same(batch)
                assert same_stated(row, batch)
        opened.close()


def same_stated(row: OnlineRow, batch: OnlineRow) -> bool:
    """Whether both say the same; only a batch knows when it is live that a case is solved for the first time."""
    assert row.stated is not None
    assert batch.stated is not None
    one, other = told(row.stated, row.as_of), told(batch.stated, batch.as_of)
    return one.reasons == other.reasons and (one.open is None or one.open == other.open)


def event_of(one: LiveEvent, event_id: str) -> LiveEvent:
    return replace(one, event_id=event_id)
