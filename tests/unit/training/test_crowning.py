"""Who serves changes whole or not at all: kills between the steps, two at once, an outage; and the history's chain."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.signing_key import NoSigningKey
from tests.bundles import a_bundle
from tests.unit.training import made
from training import history
from training.crowning import INTENT, PromotionUnderWay, alone, heal, kept_beside, steps
from training.gate_verdict import Verdict
from training.history import before
from training.shadow import NoShadow, OtherFeatures, ServesAlready, begin, end, shadow
from training.taking_back import rollback
from training.versions import Files, MemoryRegistry, Version

NAME = "churn-made"
ORDER = ["intent", "alias", "record", "history", "kept", "done"]


@pytest.fixture
def settings(tmp_path: Path) -> made.Settings:
    return made.settings(tmp_path)


@pytest.fixture
def registry() -> MemoryRegistry:
    """Two versions; nobody serves."""
    found = MemoryRegistry()
    for trees in (1, 2):
        facts = {"train_snapshot": "snapshots/a", "test_snapshot": "snapshots/b"}
        found.register(NAME, a_bundle(trees=trees), "tree", facts, Files())
    return found


def an_act(registry: MemoryRegistry, settings: made.Settings, number: int, act: str = "promote") -> dict[str, Any]:
    version: Version = registry.get(NAME, number)
    line = history.compose(act, version, settings, verdict=Verdict((), "first").as_json(), why=("because", "因为"))
    record = {"version": number, "name": NAME, "model": "churn", "history_hash": line["hash"]}
    return {"record": record, "line": line}


def served(registry: MemoryRegistry, settings: made.Settings) -> tuple[int | None, int | None, int | None]:
    """Who serves by the alias, by the champion's file and by the history."""
    path, lines = settings.folder / "champion" / "churn.json", history.read(settings)
    written = json.loads(path.read_text())["version"] if path.exists() else None
    return registry.champion(NAME), written, lines[-1]["version"] if lines else None


def do(registry: MemoryRegistry, settings: made.Settings, number: int, *, until: str = "done") -> None:
    for step in steps(an_act(registry, settings, number), registry, settings):
        if step == until:
            return


@pytest.mark.parametrize("until", ORDER)
def test_a_change_that_was_cut_short_is_finished_or_forgotten(
    until: str, registry: MemoryRegistry, settings: made.Settings
) -> None:
    do(registry, settings, 1)
    do(registry, settings, 2, until=until)
    with alone(settings):
        said = heal(registry, settings)
    expected = 1 if until == "intent" else 2
    assert served(registry, settings) == (expected, expected, expected)
    assert (said is None) == (until == "done")
    assert not (settings.folder / "champion" / INTENT).exists()
    assert len(history.read(settings)) == expected
    assert history.faults(history.read(settings), settings, {"churn": _kept(settings)}) == []
    assert heal(registry, settings) is None


def test_two_at_once_are_told(settings: made.Settings, registry: MemoryRegistry) -> None:
    with alone(settings), pytest.raises(PromotionUnderWay) as told, alone(settings):
        pass
    assert "churn history" in told.value.mend
    with alone(settings), pytest.raises(PromotionUnderWay):
        rollback("churn", registry, settings)


class Down(MemoryRegistry):
    """A registry that is not reached when the alias is to be moved."""

    def crown(self, name: str, version: int) -> None:
        raise ConnectionError


def test_an_outage_in_the_middle_leaves_the_champion_as_it_was(
    registry: MemoryRegistry, settings: made.Settings
) -> None:
    do(registry, settings, 1)
    down = Down()
    down.__dict__.update(registry.__dict__)
    with pytest.raises(ConnectionError):
        do(down, settings, 2)
    assert served(registry, settings) == (1, 1, 1)
    said = heal(registry, settings)
    assert said is not None
    assert "who served goes on serving" in said
    assert served(registry, settings) == (1, 1, 1)


def _kept(settings: made.Settings) -> str:
    return str(json.loads((settings.folder / "champion" / "churn.json").read_text())["history_hash"])


def _change(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [lines[0] | {"who": "somebody else"}, *lines[1:]]


def _rehash(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    changed = _change(lines)
    changed[0]["hash"] = history.hash_of(changed[0])
    return changed


def _whole_chain(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    changed, last = [], ""
    for line in _change(lines):
        again = line | {"before": last}
        last = again["hash"] = history.hash_of(again)
        changed.append(again)
    return changed


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (_change, "line 1 was changed"),
        (_rehash, "the line before line 2 was changed"),
        (lambda lines: lines[1:], "lines are missing"),
        (lambda lines: [lines[0], lines[2]], "lines are missing"),
        (lambda lines: lines[:-1], "does not end with the act"),
        (_whole_chain, "does not end with the act"),
    ],
)
def test_who_changes_the_history_is_found_out(
    tamper: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], fault: str, registry: MemoryRegistry,
    settings: made.Settings,
) -> None:  # fmt: skip
    for number in (1, 2, 1):
        do(registry, settings, number)
    lines, kept = history.read(settings), {"churn": _kept(settings)}
    assert history.faults(lines, settings, kept) == []
    assert any(fault in one for one in history.faults(tamper(lines), settings, kept))


