"""Forecasts of the active base: by hand, over parts, and judged only when their day has come."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from churn.calendar import to_us
from churn.calibration import Calibrator
from churn.cohort import CHURN, REACTIVATION
from churn.outlook import Band, Curve, Outlook
from monitoring.business.arrivals import expected_arrivals
from monitoring.business.base import Base, base
from monitoring.business.forecast import SEASON_DAYS, Forecast, forecast
from monitoring.business.forecasts_file import FILE, due, judged, keep_forecasts, read_forecasts
from monitoring.business.sight import Sight
from monitoring.reading.customers import numbers_of
from monitoring.reading.newest import Told
from tests import drawn_business
from tests.bundles import a_bundle
from tests.drawn_business import CYCLE, DAYS, FIRST, Drawn

NOW = (FIRST + np.timedelta64(DAYS, "D")).to_pydatetime()
MISSING = {"remaining": "too_few", "value": "no_amounts"}


def outlook(*, band: bool = True) -> Outlook:
    """30, 60 and 90 days; two thirds of those who come by 90 come by 60, a third by 30."""
    days = (30, 60, 90)
    curve = Curve(days=days, own_days=90, knots=(0.0,), shares=((1 / 3, 2 / 3, 1.0),), kinds=("platt",) * 3)
    one = Band(knots=(0.0,), halves=(0.2,), cohorts=9, independent=9.0) if band else None
    missing = MISSING | ({} if band else {"band": "short_past"})
    bands = {"30": one, "60": one} if one else {}
    return Outlook(horizons_days=days, curve=curve, band=one, bands=bands, missing=missing)


def sight(model: str, *, band: bool = True, gap_days: int = 0) -> Sight:
    label = "churned" if model == CHURN else "reactivated"
    told = outlook(band=band)
    return Sight(a_bundle(model=model, label=label, gap_days=gap_days, outlook=told, calibrator=Calibrator()))


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return drawn_business.draw(300, seed=8)


def counted(drawn: Drawn, *, parts: int = 1, told: float = 0.25, share: float = 1.0, **kinds: bool) -> Base:
    """Everybody was told the same: a quarter will be silent, or return."""
    ids = sorted(drawn.frame["customer_id"].unique())
    numbers = np.sort(numbers_of(pa.array(ids[: int(len(ids) * share)], type=pa.string())))
    answers = Told(numbers, np.full(len(numbers), told))
    asked = {model: (sight(model, **kinds), answers) for model in (CHURN, REACTIVATION)}
    fold = base(drawn.edges, drawn.first_day, asked, [to_us(NOW - timedelta(days=back)) for back in (40, 10)])
    drawn.walk(fold, parts=parts)
    return fold


def test_the_parts_of_a_forecast_by_hand(drawn: Drawn) -> None:
    fold = counted(drawn)
    near, _, far = forecast(fold, NOW, ("churn-x/1",)).told
    lapsed = fold.told[REACTIVATION][0, 0]
    assert near.kept == fold.certain[0]
    assert near.come == pytest.approx(fold.told[CHURN][0, 0] * 0.75 / 3), (
        "three of four come by 90 days, a third of them by 30"
    )
    assert far.kept == 0, "nobody stays for 90 days without an order where 60 lapse"
    stays = fold.past[:, 2, 1, 2].sum() / fold.past[:, 2, 1, 1].sum()
    assert stays < 0.95, "who comes on the first of 90 days may have lapsed again"
    assert far.returned == pytest.approx(lapsed * 0.25), "nobody ever returned here, so nobody left again"
    assert near.returned == pytest.approx(lapsed * 0.25 / 3)
    for one in (near, far):
        assert one.expected == pytest.approx(one.kept + one.come + one.returned + one.new)
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.expected < one.high
        assert one.due == NOW + timedelta(days=one.horizon_days)


def test_parts_of_the_log_add_up(drawn: Drawn) -> None:
    whole, parts = counted(drawn), counted(drawn, parts=3)
    for name in ("certain", "past", "daily", "came"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    assert all(np.allclose(told, parts.told[model]) for model, told in whole.told.items())
    assert whole.active == parts.active


def test_what_came_is_the_active_base_of_that_day(drawn: Drawn) -> None:
    orders = drawn.frame[drawn.frame["event_type"] == "order"]
    for back, came in zip((40, 10), counted(drawn).came, strict=True):
        at = NOW - timedelta(days=back)
        last = orders[orders["event_timestamp"] < at].groupby("customer_id")["event_timestamp"].max()
        days = (at.date() - last.dt.date).map(lambda gap: gap.days)
        assert came == (days <= CYCLE.definition.lapse.days).sum()


@pytest.mark.parametrize(
    ("change", "code"), [({"share": 0.5}, "not_scored"), ({"gap_days": 7}, "gap")], ids=["not scored", "gap"]
)
def test_what_cannot_be_told_says_why(drawn: Drawn, change: dict, code: str) -> None:
    told = forecast(counted(drawn, **change), NOW)
    assert (told.told, told.code) == ((), code)


def test_no_model_no_forecast(drawn: Drawn) -> None:
    fold = base(drawn.edges, drawn.first_day, {})
    drawn.walk(fold)
    assert forecast(fold, NOW).code == "no_models"
    alone = counted(drawn)
    alone.asked = {CHURN: alone.asked[CHURN]}
    assert forecast(alone, NOW).code == "one_model"


def test_a_log_that_has_not_seen_the_season_tells_no_forecast(drawn: Drawn) -> None:
    fold = counted(drawn)
    fold.daily = fold.daily[-SEASON_DAYS:]
    assert forecast(fold, NOW).code == "told"
    fold.daily = fold.daily[1:]
    told = forecast(fold, NOW)
    assert (told.told, told.code) == ((), "no_season")


def test_without_a_band_there_is_no_interval(drawn: Drawn) -> None:
    one = forecast(counted(drawn, band=False), NOW).told[0]
    assert (one.low, one.high, one.interval_code) == (None, None, "no_band")
    assert one.expected > 0


def test_log_odds_come_back_from_probabilities() -> None:
    raw = np.array([-3.0, 0.0, 2.5])
    one = sight(CHURN)
    assert one.raw(one.bundle.probability(raw)) == pytest.approx(raw, abs=0.01)
    flat = Sight(
        one.bundle.model_copy(update={"calibrator": Calibrator(kind="isotonic", knots=((-1.0, 0.5), (1.0, 0.5)))})
    )
    assert flat.bundle.probability(flat.raw(np.array([0.5]))) == pytest.approx(0.5)


def arrivals(days: int, *, season: bool) -> np.ndarray:
    day = np.arange(days)
    rate = 20 * (1 + 0.8 * season * np.sin(2 * np.pi * day / 365))
    return np.random.default_rng(1).poisson(rate).astype(np.int64)


def test_arrivals_follow_the_season_where_there_is_one() -> None:
    told = expected_arrivals(arrivals(1_050, season=True), 60)
    assert told is not None
    assert told.method == "season"
    day = np.arange(1_050, 1_110)
    assert told.value == pytest.approx(20 * (1 + 0.8 * np.sin(2 * np.pi * day / 365)).sum(), rel=0.15)
    even = expected_arrivals(arrivals(1_050, season=False), 60)
    assert even is not None
    assert even.value == pytest.approx(1_200, rel=0.1)


def test_a_short_past_has_no_spread_and_a_shorter_one_no_number() -> None:
    short = expected_arrivals(arrivals(150, season=False), 60)
    assert short is not None
    assert short.spread is None
    assert expected_arrivals(arrivals(80, season=False), 30) is None


AT = datetime(2025, 3, 1, tzinfo=UTC)


def told(day: int, horizon: int = 30, expected: float = 100.0) -> Forecast:
    at = AT + timedelta(days=day)
    parts = (50.0, 30.0, 10.0, 10.0)
    return Forecast(at, at + timedelta(days=horizon), horizon, 90, expected, 80.0, 120.0, *parts, None, ("churn-x/1",))


def test_a_forecast_is_judged_only_when_its_day_has_come(tmp_path: Path) -> None:
    keep_forecasts(tmp_path, [], [told(0), told(0, 90)])
    kept, unreadable = read_forecasts(tmp_path)
    assert (len(kept), unreadable) == (2, 0)
    assert due(kept, AT + timedelta(days=29)) == []
    open_ones = due(kept, AT + timedelta(days=30))
    assert open_ones == [to_us(AT + timedelta(days=30))]
    first, second = judged(kept, {open_ones[0]: 130})
    assert (first.actual, first.held) == (130, False)
    assert (second.actual, second.held) == (None, None), "immature, and not zero"
    keep_forecasts(tmp_path, [first, second], [])
    kept, _ = read_forecasts(tmp_path)
    assert due(kept, AT + timedelta(days=50)) == [], "judged once"
    assert judged(kept, {open_ones[0]: 7})[0].actual == 130


def test_a_run_done_again_replaces_its_forecasts(tmp_path: Path) -> None:
    keep_forecasts(tmp_path, [told(0)], [told(0, expected=105.0)])
    kept, _ = read_forecasts(tmp_path)
    assert [one.expected for one in kept] == [105.0]


def test_a_line_that_cannot_be_read_is_counted_and_costs_no_other(tmp_path: Path) -> None:
    keep_forecasts(tmp_path, [], [told(0)])
    path = tmp_path / FILE
    path.write_text('{"as_of": "20\n' + path.read_text(encoding="utf-8") + "[]\n", encoding="utf-8")
    kept, unreadable = read_forecasts(tmp_path)
    assert (len(kept), unreadable) == (1, 2)


def test_old_forecasts_are_dropped(tmp_path: Path) -> None:
    keep_forecasts(tmp_path, [told(0)], [told(1_200)])
    assert [one.as_of for one in read_forecasts(tmp_path)[0]] == [AT + timedelta(days=1_200)]
