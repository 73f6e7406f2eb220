"""Forgetting goes through every store, survives being cut off anywhere, and tells what it did but not of whom."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from features.erasure.aliases import aliases_of
from features.erasure.forgetting import Receipt, forget, forget_again, let_back
from features.erasure.forgotten import FOLDER, Forgotten
from features.erasure.journal import Journal
from features.erasure.left_over import sweep
from features.erasure.log import erase_from_log
from features.erasure.store import NOTHING, Erased, Store, Whom
from features.file_lock import Busy
from features.shelf import workshop
from tests import mapped_shop

HELD = ("ann", "bob", "客户")


class Killed(BaseException):
    """The process is no more."""


class Drawer:
    """A store of one file, a name a line; `kill` ends the process before or after it is written."""

    def __init__(self, name: str, kill: str = "") -> None:
        self.name, self.kill = name, kill

    def fill(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / self.name).write_text("\n".join(HELD), encoding="utf-8")

    def held(self, folder: Path) -> list[str]:
        return (folder / self.name).read_text(encoding="utf-8").split("\n")

    def erase(self, folder: Path, whom: Whom) -> Erased:
        if self.kill == "before":
            raise Killed
        held = self.held(folder)
        found = whom.among(held)
        if not found:
            return NOTHING
        (folder / self.name).write_text("\n".join(one for one in held if one not in found), encoding="utf-8")
        if self.kill == "after":
            raise Killed
        return Erased(len(found), 1, 10, frozenset(found))

    def store(self) -> Store:
        return Store(self.name, "names", (self.name,), "for ever", erase=self.erase)


@pytest.fixture
def drawers(tmp_path: Path) -> list[Drawer]:
    made = [Drawer("first"), Drawer("second"), Drawer("third")]
    for one in made:
        one.fill(tmp_path)
    return made


def asked(folder: Path, drawers: list[Drawer], *ids: str, keep_out: bool = False) -> Receipt:
    return forget(folder, [one.store() for one in drawers], ids, keep_out=keep_out, models=lambda _: [])


def test_every_store_drops_them_and_nobody_comes_back(tmp_path: Path, drawers: list[Drawer]) -> None:
    receipt = asked(tmp_path, drawers, "bob", "客户")
    assert all(one.held(tmp_path) == ["ann"] for one in drawers)
    assert Forgotten.read(tmp_path).among(HELD) == {"bob", "客户"}
    assert receipt.content["stores"] == [
        {"store": one.name, "rows": 2, "files": 1, "bytes_written": 10} for one in drawers
    ]
    stored = json.loads(receipt.path.read_text(encoding="utf-8"))
    assert stored == receipt.content
    for path in (tmp_path / FOLDER).rglob("*.json*"):
        assert not any(name in path.read_text(encoding="utf-8") for name in HELD)


@pytest.mark.parametrize("kill", ["before", "after"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_whoever_was_cut_off_asks_again(tmp_path: Path, drawers: list[Drawer], kill: str, place: int) -> None:
    drawers[place].kill = kill
    with pytest.raises(Killed):
        asked(tmp_path, drawers, "bob")
    assert "bob" in Forgotten.read(tmp_path)  # from the first moment on nothing of theirs comes in
    (cut_off,) = Journal(tmp_path).unfinished()
    drawers[place].kill = ""
    receipt = asked(tmp_path, drawers, "bob")
    assert all("bob" not in one.held(tmp_path) for one in drawers)
    assert receipt.content["request"] == cut_off.id
    assert Journal(tmp_path).unfinished() == []
    told = sum(one["rows"] for one in receipt.content["stores"])
    assert told == (3 if kill == "before" else 2)  # what was done is counted once it was written down
    assert receipt.content["customers"][0]["known"] is True


def test_a_larger_request_settles_one_that_was_cut_off(tmp_path: Path, drawers: list[Drawer]) -> None:
    drawers[1].kill = "before"
    with pytest.raises(Killed):
        asked(tmp_path, drawers, "bob")
    drawers[1].kill = ""
    asked(tmp_path, drawers, "ann", "bob")
    assert Journal(tmp_path).unfinished() == []


def test_a_line_torn_by_a_power_cut_is_no_line(tmp_path: Path, drawers: list[Drawer]) -> None:
    asked(tmp_path, drawers, "bob")
    path = tmp_path / FOLDER / "requests.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    asked(tmp_path, drawers, "ann")
    lines = path.read_text().splitlines()
    assert len([line for line in lines if line.endswith("}")]) == len(lines) - 1
    assert len(Journal(tmp_path).unfinished()) == 1  # bob's, whose end was torn off


def test_who_is_unknown_is_not_kept_out_unless_asked(tmp_path: Path, drawers: list[Drawer]) -> None:
    receipt = asked(tmp_path, drawers, "bob", "zoe")
    assert receipt.unknown == ("zoe",)
    assert Forgotten.read(tmp_path).among(["bob", "zoe"]) == {"bob"}
    assert [one["kept_out"] for one in receipt.content["customers"]].count(True) == 1
    asked(tmp_path, drawers, "zoe", keep_out=True)
    assert "zoe" in Forgotten.read(tmp_path)


def test_forgotten_before_is_told(tmp_path: Path, drawers: list[Drawer]) -> None:
    asked(tmp_path, drawers, "bob")
    receipt = asked(tmp_path, drawers, "bob")
    assert (receipt.again, receipt.unknown) == (("bob",), ())
    assert let_back(tmp_path, ["bob", "ann"]) == {"bob"}
    assert "bob" not in Forgotten.read(tmp_path)


def test_a_backup_that_came_back_is_forgotten_again(tmp_path: Path, drawers: list[Drawer]) -> None:
    asked(tmp_path, drawers, "bob", "客户")
    for one in drawers:
        one.fill(tmp_path)
    seen: list[frozenset[str]] = []
    keys = Store("keys", "", ("k",), "", erase=lambda _, whom: seen.append(whom.ids) or NOTHING)
    receipt = forget_again(tmp_path, [*(one.store() for one in drawers), keys], models=lambda _: [])
    assert all(one.held(tmp_path) == ["ann"] for one in drawers)
    assert seen == [frozenset({"bob", "客户"})]  # a store of keys is told whom the others had
    assert all(one["known"] for one in receipt.content["customers"])


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / ".x.csv-999999999").write_text("bob")
    (tmp_path / ".work-abc").mkdir()
    (tmp_path / ".work-abc" / "log").write_text("bob")
    mine = tmp_path / "scores" / f".y.csv-{os.getpid()}"
    mine.write_text("being written")
    assert sweep(tmp_path, Whom(frozenset({"bob"}))).files >= 1
    assert sorted(path.name for path in tmp_path.rglob(".*")) == [".lock", mine.name]


def test_nobody_is_forgotten_while_an_ingest_runs(tmp_path: Path) -> None:
    with workshop(tmp_path), pytest.raises(Busy):
        sweep(tmp_path, Whom())


def test_one_request_at_a_time(tmp_path: Path, drawers: list[Drawer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.erasure.turns.WAIT_S", 0.1)
    inner: list[Callable[[], Receipt]] = [lambda: asked(tmp_path, drawers[:1], "ann")]
    nested = Store("nested", "", ("n",), "", erase=lambda *_: inner[0]() and NOTHING)
    with pytest.raises(Busy) as raised:
        forget(tmp_path, [nested], ["bob"], keep_out=False, models=lambda _: [])
    assert "wait until it is done" in raised.value.mend


def test_former_ids_of_a_customer_go_too_and_others_stay(tmp_path: Path) -> None:
    """Ann calls as h1 and buys as s1; since the merge she is s1, and what was frozen before says h1."""
    folder = mapped_shop.told(tmp_path, "hotline,h1,s1,2024-03-15").path.parent
    assert aliases_of(folder, frozenset({"s1"})) == {"h1"}
    assert aliases_of(folder, frozenset({"h1"})) == frozenset()
    assert aliases_of(tmp_path / "nowhere", frozenset({"s1"})) == frozenset()
    seen: list[Whom] = []
    log = Store("log", "", ("log/*",), "", erase=erase_from_log)
    frozen = Store("frozen", "", ("f",), "", erase=lambda _, whom: seen.append(whom) or NOTHING)
    forget(folder, [log, frozen], ["s1"], keep_out=False, models=lambda _: [])
    assert seen[0].among(["h1", "s1", "s2", "h2"]) == {"h1", "s1"}
    assert Forgotten.read(folder).among(["h1", "s1", "s2", "h2"]) == {"h1", "s1"}
    assert aliases_of(folder, frozenset({"s1"})) == frozenset()  # nobody can name h1 any more


def test_former_ids_are_still_known_after_a_kill(tmp_path: Path) -> None:
    folder = mapped_shop.told(tmp_path, "hotline,h1,s1,2024-03-15").path.parent
    log = Store("log", "", ("log/*",), "", erase=erase_from_log)
    seen: list[Whom] = []

    def once(_: Path, whom: Whom) -> Erased:
        seen.append(whom)
        if len(seen) == 1:
            raise Killed
        return NOTHING

    frozen = Store("frozen", "", ("f",), "", erase=once)
    with pytest.raises(Killed):
        forget(folder, [log, frozen], ["s1"], keep_out=False, models=lambda _: [])
    forget(folder, [log, frozen], ["s1"], keep_out=False, models=lambda _: [])
    assert seen[1].among(["h1", "s1", "s2"]) == {"h1", "s1"}


def test_an_id_that_went_to_somebody_else_is_not_theirs_alone(tmp_path: Path) -> None:
    """Half of what stood under s1 is c7's since a split; forgetting c7 leaves s1 what is theirs."""
    rows = ("hotline,h1,s1,2024-03-15", "hotline,h1,c7,2024-04-10")
    folder = mapped_shop.told(tmp_path, *rows).path.parent
    assert "s1" not in aliases_of(folder, frozenset({"c7"}))
