"""What a plan truly earns, and how often its intervals hold it: simulated shops whose futures are lived both ways.

Run: python benchmarks/plan_profit.py [--customers 6000] [--seeds 11 12 13 14 15 16 17 18] [--futures 12] [--guess 3]

A campaign is planned for the day after each log ends, with money to contact 30 % of who may be contacted. The plan goes
by the chance to stay away (a model of past customers), by margin x mean order x orders to be expected, and by a take-up
that is the same for everybody: once the shop's true average (fair), once so many times too good (a guess). The true
average is in money: what contacting everybody gains, by chance x value, so that a plan for everybody would expect what
comes. `turned at all` counts those alone who came because of it. The range of take-up is from half to twice.

Beside it, with the same money: top-risk, recency, random, and an oracle that knows the mean of one half of the futures;
the other half pays everybody. A future is lived twice with the same dice, contacted and not, for 60 days: margin .3 of
what is spent more, less .2 a contact.

`expected` is held when the mean over the paying futures lies in the plan's interval of its expectation; `comes of it`
when a single future lies in the interval of what comes of it. Wilson's 95 % intervals; futures of one shop are alike,
so their count overstates what is known. Start reading at `one_seed`.
"""

import argparse
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.uplift_shop import BUDGET, CONTACT, HORIZON_DAYS, MARGIN, SILENT_TO, Shop, lived, risk
from campaigns.plan.between import between
from campaigns.plan.problem import NONE, Problem
from campaigns.plan.solve import solve
from campaigns.worth import Stake
from churn.action_sections import Action
from features.simulated_customers import ACTION_NAMES

FIFTHS = 5


def futures_of(shop: Shop, state: object, who: np.ndarray, action: str, futures: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each future and customer: what contacting earned, and whether it alone made them come. (futures, n) each."""
    nobody = np.zeros(shop.run.shop.customers, dtype=np.int8)
    actions = nobody.copy()
    actions[who] = ACTION_NAMES.index(action)
    earned, came = [], []
    for number in range(futures):
        with_it, without = (lived(shop, state, one, 10**6 + number)[who] for one in (actions, nobody))
        earned.append(MARGIN * (with_it - without) - CONTACT)
        came.append((with_it > 0) * 1.0 - (without > 0))
    return np.array(earned), np.array(came)


def planned(p: np.ndarray, value: np.ndarray, take_up: float, budget: float) -> tuple[np.ndarray, object]:
    """Whom the plan chooses, and its intervals."""
    stake = Stake(CONTACT, 0.0, take_up, 0.0)
    action = Action(
        code="message", kind="personal", channel="sms", en="A message", zh="消息", contact_amount=CONTACT,
        offer_amount=0.0, take_up_ratio=take_up, take_up_range=(take_up / 2, min(2 * take_up, 1.0)),
    )  # fmt: skip
    profit, cost = stake.profit(p, value)[:, None], stake.cost(p, stake.turned(p))[:, None]
    found = solve(Problem.of(profit, cost, budget))
    offers = SimpleNamespace(
        actions=(action,), stakes=(stake,), measured=frozenset(), turnable=p, turnable_low=p, turnable_high=p,
        value=value[:, None], turned=stake.turned(p)[:, None], profit=profit,
    )  # fmt: skip
    return found.choice != NONE, between(offers, found.choice, seed=7)  # type: ignore[arg-type]


def one_seed(customers: int, seed: int, action: str, futures: int, guess: float) -> dict[str, object]:
    """True profits of one shop by who was chosen, and whether the intervals held."""
    began, shop = time.process_time(), Shop(customers, seed)
    end = shop.run.shop.calendar.first + timedelta(days=max(shop.run.states.values(), key=lambda one: one.day).day)
    state = shop.run.states[end]
    silent = state.day - state.last_order
    who = np.flatnonzero((state.orders > 0) & (silent < SILENT_TO) & np.isin(shop.ids, shop.events.customers))
    X = shop.known(shop.ids[who], end)
    p = risk(shop, X, end)
    order, count = (X[:, shop.names.index(name)] for name in ("order_mean_365d", "order_count_365d"))
    value = MARGIN * np.nan_to_num(order, nan=np.nanmean(order)) * np.maximum(1, count * HORIZON_DAYS / 365)
    earned, came = futures_of(shop, state, who, action, futures)
    chooses, pays = earned[::2].mean(axis=0), earned[1::2]
    reached = int(BUDGET * len(who))
    gained = (earned + CONTACT).mean(axis=0)
    average = float(gained.sum() / (p * value).sum())
    found: dict[str, object] = {"seed": seed, "may": len(who), "take_up": average}
    for name, score in {"oracle": chooses, "top-risk": p, "recency": -silent[who].astype(float)}.items():
        chosen = np.argsort(-score, kind="stable")[:reached]
        chosen = chosen[score[chosen] > 0] if name == "oracle" else chosen
        found[name] = float(pays[:, chosen].sum(axis=1).mean())
    found["random"] = float(pays.mean(axis=1).mean() * reached)
    for name, take_up in (("fair", max(average, 1e-6)), ("guess", min(guess * max(average, 1e-6), 1.0))):
        chosen, told = planned(p, value, take_up, reached * CONTACT)
        each = pays[:, chosen].sum(axis=1)
        found |= {
            name: float(each.mean()), f"{name} expected": told.expected, f"{name} low": told.expected_low,
            f"{name} high": told.expected_high, f"{name} chosen": int(chosen.sum()),
            f"{name} held": told.expected_low <= each.mean() <= told.expected_high,
            f"{name} came": int(((each >= told.realised_low) & (each <= told.realised_high)).sum()),
            f"{name} take-up": float(gained[chosen].sum() / (p * value)[chosen].sum()) if chosen.any() else np.nan,
        }  # fmt: skip
    fifth = np.argsort(np.argsort(p * value)) * FIFTHS // len(who)
    fifths = [fifth == one for one in range(FIFTHS)]
    found["take-up by fifth"] = [float(gained[one].sum() / (p * value)[one].sum()) for one in fifths]
    found["turned at all"] = float(came.mean() / p.mean())
    print(f"seed {seed}, {time.process_time() - began:.0f} CPU-s: {found}", flush=True)
    return found


def main() -> None:
    """Simulate, plan, live, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--customers", type=int, default=6_000)
    options.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15, 16, 17, 18])
    options.add_argument("--action", default="reminder", choices=ACTION_NAMES[1:])
    options.add_argument("--futures", type=int, default=12)
    options.add_argument("--guess", type=float, default=3.0)
    given = options.parse_args()
    table = pd.DataFrame(
        [one_seed(given.customers, seed, given.action, given.futures, given.guess) for seed in given.seeds]
    )
    for name in ("oracle", "fair", "guess", "top-risk", "recency", "random"):
        spread = 1.96 * table[name].std(ddof=1) / np.sqrt(len(table))
        print(
            f"{name}: {table[name].mean():.0f} +- {spread:.0f} a shop, {table[name].sum() / table['oracle'].sum():.2f}"
        )
    singles = len(table) * (given.futures // 2)
    for name in ("fair", "guess"):
        for what, count, of in (("held", len(table), "expected"), ("came", singles, "comes of it")):
            hits = int(table[f"{name} {what}"].sum())
            low, high = stats.binomtest(hits, count).proportion_ci(0.95, method="wilson")
            print(f"{name}, {of}: held {hits} of {count} ({low:.2f} to {high:.2f}); nine tenths were told")
    print("true take-up by fifth of expected value:", np.round(np.mean(table["take-up by fifth"].tolist(), axis=0), 4))


if __name__ == "__main__":
    main()
