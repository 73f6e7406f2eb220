"""Planted leaks are named; a clean log names nothing."""

import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from churn.calendar import DAY_US
from churn.sections import Business
from churn.settings import Settings
from features.catalogue import catalogue
from features.hindsight import known_today
from features.simulation import Simulation, SimulationSettings, simulate
from features.snapshot_rows import asked
from tests import leaky_shop
from tests.command_line import churn
from tests.mapped_shop import orders_only
from training.leaks.adversarial import adversarial
from training.leaks.evidence import Evidence, kinds_of, spread
from training.leaks.hunt import Hunt
from training.leaks.kept import Learned, keep_hunt, read_hunt, standing_of
from training.leaks.page import page
from training.leaks.recorded import Lane, Recorded, thinning
from training.leaks.single import Question, auc_alone, surely_more, worth

SETTINGS = Settings(business=Business(slug="leaky", name="Leaky <shop>", timezone="Asia/Shanghai"))


@pytest.fixture(scope="module")
def shop() -> Simulation:
    return simulate(SimulationSettings(customers=1_500, seed=11))


@pytest.fixture(scope="module")
def clean(shop: Simulation) -> Hunt:
    return leaky_shop.look(shop.events, shop.observed_until, SETTINGS)


def named(found: Hunt) -> set[tuple[str, str]]:
    return {(one.check, one.kind) for one in found.suspicions}


def test_a_clean_log_names_nothing(clean: Hunt) -> None:
    assert clean.suspicions == ()
    assert clean.passed
    assert {model for model, rows in clean.rows.items() if rows > 1000} == {"churn", "reactivation"}


def test_a_late_note_dated_back_is_caught_by_the_known_time_check_and_guarded(shop: Simulation) -> None:
    found = leaky_shop.look(leaky_shop.notes_of_the_lost(shop, honest=True), shop.observed_until, SETTINGS)
    assert ("known_time", "retention_note") in named(found)
    assert found.passed, "the door holds: no model sees it"
    (one,) = (one for one in found.suspicions if one.model == "churn")
    assert one.figures["later"] > one.figures["known"] + 0.1
    assert all(name.startswith("retention_note") for name in one.features)


@pytest.mark.parametrize("silent_days", [30, 60])
def test_a_wrong_ingested_at_is_caught_where_the_log_ends(shop: Simulation, silent_days: int) -> None:
    events = leaky_shop.notes_of_the_lost(shop, silent_days=silent_days, honest=False)
    found = leaky_shop.look(events, shop.observed_until, SETTINGS)
    assert ("recorded_late", "retention_note") in named(found)
    assert "retention_note_days_since" in found.features
    assert {kind for _, kind in named(found)} == {"retention_note"}


@pytest.mark.parametrize(
    ("plant", "feature"),
    [
        (leaky_shop.account_closed, "profile_account_closed"),
        (leaky_shop.segment_of_the_outcome, "profile_segment"),
        (leaky_shop.numbered_by_last_order, "profile_row_number"),
    ],
)
def test_a_value_of_today_dated_back_is_named(shop: Simulation, plant: object, feature: str) -> None:
    found = leaky_shop.look(plant(shop), shop.observed_until, SETTINGS)  # type: ignore[operator]
    assert set(found.features) == {feature}
    assert "future_correlated" in {check for check, _ in named(found)}


def test_a_snapshot_made_with_hindsight_is_not_what_the_log_gives(shop: Simulation, clean: Hunt) -> None:
    """The rows of a model that learned from a table of today: the leak that the gate must stop."""
    frame = leaky_shop.notes_of_the_lost(shop, honest=True)
    log, features = leaky_shop.opened(frame, SETTINGS)
    cutoffs = list(clean.cutoffs[:2])
    until = shop.observed_until
    honest, leaky = (
        asked(one, features=features, lifecycle=SETTINGS.lifecycle, cutoffs=cutoffs, observed_until=until)
        for one in (log, known_today(log))
    )
    assert "not_as_known" not in {one for one, _ in named(leaky_shop.look(frame, until, SETTINGS, honest))}
    found = leaky_shop.look(frame, until, SETTINGS, leaky)
    assert any(name.startswith("retention_note") for one in found.suspicious for name in one.features)


