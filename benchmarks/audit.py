"""How often the audit of offers finds a planted discrimination, and how often it calls a fair plan unfair.

    python -m benchmarks.audit [--trials 400] [--customers 4000] [--campaigns 6] [--seed 1]

Each trial draws a shop: risks that depend on stage (loyal customers leave seldom) and not on the protected attribute.
A plan offers to whom risk and chance say; then one wrong is planted: loyal customers get half the amount, or a group
is passed over for a share of its offers. Every dimension is looked at, as `churn campaign audit` does. Then several
campaigns to the same customers, each with a wrong too small to be seen in one, looked at one by one and as one
(`--all`): one in seven never gives consent, nobody gets two offers in a row, risks go on from one to the next. Prints a
table with 95% Wilson intervals.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.estimates import wilson
from campaigns.audit.audit import comparisons_of
from campaigns.audit.disparity import disparities, strata_of
from campaigns.audit.together import apart

STAGES = ("new", "active", "loyal", "lapsing")
SHARES = (0.15, 0.35, 0.35, 0.15)
LOG_ODDS = {"new": 0.0, "active": -0.3, "loyal": -1.6, "lapsing": 1.2}


class Shop(NamedTuple):
    """One draw: who they are, what they risk, what they are offered."""

    groups: pd.DataFrame
    risk: np.ndarray
    amount: np.ndarray


def fair(random: np.random.Generator, customers: int, *, by_threshold: bool = False) -> Shop:
    """A shop whose plan goes by risk alone: by a hard threshold, or with a chance that rises with risk."""
    stage = random.choice(STAGES, customers, p=SHARES)
    groups = pd.DataFrame(
        {
            "stage": stage.astype(object),
            "profile.gender": random.choice(["f", "m"], customers).astype(object),
            "profile.region": random.choice(["north", "south", "west"], customers, p=[0.5, 0.3, 0.2]).astype(object),
        }
    )
    risk = 1 / (1 + np.exp(-(pd.Series(stage).map(LOG_ODDS).to_numpy() + random.normal(0, 1, customers))))
    chance = (risk > np.quantile(risk, 0.7)) if by_threshold else np.clip(1.4 * risk - 0.2, 0, 0.9)
    return Shop(groups, risk, np.where(random.random(customers) < chance, 10.0, 0.0))


def loyal_get_half(shop: Shop, random: np.random.Generator) -> Shop:
    """Loyal customers get half the amount for the same thing."""
    del random
    return shop._replace(amount=np.where(shop.groups["stage"] == "loyal", shop.amount / 2, shop.amount))


def passed_over(shop: Shop, random: np.random.Generator, share: float = 0.3) -> Shop:
    """Of the offers that women would have got, a share is never made."""
    lost = (shop.groups["profile.gender"] == "f").to_numpy() & (random.random(len(shop.risk)) < share)
    return shop._replace(amount=np.where(lost, 0.0, shop.amount))


def in_a_row(random: np.random.Generator, customers: int, campaigns: int, share: float) -> list[Shop]:
    """Campaigns to the same customers: of the offers that women would have got, a share is never made."""
    first = fair(random, customers)
    never = random.random(customers) < 1 / 7
    log_odds, had, found = np.log(first.risk / (1 - first.risk)), np.zeros(customers, dtype=bool), []
    for _ in range(campaigns):
        risk = 1 / (1 + np.exp(-(log_odds + random.normal(0, 0.3, customers))))
        got = (random.random(customers) < np.clip(1.4 * risk - 0.2, 0, 0.9)) & ~never & ~had
        found.append(passed_over(Shop(first.groups, risk, np.where(got, 10.0, 0.0)), random, share))
        had = got
    return found


def worse_together(shops: list[Shop]) -> set[tuple[str, str]]:
    """What the audit of all campaigns calls worse."""
    strata = [strata_of(np.full(len(one.risk), "churn", dtype=object), one.risk) for one in shops]
    groups = pd.concat([one.groups for one in shops], ignore_index=True)
    amount, risk = (np.concatenate([getattr(one, name) for one in shops]) for name in ("amount", "risk"))
    customer = np.tile(np.arange(len(shops[0].risk)), len(shops))
    measures = {"offered": (amount > 0).astype(np.float64), "offer_amount": amount}
    found = disparities(measures, [*comparisons_of(groups)], apart(strata), risk, customer=customer)
    return {(one.dimension, one.group) for one in found if one.verdict == "worse"}


def worse(shop: Shop) -> set[tuple[str, str]]:
    """What the audit calls worse."""
    model = np.full(len(shop.risk), "churn", dtype=object)
    measures = {"offered": (shop.amount > 0).astype(np.float64), "offer_amount": shop.amount}
    found = disparities(measures, [*comparisons_of(shop.groups)], strata_of(model, shop.risk), shop.risk)
    return {(one.dimension, one.group) for one in found if one.verdict == "worse"}


def rate(trials: int, customers: int, seed: int, draw: Callable[[np.random.Generator], bool]) -> tuple[int, int]:
    """How often `draw` says yes."""
    randoms = [np.random.default_rng([seed, customers, trial]) for trial in range(trials)]
    return sum(draw(random) for random in randoms), trials


def cases(customers: int) -> dict[str, Callable[[np.random.Generator], bool]]:
    """What is counted: of fair plans any group called worse, of unfair ones the group that is."""
    return {
        "fair, by chance": lambda random: bool(worse(fair(random, customers))),
        "fair, by threshold": lambda random: bool(worse(fair(random, customers, by_threshold=True))),
        "loyal get half": lambda random: ("stage", "loyal") in worse(loyal_get_half(fair(random, customers), random)),
        "women passed over, 3 in 10": lambda random: (
            ("profile.gender", "f") in worse(passed_over(fair(random, customers), random))
        ),
        "women passed over, by threshold": lambda random: (
            ("profile.gender", "f") in worse(passed_over(fair(random, customers, by_threshold=True), random))
        ),
    }


def cases_in_a_row(customers: int, campaigns: int) -> dict[str, Callable[[np.random.Generator], bool]]:
    """The same of several campaigns: a wrong of one offer in ten, each by itself and all as one."""
    women, small = ("profile.gender", "f"), 0.1

    def shops(random: np.random.Generator, share: float) -> list[Shop]:
        return in_a_row(random, customers, campaigns, share)

    return {
        "fair, as one": lambda random: bool(worse_together(shops(random, 0.0))),
        "women passed over, 1 in 10, as one": lambda random: women in worse_together(shops(random, small)),
        "the same, in any one": lambda random: any(women in worse(one) for one in shops(random, small)),
        "the same, in the first": lambda random: women in worse(shops(random, small)[0]),
        "fair, any one of them": lambda random: any(bool(worse(one)) for one in shops(random, 0.0)),
    }


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--customers", type=int, default=4000)
    parser.add_argument("--campaigns", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{asked.customers:,} customers, {asked.campaigns} campaigns, {asked.trials} trials, seed {asked.seed}")
    for name, draw in (cases(asked.customers) | cases_in_a_row(asked.customers, asked.campaigns)).items():
        found, trials = rate(asked.trials, asked.customers, asked.seed, draw)
        low, high = wilson(found, trials)
        print(f"{name:34} {found / trials:6.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
