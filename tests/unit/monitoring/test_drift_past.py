"""The quiet past from the log: as it was known then, kept as counts, and only the new week computed again."""

import shutil
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from churn.bundle import model_hash
from churn.treeshap import STUMP, TreeShap
from features.log import read_log_manifest
from features.log_reading import read_events
from features.parts import log_parts
from features.snapshots import current
from monitoring.champion import Champion, champions
from monitoring.drift.harm import losses, moves_of, packed
from monitoring.drift.kept import place_of, read_past, write_past
from monitoring.drift.past import LAST, WEEKS, Back, Grid, _wanted, pasts
from monitoring.drift.reference import look_at, reference
from monitoring.drift.sums import Asked
from monitoring.drift.weeks import Past
from monitoring.reading.customers import Sample
from monitoring.reading.windows import reference_rows
from monitoring.trees import ChangedTrees, trees_of
from tests import small_shop
from tests.monitored_shop import Shop

ALL = Sample(16, 1.0)


def looked_back(shop: Shop, now: datetime, said: list[str] | None = None) -> tuple[Back, Champion]:
    (champion,) = champions(shop.settings.folder, "monitored")
    cache = shop.settings.folder / "monitoring" / "cache"
    asked = Asked(champion, reference(champion, cache), None)
    lifecycle = shop.settings.lifecycle
    found = pasts(
        [asked], log_parts(shop.settings.folder), small_shop.features(lifecycle), lifecycle,
        read_log_manifest(shop.settings.folder), now=now, cache=cache,
        progress=(said if said is not None else []).append,
    )  # fmt: skip
    return found["churn"], champion


def end_of(shop: Shop) -> datetime:
    return read_log_manifest(shop.settings.folder).observed_until


class Begun(NamedTuple):
    """A business whose past was computed a week ago."""

    shop: Shop
    back: Back
    champion: Champion
    said: list[str]


