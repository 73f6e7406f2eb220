"""Buy-till-you-die models: against simulation, against the literature's closed forms, and where they keep silent."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln, hyp2f1

from churn.calendar import to_us
from churn.definition import ChurnDefinition, Subscription
from churn.events import FloatArray
from tests.unit.training import made
from training.btyd import bg_nbd, pareto_nbd
from training.btyd.fitting import Found, NotFound
from training.btyd.histories import Histories, histories, needed
from training.btyd.rival import Abstains, Known, fit_btyd, fit_raw
from training.rows import Columns, Rows

PUBLISHED_BG = np.array([0.243, 4.414, 0.793, 2.426])  # Fader, Hardie, Lee (2005), weeks
PUBLISHED_PARETO = np.array([0.553, 10.578, 0.606, 11.669])


def _drawn(
    family: str, parameters: FloatArray, n: int, *, until: float, ahead: float, seed: int
) -> tuple[Histories, FloatArray]:
    """Customers who live by a model, event by event, and for each the days after `until` on which they come."""
    random = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    rate = random.gamma(r, 1 / alpha, n)
    leaves = random.beta(a, b, n) if family == "bg_nbd" else random.gamma(a, 1 / b, n)
    repeats, last = np.zeros(n), np.zeros(n)
    coming: list[list[float]] = []
    for i in range(n):
        at, later = 0.0, []
        end = np.inf if family == "bg_nbd" else random.exponential(1 / leaves[i])
        gone = family == "bg_nbd" and random.random() < leaves[i]
        while not gone:
            at += random.exponential(1 / rate[i])
            if at > min(end, until + ahead):
                break
            if at <= until:
                repeats[i], last[i] = repeats[i] + 1, at
            else:
                later.append(at - until)
            gone = family == "bg_nbd" and random.random() < leaves[i]
        coming.append(later)
    came = np.array(
        [[min((day for day in later if day >= gap), default=np.inf) for gap in (0.0, 20.0)] for later in coming]
    )
    return Histories(repeats, last, np.full(n, until), np.ones(n)), came


@pytest.mark.parametrize(
    ("family", "parameters"),
    [("bg_nbd", np.array([0.8, 40.0, 0.8, 2.0])), ("pareto_nbd", np.array([0.8, 40.0, 0.7, 90.0]))],
)
def test_who_keeps_silent_is_foretold_as_often_as_it_happens(family: str, parameters: FloatArray) -> None:
    known, came = _drawn(family, parameters, 6000, until=200.0, ahead=80.0, seed=3)
    silent = bg_nbd.silent if family == "bg_nbd" else pareto_nbd.silent
    for place, gap in enumerate((0.0, 20.0)):
        told = silent(parameters, known, gap_days=gap, horizon_days=60.0)
        happened = came[:, place] >= gap + 60
        for few in (known.repeats == 0, (known.repeats > 0) & (known.repeats < 4), known.repeats >= 4):
            error = np.sqrt((told[few] * (1 - told[few])).sum()) / few.sum()
            assert abs(told[few].mean() - happened[few].mean()) < 4 * error


@pytest.mark.parametrize(
    ("family", "parameters"),
    [("bg_nbd", np.array([0.8, 40.0, 0.8, 2.0])), ("pareto_nbd", np.array([0.8, 40.0, 0.7, 90.0]))],
)
def test_a_fit_finds_the_model_that_the_customers_live_by(family: str, parameters: FloatArray) -> None:
    known, _ = _drawn(family, parameters, 6000, until=200.0, ahead=1.0, seed=5)
    fit = bg_nbd.fit_bg_nbd if family == "bg_nbd" else pareto_nbd.fit_pareto_nbd
    silent = bg_nbd.silent if family == "bg_nbd" else pareto_nbd.silent
    found = fit(known, seed=1)
    assert isinstance(found, Found)
    ours, theirs = (
        silent(np.array(one), known, gap_days=0, horizon_days=60) for one in (found.parameters, tuple(parameters))
    )
    assert np.abs(ours - theirs).mean() < 0.02


def test_pareto_integrals_equal_the_hypergeometric_functions_of_the_paper() -> None:
    x, t_x, T = (np.array(one, dtype=float) for one in ([0, 1, 4, 26], [0, 3, 20, 30.86], [39, 39, 30, 31]))
    of = Histories(x, t_x, T, np.ones(4))
    for r, alpha, s, beta in (tuple(PUBLISHED_PARETO), (0.9, 14.0, 0.4, 6.0), (1.1, 5.0, 0.8, 5.0)):
        high, low, third = max(alpha, beta), min(alpha, beta), (s + 1 if alpha >= beta else r + x)
        k = r + s + x
        a0 = sum(
            sign * hyp2f1(k, third, k + 1, (high - low) / (high + at)) / (high + at) ** k
            for sign, at in ((1, t_x), (-1, T))
        )
        start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        paper = start + np.log((alpha + T) ** -(r + x) * (beta + T) ** -s + s / k * a0)
        ours = pareto_nbd.log_likelihood(np.array([r, alpha, s, beta]), of)
        np.testing.assert_allclose(ours, paper, rtol=1e-7)


def test_the_probability_of_being_alive_is_that_of_the_literature() -> None:
    """BTYD's vignette (Dziurzynski, Wadsworth, McCarthy): x = 26, t_x = 30.86, T = 31 is alive with .9979."""
    one = Histories(np.array([26.0]), np.array([30.86]), np.array([31.0]), np.ones(1))
    assert pareto_nbd.alive(PUBLISHED_PARETO, one)[0] == pytest.approx(0.9979, abs=1e-4)
    once = Histories(np.zeros(1), np.zeros(1), np.array([300.0]), np.ones(1))
    assert bg_nbd.alive(PUBLISHED_BG, once, modified=False)[0] == 1.0
    assert bg_nbd.alive(PUBLISHED_BG, once)[0] < 0.9, "in the modified model who came once may have left"


