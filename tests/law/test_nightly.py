"""An answer of the night is the answer of now, bit by bit, as long as nothing it was made from has changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from churn.calendar import Calendar
from features.online import MemoryOnlineStore, OnlineRow
from serving import nightly
from serving.schemas import Score
from serving.scorer import Answer, Scorer
from tests import tiny_service
from tests.tiny_service import AS_OF, row, scorer, vectors

NOT_OF_THE_ANSWER = {"score_id", "served_from"}


def night(ask: Scorer, rows: list[OnlineRow], top: int) -> list[OnlineRow]:
    """The same rows as they come back out of a store, once a batch has answered."""
    store = MemoryOnlineStore()
    store.write(rows)
    told = ask.score([one.customer_id for one in rows], rows, language="en", top=top)
    judged = [answer.judged for answer in told]
    store.attach(nightly.nights(ask.champions, rows, judged, ask.calendar, top))
    return [one for one in store.rows([one.customer_id for one in rows]) if one]


def told(ask: Scorer, rows: list[OnlineRow], language: str, top: int) -> list[Answer]:
    return ask.score([one.customer_id for one in rows], rows, language=language, top=top)


def same(one: Score, other: Score) -> bool:
    first, second = msgspec.structs.asdict(one), msgspec.structs.asdict(other)
    return all(first[name] == second[name] for name in first.keys() - NOT_OF_THE_ANSWER)


@pytest.mark.parametrize("model", ["churn", "reactivation"])
@pytest.mark.parametrize(("language", "top"), [("en", 5), ("zh", 5), ("en", 2), ("zh", 0)])
def test_the_same_fields_and_the_same_numbers(model: str, language: str, top: int) -> None:
    ask = scorer()
    rows = [row(f"C{i}", vector=v, model=model) for i, v in enumerate(vectors(400, seed=5))]
    kept = night(ask, rows, 5)
    then, now = told(ask, kept, language, top), told(ask, rows, language, top)
    assert {one.score.served_from for one in then} == {"nightly"}
    assert {one.score.served_from for one in now} == {"fresh"}
    assert all(same(one.score, other.score) for one, other in zip(then, now, strict=True))
    assert [one.log_row() | {"score_id": ""} for one in then] == [one.log_row() | {"score_id": ""} for one in now]


def test_also_with_an_outlook() -> None:
    from tests.unit.serving.test_outlook import with_outlook

    ask = with_outlook()
    rows = [row(f"C{i}", vector=v) for i, v in enumerate(vectors(100, seed=6))]
    then, now = told(ask, night(ask, rows, 3), "en", 3), told(ask, rows, "en", 3)
    assert {one.score.served_from for one in then} == {"nightly"}
    assert all(same(one.score, other.score) for one, other in zip(then, now, strict=True))
    assert then[0].score.horizons


CHANGES: list[tuple[str, Callable[[OnlineRow], OnlineRow]]] = [
    ("a number", lambda one: replace(one, vector=one.vector + 1e-9)),
    ("the cutoff", lambda one: replace(one, as_of=AS_OF - timedelta(microseconds=1))),
    ("what it knew", lambda one: replace(one, known_at=one.known_at + timedelta(microseconds=1))),
    ("the text, cut off", lambda one: replace(one, nightly=str(one.nightly)[:-3])),
    ("the text, of another", lambda one: replace(one, nightly="x" + str(one.nightly)[1:])),
    ("no text", lambda one: replace(one, nightly="")),
]


@pytest.mark.parametrize(("what", "change"), CHANGES, ids=[what for what, _ in CHANGES])
def test_what_changed_is_answered_anew(what: str, change: Callable[[OnlineRow], OnlineRow]) -> None:
    del what
    (kept,) = night(scorer(), [row("C1")], 3)
    (answer,) = told(scorer(), [change(kept)], "en", 3)
    (anew,) = told(scorer(), [replace(change(kept), nightly=None)], "en", 3)
    assert answer.score.served_from == "fresh"
    assert same(answer.score, anew.score)


def test_another_model_calendar_or_wish_is_answered_anew() -> None:
    (kept,) = night(scorer(), [row("C1")], 2)
    other = replace(tiny_service.champion("churn"), model_hash="0" * 64)
    asks = [replace(scorer(), champions={"churn": other}), scorer(calendar=Calendar("Asia/Shanghai"))]
    assert {told(ask, [kept], "en", 2)[0].score.served_from for ask in asks} == {"fresh"}
    assert told(scorer(), [kept], "en", 3)[0].score.served_from == "fresh"  # more reasons than were kept
    assert told(scorer(nightly=False), [kept], "en", 2)[0].score.served_from == "fresh"
    assert told(scorer(), [kept], "en", 2)[0].score.served_from == "nightly"


def test_what_may_not_be_scored_is_not_scored_by_night_either() -> None:
    (kept,) = night(scorer(), [row("C1")], 3)
    ask = scorer(stopped=frozenset({"churn-tiny/3"}))
    (stopped,) = told(ask, [kept], "en", 3)
    assert stopped.score.abstention is not None
    assert (stopped.score.abstention.code, stopped.score.served_from) == ("model_stopped", None)
    (stale,) = told(scorer(max_age=timedelta(hours=1)), [kept], "en", 3)
    assert stale.score.abstention is not None
    assert stale.score.abstention.code == "stale_features"
