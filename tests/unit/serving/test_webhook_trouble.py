"""Clocks that step, receivers that lie, a journal from a backup: each change is told, and not over and over."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from serving.changes.file import FILE as CHANGES
from serving.webhooks.keeping import Kept
from serving.webhooks.letters import Letters
from serving.webhooks.posting import Line, Receiver, Reply
from tests.webhook_receiver import Clock, Endpoint, bodies, courier, state, status, stepped, tell

YEAR_S = 366 * 86400


@pytest.mark.parametrize("back_s", [10, 3600, YEAR_S])
def test_what_waits_does_not_wait_for_a_clock_that_stepped_back(
    tmp_path: Path, here: Endpoint, clock: Clock, back_s: int
) -> None:
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url, clock, first_wait_s=5.0)
    tell(tmp_path, state("C1", "high", 1))
    here.answers = [status(503, Retry_After="600")]
    stepped(one, 2)
    assert len(here.got) == 1
    one._take_up(one._place())
    clock.now -= back_s
    tell(tmp_path, state("C2", "high", 1))
    stepped(one)
    assert sorted(told["data"]["customer_id"] for told in bodies(here.got)) == ["C1", "C1", "C2"]
    one.close()


def test_a_clock_that_stepped_back_between_two_starts_holds_nothing_up_for_more_than_a_day(
    tmp_path: Path, here: Endpoint, clock: Clock
) -> None:
    tell(tmp_path, state("C1"))
    one = courier(tmp_path, here.url, clock)
    tell(tmp_path, state("C1", "high", 1))
    here.answers = [status(503)]
    stepped(one, 2)
    one.close()
    clock.now -= YEAR_S
    one = courier(tmp_path, here.url, clock)
    clock.now += 86401
    stepped(one)
    assert len(here.got) == 2
    one.close()


def test_a_clock_that_goes_on_keeps_every_wait(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    tell(tmp_path, state("C1"))
    one = courier(tmp_path, here.url, clock)
    tell(tmp_path, state("C1", "high", 1))
    here.answers = [status(503, Retry_After="600")]
    stepped(one, 2)
    for _ in range(59):
        clock.now += 10
        one.step()
    assert len(here.got) == 1
    one.close()


def test_a_journal_put_back_from_a_backup_is_told_from_there_on_under_ids_of_its_own(
    tmp_path: Path, here: Endpoint
) -> None:
    """Its numbers come again with other content, which a receiver must not take for what it has."""
    tell(tmp_path, state("C1"), state("C2"))
    backup = tmp_path / "backup"
    shutil.copytree(tmp_path / CHANGES.parent, backup)
    one = courier(tmp_path, here.url)
    tell(tmp_path, state("C1", "high", 1))
    stepped(one)
    for path in (tmp_path / CHANGES.parent).glob(f"{CHANGES.name}*"):
        path.unlink()
    for path in backup.glob(f"{CHANGES.name}*"):
        shutil.copy(path, tmp_path / CHANGES.parent)
    stepped(one)
    tell(tmp_path, state("C2", "medium", 2))
    stepped(one)
    assert [told["data"]["customer_id"] for told in bodies(here.got)] == ["C1", "C2"]
    assert len({got.id for got in here.got}) == 2
    one.close()


def test_letters_of_two_journals_never_share_an_id(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    """What waits from before has a number that the new journal gives out again."""
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url, clock)
    tell(tmp_path, state("C1", "high", 1))  # number 3
    one._take_up(one._place())
    for path in (tmp_path / CHANGES.parent).glob(f"{CHANGES.name}*"):
        path.unlink()
    tell(tmp_path, state("C3"), state("C4"))
    tell(tmp_path, state("C3", "high", 2))  # number 3 again
    stepped(one)
    assert sorted(told["data"]["customer_id"] for told in bodies(here.got)) == ["C1", "C3"]
    assert len({got.id for got in here.got}) == 2
    one.close()


@pytest.mark.parametrize("told", ["Sun, 06 Nov 99999999999 08:49:37 GMT", "Sun, 06 Nov 2026 08:49:37 +9999", ",,,", ""])
def test_a_retry_after_of_no_sense_is_none(here: Endpoint, told: str) -> None:
    here.always = status(503, Retry_After=told)
    line = Line(Receiver(here.url, 5.0, True))
    assert line.post(b"{}", {}) == Reply(503, "status 503")
    line.close()


def test_whatever_a_receiver_makes_of_us_its_letter_has_failed_and_no_other_comes_twice(
    tmp_path: Path, here: Endpoint, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"C{number}" for number in range(6)]
    tell(tmp_path, *(state(name) for name in names))
    one = courier(tmp_path, here.url, clock, attempts=2, first_wait_s=1.0, at_once=1)
    whole = Line.post

    def post(line: Line, body: bytes, headers: dict[str, str]) -> Reply:
        if b'"C2"' in body:
            raise RuntimeError
        return whole(line, body, headers)

    monkeypatch.setattr(Line, "post", post)
    tell(tmp_path, *(state(name, "high", 1) for name in names))
    for _ in range(8):
        one.step()
        clock.now += 400
    assert sorted(told["data"]["customer_id"] for told in bodies(here.got)) == ["C0", "C1", "C3", "C4", "C5"]
    kept = Kept(tmp_path)
    ((_, tries, why),) = kept.dead("r1", 10)
    assert (tries, why) == (2, "no_answer")
    kept.close()
    one.close()


@contextmanager
def raw(answer: bytes, hold_s: float = 0.0) -> Iterator[str]:
    """A receiver that answers with these bytes and then holds the connection."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def run() -> None:
            caller, _ = door.accept()
            with caller:
                caller.recv(65536)
                caller.sendall(answer)
                time.sleep(hold_s)

        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/"


@pytest.mark.parametrize(
    ("answer", "hold_s"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 0.0),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 0.0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", 0.6),
    ],
)
def test_a_letter_is_taken_by_its_status_whatever_comes_after_it(answer: bytes, hold_s: float) -> None:
    with raw(answer, hold_s) as url:
        line = Line(Receiver(url, 0.3, True))
        assert line.post(b"{}", {}) == Reply(200)
        line.close()


def test_a_slow_beginning_leaves_later_letters_their_time(here: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(host: str, port: int, deadline: float, *, allow_private: bool) -> socket.socket:
        del deadline, allow_private
        time.sleep(0.8)
        return socket.create_connection((host, port))

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)
        status(204)(handler)

    monkeypatch.setattr("serving.webhooks.posting._opened", slow)
    line = Line(Receiver(here.url, 1.0, True))
    assert line.post(b"{}", {}).is_taken
    here.answers = [slowly]
    assert line.post(b"{}", {}).is_taken
    line.close()


def test_hastening_touches_no_other_receiver(tmp_path: Path) -> None:
    letters = Letters(tmp_path)
    for name in ("r1", "r2"):
        letters.place(name, "j", 0)
        letters.leave_alone(name, 900)
    letters.hasten("r1", 500)
    assert [letters.place(name, "j", 0).open_us for name in ("r1", "r2")] == [500, 900]
    letters.hasten("r2", 1000)
    assert letters.place("r2", "j", 0).open_us == 900
    letters.close()
