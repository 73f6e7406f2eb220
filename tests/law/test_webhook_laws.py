"""Whatever fails, is killed, superseded or delayed: in the end a receiver knows the newest of everybody, in order."""

import random
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from serving.webhooks.courier import Courier
from tests.webhook_receiver import Clock, Endpoint, bodies, courier, endpoint, state, status, tell

CUSTOMERS = [f"C{number}" for number in range(6)]
BANDS = ("low", "medium", "high")


@pytest.fixture(scope="module")
def here() -> Iterator[Endpoint]:
    with endpoint() as made:
        yield made


def killed(one: Courier) -> None:
    """Send what is due, and die before the replies are taken to heart."""
    one._take_up(one._place())
    for letter in one._letters.due("r1", one._now_us(), 3, one._wanted.together):
        one._post(letter)
    one._refused = 0


def moody(random_: random.Random) -> object:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        status(random_.choice([204, 204, 500, 503, 429]))(handler)

    return answer


@pytest.mark.parametrize("seed", range(12))
def test_a_receiver_ends_up_knowing_the_newest_of_everybody(tmp_path: Path, here: Endpoint, seed: int) -> None:
    random_, clock, number = random.Random(seed), Clock(), 0
    newest = dict.fromkeys(CUSTOMERS, "low")
    tell(tmp_path, *(state(one) for one in CUSTOMERS))
    together = random_.choice([1, 3])
    here.got.clear()
    here.always = status(204)
    one = courier(tmp_path, here.url, clock, together=together, attempts=50, first_wait_s=1.0, most_wait_s=8.0)
    here.always = moody(random_)  # type: ignore[assignment]
    for _ in range(40):
        act = random_.random()
        if act < 0.4:
            number += 1
            customer, band = random_.choice(CUSTOMERS), random_.choice(BANDS)
            newest[customer] = band
            tell(tmp_path, state(customer, band, number))
        elif act < 0.5:
            killed(one)
            one.close()
            one = courier(tmp_path, here.url, clock, together=together, attempts=50, first_wait_s=1.0, most_wait_s=8.0)
        else:
            one.step()
        clock.now += random_.choice([0.0, 0.5, 3.0])
    here.always = status(204)
    for _ in range(30):
        one.step()
        clock.now += 400
    one.close()
    known, at, contents = dict.fromkeys(CUSTOMERS, "low"), dict.fromkeys(CUSTOMERS, ""), dict[str, dict[str, object]]()
    for got, body in zip(here.got, bodies(here.got), strict=True):
        changes = body["data"]["changes"] if together > 1 else [body["data"]]
        for told in changes:
            customer = told["customer_id"]
            assert told["told_at"] >= at[customer], "what is older never comes after what is newer"
            known[customer], at[customer] = told["to"]["band"], told["told_at"]
            assert contents.setdefault(got.id, {}).setdefault(customer, told) == told, "one id, one content"
    assert known == newest
