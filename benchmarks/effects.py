"""Does the effect report tell the truth? Intervals and tests of balance against effects that are known exactly.

Run: python benchmarks/effects.py [--seeds 31 32 33] [--customers N] [--days 60] [--json]

A simulated shop runs its own campaigns, each with a hold-out. From the state on the day of a campaign the shop is run
on twice more under the same dice: with everybody planned for treated, and with nobody. The mean difference is what the
campaign truly did to those it was planned for. Beside each campaign

    null       the same customers, sides drawn by chance and nobody treated: an effect told here is a false one
    followed   sides drawn by who bought last, nobody treated: balance has to ring
    lost       a fifth of the held out missing from the list: the sample ratio has to ring

Shares of campaigns come with Wilson's 95 % intervals. What the report reads from a log is tested elsewhere; here its
arithmetic is.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from campaigns.ledger.balance import Balance, balance
from campaigns.ledger.differences import Difference, adjusted, mean_difference, share_difference
from features.simulated_calendar import shop_calendar
from features.simulated_campaigns import Contacts, campaign_of_the_day
from features.simulated_customers import Shop, State, open_shop
from features.simulation import SimulationSettings, step

Array = NDArray[np.float64]
LEAST = 30


@dataclass(frozen=True)
class Run:
    """A campaign of a shop: who was planned for, what they had done, and what each did in the window.

    `did` is under the campaign as it was, `all_of` and `none_of` had everybody, or nobody, been treated.
    """

    name: str
    is_treated: NDArray[np.bool_]
    chance: float
    known: dict[str, Array]
    did: Array
    all_of: Array
    none_of: Array


def main() -> None:
    """Run the shops, print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32, 33])
    parser.add_argument("--customers", type=int, default=6000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    tallies: dict[str, list[bool]] = {}
    for seed in asked.seeds:
        for run in runs(seed, asked.customers, asked.days):
            judge(run, np.random.default_rng([seed, len(run.did)]), tallies)
    found = {name: wilson(flags) for name, flags in tallies.items()}
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, one in found.items():
        print(f"{name:52} {one['share']:.3f}  ({one['low']:.3f} to {one['high']:.3f}, n = {one['n']})")


def runs(seed: int, customers: int, days: int) -> Iterator[Run]:
    """Every campaign of a shop with enough customers on both sides."""
    settings = SimulationSettings(customers=customers, seed=seed)
    calendar = shop_calendar(settings.first, settings.days + 400, settings.timezone)
    shop, state = open_shop(calendar, customers, settings.days, seed)
    waiting: list[tuple[State, Contacts]] = []
    after: dict[int, NDArray[np.int64]] = {}
    for day in range(settings.days):
        planned = campaign_of_the_day(shop, state)
        if planned.campaign and day + days < settings.days:
            waiting.append((state, planned))
        after[day] = state.orders
        state, _ = step(shop, state, planned.actions, campaign=planned.campaign)
    after[settings.days] = state.orders
    for then, planned in waiting:
        who = np.flatnonzero(planned.eligible)
        is_treated = planned.actions[who] > 0
        if min(is_treated.sum(), (~is_treated).sum()) >= LEAST:
            yield _run(shop, then, planned, who, after[then.day + days], days)


def _run(shop: Shop, then: State, planned: Contacts, who: NDArray[np.int64], end: NDArray[np.int64], days: int) -> Run:
    action = planned.actions.max()
    everybody = np.where(planned.eligible, action, 0).astype(np.int8)
    known = {
        "orders": then.orders[who].astype(float),
        "days_since": (then.day - then.last_order[who]).astype(float),
        "amount": then.last_amount[who].astype(float),
        "points": then.points[who].astype(float),
    }
    ends = [_later(shop, then, first, days) for first in (everybody, np.zeros_like(everybody))]
    did, all_of, none_of = ((one - then.orders)[who].astype(float) for one in (end, *ends))
    return Run(planned.campaign, planned.actions[who] > 0, planned.propensity, known, did, all_of, none_of)


def _later(shop: Shop, state: State, first: NDArray[np.int8], days: int) -> NDArray[np.int64]:
    """Orders so many days later, had the first day's contacts been these; later campaigns are the shop's own."""
    for nth in range(days):
        actions = first if nth == 0 else campaign_of_the_day(shop, state).actions
        state, _ = step(shop, state, actions)
    return state.orders


def judge(run: Run, random: np.random.Generator, tallies: dict[str, list[bool]]) -> None:
    """What the report would say of a campaign, against what is true."""
    chance = np.full(len(run.did), run.chance)
    true_share, true_mean = ((f(run.all_of) - f(run.none_of)).mean() for f in (lambda y: (y > 0) * 1.0, lambda y: y))
    past = np.column_stack(list(run.known.values()))

    def note(name: str, flag: bool) -> None:
        tallies.setdefault(name, []).append(bool(flag))

    came = run.did > 0
    note("share: 95 % interval holds the truth", _holds(share_difference(came, run.is_treated, chance), true_share))
    note("orders: 95 % interval holds the truth", _holds(mean_difference(run.did, run.is_treated, chance), true_mean))
    note(
        "orders adjusted: interval holds the truth", _holds(adjusted(run.did, run.is_treated, chance, past), true_mean)
    )
    note("balance doubts a draw of chance (.01)", not balance(run.known, run.is_treated, chance).holds)
    sides = random.random(len(chance)) < run.chance
    note("null: a false effect on the share", share_difference(run.none_of > 0, sides, chance).is_clear)
    note("null: a false effect on orders", mean_difference(run.none_of, sides, chance).is_clear)
    order = np.argsort(np.argsort(run.known["days_since"])) / len(chance)
    followed = random.random(len(chance)) < np.clip(run.chance + 0.4 * (order - 0.5), 0.02, 0.98)
    note("followed: balance rings", not balance(run.known, followed, chance).is_alike)
    kept = run.is_treated | (random.random(len(chance)) < 0.8)
    note("lost: the sample ratio rings", not _lost(run, kept, chance).is_as_many)


def _lost(run: Run, kept: NDArray[np.bool_], chance: Array) -> Balance:
    return balance({name: one[kept] for name, one in run.known.items()}, run.is_treated[kept], chance[kept])


def _holds(found: Difference, truth: float) -> bool:
    return found.low <= truth <= found.high


def wilson(flags: list[bool]) -> dict[str, float]:
    """A share with its 95 % interval."""
    n, share, z = len(flags), float(np.mean(flags)), 1.96
    middle, bottom = share + z * z / (2 * n), 1 + z * z / n
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return {"share": share, "low": (middle - half) / bottom, "high": (middle + half) / bottom, "n": n}


if __name__ == "__main__":
    main()