def test_folds_are_told_apart_by_what_moved() -> None:
    random = np.random.default_rng(9)
    X, fresh = random.normal(size=(1500, 4)), random.normal(size=(1500, 4))
    fresh[:, 1] += 1.5
    X[:, 3] = np.repeat([1.0, 2.0, 3.0], 500)
    fresh[:, 3] = 4.0
    customers = np.array([f"c{one}" for one in range(1500)], dtype=object)
    seen = Evidence(
        names=("still", "moved", "code", "season"), kinds={}, category=np.array([False, False, True, False]),
        X=X.round(1), later=X, outcome=np.zeros(1500), far=np.zeros(1500), customer=customers,
        cutoff_us=np.repeat([1, 2, 3], 500), fresh=fresh.round(1), fresh_customer=customers,
    )  # fmt: skip
    apart = adversarial(seen, seed=7)
    assert apart is not None
    assert (apart.shared, apart.auc) == (("season",), 1.0)
    assert [one.feature for one in apart.movers] == ["moved"]
    assert apart.without_calendar > 0.8
    assert 0.6 > apart.left > 0.4
    assert adversarial(replace(seen, fresh=fresh[:3], fresh_customer=customers[:3]), seed=7) is None


def test_what_tells_most_alone_is_said(clean: Hunt) -> None:
    names = [name for name, _ in clean.best["churn"]]
    assert any(name.startswith("visit") for name in names[:3])
    assert all(0.6 < auc < 0.9 for _, auc in clean.best["churn"])


def test_the_report_is_kept_and_the_gate_can_ask_it(shop: Simulation, clean: Hunt, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"artifacts": tmp_path})
    dirty = leaky_shop.look(leaky_shop.account_closed(shop), shop.observed_until, SETTINGS)
    learned = Learned(("order_count_ever", "profile_account_closed"), **dirty.key, observed_until=shop.observed_until)
    assert standing_of(read_hunt(settings.folder), learned).state == "not_required"
    told = keep_hunt(dirty, settings).read_text(encoding="utf-8")
    assert "Leaky &lt;shop&gt;" in told
    days = [one.astimezone(ZoneInfo("Asia/Shanghai")).date() for one in (dirty.cutoffs[0], dirty.cutoffs[-1])]
    assert f"from {days[0]} to {days[1]}" in told, "a cutoff is told as the day of the shop, not of Greenwich"
    assert "profile_account_closed" in told
    assert "可疑" in told
    kept = read_hunt(settings.folder)
    assert kept is not None
    assert kept["suspicious_features"] == ["profile_account_closed"]
    found = standing_of(kept, learned)
    assert (found.state, "profile_account_closed" in found.why) == ("failed", True)
    assert "log" not in found.why, "it is the log that the model learned from"
    assert standing_of(kept, replace(learned, features=("order_count_ever",))).state == "passed"
    assert "Nothing suspicious" in page(clean, settings)
    json.dumps(clean.as_json())


def test_a_useless_feature_is_worth_a_half_and_a_u_shape_is_seen() -> None:
    random = np.random.default_rng(3)
    customers = np.array([f"c{one}" for one in range(4000)], dtype=object)
    x = random.normal(size=4000)
    outcome = (np.abs(x) > 1).astype(float)
    question = Question.of(outcome, customers, seed=7)
    assert auc_alone(random.normal(size=4000), question) == pytest.approx(0.5, abs=0.04)
    assert auc_alone(x, question) > 0.95
    assert auc_alone(np.where(outcome > 0, np.nan, 1.0), question) == 1.0
    assert auc_alone(np.where(outcome > 0, 7.0, 3.0), question, is_category=True) == 1.0
    assert auc_alone(np.full(4000, np.nan), question) == pytest.approx(0.5, abs=0.04)


def test_surely_more_is_positive_only_for_more() -> None:
    random = np.random.default_rng(4)
    customers = np.array([f"c{one % 800}" for one in range(2400)], dtype=object)
    x = random.normal(size=2400)
    question = Question.of((x + random.normal(size=2400) > 0).astype(float), customers, seed=7)
    good, poor = worth(x, question), worth(random.normal(size=2400), question)
    assert surely_more((good, question), (poor, question), seed=1) > 0.1
    assert surely_more((good, question), (good, question), seed=1) == 0
    assert surely_more((poor, question), (good, question), seed=1) < 0


