"""The journal of changes: what is news, in which order it is told, and that nobody who reads misses any of it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.erasure.store import NOTHING, Whom
from serving.changes.bulk import tell_batch
from serving.changes.erasing import erase_from_changes
from serving.changes.file import FILE, ChangesUnavailable
from serving.changes.journal import Journal
from serving.changes.state import State
from serving.refusals import CursorGone
from serving.score_log import frame_of
from tests.searching import naming
from tests.tiny_service import NOW, rows, scorer

LEAST = 0.05


def state(customer_id: str = "C1", **changed: object) -> State:
    usual = State(customer_id, 1000, 1005, "active", "churn", "low", None, 0.1, 12.5, "s" * 32, "churn-tiny/3")
    return replace(usual, **changed)  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    made.tell([state(), state("C2")], least_change=LEAST)
    made.begin()
    yield made
    made.close()


def told(journal: Journal, *states: State) -> tuple[int, int]:
    return tuple(journal.tell(states, least_change=LEAST))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"band": "high", "probability": 0.7}, ("band",)),
        ({"stage": "lapsing"}, ("stage",)),
        ({"stage": "lapsed", "model": "reactivation"}, ("stage", "model")),
        ({"code": "model_stopped", "band": None, "probability": None}, ("band", "abstention")),
    ],
)
def test_a_change_is_told_with_what_was_before(
    journal: Journal, changed: dict[str, object], what: tuple[str, ...]
) -> None:
    now = state(as_of_us=2000, **changed)
    assert told(journal, now) == (1, 1)
    (entry,) = journal.after(0, 10)
    assert (entry.what, entry.now) == (what, now)
    assert entry.before == {"stage": "active", "model": "churn", "band": "low", "code": None, "probability": 0.1}
    assert journal.history("C1", 10) == [entry]
    assert journal.history("C2", 10) == []
    assert journal.newest(["C1", "nobody"]) == {"C1": now}


def test_the_first_time_nobody_is_noted_as_new_and_later_everybody_is(journal: Journal) -> None:
    assert journal.after(0, 10) == []
    assert told(journal, state("C3")) == (1, 1)
    (entry,) = journal.after(0, 10)
    assert (entry.what, entry.before) == (("first",), None)


def test_a_probability_is_news_once_it_has_moved_far_enough_in_all(journal: Journal) -> None:
    assert told(journal, state(probability=0.13)) == (0, 0)
    assert told(journal, state(probability=0.16)) == (1, 0)
    assert told(journal, state(probability=0.12)) == (0, 0)
    assert journal.newest(["C1"])["C1"].probability == 0.12
    assert journal.after(0, 10) == []


def test_older_features_change_nothing(journal: Journal) -> None:
    assert told(journal, state(as_of_us=999, band="high")) == (0, 0)
    assert journal.newest(["C1"])["C1"].band == "low"
    assert told(journal, state(band="high")) == (1, 1), "of the same age the later counts: the model may have changed"


def test_pages_go_on_where_the_last_one_ended(journal: Journal) -> None:
    first = journal.page(None, 1)
    assert (first.customer_ids, first.more) == (["C1"], True)
    second = journal.page(first.cursor, 1)
    assert (second.customer_ids, second.more) == (["C2"], False)
    assert journal.page(second.cursor, 1) == ([], second.cursor, False)
    told(journal, state(probability=0.3))
    assert journal.page(second.cursor, 5).customer_ids == ["C1"]
    assert journal.page(second.cursor, 5, band_only=True).customer_ids == []
    assert journal.page(None, 5).customer_ids == ["C2", "C1"], "each once, as they stand now"


@pytest.mark.parametrize("cursor", ["00000000-1", "", "nonsense", "-", "1"])
def test_a_cursor_of_another_journal_is_gone(journal: Journal, cursor: str) -> None:
    with pytest.raises(CursorGone) as refused:
        journal.page(cursor, 1)
    assert "read from the beginning" in refused.value.mend
    name = journal.page(None, 1).cursor.partition("-")[0]
    with pytest.raises(CursorGone):
        journal.page(f"{name}-99", 1)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tellings=st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=6), min_size=1, max_size=12
    ),
    limit=st.integers(1, 3),
    band_only=st.booleans(),
)
def test_whoever_reads_while_others_write_misses_nothing(
    tmp_path_factory: pytest.TempPathFactory, tellings: list[list[tuple[int, int]]], limit: int, band_only: bool
) -> None:
    """Two writers take turns with a reader that pages: what it holds at the end is what was told."""
    folder = tmp_path_factory.mktemp("journal")
    writers, reader = (Journal(folder), Journal(folder)), Journal(folder)
    held: dict[str, str | None] = {}
    cursor: str | None = None

    def read() -> bool:
        nonlocal cursor
        page = reader.page(cursor, limit, band_only=band_only)
        assert len(page.customer_ids) <= limit
        held.update({name: one.band for name, one in reader.newest(page.customer_ids).items()})
        cursor = page.cursor
        return page.more

    for turn, telling in enumerate(tellings):
        latest = {f"C{who}": band for who, band in telling}
        states = [state(who, as_of_us=turn, band=f"b{band}") for who, band in latest.items()]
        writers[turn % 2].tell(states, least_change=LEAST)
        read()
    while read():
        pass
    everybody = reader.newest([f"C{who}" for who in range(6)])
    assert held == {name: one.band for name, one in everybody.items()}
    for one in (*writers, reader):
        one.close()


def test_workers_that_write_at_once_give_each_number_once(tmp_path: Path) -> None:
    def write(worker: int) -> None:
        mine = Journal(tmp_path)
        for turn in range(10):
            mine.tell(
                [state(f"C{who}", as_of_us=turn, band=f"{worker}-{turn}") for who in range(5)], least_change=LEAST
            )
        mine.close()

    Journal(tmp_path).begin()
    workers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    journal = Journal(tmp_path)
    changes = journal.after(0, 1000)
    assert [one.seq for one in changes] == sorted({one.seq for one in changes})
    for who in range(5):
        mine = [one for one in changes if one.now.customer_id == f"C{who}"]
        assert [one.before and one.before["band"] for one in mine][1:] == [one.now.band for one in mine][:-1]
        assert journal.newest([f"C{who}"])[f"C{who}"] == mine[-1].now
    journal.close()


def test_at_risk_first_by_value_then_by_probability(journal: Journal) -> None:
    told(
        journal,
        state("rich", value_at_risk=900.0), state("unknown", value_at_risk=None, probability=0.9),
        state("silent", probability=None, code="stale_features"), state("gone", model="reactivation"),
    )  # fmt: skip
    assert [one.customer_id for one in journal.at_risk(3, model="churn")] == ["rich", "C1", "C2"]
    assert [one.customer_id for one in journal.at_risk(9, band="low")][-1] == "unknown"


def test_who_is_forgotten_leaves_it_and_cursors_stay_good(journal: Journal, tmp_path: Path) -> None:
    cursor = journal.page(None, 1).cursor
    told(journal, state("客户-3"), state(band="high"), state("客户-3", band="high", as_of_us=2000))
    assert naming(tmp_path, "客户-3")
    erased = erase_from_changes(tmp_path, Whom(frozenset({"客户-3", "nobody"})))
    assert (erased.rows, erased.found) == (3, {"客户-3"})
    assert naming(tmp_path, "客户-3") == set()
    assert journal.page(cursor, 5).customer_ids == ["C2", "C1"]
    assert erase_from_changes(tmp_path, Whom(frozenset({"客户-3"}))) == NOTHING
    assert erase_from_changes(tmp_path / "empty", Whom(frozenset({"C1"}))) == NOTHING


def test_old_changes_are_pruned_and_what_was_told_last_stays(journal: Journal) -> None:
    told(journal, state(band="high", told_us=5000), state("C2", band="high", told_us=6000))
    assert journal.prune(6000) == 1
    assert [one.now.customer_id for one in journal.after(0, 10)] == ["C2"]
    assert journal.page(None, 10).customer_ids == ["C1", "C2"]


def test_a_file_that_is_broken_is_told_and_a_file_that_is_gone_begun_anew(journal: Journal, tmp_path: Path) -> None:
    cursor = journal.page(None, 1).cursor
    for path in tmp_path.glob(f"{FILE}*"):
        path.unlink()
    assert journal.page(None, 1).customer_ids == []
    with pytest.raises(CursorGone):
        journal.page(cursor, 1)
    journal.close()
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(ChangesUnavailable) as refused:
        journal.page(None, 1)
    assert "delete it" in refused.value.mend


def test_a_batch_is_taken_in_once(tmp_path: Path) -> None:
    answers = scorer().score([row.customer_id for row in rows()], rows(), language="en", top=0)
    frame = frame_of([answer.log_row() for answer in answers])
    path = tmp_path / "batch.parquet"
    frame.to_parquet(path)
    gone = lambda ids: {"gone"} & set(ids)  # noqa: E731
    assert tuple(tell_batch(tmp_path, path, least_change=LEAST, forgotten=gone)) == (7, 0)
    assert tuple(tell_batch(tmp_path, path, least_change=LEAST, forgotten=gone)) == (0, 0)
    journal = Journal(tmp_path)
    assert journal.begun()
    held = journal.newest([row.customer_id for row in rows()])
    assert held["客户-3"].model == "reactivation"
    assert held["stale"].code == "stale_features"
    assert held["C1"].told_us == int(NOW.timestamp() * 1_000_000)
    assert "gone" not in held
    later = frame.assign(band=frame["band"].where(frame["customer_id"] != "C1", "other"))
    pd.DataFrame(later).to_parquet(path)
    assert tuple(tell_batch(tmp_path, path, least_change=LEAST, forgotten=gone)) == (1, 1)
    assert journal.after(0, 9)[0].what == ("band",)
    journal.close()
