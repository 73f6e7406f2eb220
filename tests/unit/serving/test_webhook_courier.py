"""Each change of band or stage is told at least once, in order, the newest alone; whoever fails is tried again."""

import socket
from pathlib import Path

from serving.changes.file import FILE as CHANGES
from tests.webhook_receiver import Clock, Endpoint, bodies, courier, state, status, stepped, tell


def test_a_letter_says_what_changed(tmp_path: Path, here: Endpoint) -> None:
    tell(tmp_path, state("客户-3"), state("C2"))
    one = courier(tmp_path, here.url)
    tell(tmp_path, state("客户-3", "high", 1), state("C2", "low", 1, probability=0.2))
    stepped(one)
    (got,) = here.got
    assert got.told == {
        "type": "score.changed",
        "timestamp": "2025-01-01T16:00:00.000001Z",
        "data": {
            "customer_id": "客户-3",
            "changed": ["band"],
            "from": {"stage": "active", "model": "churn", "band": "low", "abstention": None, "probability": 0.1},
            "to": {"stage": "active", "model": "churn", "band": "high", "abstention": None, "probability": 0.8},
            "value_at_risk": 12.5,
            "score_id": f"{1:032x}",
            "model_version": "churn-tiny/3",
            "features_as_of": "2025-01-01T04:00:00.000001Z",
            "told_at": "2025-01-01T16:00:00.000001Z",
        },
    }
    one.close()


def test_a_new_receiver_is_told_from_now_on_and_one_that_was_away_of_everything_since(
    tmp_path: Path, here: Endpoint
) -> None:
    tell(tmp_path, state("C1"))
    tell(tmp_path, state("C1", "high", 1))
    courier(tmp_path, here.url).close()
    tell(tmp_path, state("C1", "medium", 2))
    one = courier(tmp_path, here.url)
    stepped(one)
    one.close()
    assert [(told["from"]["band"], told["to"]["band"]) for told in here.told] == [("high", "medium")]


def test_only_what_is_wanted_is_told(tmp_path: Path, here: Endpoint) -> None:
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url, what=("stage", "first"))
    tell(tmp_path, state("C1", "high", 1), state("C2", "low", 1, stage="lapsing"), state("new", number=1))
    stepped(one)
    one.close()
    assert sorted((told["customer_id"], told["changed"], told["from"] is None) for told in here.told) == [
        ("C2", ["stage"], False), ("new", ["first"], True),
    ]  # fmt: skip


def test_only_the_newest_of_a_customer_is_told(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    tell(tmp_path, state("C1"), state("C2"), state("C3"))
    one = courier(tmp_path, here.url, clock)
    here.always = status(503)
    for number, band in enumerate(("medium", "high"), start=1):
        tell(tmp_path, state("C1", band, number), state("C2", band, number))
    tell(tmp_path, state("C2", "low", 3), state("C3", "high", 3))  # C2 is back before anybody was told
    one._take_up(one._place())
    here.always = status(204)
    stepped(one)
    found = [
        (told["data"]["customer_id"], told["data"]["from"]["band"], told["data"]["to"]["band"])
        for told in bodies(here.got)
    ]
    assert sorted(found) == [("C1", "low", "high"), ("C3", "low", "high")]
    one.close()


def test_what_may_have_been_told_is_taken_back(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    """The receiver may have taken the letter whose answer was lost: that all is as before is news to it."""
    tell(tmp_path, state("C1"))
    one = courier(tmp_path, here.url, clock)
    here.always = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    tell(tmp_path, state("C1", "high", 1))
    stepped(one, 1)
    tell(tmp_path, state("C1", "low", 2))
    here.always = status(204)
    stepped(one)
    first, second = bodies(here.got)
    assert (first["data"]["to"]["band"], second["data"]["to"]["band"]) == ("high", "low")
    assert here.got[0].id != here.got[1].id
    one.close()


def test_several_go_together_where_that_is_wanted(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    names = [f"C{number}" for number in range(5)]
    tell(tmp_path, *(state(name) for name in names))
    one = courier(tmp_path, here.url, clock, together=3, at_once=1)
    here.answers = [status(500)]
    tell(tmp_path, *(state(name, "high", 1) for name in names))
    stepped(one, 3)
    clock.now += 10
    stepped(one, 3)
    sizes = {got.id: len(body["data"]["changes"]) for got, body in zip(here.got, bodies(here.got), strict=True)}
    assert sorted(sizes.values()) == [2, 3]
    assert {body["type"] for body in bodies(here.got)} == {"scores.changed"}
    assert here.got[0].id == here.got[2].id, "what failed together comes again together"
    assert here.got[0].body == here.got[2].body
    one.close()


def test_a_journal_that_was_made_anew_is_read_from_its_beginning(tmp_path: Path, here: Endpoint) -> None:
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url)
    tell(tmp_path, state("C1", "high", 1))
    stepped(one)
    for path in (tmp_path / CHANGES.parent).glob(f"{CHANGES.name}*"):
        path.unlink()
    tell(tmp_path, state("C1", "high", 2))
    tell(tmp_path, state("C1", "low", 3))
    stepped(one)
    assert [told["to"]["band"] for told in here.told] == ["high", "low"]
    assert len({got.id for got in here.got}) == 2
    one.close()


def test_hundreds_of_changes_are_each_told_once(tmp_path: Path, here: Endpoint) -> None:
    names = [f"C{number:03d}" for number in range(300)]
    tell(tmp_path, *(state(name) for name in names))
    one = courier(tmp_path, here.url, at_once=8)
    tell(tmp_path, *(state(name, "high", 1) for name in names))
    while one.step() == 0.0:
        pass
    assert sorted(told["data"]["customer_id"] for told in bodies(here.got)) == names
    one.close()
