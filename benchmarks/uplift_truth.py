"""What a contact truly earns in the simulated shop, and how much of that any record of it could tell.

Whom an action turns is drawn once, as one of four hidden types (`features.simulated_customers.RESPONSE_NAMES`). Futures
are lived twice with the same dice, contacted and not, once a type that answers; so each customer has what contacting
would earn *were they of each type*. What an observer knows of the type is a chance for each, so three oracles differ:

    oracle           knows the type that was drawn
    record oracle    knows every hidden mood of every day so far, every order, every contact and what followed it, and
                     how types are drawn: all but the draw itself. No log with its campaigns can tell more
    seen oracle      knows features, and is fitted to what the record oracle knows of customers of other shops

The chance of a type given the record is exact (Bayes): the likelihood of each day's lapses, returns and orders under
each type, given all else of that day's state. Reads the truth: for benchmarks alone. Start reading at `earned_by_type`.
"""

import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import lightgbm as lgb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from features import simulated_shop as model
from features.simulated_campaigns import campaign_of_the_day
from features.simulated_customers import (
    ACTION_NAMES,
    RESPONSE_NAMES,
    SLEEPING_DOG,
    Shop,
    State,
    dice,
    open_shop,
)
from features.simulated_day import _CATEGORY_PRICE as PRICES
from features.simulated_day import Sighting, step
from features.simulated_shop import _LIFT as LIFTS

TYPES = len(RESPONSE_NAMES)
ALIKE = 0.2  # of opener: below it another type is likelier, see `open_shop`
FloatArray = np.ndarray


def part_of(shop: Shop, state: State, who: np.ndarray) -> tuple[Shop, State]:
    """Some customers of a shop, who live as they would among the others."""

    def some(one: Shop | State) -> dict[str, np.ndarray]:
        arrays = {field.name: getattr(one, field.name) for field in fields(one)}
        return {name: array[who] for name, array in arrays.items() if isinstance(array, np.ndarray)}

    return replace(shop, **some(shop)), replace(state, **some(state))


def expected(shop: Shop, state: State, actions: np.ndarray, days: int) -> FloatArray:
    """What each is expected to spend in one future, contacted on its first day. Shape (customers,).

    The sum of each day's chance to order, given that future's state of the day, times the usual amount of an order:
    what is spent, on average, and less noisy, as neither a day's order nor its amount is drawn.
    """
    hoped = np.zeros(shop.customers)
    for day in range(days):
        todays = actions if day == 0 else np.zeros_like(actions)
        hoped += order_chances(shop, _until_noon(shop, state, todays))[0] * usual_amount(shop, state.day)
        state = step(shop, state, todays)[0]
    return hoped


def order_chances(shop: Shop, noon: State) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """A day's chances: to order, to be engaged by then, to order if engaged, if dormant. Each (customers,)."""
    down, up, if_engaged, if_dormant = (one.astype(float) for one in model.hazards(shop, noon))
    engaged = np.where(noon.engaged, 1 - down, up)
    return engaged * if_engaged + (1 - engaged) * if_dormant, engaged, if_engaged, if_dormant


def usual_amount(shop: Shop, day: int) -> FloatArray:
    """What an order on a day brings on average, as `features.simulated_day` draws it. Shape (customers,)."""
    prices = np.exp(PRICES.astype(float))
    usual = np.where(shop.gifter, 0.9, 0.75)
    price = usual * prices[shop.favourite] + (1 - usual) * prices.mean()
    keen = np.minimum(np.where(shop.hunter, 0.85, 0.06) + 0.25 * shop.calendar.sale[day], 1.0)
    quantity = 1 + 1 / np.expm1(1 / 1.2)  # mean of 1 + floor(exponential of mean 1.2)
    return np.exp(shop.spend.astype(float) + 0.25**2 / 2) * price * (0.7 + 0.3 * quantity) * (1 - 0.22 * keen)


def earned_by_type(
    shop: Shop, state: State, who: np.ndarray, action: str, *, futures: int, days: int, margin: float, contact: float
) -> FloatArray:
    """What contacting each would earn were they of each type, by either half of the futures: (2, n, TYPES).

    Args:
        shop: everybody.
        state: of everybody, as of the day of the contact.
        who: who is asked about, codes. Shape (n,).
        action: of ACTION_NAMES.
        futures: how many; even. Halves share no dice, so that whoever chooses by one is paid by the other.
        days: that a future lasts.
        margin: of what is spent.
        contact: what one costs.
    """
    part, now = part_of(shop, state, who)
    nobody = np.zeros(len(who), dtype=np.int8)
    everybody = nobody + np.int8(ACTION_NAMES.index(action))
    found = np.zeros((2, len(who), TYPES))
    for number in range(futures):
        world = replace(part, seed=10**6 + number)
        usual = expected(world, now, nobody, days)
        gains = {}
        for kind in range(TYPES):
            twin = _twin(kind, action)
            if twin not in gains:
                of_kind = replace(world, response=np.full(len(who), twin))
                gains[twin] = expected(of_kind, now, everybody, days) - usual
            found[number % 2, :, kind] += gains[twin]
    return margin * found / (futures / 2) - contact