@pytest.mark.parametrize(("missing_days", "thin"), [(0, False), (10, True), (40, True)])
def test_a_kind_thins_out_where_its_last_days_are_missing(missing_days: int, thin: bool) -> None:
    days = np.arange(700)
    base = np.repeat(days, 20).astype(np.int64) * DAY_US
    notes = np.repeat(days[: len(days) - missing_days], 6).astype(np.int64) * DAY_US
    seen = Recorded({"order": Lane(base, base * 0), "note": Lane(notes, notes * 0)})
    found = list(thinning(seen, ("order",), until_us=700 * DAY_US))
    assert [one.kind for one in found] == (["note"] if thin else [])


def test_delays_that_the_source_tells_explain_what_is_missing() -> None:
    days = np.arange(700)
    base = np.repeat(days, 20).astype(np.int64) * DAY_US
    notes = np.repeat(days[:660], 6).astype(np.int64) * DAY_US  # known forty days later, and saying so
    seen = Recorded({"order": Lane(base, base * 0), "note": Lane(notes, np.full_like(notes, 40 * DAY_US))})
    assert list(thinning(seen, ("order",), until_us=700 * DAY_US)) == []


def test_rare_and_bursty_kinds_are_no_suspects() -> None:
    days = np.arange(700)
    base = np.repeat(days, 20).astype(np.int64) * DAY_US
    campaign = np.repeat(days[days % 120 == 5], 900).astype(np.int64) * DAY_US
    rare = days[:600:40].astype(np.int64) * DAY_US
    seen = Recorded({"order": Lane(base, base * 0), "mail": Lane(campaign, campaign * 0), "rare": Lane(rare, rare * 0)})
    assert list(thinning(seen, ("order",), until_us=700 * DAY_US)) == []


def test_a_feature_of_two_kinds_counts_for_the_one_that_does_not_qualify() -> None:
    lifecycle = SETTINGS.lifecycle
    columns = {"order": {"amount"}, "return": {"amount"}}
    features = {one.name: one for one in catalogue(list(columns), columns, lifecycle)}
    assert kinds_of(features["return_share_ever"], lifecycle) == ("return",)
    assert kinds_of(features["order_count_ever"], lifecycle) == ("order",)
    assert kinds_of(features["season_sine"], lifecycle) == ()


def test_cutoffs_are_spread_with_both_ends(clean: Hunt) -> None:
    many = [clean.observed_until.replace(year=2000 + year) for year in range(20)]
    chosen = spread(many)
    assert (len(chosen), chosen[0], chosen[-1]) == (6, many[0], many[-1])
    assert spread(many[:3]) == many[:3]


def test_too_few_rows_are_told_not_judged(shop: Simulation) -> None:
    few = shop.events[shop.events["customer_id"] < "C000040"]
    found = leaky_shop.look(few, shop.observed_until, SETTINGS)
    assert found.suspicions == ()
    assert any("fewer than 30" in en and "不足 30 行" in zh for en, zh in found.untold)


def test_the_command_hunts_and_says_what_it_could_not_check(tmp_path: Path) -> None:
    config = orders_only(tmp_path)
    said = churn("leaks", "--json", config=config)
    told = json.loads(said.out)
    assert (said.code, told["passed"]) == (0, True)
    assert any("fewer than 30" in one["en"] for one in told["not_checked"])
    assert all(one["zh"] != one["en"] for one in told["not_checked"])
    assert list(tmp_path.rglob("leaks/report.html"))
    assert "not checked: churn: fewer than 30" in churn("leaks", config=config).out
    assert told["frozen_snapshot"] == ""
    snapshot = json.loads(churn("snapshot", "freeze", "--json", config=config).out)
    folder = Path(snapshot["path"]).parents[1]
    champion = {
        "feature_set_hash": told["feature_set_hash"], "snapshot_hash": snapshot["hash"],
        "snapshot_path": f"snapshots/{Path(snapshot['path']).name}",
    }  # fmt: skip
    (folder / "champion").mkdir()
    (folder / "champion" / "churn.json").write_text(json.dumps(champion), encoding="utf-8")
    held = json.loads(churn("leaks", "--json", config=config).out)
    assert held["frozen_snapshot"] == snapshot["hash"], "the gate asks whose rows were held against the log"
    assert not any("frozen snapshot" in one["en"] for one in held["not_checked"])