@pytest.mark.parametrize("strange", [b"not json\n", b"{}\n", b"\n", b"7\n", '{"why": "客'.encode()[:-1]])
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_changed(
    strange: bytes, registry: MemoryRegistry, settings: made.Settings
) -> None:
    do(registry, settings, 1)
    path = history.path_of(settings)
    path.write_bytes(path.read_bytes() + strange)
    for act in (history.read, lambda of: do(registry, of, 2)):
        with pytest.raises(history.TamperedHistory, match="line 2 cannot be read") as told:
            act(settings)
        assert "backup" in told.value.mend
    assert registry.champion(NAME) == 1


def test_acts_that_changed_nobody_are_missed_by_what_the_registry_keeps(
    registry: MemoryRegistry, settings: made.Settings
) -> None:
    do(registry, settings, 1)
    begin("churn", registry, settings)
    end("churn", registry, settings)
    lines, kept, beside = history.read(settings), {"churn": _kept(settings)}, kept_beside(registry, NAME)
    assert beside == {line["hash"][:12] for line in lines}
    assert history.faults(lines, settings, kept, beside) == []
    for some in (lines[:1], lines[:2]):
        assert history.faults(some, settings, kept) == []
        missing = history.faults(some, settings, kept, beside)
        assert len(missing) == len(lines) - len(some)
        assert all("is no line" in one for one in missing)


def test_a_key_signs_what_a_new_chain_cannot(registry: MemoryRegistry, settings: made.Settings, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    update = {"gate": settings.gate.model_copy(update={"signing_key_file": str(tmp_path / "key"), "who": "ana"})}
    signed = settings.model_copy(update=update)
    do(registry, signed, 1)
    lines = history.read(signed)
    assert lines[0]["who"].startswith("ana on ")
    assert history.faults(lines, signed, {}) == []
    assert history.faults(_whole_chain(lines), signed, {}) == ["line 1 is not signed with the key"]
    (tmp_path / "key").unlink()
    with pytest.raises(NoSigningKey) as told:
        history.faults(lines, signed, {})
    assert "openssl" in told.value.mend


def test_lines_of_before_the_chain_hang_on_its_first(registry: MemoryRegistry, settings: made.Settings) -> None:
    (settings.folder / "champion").mkdir(parents=True)
    old = {"act": "promote", "at": "2026-01-01", "model": "churn", "name": NAME, "version": 1, "model_hash": "h"}
    history.path_of(settings).write_text(json.dumps(old) + "\n")
    do(registry, settings, 2)
    lines = history.read(settings)
    assert history.faults(lines, settings, {}) == []
    assert history.faults([old | {"version": 7}, lines[1]], settings, {}) != []
    assert before(lines) == [1]


def test_a_return_uses_up_a_reign_and_a_refusal_none() -> None:
    acts = [{"act": act, "version": number} for act, number in (
        ("promote", 1), ("refused", 2), ("promote", 3), ("shadow", 4), ("return", 1))]  # fmt: skip
    assert before(acts[:4]) == [1]
    assert before(acts) == []


def test_a_shadow_begins_ends_and_stands_in_the_history(registry: MemoryRegistry, settings: made.Settings) -> None:
    with pytest.raises(NoShadow) as nobody:
        begin("churn", registry, settings)
    assert "--shadow" in nobody.value.mend
    do(registry, settings, 2)
    with pytest.raises(ServesAlready) as already:
        begin("churn", registry, settings)
    assert "churn train" in already.value.mend
    do(registry, settings, 1)
    told = begin("churn", registry, settings)
    assert (told["version"], told["beside"]) == (2, 1)
    assert shadow(settings, "churn") == told
    assert registry.champion(NAME) == 1
    end("churn", registry, settings)
    assert shadow(settings, "churn") is None
    assert [one["act"] for one in history.read(settings)][-2:] == ["shadow", "shadow_ended"]
    facts = {"train_snapshot": "snapshots/a", "test_snapshot": "snapshots/b"}
    registry.register(NAME, a_bundle(feature_set_hash="other"), "tree", facts, Files())
    with pytest.raises(OtherFeatures) as other:
        begin("churn", registry, settings)
    assert "churn promote" in other.value.mend