def smooth(
    earned: FloatArray, shop: Shop, state: State, who: np.ndarray, *, margin: float, contact: float
) -> FloatArray:
    """What `earned_by_type` found, by a model of the hidden moods, each fifth by one of the others: (n, TYPES).

    Chosen by raw means of a few futures, an oracle would chase their luck; so oracles choose by this.
    """
    amount = usual_amount(shop, state.day)[who]
    silent = state.day - state.last_order
    moods = (
        state.engaged, state.interest, state.satisfied, state.grievance, state.fatigue, state.orders, silent,
        silent / shop.cadence_days, shop.cadence_days, shop.hunter, shop.gifter, shop.channel, shop.opener,
    )  # fmt: skip
    X, fold, told = np.column_stack([one[who].astype(float) for one in moods]), np.arange(len(who)) % 5, earned * 0.0
    for kind in range(TYPES):
        orders = (earned[:, kind] + contact) / margin / amount
        for one in range(5):
            mine = fold == one
            forest = lgb.LGBMRegressor(
                n_estimators=150, learning_rate=0.05, num_leaves=8, min_child_samples=40, subsample=0.7,
                subsample_freq=1, n_jobs=1, verbose=-1, random_state=1,
            )  # fmt: skip
            told[mine, kind] = forest.fit(X[~mine], orders[~mine]).predict(X[mine])
    return margin * told * amount[:, None] - contact


def trials(
    shop: Shop, state: State, who: np.ndarray, action: str, *, repeats: int, days: int
) -> tuple[np.ndarray, FloatArray]:
    """Trials of an action on the same customers, half contacted: who was, and what they spent. Each (repeats, n)."""
    part, now = part_of(shop, state, who)
    code, sides, money = np.int8(ACTION_NAMES.index(action)), [], []
    for number in range(repeats):
        sides.append(np.random.default_rng([shop.seed, number]).random(len(who)) < 0.5)
        world, actions, lives, total = replace(part, seed=2 * 10**6 + number), sides[-1] * code, now, np.zeros(len(who))
        for day in range(days):
            lives, seen = step(world, lives, actions if day == 0 else np.zeros_like(actions))
            total += _orders_of(seen, len(who))
        money.append(total)
    return np.array(sides), np.array(money)


def _orders_of(seen: Sequence[Sighting], customers: int) -> FloatArray:
    """What each customer's orders of a day came to. Shape (customers,)."""
    orders = [one for one in seen if one.kind == "order"]
    return sum(
        (np.bincount(one.who, np.asarray(one.columns["amount"], float), customers) for one in orders),
        np.zeros(customers),
    )


def _twin(kind: int, action: str) -> int:
    """The last type that answers an action in the same way: what is lived for one holds for the other."""
    lifts = LIFTS[:, ACTION_NAMES.index(action)]
    same = [
        one for one in range(TYPES) if lifts[one] == lifts[kind] and (one == SLEEPING_DOG) == (kind == SLEEPING_DOG)
    ]
    return same[-1]


def type_chances(shop: Shop, likelihood: FloatArray) -> FloatArray:
    """The chance of each type given the record: how types are drawn, times the record's likelihood. Shape (n, TYPES).

    Args:
        shop: everybody.
        likelihood: logarithms, as `records` has them. Shape (n, TYPES).
    """
    cell = 2 * shop.hunter.astype(int) + (shop.opener < ALIKE)
    counts = np.zeros((4, TYPES))
    np.add.at(counts, (cell, shop.response), 1)
    drawn = (counts / counts.sum(axis=1, keepdims=True))[cell]
    odds = drawn * np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def records(shop: Shop, customers: int, days: int, asked: Sequence[int]) -> dict[int, FloatArray]:
    """How likely all that happened up to days was under each type, logarithms. By day, each (customers, TYPES).

    Args:
        shop: that was simulated; its run is lived again, bit by bit.
        customers: of the run.
        days: of the run.
        asked: indices of days, each up to its beginning.
    """
    state = open_shop(shop.calendar, customers, days, shop.seed)[1]
    told, found = np.zeros((customers, TYPES)), {}
    lift, fatigue = np.zeros((customers, TYPES), np.float32), np.zeros((customers, TYPES), np.float32)
    for day in range(max(asked) + 1):
        if day in asked:
            found[day] = told.copy()
        actions = campaign_of_the_day(shop, state).actions
        actions = np.where(shop.arrival <= day, actions, 0).astype(np.int8)
        lift = np.maximum(lift, LIFTS[:, actions].T) * np.float32(0.93)
        fatigue[actions > 0, SLEEPING_DOG] = 1.3
        fatigue *= np.float32(0.96)
        middle, state = _until_noon(shop, state, actions), step(shop, state, actions)[0]
        told += _of_the_day(shop, middle, state, lift, fatigue)
    return found


def _until_noon(shop: Shop, state: State, actions: np.ndarray) -> State:
    """The state that a day's hazards are of: contacts, moods and answers are done, orders are not."""
    now, draws = state.copy(), dice(shop, state.day)
    now.engaged[shop.arrival == state.day] = True
    model.contact(shop, now, actions)
    model.drift(shop, now, draws)
    model.answer_issues(shop, now, draws)
    return now


def _of_the_day(shop: Shop, noon: State, after: State, lift: FloatArray, fatigue: FloatArray) -> FloatArray:
    """How likely what a day brought was under each type, logarithms. Shape (customers, TYPES)."""
    told = np.zeros(lift.shape)
    who = np.flatnonzero((lift > 1e-3).any(axis=1) | (fatigue > 1e-3).any(axis=1))
    if not len(who):
        return told
    part, now = part_of(shop, noon, who)
    ordered = after.last_order[who] == noon.day
    engaged_at_night = ordered | after.engaged[who]  # who orders is engaged again, however they came to it
    for kind in range(TYPES):
        mine = replace(now, lift=lift[who, kind], fatigue=fatigue[who, kind])
        buys, engaged, if_engaged, if_dormant = order_chances(part, mine)
        still = np.where(engaged_at_night, engaged * (1 - if_engaged), (1 - engaged) * (1 - if_dormant))
        told[who, kind] = np.log(np.where(ordered, buys, still))
    return told
