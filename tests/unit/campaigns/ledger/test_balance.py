"""Did chance decide? It rings as seldom as it says where chance did, and for sure where somebody else did."""

import numpy as np

from campaigns.ledger.balance import balance


def shop(random: np.random.Generator, n: int = 400) -> dict[str, np.ndarray]:
    score = random.beta(2, 3, n)
    money = np.exp(random.normal(3, 1, n) + score)
    days = np.where(random.random(n) < 0.1, np.nan, random.exponential(60, n))
    return {"probability": score, "spend": money, "days": days, "twice_spend": 2 * money, "same": np.ones(n)}


def test_it_rings_by_chance_as_often_as_it_says() -> None:
    random, rings, ratio = np.random.default_rng(5), 0, 0
    for _ in range(500):
        chance = np.where(random.random(400) < 0.5, 0.9, 0.6)
        found = balance(shop(random), random.random(400) < chance, chance)
        rings += found.p_alike is not None and found.p_alike < 0.05
        ratio += found.p_ratio < 0.05
    assert 10 <= rings <= 41  # 5 % of 500, and three deviations either way
    assert ratio <= 41


def test_a_draw_that_followed_the_score_is_found() -> None:
    random = np.random.default_rng(5)
    known = shop(random, 2000)
    found = balance(known, random.random(2000) < 0.3 + 0.4 * known["probability"], np.full(2000, 0.5))
    assert not found.is_alike
    assert found.columns["probability"] > 0.2
    assert abs(found.columns["days"]) < 0.1


def test_a_side_that_lost_customers_is_found() -> None:
    random = np.random.default_rng(5)
    is_treated = random.random(2000) < 0.5
    kept = is_treated | (random.random(2000) < 0.8)
    found = balance({"x": random.random(2000)[kept]}, is_treated[kept], np.full(int(kept.sum()), 0.5))
    assert not found.is_as_many
    assert not found.holds


def test_who_was_treated_for_certain_says_nothing_of_chance() -> None:
    found = balance({"x": np.arange(6.0)}, np.ones(6, dtype=bool), np.ones(6))
    assert (found.p_alike, found.p_ratio, found.columns) == (None, 1.0, {})