def test_many_visits_and_long_times_stay_finite() -> None:
    of = Histories(np.array([0.0, 3000.0, 1.0]), np.array([0.0, 3640.0, 0.5]), np.full(3, 3650.0), np.ones(3))
    for parameters in (np.array([1e-4, 1e-3, 1e-4, 1e4]), np.array([1e3, 1e4, 1e3, 1e-3]), PUBLISHED_PARETO):
        for told in (
            bg_nbd.silent(parameters, of, gap_days=14, horizon_days=90),
            pareto_nbd.silent(parameters, of, gap_days=14, horizon_days=90),
        ):
            assert ((told >= 0) & (told <= 1)).all()


def test_a_later_start_leaves_fewer_to_come() -> None:
    of = Histories(np.array([2.0, 9.0]), np.array([30.0, 80.0]), np.full(2, 90.0), np.ones(2))
    for silent in (bg_nbd.silent, pareto_nbd.silent):
        gaps = [silent(np.array([0.8, 40.0, 0.8, 2.0]), of, gap_days=gap, horizon_days=30) for gap in (0, 1e-6, 10, 60)]
        assert np.allclose(gaps[0], gaps[1], atol=1e-3)
        assert (gaps[1] < gaps[2]).all()
        assert (gaps[2] < gaps[3]).all()


def test_histories_are_read_off_three_features() -> None:
    X = np.array([[10.0, 100.0, 30.0], [10.4, 100.2, 45.0], [5.0, 5.0, np.nan], [0.2, 0.9, np.nan], [1.0, 60.5, 59.0]])
    found = histories(X)
    assert found.repeats.tolist() == [3.0, 2.0, 0.0, 0.0, 1.0]
    assert found.last_days.tolist() == pytest.approx([90.0, 89.8, 0.0, 0.0, 59.5])
    assert needed(["order_days_since", "order_tenure_days"]) is None


