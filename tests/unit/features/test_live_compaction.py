"""Compaction: the log is the same as if live events had come by file, however often and wherever it was cut off."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from churn.calendar import from_us, to_us
from churn.sections import Source
from churn.settings import Settings
from features.live import compaction
from features.live.compaction import Compacted, compact
from features.live.event import LiveEvent
from features.live.kept import KEPT, kept_events
from features.live.opening import inbox_of
from features.log import read_log_manifest
from features.log_reading import read_events
from features.online import MemoryOnlineStore
from tests import live_shop
from tests.live_shop import NOW, Ticking, event, ingested, intake, settings, taken

POSTED = [
    event("a", "客 0003", 300),
    event("b", "00004", 240, amount=None, channel="phone"),
    event("c", "newcomer", 200, event_type="hotline", order_id=None, text="said little", score=4.0),
    event("d", "客 0003", 100, event_type="return", order_id="live-a"),
    event("e", "客 0003", 100_000, event_type="visit", order_id=None),
]


def posted(held: Settings, events: list[LiveEvent] = POSTED) -> None:
    opened = intake(held)
    assert set(taken(opened, events)) == {"accepted"}
    opened.close()


def test_the_log_is_as_if_they_had_come_by_file(tmp_path: Path) -> None:
    held = settings(tmp_path)
    ingested(held)
    untouched = read_log_manifest(held.folder).files
    posted(held)
    assert compact(held, wall=Ticking()) == Compacted(5, 5, 5)
    mine = read_log_manifest(held.folder)
    assert mine.live == {"events": 5, "upto": 5}
    assert any(mine.files[name] == file for name, file in untouched.items()), "a bucket without live events stays"

    by_file = tmp_path / "other"
    by_file.mkdir()
    other = settings(by_file)
    write_as_file(held, by_file / "live.csv")
    names = [name for name in pd.read_csv(by_file / "live.csv").columns if name not in ("source", "source_id", "seq")]
    live_source = Source(path="live.csv", **{name: name for name in names})  # type: ignore[arg-type]
    ingested(other.model_copy(update={"source": (*other.source, live_source)}), NOW + timedelta(hours=1))
    theirs = read_log_manifest(other.folder)
    assert mine.files == theirs.files, "byte by byte"
    for field in ("log_hash", "events", "customers", "kinds", "columns", "first_event_at", "last_event_at"):
        assert getattr(mine, field) == getattr(theirs, field), field
    assert mine.observed_until == theirs.observed_until


def write_as_file(held: Settings, path: Path) -> None:
    frame = kept_events(held.folder).to_pandas()
    for name in ("event_timestamp", "ingested_at"):
        frame[name] = [from_us(us).isoformat() for us in frame[name]]
    frame.to_csv(path, index=False)


def test_compacting_twice_is_compacting_once(tmp_path: Path) -> None:
    held = settings(tmp_path)
    ingested(held)
    posted(held)
    compact(held)
    once = read_log_manifest(held.folder)
    assert compact(held).events == 0
    assert read_log_manifest(held.folder) == once


def test_an_ingest_has_them_too_and_gives_the_same_log(tmp_path: Path) -> None:
    """Before any compaction, and after one; in either order the same bytes."""
    held = settings(tmp_path)
    ingested(held)
    posted(held, POSTED[:3])
    ingested(held)
    assert read_log_manifest(held.folder).live == {"events": 3, "upto": 3}
    posted(held, POSTED[3:])
    compact(held)
    compacted = read_log_manifest(held.folder)
    assert compacted.live == {"events": 5, "upto": 5}
    ingested(held)
    assert read_log_manifest(held.folder).log_hash == compacted.log_hash
    assert read_log_manifest(held.folder).live == compacted.live


@pytest.mark.parametrize("step", ["keep", "kept_events", "_rewritten", "_told", "replace_folder", "after"])
def test_cut_off_at_any_step_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    held = settings(tmp_path)
    ingested(held)
    posted(held)

    class Killed(BaseException):
        """What kill -9 is like, seen from inside."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if step == "after":
            from features.live.inbox_sqlite import SqliteLedger

            patch.setattr(SqliteLedger, "thin", killed)
        else:
            patch.setattr(compaction, step, killed)
        with pytest.raises(Killed):
            compact(held)
    compact(held)
    assert read_log_manifest(held.folder).live == {"events": 5, "upto": 5}
    events = read_events(held.folder)
    assert len(events) == 405
    assert len(kept_events(held.folder)) == 5