@pytest.fixture(scope="module")
def begun(template: Shop, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    folder = tmp_path_factory.mktemp("begun") / "artifacts"
    shutil.copytree(template.settings.artifacts, folder)
    shop, said = template.moved(folder), list[str]()
    a_week_ago = shop.settings.lifecycle.calendar.plus_days(end_of(shop), -7)
    back, champion = looked_back(shop, a_week_ago, said)
    return Begun(shop, back, champion, said)


def test_a_past_week_is_what_the_features_were_then(begun: Begun) -> None:
    shop, back, champion, _ = begun
    week = back.past.weeks[-3]
    lifecycle = shop.settings.lifecycle
    then = current(read_events(shop.settings.folder), small_shop.features(lifecycle), lifecycle, week.at)
    then = then[then["model"] == "churn"]
    known = look_at(champion, reference_rows(champion))
    assert week.rows == len(then)
    for name, counts in week.counts.items():
        told = known.features[name].histogram.binning.count(then[name].to_numpy(dtype=np.float64))
        assert counts.tolist() == told.tolist()
    assert back.before is not None
    assert len(back.before.vectors) == len(back.before.customers) == back.past.weeks[-1].rows


def test_the_second_run_reads_what_was_kept_and_adds_one_week(begun: Begun) -> None:
    shop, first, champion, said = begun
    assert len(said) == 1
    assert len(first.past.weeks) > 12
    end = end_of(shop)
    assert end.astimezone(shop.settings.lifecycle.calendar.zone).weekday() != 0, "else every week is a Monday"
    again, _ = looked_back(shop, end, said)
    assert len(said) == 1, "one week is not worth a word"
    assert again.past.weeks[-1].at == shop.settings.lifecycle.calendar.plus_days(end, -7)
    known = {week.at: week.rows for week in first.past.weeks}
    assert all(known[week.at] == week.rows for week in again.past.weeks[:-1] if week.at in known)
    (path,) = [one for one in (shop.settings.folder / "monitoring" / "cache").iterdir() if one.name.startswith("past")]
    assert path.name.startswith(f"past-churn-{champion.model_hash[:12]}")
    assert "customer" not in path.read_text(encoding="utf-8")


def test_a_past_of_another_model_or_a_torn_one_is_made_anew(begun: Begun, tmp_path: Path) -> None:
    _, back, champion, _ = begun
    path = tmp_path / "past.json"
    write_past(path, champion, back.past, ALL)
    assert read_past(path, champion, ALL).weeks[0].at == back.past.weeks[0].at
    assert read_past(path, champion, Sample(8, 1.0)).weeks == read_past(path, champion, Sample(16, 0.5)).weeks == ()
    assert read_past(path, replace(champion, model_hash="other"), ALL).weeks == ()
    path.write_text(path.read_text(encoding="utf-8")[:500], encoding="utf-8")
    assert read_past(path, champion, ALL) == Past()


def test_a_folder_that_cannot_be_written_costs_time_and_no_verdict(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("monitoring.drift.past.write_past", full)
    said: list[str] = []
    back, _ = looked_back(begun.shop, end_of(begun.shop), said)
    assert back.past.weeks
    assert "No space left on device" in said[-1]


def test_another_day_of_the_week_costs_its_last_weeks_and_no_more(begun: Begun) -> None:
    shop, _, champion, _ = begun
    calendar, now = shop.settings.lifecycle.calendar, end_of(shop)
    looked_back(shop, now)
    kept = read_past(place_of(shop.settings.folder / "monitoring" / "cache", champion), champion, ALL)
    grid = Grid.of(shop.settings.lifecycle, calendar.plus_days(now, -2), kept.weeks[0].at)
    assert _wanted(grid, {"churn": kept}) == grid.last, "this day was never asked about: four weeks, not two years"
    weeks = looked_back(shop, calendar.plus_days(now, -2))[0].past.weeks
    days = [calendar.day_of(week.at).weekday() for week in weeks]
    assert set(days[:-LAST]) == {0}
    assert days[-LAST:] == [calendar.day_of(calendar.plus_days(now, -2)).weekday()] * LAST
    assert all(4 <= (after.at - before.at).days <= 10 for before, after in pairwise(weeks))
    daily = Grid.of(shop.settings.lifecycle, now, kept.weeks[0].at)
    assert _wanted(daily, {"churn": kept}) == daily.last[-1:], "a day that is known asks for the rows of a week ago"


def test_a_large_business_is_looked_at_by_some_of_its_files_and_customers() -> None:
    sizes = (10, 20_000, 20_001, 100_000, 1_000_000)
    told = [Sample.of(16, size) for size in sizes]
    assert told == [Sample(16, 1.0), Sample(16, 1.0), Sample(8, 1.0), Sample(2, 1.0), Sample(1, 0.25)]
    assert [one.among(16) for one in told] == [1.0, 1.0, 0.5, 0.125, 1 / 64]
    assert Sample.of(0, 0) == Sample(1, 1.0)
    assert WEEKS == 104


def test_what_a_shift_may_cost_is_nothing_without_one_and_grows_with_it(shop: Shop) -> None:
    (champion,) = champions(shop.settings.folder, "monitored")
    trees = TreeShap.from_text(STUMP.replace("leaf_value=0 0", "leaf_value=-1 1"))
    bundle = champion.bundle.model_copy(update={"features": ("only",), "categories": {}})
    rows = np.random.default_rng(1).normal(size=(500, 1))
    then = moves_of(bundle, trees, rows)
    assert set(losses(then, bundle, trees, rows).values()) == {0.0}
    shifted = [losses(then, bundle, trees, rows + by)["only"] for by in (0.3, 3.0)]
    assert 0 < shifted[0] < shifted[1]


def test_packed_features_stand_in_the_models_order_and_missing_ones_are_null() -> None:
    vectors = packed(("a", "b", "c"), {"c": np.array([3.0]), "a": np.array([1.0])})
    assert vectors[0, [0, 2]].tolist() == [1.0, 3.0]
    assert np.isnan(vectors[0, 1])


def test_trees_are_those_of_the_champion_or_none(shop: Shop, tmp_path: Path) -> None:
    (champion,) = champions(shop.settings.folder, "monitored")
    assert trees_of(tmp_path, champion) is None
    named = model_hash(champion.bundle.to_json(), STUMP)
    mine = replace(champion, model_hash=named)
    (tmp_path / "models" / named).mkdir(parents=True)
    path = tmp_path / "models" / named / "booster.txt"
    path.write_text(STUMP, encoding="utf-8")
    assert trees_of(tmp_path, mine) is not None
    path.write_text(STUMP.replace("leaf_value=", "leaf_value=9"), encoding="utf-8")
    with pytest.raises(ChangedTrees, match="delete that folder"):
        trees_of(tmp_path, mine)
