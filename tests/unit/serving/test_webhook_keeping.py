"""The queue between letters: the forgotten leave it, the dead are kept and pruned, one process sends."""

import re
from pathlib import Path

import pytest

from churn.calendar import to_us
from churn.settings import Settings
from churn.webhook_sections import Webhooks
from cli import webhooks as room
from features.erasure.store import NOTHING, Whom
from serving.metrics import Metrics
from serving.webhooks.keeping import Kept, erase_from_letters
from serving.webhooks.sender import NoCaFile, Sender, is_sending, receivers
from serving.webhooks.signing import VARIABLE
from tests import tiny_service
from tests.tiny_service import NOW
from tests.webhook_receiver import (
    SECRET,
    Clock,
    Endpoint,
    bodies,
    courier,
    state,
    status,
    stepped,
    tell,
    wait_until,
)


def test_whoever_is_forgotten_is_in_no_letter(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    tell(tmp_path, state("C1"), state("leaver-007"))
    one = courier(tmp_path, here.url, clock)
    here.always = status(503)
    tell(tmp_path, state("C1", "high", 1), state("leaver-007", "high", 1))
    stepped(one, 2)
    erased = erase_from_letters(tmp_path, Whom(frozenset({"leaver-007"})))
    assert (erased.rows, erased.found) == (1, {"leaver-007"})
    assert erase_from_letters(tmp_path, Whom(frozenset({"leaver-007"}))) == NOTHING
    assert not [path for path in (tmp_path / "serving").glob("webhooks.db*") if b"leaver-007" in path.read_bytes()]
    here.always, came = status(204), len(here.got)
    clock.now += 10**4
    stepped(one)
    assert [told["data"]["customer_id"] for told in bodies(here.got[came:])] == ["C1"]
    one.close()


def test_a_letter_that_was_taken_is_in_no_file_of_the_queue(tmp_path: Path, here: Endpoint) -> None:
    """While its sender runs, a taken letter still lies in what SQLite has to write back."""
    tell(tmp_path, state("leaver-007"))
    one = courier(tmp_path, here.url)
    tell(tmp_path, state("leaver-007", "high", 1))
    stepped(one)
    wait_until(lambda: [told["customer_id"] for told in here.told] == ["leaver-007"])
    stepped(one)
    assert erase_from_letters(tmp_path, Whom(frozenset({"leaver-007"}))) == NOTHING
    assert not [path for path in (tmp_path / "serving").glob("webhooks.db*") if b"leaver-007" in path.read_bytes()]
    one.close()


def test_whoever_is_forgotten_meanwhile_is_not_taken_up_and_not_sent(tmp_path: Path, here: Endpoint) -> None:
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url)
    one._forgotten = lambda ids: {"C2"} & set(ids)
    tell(tmp_path, state("C1", "high", 1), state("C2", "high", 1))
    stepped(one)
    assert [told["customer_id"] for told in here.told] == ["C1"]
    kept = Kept(tmp_path)
    assert kept.customers() == set()
    kept.close()
    one.close()


