"""What arrivals say in sound weeks, and where a source stops, thins out, doubles or comes late; what the page shows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.monitoring_sections import Monitoring
from churn.settings import Settings
from features.log import read_log_manifest
from monitoring.data.arrival_reasons import about_arrivals, about_refused
from monitoring.data.arrival_sections import figures, sections
from monitoring.data.arrivals import Arrivals, KindWeeks, Tally, arrivals
from monitoring.data.incoming import FromSource, Incoming, features_by_kind, incoming
from monitoring.data.outages import outages
from monitoring.data.refused import REFUSED, ROWS, refused_since
from monitoring.findings import Whole
from monitoring.history import History, Run, key_of
from monitoring.verdict import judge_whole
from tests.monitored_shop import Shop

END = datetime(2026, 1, 1, tzinfo=UTC)
WEEKS, CHANCE = 110, 1 / (13 * 9)  # a false alarm a quarter, dealt to nine questions


def weeks_of(mean: float, seed: int) -> dict[str, list[float]]:
    """A kind with a season, a week of holidays a year and weeks that differ by more than chance; newest first."""
    random = np.random.default_rng(seed)
    back = np.arange(WEEKS)
    season = 1 + 0.2 * np.sin(2 * np.pi * back / 52) - 0.5 * (back % 52 == 45)
    rate = mean * season * random.lognormal(0, 0.08, WEEKS)
    events = random.poisson(rate)
    return {
        "events": events.tolist(), "in_all": events.tolist(),
        "silent_hours": np.round(random.exponential(168 / rate), 3).tolist(), "arrived": events.tolist(),
        "late": random.binomial(events, 0.01).tolist(), "corrected": [0] * WEEKS,
    }  # fmt: skip


def log_of(seed: int, change: Callable[[dict[str, list[float]]], None] | None = None) -> Arrivals:
    kinds = {name: weeks_of(mean, seed * 10 + place) for place, (name, mean) in enumerate(MEANS.items())}
    if change:
        change(kinds["visit"])
    made = {name: KindWeeks(**told, newest_at=END) for name, told in kinds.items()}
    return Arrivals(log_hash="h", end=END, tells_arrival=True, kinds=made)


MEANS = {"visit": 900.0, "order": 250.0, "ticket": 30.0, "survey": 4.0}


def silent(told: dict[str, list[float]]) -> None:
    told["silent_hours"][0], told["events"][0] = 100.0, int(told["events"][0] * 3 / 7)


def thin(told: dict[str, list[float]]) -> None:
    told["events"][0] = int(told["events"][0] * 0.02)


def double(told: dict[str, list[float]]) -> None:
    told["events"][0] *= 8


def late(told: dict[str, list[float]]) -> None:
    told["late"][0] = int(told["arrived"][0] * 0.4)


@pytest.mark.parametrize(
    ("change", "code"),
    [(silent, "source_silent"), (thin, "volume_fell"), (double, "volume_rose"), (late, "arrives_late")],
)
def test_what_is_wrong_is_named(change: Callable[[dict[str, list[float]]], None], code: str) -> None:
    for seed in range(5):
        found = outages(log_of(seed, change), CHANCE)
        assert [(one.kind, one.code) for one in found.outages] == [("visit", code)]
        assert (found.outages[0].number < found.outages[0].bar) == (code == "volume_fell")


def test_an_outage_is_told_while_it_stands_and_not_forgotten_for_the_next() -> None:
    def gone(weeks: range, share: float) -> Callable[[dict[str, list[float]]], None]:
        def change(told: dict[str, list[float]]) -> None:
            for week in weeks:
                told["events"][week] = told["arrived"][week] = int(told["events"][week] * share)
                told["late"][week] = 0
                if not share:
                    told["silent_hours"][week] = 168.0 * (weeks.stop - week)

        return change

    def codes(change: Callable[[dict[str, list[float]]], None], back: int = 0) -> list[str]:
        return [one.code for one in outages(log_of(3, change), CHANCE, back=back).outages if one.kind == "visit"]

    for weeks in (1, 5, 12, 20):
        assert codes(gone(range(weeks), 0.0)) == ["source_silent"], weeks
        assert codes(gone(range(weeks), 0.02)) == ["volume_fell"], weeks
    assert codes(gone(range(2, 12), 0.02)) == [], "what is mended did not rise"
    assert codes(gone(range(40), 0.02)) == [], "after half a year it is the usual"


def test_the_tail_of_a_campaign_is_not_late() -> None:
    def tail(told: dict[str, list[float]]) -> None:
        told["events"][:2], told["arrived"][:2], told["late"][:2] = [0, 900], [26, 900], [26, 0]

    found = outages(log_of(1, tail), CHANCE).outages
    assert [one.code for one in found if one.code == "arrives_late"] == []


def test_corrections_are_not_late_events() -> None:
    def corrected(told: dict[str, list[float]]) -> None:
        late(told)
        told["corrected"][0] = told["late"][0]

    assert outages(log_of(1, corrected), CHANCE).outages == ()


def test_sound_weeks_ring_no_more_often_than_the_budget_lets_them() -> None:
    """One week in 117 may ring."""
    rang = [
        bool(outages(log_of(seed), CHANCE, back=back).outages) for seed in range(100, 130) for back in range(0, 52, 6)
    ]
    assert sum(rang) <= 6  # of 270 expected 2.3; more than 6 come once in a hundred runs


def test_a_young_log_cannot_tell() -> None:
    young = {
        name: KindWeeks(**{key: told[:25] for key, told in weeks_of(50, 1).items()}, newest_at=END) for name in "ab"
    }
    found = outages(Arrivals(log_hash="h", end=END, tells_arrival=True, kinds=young), CHANCE)
    assert (found.limit, found.outages) == (None, ())


def come(seen: Arrivals, *, last: datetime = END) -> Incoming:
    sources = (FromSource("visits.csv", 100, 7, END - timedelta(days=3), faulty=5, key="visits"),)
    made_of = {"visit": ("visit_count_7d", "visit_count_30d")}
    return Incoming(seen, outages(seen, CHANCE), made_of, sources, last, 3, 1, 1000)


def test_the_reason_names_the_features_that_depend_on_the_kind() -> None:
    (reason,) = about_arrivals(come(log_of(1, silent)), END)
    assert (reason.outcome, reason.code, reason.evidence) == ("watch", "source_silent", "data.html#visit")
    assert "visit (100 h)" in reason.what[0]
    assert all("visit_count_7d, visit_count_30d" in words for words in reason.what)
    assert "churn ingest" in reason.mend[0]
    assert reason.number > reason.threshold


def test_rows_that_are_refused_of_late_are_told_though_they_are_few_of_all() -> None:
    def runs(*told: tuple[int, int]) -> list[dict[str, float]]:
        return [{f"{ROWS}{{source='till'}}": rows, f"{REFUSED}{{source='till'}}": bad} for rows, bad in told]

    half = {"till": (100_300, 150)}
    (found,) = refused_since(half, runs((99_000, 0), (100_000, 5)), 0.05)
    assert (found.rows, found.refused) == (300, 145)
    (reason,) = about_refused([found])
    assert (reason.outcome, reason.code, reason.threshold) == ("watch", "rows_refused", 0.05)
    assert "till (145 / 300)" in reason.what[0]
    assert "rejects.parquet" in reason.mend[0]
    assert len(refused_since(half, runs((100_000, 5), (100_300, 150)), 0.05)) == 1, "the same file looked at again"
    assert refused_since({"till": (100_600, 150)}, runs((100_000, 5), (100_300, 150)), 0.05) == (), "it is mended"
    assert len(refused_since({"till": (400, 200)}, runs((9_000, 300)), 0.05)) == 1, "another file is all new"
    assert refused_since(half, runs(), 0.05) == refused_since(half, [{}], 0.05) == ()
    told = {one.name: one.value for one in figures(come(log_of(1))) if "source" in one.labels}
    assert told == {ROWS: 100, REFUSED: 5}


def test_a_run_is_held_against_what_the_runs_before_kept_of_its_sources() -> None:
    came = come(log_of(1))
    figures_then = {key_of(one): one.value for one in figures(came) if "source" in one.labels}
    before = Run(END - timedelta(days=1), END, "keep", {}, figures_then)
    more = replace(came, sources=(replace(came.sources[0], rows=400, faulty=155),))
    seen = History((before,)).with_refused(Whole(END, incoming=more), 0.05)
    assert [reason.code for reason in judge_whole(seen, Monitoring()).reasons] == ["rows_refused"]
    assert History((before,)).with_refused(Whole(END, incoming=came), 0.05).refused == ()
    assert History((before,)).with_refused(Whole(END), 0.05).refused == ()


def test_events_of_the_future_cannot_be_told() -> None:
    (reason,) = about_arrivals(come(log_of(1), last=END + timedelta(hours=9)), END)
    assert (reason.outcome, reason.code, reason.number) == ("cannot_tell", "clock_moved", 9)
    assert "set the clock" in reason.mend[0]
    assert list(about_arrivals(None, END)) == []


def test_the_page_shows_kinds_and_sources_in_both_languages() -> None:
    kinds, sources = sections(come(log_of(1, silent)), END)
    assert kinds.body.index("visit") < kinds.body.index("order")  # the odd one first
    for words in (
        "visit: hours without an event",
        "no quiet week passes this",
        "无事件",
        "silent",
        "Corrected later: 3 of 1,000",
        "1 of 4 kinds are odd",
    ):
        assert words in kinds.body
    assert "7 (7.0%)" in sources.body
    assert "3.0" in sources.body
    told = {
        (one.name, one.labels["kind"]): one.value for one in figures(come(log_of(1, silent))) if "kind" in one.labels
    }
    assert told["churn_monitor_silent_hours", "visit"] == 100
    assert told["churn_monitor_arrival_is_odd", "visit"] == 1
    assert told["churn_monitor_arrival_is_odd", "order"] == 0


def test_the_formulas_of_a_catalogue_say_what_depends_on_what() -> None:
    count = {"selection": {"kinds": ["visit"], "reason_codes": []}, "operation": "count", "days": 7}
    order = {"selection": {"kinds": ["*"], "reason_codes": []}, "operation": "count", "days": 7}
    told = [{"name": "a", "formula": count}, {"name": "b", "formula": {"ratio": [count, order]}}, {"name": "c"}]
    assert features_by_kind(told, ("order", "renewal")) == {"visit": ("a", "b"), "order": ("b",), "renewal": ("b",)}


def test_a_log_is_counted_once(shop: Shop) -> None:
    folder, settings = shop.settings.folder, shop.settings
    manifest = read_log_manifest(folder)
    cache = folder / "monitoring" / "cache"
    first = arrivals(folder, manifest, settings.lifecycle.calendar, cache=cache)
    (kept,) = cache.glob("arrivals-*.json")
    written = kept.stat().st_mtime_ns
    assert arrivals(folder, manifest, settings.lifecycle.calendar, cache=cache) == first
    assert kept.stat().st_mtime_ns == written
    kept.write_text("{")
    assert arrivals(folder, manifest, settings.lifecycle.calendar, cache=cache) == first
    assert sum(sum(one.in_all) for one in first.kinds.values()) > 0.9 * manifest.events
    found = incoming(Settings.model_copy(settings), manifest)
    assert found.judged.outages == ()
    assert "order_count_90d" in found.features["order"]


@pytest.mark.parametrize("odd_us", [0, 44_670_000_000 % 900_000_000 + 1])  # midnights off the quarter are searched
@given(st.lists(st.integers(-40 * 96, 40 * 96), min_size=1), st.sampled_from([-1, 0, 1]))
def testdays_back_are_those_of_a_search(odd_us: int, quarters: list[int], off_us: int) -> None:
    hours = [0, 24, 47, 71, 96, 121, 145, 169]  # with a change of the clock each way
    edges_us = np.array([one * 3_600_000_000 + (odd_us if one else 0) for one in hours], dtype=np.int64)
    instants_us = np.array([*(one * 900_000_000 + off_us for one in quarters), -(2**62), 2**62], dtype=np.int64)
    expected = 7 - np.searchsorted(edges_us, instants_us, side="right")
    assert Tally(["order"], edges_us).days_back(instants_us).tolist() == expected.tolist()
