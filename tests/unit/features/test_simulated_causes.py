"""The true causes are the terms of the hazard: they add up to it, and change no bit of the log."""

import numpy as np
import pytest

from features import simulated_shop as model
from features.simulated_causes import CAUSES, CHANCE, FIRST_TERMS, LEAST, TERMS, first_terms, lapse_terms
from features.simulation import Simulation, SimulationSettings, simulate


@pytest.fixture(scope="module")
def shop() -> Simulation:
    return simulate(SimulationSettings(customers=800, years=2, seed=3))


def test_the_terms_add_up_to_the_hazard(shop: Simulation) -> None:
    for state in list(shop.states.values())[3:6]:
        down = model.hazards(shop.shop, state)[0].astype(float)
        known = (shop.shop.arrival < state.day) & (down < np.exp(-2.51))  # others are held at a ceiling
        assert known.sum() > 100
        total = -5.2 + lapse_terms(shop.shop, state).sum(axis=1)
        assert np.log(down[known]) == pytest.approx(total[known], abs=1e-4)


def test_the_terms_of_a_first_order_add_up_to_its_chance(shop: Simulation) -> None:
    who = np.arange(shop.shop.customers)
    wrong = who % 3 == 0
    chance = model.leaves_at_once(shop.shop, who, wrong).astype(float)
    total = 0.5 + first_terms(shop.shop, who, wrong.astype(float)).sum(axis=1)
    assert np.log(chance / (1 - chance)) == pytest.approx(total, abs=1e-4)


def test_every_lapse_has_a_cause_or_none(shop: Simulation) -> None:
    causes = shop.causes
    assert len(causes) > 300
    assert set(causes["cause"]) <= {*CAUSES, CHANCE}
    assert ((causes["cause"] == CHANCE) == (causes["excess"] < LEAST)).all()
    assert causes["lapsed_at"].is_monotonic_increasing
    assert str(causes["lapsed_at"].dt.tz) == "UTC"
    shares = causes["cause"].value_counts(normalize=True)
    assert shares[CHANCE] < 0.5
    assert {"sales", "mood", "channel", "anger"} <= set(shares.index)
    assert len(TERMS) + 1 == len(CAUSES)
    assert set(FIRST_TERMS.tolist()) < set(range(len(CAUSES)))


def test_who_has_a_cause_was_known_and_not_engaged_after(shop: Simulation) -> None:
    """Of whoever fell dormant in the last days, most are dormant at the end."""
    late = shop.causes[shop.causes["lapsed_at"] >= shop.causes["lapsed_at"].max() - np.timedelta64(20, "D")]
    codes = late["customer_id"].str.removeprefix("C").astype(int).unique()
    final = shop.states[max(shop.states)]
    assert (~final.engaged[codes]).mean() > 0.8
