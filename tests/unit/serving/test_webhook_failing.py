"""A letter that was not taken comes again, later and later, with its id; a receiver that is down is not stormed."""

from pathlib import Path

from serving.webhooks.keeping import Kept
from serving.webhooks.letters import FAILING
from tests.webhook_receiver import Clock, Endpoint, bodies, courier, state, status, stepped, tell


def test_a_letter_that_fails_comes_again_with_its_id_later_and_later(
    tmp_path: Path, here: Endpoint, clock: Clock
) -> None:
    tell(tmp_path, state("C1"))
    one = courier(tmp_path, here.url, clock, first_wait_s=10.0, most_wait_s=50.0, attempts=9)
    tell(tmp_path, state("C1", "high", 1))
    here.answers = [status(500)] * 2
    waits = []
    for _ in range(3):
        came = len(here.got)
        began = clock.now
        while len(here.got) == came:
            one.step()
            clock.now += 0.5
        waits.append(clock.now - began)
    assert len({got.id for got in here.got}) == 1
    assert {got.body for got in here.got} == {here.got[0].body}
    assert waits[0] < 1
    assert 5 <= waits[1] <= 11
    assert 10 <= waits[2] <= 21
    stepped(one)
    assert len(here.got) == 3
    one.close()


def test_a_letter_nobody_takes_is_dead_kept_and_tried_again_when_asked(
    tmp_path: Path, here: Endpoint, clock: Clock
) -> None:
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url, clock, attempts=2, first_wait_s=1.0, at_once=1)
    tell(tmp_path, state("C1", "high", 1))
    here.always = status(500)
    for _ in range(4):
        one.step()
        clock.now += 400
    assert len(here.got) == 2
    kept = Kept(tmp_path)
    ((news, tries, why),) = kept.dead("r1", 10)
    assert (news.now.customer_id, tries, why) == ("C1", 2, "status 500")
    here.always = status(204)
    tell(tmp_path, state("C2", "high", 2))
    stepped(one)
    assert bodies(here.got)[-1]["data"]["customer_id"] == "C2", "a dead letter holds up no other"
    assert kept.retry("r1") == 1
    stepped(one)
    assert bodies(here.got)[-1]["data"]["customer_id"] == "C1"
    assert kept.dead("r1", 10) == []
    kept.close()
    one.close()


def test_news_of_a_customer_takes_the_place_of_their_dead_letter(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    tell(tmp_path, state("C1"))
    one = courier(tmp_path, here.url, clock, attempts=1)
    here.answers = [status(500)]
    tell(tmp_path, state("C1", "medium", 1))
    stepped(one, 2)
    tell(tmp_path, state("C1", "high", 2))
    stepped(one)
    assert [(told["data"]["from"]["band"], told["data"]["to"]["band"]) for told in bodies(here.got)] == [
        ("low", "medium"), ("low", "high"),
    ]  # fmt: skip
    kept = Kept(tmp_path)
    assert kept.dead("r1", 10) == []
    kept.close()
    one.close()


def test_a_receiver_that_asks_to_be_left_alone_is(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url, clock, first_wait_s=0.1)
    here.answers = [status(429, Retry_After="90")]
    tell(tmp_path, state("C1", "high", 1))
    stepped(one, 2)
    tell(tmp_path, state("C2", "high", 1))
    for _ in range(89):
        clock.now += 1
        one.step()
    assert len(here.got) == 1
    clock.now += 2
    stepped(one)
    assert len(here.got) == 3
    one.close()


def test_one_that_wants_no_more_gets_no_more_until_a_person_says_so(
    tmp_path: Path, here: Endpoint, clock: Clock
) -> None:
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url, clock)
    here.answers = [status(410)]
    tell(tmp_path, state("C1", "high", 1))
    stepped(one, 2)
    tell(tmp_path, state("C2", "high", 1))
    for _ in range(10):
        clock.now += 10**5
        one.step()
    assert len(here.got) == 1
    kept = Kept(tmp_path)
    kept.retry("r1")
    kept.close()
    stepped(one)
    assert sorted(told["data"]["customer_id"] for told in bodies(here.got)) == ["C1", "C1", "C2"]
    one.close()


def test_a_receiver_that_is_down_is_tried_with_one_letter_at_a_time_and_loses_none(
    tmp_path: Path, here: Endpoint, clock: Clock
) -> None:
    names = [f"C{number:02d}" for number in range(40)]
    tell(tmp_path, *(state(name) for name in names))
    one = courier(tmp_path, here.url, clock, first_wait_s=60.0, at_once=2)
    tell(tmp_path, *(state(name, "high", 1) for name in names))
    here.always = status(502)
    stepped(one, 30)
    assert FAILING <= len(here.got) <= FAILING + 1, "not forty, over and over"
    clock.now += 61
    stepped(one, 10)
    assert len(here.got) <= FAILING + 2
    before = len(here.got)
    here.always = status(204)
    clock.now += 600
    stepped(one, 10)
    assert sorted(told["data"]["customer_id"] for told in bodies(here.got[before:])) == names
    one.close()


def test_one_letter_that_is_refused_holds_up_no_other(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    names = [f"C{number:02d}" for number in range(20)]
    tell(tmp_path, *(state(name) for name in names))
    one = courier(tmp_path, here.url, clock, at_once=1)

    def choosy(handler: object) -> None:
        status(400 if b'"C00"' in here.got[-1].body else 204)(handler)  # type: ignore[arg-type]

    here.always = choosy
    tell(tmp_path, *(state(name, "high", 1) for name in names))
    stepped(one, 4)
    assert {told["data"]["customer_id"] for told in bodies(here.got)} == set(names)
    for number in range(2, 8):  # others are taken all the time: that gives the refused one no more tries
        tell(tmp_path, state("C01", ("low", "high")[number % 2], number))
        stepped(one, 2)
    assert sum(b'"C00"' in got.body for got in here.got) == 1
    clock.now += 6
    stepped(one, 2)
    assert sum(b'"C00"' in got.body for got in here.got) == 2
    one.close()