def test_kept_files_cut_off_half_way_are_filled_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = settings(tmp_path)
    ingested(held)
    posted(held)
    from features.live import kept

    with monkeypatch.context() as patch, inbox_of(held) as ledger:
        patch.setattr(kept, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            kept.keep(held.folder, ledger)
    assert len(kept_events(held.folder)) == 0
    compact(held)
    assert sorted(kept_events(held.folder)["seq"].to_pylist()) == [1, 2, 3, 4, 5]


def test_the_inbox_knows_duplicates_for_ever_and_is_emptied_one_compaction_later(tmp_path: Path) -> None:
    held = settings(tmp_path)
    ingested(held)
    posted(held, POSTED[:3])
    compact(held)
    posted(held, POSTED[3:])
    compact(held)
    with inbox_of(held) as ledger:
        reach, rows = ledger.after(0)
        assert (reach.last_seq, reach.thinned_upto) == (5, 3)
        assert [row[0] for row in rows] == [4, 5]
    opened = intake(held)
    assert taken(opened, POSTED) == ["duplicate"] * 5
    opened.close()


def test_a_row_is_the_same_before_and_after(tmp_path: Path) -> None:
    """The index follows the log; a row computed again at the same instant says the same."""
    held = settings(tmp_path)
    ingested(held)
    store, chosen = MemoryOnlineStore(), live_shop.features(held)
    opened = intake(held, store)
    taken(opened, POSTED)
    before = store.rows(["客 0003", "newcomer"])
    compact(held)
    assert opened.refresher.refresh(["客 0003", "newcomer"])  # with the old index: the inbox still has them
    again = store.rows(["客 0003", "newcomer"])
    opened.keeper.step()  # makes the index anew, and a new instant
    assert all(one and other and one.is_same(other) for one, other in zip(before, again, strict=True))
    row = store.rows(["客 0003"])[0]
    assert row is not None
    assert row.as_of > before[0].as_of  # type: ignore[union-attr]
    events = read_events(held.folder, taking_back=held.definition.taking_back)
    assert row.is_same(live_shop.batch_row(events, chosen, held, row))
    opened.close()


def test_of_an_event_that_came_live_and_by_file_the_live_one_stays(tmp_path: Path) -> None:
    held = settings(tmp_path)
    named = held.model_copy(update={"source": (held.source[0].model_copy(update={"name": "shop"}),)})
    ingested(named)
    first = read_log_manifest(named.folder)
    frame = pd.read_parquet(tmp_path / "shop.parquet")
    late = to_us(NOW - timedelta(hours=3))
    opened = intake(named)
    live = replace(event("till-1", "00002", source="shop"), time_us=late)
    assert taken(opened, [live]) == ["accepted"]
    opened.close()
    exported = frame.iloc[[0]].assign(
        customer_id="00002", event_type="order", event_id="till-1", amount=25.0, order_id="live-till-1",
        event_timestamp=pd.Timestamp(from_us(late)), ingested_at=pd.Timestamp(from_us(late)),
    )  # fmt: skip
    pd.concat([frame, exported.astype(frame.dtypes)]).to_parquet(tmp_path / "shop.parquet")
    report = ingested(named)
    assert report.manifest.events == first.events + 1
    assert report.manifest.rejected == {"already_live": 1}
    assert "is no fault" in report.as_text()
    rejects = pq.read_table(named.folder / "log" / "rejects.parquet").to_pylist()
    assert [row["reason"] for row in rejects] == ["already_live"]


def test_a_log_of_the_past_moves_on_with_its_live_events(tmp_path: Path) -> None:
    held = settings(tmp_path, clock="log")
    ingested(held)
    until = read_log_manifest(held.folder).observed_until
    from serving.now import clock_of

    clock = clock_of(held)
    opened = intake(held, clock=clock)
    live = replace(event("x"), time_us=to_us(until + timedelta(hours=5)))
    none, late = opened.judge([live, replace(live, time_us=to_us(until + timedelta(hours=25)))])
    assert none is None
    assert late is not None
    assert (late.code, "Now is where the log ends" in late.mend) == ("in_the_future", True)
    taken(opened, [live])
    assert clock.now() > until + timedelta(hours=5)
    assert clock_of(held).now() == clock.now()
    opened.close()
    compact(held)
    assert read_log_manifest(held.folder).observed_until == until + timedelta(days=1)
    again = ingested(held).manifest
    assert again.observed_until == until + timedelta(days=1)
    assert again.last_event_at == from_us(live.time_us)


def test_an_inbox_that_was_lost_or_moved_elsewhere_goes_on_behind_the_log(tmp_path: Path) -> None:
    """Events of a new inbox are fresh rows at once and reach the log, though it holds more than the inbox ever had."""
    held, store = settings(tmp_path), MemoryOnlineStore()
    ingested(held)
    first = intake(held, store)
    taken(first, [event(str(number)) for number in range(5)])
    first.close()
    assert compact(held).events == 5
    for path in (held.folder / "live").glob("inbox.db*"):
        path.unlink()
    again = intake(held, store)
    taken(again, [event("new", "newcomer")])
    assert store.rows(["newcomer"]) != [None]
    again.close()
    assert compact(held) == Compacted(events=1, live=6, upto=6)


def test_nothing_live_costs_nothing(tmp_path: Path) -> None:
    held = settings(tmp_path)
    ingested(held)
    assert compact(held) == Compacted(0, 0, 0)
    assert not (held.folder / KEPT.parent).exists()
    assert "live" in json.loads((held.folder / "log" / "manifest.json").read_text())
