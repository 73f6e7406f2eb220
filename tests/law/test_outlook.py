"""Laws of outlooks: horizons never cross, the own one is what is served, alone equals among many."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from churn.horizon_bands import horizon_intervals
from churn.outlook import Band, Curve
from serving.scorer import Scorer
from tests import tiny_service
from tests.outlooks import an_outlook

shares = st.floats(0.0, 1.0, allow_nan=False)
raws = st.lists(st.floats(-12, 12), min_size=1, max_size=6)


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    days = sorted(draw(st.sets(st.integers(1, 400), min_size=1, max_size=7)))
    own = draw(st.integers(0, len(days) - 1))
    knots = sorted(draw(st.sets(st.integers(-8_000, 8_000).map(lambda at: at / 1000), min_size=1, max_size=5)))
    rows = []
    for _ in knots:
        below = sorted(draw(st.lists(shares, min_size=own, max_size=own)))
        above = sorted(draw(st.lists(shares, min_size=len(days) - own - 1, max_size=len(days) - own - 1)), reverse=True)
        rows.append((*below, 1.0, *above))
    return Curve(
        days=tuple(map(float, days)),
        own_days=float(days[own]),
        knots=tuple(knots),
        shares=tuple(rows),
        kinds=("platt",) * len(days),
    )


@given(curve=curves(), raw=raws, own=st.floats(1e-6, 1 - 1e-6))
def test_horizons_never_cross_and_the_own_one_is_what_is_served(curve: Curve, raw: list[float], own: float) -> None:
    silent = curve.silent(np.array(raw), np.full(len(raw), own))
    assert (np.diff(silent, axis=1) <= 0).all()
    assert ((silent >= 0) & (silent <= 1)).all()
    assert (silent[:, curve.days.index(curve.own_days)] == own).all()


@given(
    curve=curves(),
    raw=raws,
    own=st.floats(1e-6, 1 - 1e-6),
    halves=st.lists(st.floats(0, 6), min_size=7, max_size=7),
    missing=st.sets(st.integers(0, 6)),
    falls=st.booleans(),
)
def test_intervals_of_horizons_are_nested_as_the_probabilities_are(
    curve: Curve, raw: list[float], own: float, halves: list[float], missing: set[int], falls: bool
) -> None:
    silent = curve.silent(np.array(raw), np.full(len(raw), own))
    place = curve.days.index(curve.own_days)
    bands = [Band(knots=(0.0,), halves=(half,), cohorts=9, independent=3.0) for half in halves[: len(curve.days)]]
    days = tuple(int(day) for day in curve.days)
    further = {str(day): band for at, (day, band) in enumerate(zip(days, bands, strict=True)) if at not in missing}
    outlook = an_outlook(horizons_days=days, curve=curve, band=bands[place], bands=further)
    asked = silent if falls else 1 - silent
    low, high = horizon_intervals(outlook, asked, days[place], falls=falls)
    known = [at for at in range(len(days)) if at == place or at not in missing]
    sign = -1 if falls else 1
    assert (np.diff(low[:, known], axis=1) * sign >= 0).all()
    assert (np.diff(high[:, known], axis=1) * sign >= 0).all()
    assert ((low <= asked) & (asked <= high))[:, known].all()
    assert np.isnan(np.delete(low, known, axis=1)).all()
    np.testing.assert_allclose(low[:, place], bands[place].interval(asked[:, place])[0], rtol=1e-12)


@given(curve=curves(), raw=raws, own=st.floats(1e-6, 1 - 1e-6))
def test_early_is_before_late_and_nothing_lies_beyond_what_was_watched(
    curve: Curve, raw: list[float], own: float
) -> None:
    silent = curve.silent(np.array(raw), np.full(len(raw), own))
    days = curve.days_until(silent)
    filled = np.nan_to_num(days, nan=1e6)
    assert (np.diff(filled, axis=1) >= 0).all()
    assert (filled >= 0).all()
    assert (days[~np.isnan(days)] <= curve.days[-1]).all()
    assert (np.isnan(days[:, 1]) == (silent[:, -1] > 0.5)).all()


@given(raw=raws)
def test_longer_silence_is_read_off_between_the_days(raw: list[float]) -> None:
    curve = an_outlook().curve
    assert curve is not None
    silent = curve.silent(np.array(raw), np.full(len(raw), 0.4))
    at_half = curve.days_until(silent, (0.6,))  # the own horizon's chance is 0.4: by 90 days exactly
    np.testing.assert_allclose(at_half, 90.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shares": ((0.7, 0.3, 1.0, 0.5), (0.1, 0.4, 1.0, 0.9))},
        {"shares": ((0.3, 0.7, 1.0, 1.1), (0.1, 0.4, 1.0, 0.9))},
        {"shares": ((0.3, 0.7, 1.0, 0.5),)},
        {"days": (7.0, 30.0, 30.0, 180.0)},
        {"own_days": 60.0},
        {"knots": (2.0, -2.0)},
    ],
)
def test_a_curve_that_crosses_cannot_be_written(wrong: dict[str, object]) -> None:
    curve = an_outlook().curve
    assert curve is not None
    with pytest.raises(ValidationError):
        Curve.model_validate(curve.model_dump() | wrong)


def with_outlook(**changes: object) -> Scorer:
    champions = {
        model: replace(one, bundle=one.bundle.model_copy(update={"outlook": an_outlook(**changes)}))
        for model, one in tiny_service.scorer().champions.items()
    }
    return tiny_service.scorer(champions=champions)


def test_alone_and_among_many_an_answer_is_the_same_bit_by_bit() -> None:
    scorer, vectors = with_outlook(), tiny_service.vectors(300, seed=5)
    rows = [tiny_service.row(f"c{number}", vector=vector) for number, vector in enumerate(vectors)]
    names = [row.customer_id for row in rows]
    many = scorer.score(names, rows, language="en", top=0)
    for place in range(0, 300, 17):
        (alone,) = scorer.score([names[place]], [rows[place]], language="en", top=0)
        told, among = alone.log_row(), many[place].log_row()
        assert {key: told[key] for key in told if key != "score_id"} == {
            key: among[key] for key in among if key != "score_id"
        }
        assert alone.score.horizons == many[place].score.horizons
        assert alone.score.value == many[place].score.value