def test_dead_letters_go_after_their_time(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    tell(tmp_path, state("C1"))
    one = courier(tmp_path, here.url, clock, attempts=1)
    here.always = status(500)
    tell(tmp_path, state("C1", "high", 1))
    stepped(one, 2)
    kept = Kept(tmp_path)
    assert kept.prune(to_us(NOW)) == 0
    assert kept.prune(int((clock.now + 1) * 1e6)) == 1
    assert kept.keep_only({"another"}) == 0
    kept.close()
    one.close()


def test_commands_say_how_receivers_do(tmp_path: Path, here: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    wanted = Webhooks(urls=(here.url,), allow_http=True, allow_private=True, attempts=1)
    held = tiny_service.settings(tmp_path).model_copy(update={"webhooks": wanted})
    tell(held.folder, state("C1"))
    (row,) = room.status(held).as_json["receivers"]
    assert (row["state"], row["waiting"], row["dead"], row["changes_behind"]) == ("well", 0, 0, 0)
    assert row["receiver"] == here.url.removesuffix("/hook?x=1"), "the path may hold a secret"
    (sent,) = room.try_out(held).as_json
    assert (sent["status"], sent["answer"]) == (204, "taken")
    assert here.got[0].told["type"] == "webhook.test"
    here.answers = [status(410), status(410)]
    assert room.try_out(held).exit_code == 10
    tell(held.folder, state("C1", "high", 1))
    (one,) = room.sender(held).couriers()
    one.step()
    one.close()
    told = room.status(held)
    (row,) = told.as_json["receivers"]
    assert row["state"].startswith("gone")
    assert (row["dead"], row["dead_letters"][0]["customer_id"]) == (1, "C1")
    assert "No process sends" in told.text
    assert room.retry(held).as_json == {"letters": 1}
    assert room.status(tiny_service.settings(tmp_path)).as_json == {"sending": False, "receivers": []}


def test_meters_say_what_was_sent_and_what_waits(tmp_path: Path, here: Endpoint, clock: Clock) -> None:
    metrics = Metrics()
    tell(tmp_path, state("C1"), state("C2"))
    one = courier(tmp_path, here.url, clock, attempts=1)
    one._meter = metrics.webhooks
    here.answers = [status(500)]
    tell(tmp_path, state("C1", "high", 1))
    one.step()
    tell(tmp_path, state("C2", "high", 1))
    one.step()
    here.always = status(503)
    tell(tmp_path, state("C2", "low", 2))
    one._take_up(one._place())
    clock.now += 7
    one.step()
    text = metrics.text().decode()
    host = here.url.removesuffix("/hook?x=1")
    assert 'churn_webhooks_total{what="sent"} 1.0' in text
    assert 'churn_webhooks_total{what="dead"} 2.0' in text
    assert f'churn_webhooks_waiting{{receiver="1 {host}"}} 1.0' in text
    (lag,) = re.findall(r"churn_webhooks_lag_seconds{.*} (.*)", text)
    assert 7 <= float(lag) < 8
    one.close()


def test_certificates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    held = tiny_service.settings(tmp_path).model_copy(update={"root": tmp_path})
    (tmp_path / "empty.pem").write_text("")
    assert all(one.context for one in receivers(_with(held, None)).values())
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(NoCaFile, match="PEM"):
            receivers(_with(held, name))


def _with(held: Settings, ca_file: str | None) -> Settings:
    wanted = Webhooks(urls=("https://crm.example/hook",), ca_file=ca_file)
    return held.model_copy(update={"webhooks": wanted})


def test_one_process_sends_and_the_next_takes_over(tmp_path: Path, here: Endpoint) -> None:
    wanted = Webhooks(urls=(here.url,), allow_http=True, allow_private=True)
    held = tiny_service.settings(tmp_path).model_copy(update={"webhooks": wanted})
    names = [f"C{number}" for number in range(6)]
    tell(held.folder, *(state(name) for name in names))
    senders = [Sender(held, {VARIABLE: SECRET}, forgotten=lambda _: set()) for _ in range(2)]
    for one in senders:
        one.start()
    wait_until(lambda: is_sending(held.folder))
    wait_until(lambda: _has_place(held.folder))
    tell(held.folder, *(state(name, "high", 1) for name in names[:3]))
    wait_until(lambda: len(here.got) == 3)
    first = next(one for one in senders if any(t.name.startswith("webhooks") for t in one._threads))
    first.close()
    tell(held.folder, *(state(name, "high", 1) for name in names[3:]))
    wait_until(lambda: len(here.got) == 6)
    assert sorted(told["customer_id"] for told in here.told) == names
    for one in senders:
        one.close()
    wait_until(lambda: not is_sending(held.folder))


def _has_place(folder: Path) -> bool:
    kept = Kept(folder)
    with kept.session() as cursor:
        found = bool(cursor.execute("SELECT COUNT(*) FROM receiver").fetchone()[0])
    kept.close()
    return found
