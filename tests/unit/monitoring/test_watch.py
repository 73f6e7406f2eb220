"""The watch: which floor is broken, until when it is held; and a bad champion that goes back by itself, once."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from churn.model_sections import Gate
from cli.watch import failed_requests, watch
from features.atomic import write_json
from monitoring.looking import look
from monitoring.watch import Seen, breach, watched_until
from tests.bundles import a_bundle
from tests.monitored_shop import VERSION, Shop
from tests.unit.monitoring.test_ledger import matured
from training import history
from training.crowning import steps
from training.gate_verdict import Verdict
from training.versions import Files, MemoryRegistry

NAME = VERSION.split("/")[0]
THEN = datetime(2024, 1, 1, tzinfo=UTC)


def seen_of(shop: Shop, **changes: Any) -> Seen:
    found = look(shop.settings, progress=lambda _: None).findings[0]
    seen = Seen(found.champion, THEN, THEN + timedelta(days=1), found.realised, found.score, is_sound=True, min_rows=50)
    return replace(seen, **changes)


def bad(shop: Shop) -> None:
    """Scores upside down, whose outcomes are known."""
    rows = matured(shop)
    shop.write_scores(rows, 1 - shop.probability(rows))


def crowned(shop: Shop, registry: MemoryRegistry, version: int, at: datetime) -> None:
    """A champion by force, as if the gate had let it in."""
    held = registry.get(NAME, version)
    line = history.compose("promote", held, shop.settings, verdict=Verdict(()).as_json(), as_of=at)
    path = shop.settings.folder / "champion" / "churn.json"
    record = json.loads(path.read_text()) | {"version": version, "history_hash": line["hash"]}
    for _ in steps({"record": record, "line": line}, registry, shop.settings):
        pass


def two_champions(shop: Shop) -> MemoryRegistry:
    """Version 2 served; version 1, whose scores there are, serves now."""
    registry = MemoryRegistry()
    for trees in (1, 2):
        facts = {"train_snapshot": "snapshots/a", "test_snapshot": "snapshots/b"}
        registry.register(NAME, a_bundle(trees=trees), "tree", facts, Files())
    return registry


def test_a_sound_champion_stays(shop: Shop) -> None:
    shop.write_scores(matured(shop))
    assert breach(seen_of(shop), Gate()) is None


def test_each_floor_is_told_and_none_beyond_its_number(shop: Shop) -> None:
    bad(shop)
    seen = seen_of(shop)
    assert seen.score is not None
    cases: list[tuple[Seen, str | None]] = [
        (replace(seen, score=None), "below_the_rate"),
        (replace(seen, score=replace(seen.score, psi=0.51), realised=None), "scores_moved"),
        (replace(seen, score=replace(seen.score, psi=0.5), realised=None), None),
        (replace(seen, score=replace(seen.score, psi=0.51), realised=None, is_sound=False), None),
        (replace(seen, score=None, realised=None, abstained=(51, 100)), "no_number"),
        (replace(seen, score=None, realised=None, abstained=(50, 100)), None),
        (replace(seen, score=None, realised=None, failed=(6, 100)), "requests_fail"),
        (replace(seen, score=None, realised=None, failed=(9, 10)), None),
    ]
    for case, code in cases:
        found = breach(case, Gate())
        assert (found.code if found else None) == code
        assert found is None or (found.why and found.why_zh)


def test_a_champion_that_ranks_below_the_rule_is_told(shop: Shop) -> None:
    bad(shop)
    seen = seen_of(shop, score=None)
    metrics = {**seen.champion.bundle.metrics, "recency_rule": {"roc_auc": 0.6}}
    champion = replace(seen.champion, bundle=seen.champion.bundle.model_copy(update={"metrics": metrics}))
    found = breach(replace(seen, champion=champion), Gate())
    assert found is not None
    assert found.code == "below_the_rule"


def test_the_watch_ends_some_days_after_the_first_outcomes(shop: Shop) -> None:
    bad(shop)
    seen = seen_of(shop, score=None)
    end = watched_until(seen.champion, THEN, Gate())
    assert end == THEN + timedelta(days=90 + 30)
    assert breach(replace(seen, now=end), Gate())
    assert breach(replace(seen, now=end + timedelta(microseconds=1)), Gate()) is None
    assert breach(seen, Gate(watch_days=0)) is None


def test_a_bad_champion_goes_back_by_itself_and_only_once(shop: Shop) -> None:
    registry = two_champions(shop)
    seen = look(shop.settings, progress=lambda _: None)
    at = seen.now - timedelta(days=100)
    crowned(shop, registry, 2, at - timedelta(days=200))
    crowned(shop, registry, 1, at)
    bad(shop)
    seen = look(shop.settings, progress=lambda _: None)
    (line,) = watch(shop.settings, seen.findings, seen.now, registry)
    assert (line["from"], line["to"]) == (f"{NAME}/1", f"{NAME}/2")
    assert registry.champion(NAME) == 2
    assert json.loads((shop.settings.folder / "champion" / "churn.json").read_text())["version"] == 2
    told = history.read(shop.settings)[-1]
    assert (told["act"], told["version"], told["instead_of"]) == ("return", 2, 1)
    assert told["why"] == line["why"]
    assert watch(shop.settings, seen.findings, seen.now, registry) == []
    assert registry.champion(NAME) == 2


def test_without_a_champion_before_nobody_goes_back(shop: Shop) -> None:
    registry = two_champions(shop)
    bad(shop)
    seen = look(shop.settings, progress=lambda _: None)
    assert watch(shop.settings, seen.findings, seen.now, registry) == [], "a history of before the chain has no lines"
    crowned(shop, registry, 1, seen.now - timedelta(days=100))
    assert watch(shop.settings, seen.findings, seen.now, registry) == []


@pytest.mark.parametrize("note", [None, {}, {"port": 1}])
def test_requests_of_no_service_are_none(note: dict[str, int] | None, shop: Shop) -> None:
    if note is not None:
        write_json(shop.settings.folder / "serving" / "service.json", note)
    assert failed_requests(shop.settings, VERSION) == (0, 0)
