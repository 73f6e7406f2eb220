"""Live events in process: inbox, fresh rows, and what happens in the background."""

import time
from pathlib import Path

import pytest

from features.live.kept import kept_events
from features.live.pieces import laid_out, rows_of_log
from features.log_reading import read_events
from features.online import MemoryOnlineStore
from tests import live_shop
from tests.live_shop import event, ingested, intake, settings, taken


def everything(held, opened):  # type: ignore[no-untyped-def]
    """The log and the inbox together, as the batch would see them once both were one."""
    from features.log import log_folder, read_log_manifest
    from features.log_reading import rows_of

    manifest = read_log_manifest(held.folder)
    tables = [rows_of(log_folder(held.folder) / name) for name in manifest.files]
    _, rows = opened.inbox.ledger.after(int(manifest.live.get("upto", 0)))
    return laid_out([*tables, rows_of_log(rows, tables[0].schema)], held.definition.taking_back)


def test_laid_out_is_the_log(tmp_path: Path) -> None:
    """Rows of the files in any order give what the log gives."""
    from features.log import log_folder, read_log_manifest
    from features.log_reading import rows_of

    held = settings(tmp_path)
    ingested(held)
    manifest = read_log_manifest(held.folder)
    tables = [rows_of(log_folder(held.folder) / name) for name in sorted(manifest.files, reverse=True)]
    tables = [table.take(list(range(len(table)))[::-1]) for table in tables]
    found, wanted = laid_out(tables, held.definition.taking_back), read_events(held.folder)
    for name in ("customers", "customer", "time_us", "known_us", "void_us", "amount"):
        assert (
            getattr(found, name).tolist() == pytest.approx(getattr(wanted, name).tolist(), nan_ok=True)
            if (name == "amount")
            else getattr(found, name).tolist() == getattr(wanted, name).tolist()
        )


@pytest.mark.parametrize("kind", ["order", "return", "visit", "something-new"])
def test_a_fresh_row_is_the_batch_row_of_its_instant(tmp_path: Path, kind: str) -> None:
    held = settings(tmp_path)
    ingested(held)
    store = MemoryOnlineStore()
    opened = intake(held, store)
    people = ["客 0003", "00004", "a new one"]
    events = [event(f"1-{who}", who, minutes=90, order_id="o7") for who in people]
    assert taken(opened, events) == ["accepted"] * 3
    assert (
        taken(opened, [event(f"2-{who}", who, 30, event_type=kind, order_id="o7") for who in people])
        == ["accepted"] * 3
    )
    rows = store.rows(people)
    for row in rows:
        assert row is not None
        wanted = live_shop.batch_row(everything(held, opened), live_shop.features(held), held, row)
        assert row.is_same(wanted)
    opened.close()


def test_each_store_of_live_events_drops_one_customer_and_nobody_else(tmp_path: Path) -> None:
    from cli.stores import stores
    from features.erasure.store import Whom
    from features.live.compaction import compact

    held = settings(tmp_path)
    ingested(held)
    opened = intake(held)
    people = ["客 0003", "00004", "newcomer"]
    taken(opened, [event(f"1-{who}", who, related_customer_id="newcomer") for who in people])
    compact(held)
    taken(opened, [event(f"2-{who}", who) for who in people])
    opened.keeper.step()
    opened.close()
    listed = [store for store in stores(held) if store.places[0].startswith("live/") and store.erase]
    for store in listed:
        assert store.erase is not None
        assert store.erase(held.folder, Whom(frozenset({"newcomer"}))).rows, store.name
        assert not store.erase(held.folder, Whom(frozenset({"newcomer"}))).rows
    assert len(listed) == 3
    left = b"".join(path.read_bytes() for path in (held.folder / "live").glob("*") if path.is_file())
    assert b"newcomer" not in left
    assert "客 0003".encode() in left
    kept = kept_events(held.folder).to_pylist()
    assert {row["customer_id"] for row in kept} == {"客 0003", "00004"}
    assert {row["related_customer_id"] for row in kept} == {None}


def test_the_forgotten_are_refused(tmp_path: Path) -> None:
    from features.erasure.forgotten import Forgotten

    held = settings(tmp_path)
    ingested(held)
    Forgotten().blocking(["00004"], request="r", at="2025-01-01").write(held.folder)
    opened = intake(held)
    reasons = opened.judge([event("1", "00004"), event("2", "00002")])
    assert [reason and reason.code for reason in reasons] == ["forgotten_customer", None]
    opened.close()


def test_few_texts_are_coded_as_many_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """One customer's by a dict, a log's by Arrow: the same codes and levels."""
    import pyarrow as pa

    from features import log_reading

    for texts in (["b", None, "a", "b", "客"], [None, None], [], ["", "a", ""]):
        column = pa.chunked_array([pa.array(texts[:2], pa.string()), pa.array(texts[2:], pa.string())])
        monkeypatch.setattr(log_reading, "FEW", 256)
        few = log_reading._coded(column)
        monkeypatch.setattr(log_reading, "FEW", -1)
        many = log_reading._coded(column)
        assert (few.codes.tolist(), few.levels) == (many.codes.tolist(), many.levels)
        assert few.codes.dtype == many.codes.dtype


def test_who_is_forgotten_while_their_row_is_made_has_none(tmp_path: Path) -> None:
    """The row is made of events that were read before; the on-line store was erased before it is written."""
    from features.erasure.forgotten import Forgotten

    held = settings(tmp_path)
    ingested(held)

    class Late(MemoryOnlineStore):
        """Somebody is forgotten the moment before their row is written."""

        def write(self, rows):  # type: ignore[no-untyped-def]
            Forgotten.new().blocking(["00004"], request="r", at="2025-01-01").write(held.folder)
            return super().write(rows)

    opened = intake(held, store := Late())
    taken(opened, [event("1", "00004"), event("2", "00002")])
    gone, stays = store.rows(["00004", "00002"])
    assert (gone, stays is None) == (None, False)
    opened.close()


def test_compaction_by_the_command_line(tmp_path: Path) -> None:
    from cli import events as room
    from cli.opened import open_log

    held = settings(tmp_path)
    ingested(held)
    opened = intake(held)
    taken(opened, [event("1"), event("2", "a new one")])
    opened.close()
    outcome = room.compact(held)
    assert outcome.as_json == {"events": 2, "live": 2, "upto": 2}
    assert "2 live events are new" in outcome.text
    opened = intake(held)
    taken(opened, [event("3")])
    opened.close()
    log = open_log(held)
    assert (log.manifest.live, len(log.events)) == ({"events": 3, "upto": 3}, 403)


def test_the_keeper_goes_on_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from features.live import keeper

    held = settings(tmp_path)
    ingested(held)
    store = MemoryOnlineStore()
    opened = intake(held, store)
    opened.append([event("1", "00004")]).result()
    monkeypatch.setattr(keeper, "EVERY_S", 0.01)
    real, failures = opened.refresher.refresh, iter([ValueError("x"), KeyError("y")])

    def refresh(ids: list[str]) -> bool:
        for failure in failures:
            raise failure
        return real(ids)

    monkeypatch.setattr(opened.refresher, "refresh", refresh)
    opened.start()
    deadline = time.monotonic() + 20
    while store.rows(["00004"]) == [None]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    opened.close()