def test_features_of_a_log_carry_the_days_exactly(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    frame = made.log(120)
    train, _ = made.snapshots(frame, settings)[:2]
    cutoff = train.cutoffs[-1]
    known = Known.of(train, cutoff, settings.definition, seed=1)
    seen = frame[frame["event_timestamp"] < cutoff]
    days = seen.groupby("customer_id")["event_timestamp"].agg(lambda when: when.dt.date.nunique())
    rows = train.frame[train.frame["event_timestamp"] == cutoff]
    assert known.customers is not None
    assert known.customers.repeats.tolist() == (days.loc[rows["customer_id"]] - 1).tolist()


def test_without_a_returning_customer_there_is_no_number() -> None:
    nobody = Histories(np.zeros(60), np.zeros(60), np.arange(60.0) + 1, np.ones(60))
    for found in (bg_nbd.fit_bg_nbd(nobody, seed=1), pareto_nbd.fit_pareto_nbd(nobody, seed=1)):
        assert isinstance(found, NotFound)
        assert "came back" in found.why


def _rows() -> Rows:
    random = np.random.default_rng(2)
    X = np.column_stack([random.uniform(1, 80, 80), random.uniform(90, 200, 80), random.uniform(5, 60, 80)])
    columns = Columns(("order_days_since", "order_tenure_days", "order_gap_mean_ever"))
    customers = np.array([f"c{number}" for number in range(80)], dtype=object)
    outcome = (random.random(80) < X[:, 0] / 90).astype(float)
    return Rows(columns, X, outcome, customers, np.zeros(80, dtype=np.int64), np.full(80, "active", dtype=object))


def test_where_counting_visits_makes_no_sense_the_rival_says_so() -> None:
    rows = _rows()
    known = Known(ChurnDefinition(), histories(rows.X), 0, 1)
    subscribed = replace(known, definition=ChurnDefinition(lapse=Subscription()))
    told = fit_btyd("bg_nbd", "churn", rows, subscribed)
    assert isinstance(told, Abstains)
    assert "renewals" in told.why
    left_out = fit_raw("pareto_nbd", "churn", Columns(("order_days_since", "order_tenure_days")), known)
    assert isinstance(left_out, Abstains)
    assert "left out" in left_out.why


@pytest.mark.parametrize("family", ["bg_nbd", "pareto_nbd"])
def test_what_leaves_is_what_does_not_return(family: str) -> None:
    rows = _rows()
    known = Known(ChurnDefinition(gap_days=7), histories(rows.X), 0, 1)
    leaves, returns = (fit_raw(family, model, rows.columns, known) for model in ("churn", "reactivation"))  # type: ignore[arg-type]
    assert not isinstance(leaves, Abstains)
    assert not isinstance(returns, Abstains)
    np.testing.assert_allclose(leaves.probability(rows) + returns.probability(rows), 1.0, atol=1e-6)


def test_a_hundred_thousand_customers_take_seconds() -> None:
    random = np.random.default_rng(4)
    n = 100_000
    rate = random.gamma(0.8, 1 / 40.0, n)
    known = random.uniform(1, 900, n)
    repeats = random.poisson(rate * known)
    of = Histories(repeats.astype(float), np.where(repeats > 0, known * random.random(n), 0.0), known, np.ones(n))
    begin = datetime.now(UTC)
    assert isinstance(bg_nbd.fit_bg_nbd(of, seed=1), Found)
    assert to_us(datetime.now(UTC)) - to_us(begin) < 30_000_000


CDNOW = Path(os.environ.get("CHURN_DATA", "")) / "cdnow" / "cdnow_until_1998-03.csv.gz"


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.skipif(not CDNOW.is_file(), reason="set CHURN_DATA to the folder that holds cdnow/")
def test_published_parameters_of_cdnow() -> None:
    """The papers fit a tenth of these customers, by purchases up to September 1997, in weeks.

    Over all 23,570 of them the published parameters must be all but as likely as the most likely ones, and ours, fitted
    to five disjoint tenths, must lie around them.
    """
    bought = pd.read_csv(CDNOW, dtype={"customer_id": str}, parse_dates=["date"])
    end = pd.Timestamp("1997-09-30")
    days = bought[bought["date"] <= end].drop_duplicates(["customer_id", "date"]).groupby("customer_id")["date"]
    first, last, count = days.min(), days.max(), days.size()
    reach, known = ((when - first).dt.days.to_numpy(dtype=float) for when in (last, end))
    in_days = Histories(count.to_numpy(dtype=float) - 1, reach, known, np.ones(len(count)))
    in_weeks = replace(in_days, last_days=reach / 7, known_days=known / 7)
    fits = (
        (partial(bg_nbd.log_likelihood, modified=False), partial(bg_nbd.fit_bg_nbd, modified=False), PUBLISHED_BG, [1]),
        (pareto_nbd.log_likelihood, pareto_nbd.fit_pareto_nbd, PUBLISHED_PARETO, [1, 3]),
    )
    for likelihood, fit, published, stretches in fits:
        scale = np.ones(4)
        scale[stretches] = 7.0
        best = fit(in_days, seed=1, prior=0.0)
        assert isinstance(best, Found)
        short = likelihood(np.array(best.parameters) / scale, in_weeks) - likelihood(published, in_weeks)
        assert 0 < short.mean() < 0.003, "nats a customer"
        tenths = []
        for tenth in range(5):
            part = Histories(*(one[tenth::10] for one in (in_days.repeats, reach, known, in_days.weight)))
            found = fit(part, seed=1, prior=0.0)
            assert isinstance(found, Found)
            tenths.append(np.log(np.array(found.parameters) / scale))
        distance = (np.log(published) - np.mean(tenths, axis=0)) / np.std(tenths, axis=0, ddof=1)
        assert np.abs(distance).max() < 3
