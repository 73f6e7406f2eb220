"""The simulated shop's customers: who they are, and what changes about them from day to day.

Answers how a population is drawn (`open_shop`) and from which numbers a day's chance comes (`dice`). A customer
has a character (`Shop`, never changes) and a state (`State`, as of the beginning of a day). Knows nothing of what
moves the state: that is `features.simulated_shop`.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from features.simulated_calendar import FloatArray, IntArray, ShopCalendar

BoolArray = npt.NDArray[np.bool_]
ActionArray = npt.NDArray[np.int8]

NO_ACTION, REMINDER, COUPON, SERVICE_CALL = range(4)
ACTION_NAMES = ("none", "reminder", "coupon", "service_call")
PERSUADABLE, SURE_THING, LOST_CAUSE, SLEEPING_DOG = range(4)
RESPONSE_NAMES = ("persuadable", "sure_thing", "lost_cause", "sleeping_dog")
CHANNELS = ("search", "social", "referral", "marketplace", "store")
REGIONS = ("east", "north", "south", "west")
CATEGORIES = ("grocery", "beauty", "home", "fashion", "electronics", "gift")
GIFT = CATEGORIES.index("gift")
_CATEGORY_CADENCE_DAYS = np.array([19.0, 30.0, 44.0, 37.0, 70.0, 38.0])
DRAWS = 30  # uniform numbers a customer and day; fixed, so that runs stay paired
NEVER = -1


@dataclass(frozen=True)
class Shop:
    """What never changes: the calendar and each customer's character. Arrays have shape (customers,).

    Attributes:
        calendar: days, seasons, sales.
        seed: everything random follows from it.
        arrival: day index at which the customer becomes known.
        cadence_days: usual days between orders while engaged.
        hunter: True for customers who wait for sales.
        gifter: True for customers who buy gifts, in season.
        opener: chance that an engaged customer opens a mail.
        content: satisfaction to which they return when nothing happens; 0 is usual.
        spend: usual log amount of an order.
        channel, region, favourite, response: codes into the module's names.
    """

    calendar: ShopCalendar
    seed: int
    arrival: IntArray
    cadence_days: FloatArray
    hunter: BoolArray
    gifter: BoolArray
    opener: FloatArray
    content: FloatArray
    spend: FloatArray
    channel: IntArray
    region: IntArray
    favourite: IntArray
    response: IntArray

    @property
    def customers(self) -> int:
        """How many customers the shop will ever know."""
        return len(self.arrival)


@dataclass(frozen=True)
class State:
    """What changes from day to day, as of the beginning of `day`. Arrays have shape (customers,).

    Attributes:
        day: index of the day about to begin.
        engaged: the hidden state; a dormant customer orders next to never.
        interest: log multiplier of orders and visits, wandering around satisfaction.
        satisfied: satisfaction, 0 is usual; moved by service.
        grievance: fresh anger after an issue answered late; fades in weeks.
        lift: log order rate added by recent contacts; fades in days.
        fatigue: log hazard of falling dormant added by unwelcome contacts.
        orders: orders placed so far.
        last_order: day index of the last order, -1 for none.
        complained: day index of the last complaint, -1 for none.
        points: loyalty points held.
        issue_opens, issue_answered, return_due, survey_due: day indices of what is pending, -1 for nothing.
        last_amount: amount of the last order.
        last_category: code of its category.
    """

    day: int
    engaged: BoolArray
    interest: FloatArray
    satisfied: FloatArray
    grievance: FloatArray
    lift: FloatArray
    fatigue: FloatArray
    orders: IntArray
    last_order: IntArray
    complained: IntArray
    points: FloatArray
    issue_opens: IntArray
    issue_answered: IntArray
    return_due: IntArray
    survey_due: IntArray
    last_amount: FloatArray
    last_category: IntArray

    def copy(self) -> "State":
        """A state whose arrays may be written without touching this one's."""
        arrays = {f.name: getattr(self, f.name).copy() for f in fields(self) if f.name != "day"}
        return replace(self, **arrays)


def open_shop(calendar: ShopCalendar, customers: int, days: int, seed: int) -> tuple[Shop, State]:
    """Draw the customers' characters and the state before the first day."""
    rng = np.random.default_rng([seed, 101])
    n = customers
    old = rng.random(n) < 0.45  # won before the log began: its first quarter sees them come, no different from others
    arrival = np.where(old, rng.integers(0, 90, n), rng.integers(0, days, n))
    hunter = rng.random(n) < 0.28
    opener = rng.beta(1.8, 3.0, n)
    tilt = np.where(hunter, 1.0, 0.0), np.where(opener < 0.2, 1.1, 0.0)
    weights = np.stack([0.28 * np.exp(tilt[0]), np.full(n, 0.36), np.full(n, 0.26), 0.08 * np.exp(tilt[1])])
    response = (rng.random(n) > np.cumsum(weights / weights.sum(axis=0), axis=0)).sum(axis=0)
    gifter = rng.random(n) < 0.14
    favourite = np.where(gifter, GIFT, rng.choice(GIFT, n, p=[0.3, 0.2, 0.2, 0.2, 0.1]))
    shop = Shop(
        calendar,
        seed,
        arrival,
        single((_CATEGORY_CADENCE_DAYS[favourite] * np.exp(rng.normal(0, 0.5, n))).clip(5, 110)),
        hunter,
        gifter,
        single(opener),
        single(rng.normal(0.1, 0.35, n)),
        single(rng.normal(4.7, 0.5, n)),
        rng.choice(len(CHANNELS), n, p=[0.3, 0.2, 0.14, 0.21, 0.15]),
        rng.choice(len(REGIONS), n, p=[0.38, 0.24, 0.22, 0.16]),
        favourite,
        response.clip(0, 3),
    )
    return shop, _before_the_first_day(shop, single(rng.normal(0, 0.3, n)))


def _before_the_first_day(shop: Shop, interest: FloatArray) -> State:
    """Nobody knows the shop yet."""
    n = shop.customers

    def never() -> IntArray:
        return np.full(n, NEVER, dtype=np.int64)

    def nothing() -> FloatArray:
        return np.zeros(n, dtype=np.float32)

    return State(
        day=0,
        engaged=np.zeros(n, dtype=bool),
        interest=interest,
        satisfied=shop.content.copy(),
        grievance=nothing(),
        lift=nothing(),
        fatigue=nothing(),
        orders=np.zeros(n, dtype=np.int64),
        last_order=never(),
        complained=never(),
        points=nothing(),
        issue_opens=never(),
        issue_answered=never(),
        return_due=never(),
        survey_due=never(),
        last_amount=nothing(),
        last_category=shop.favourite.copy(),
    )


def dice(shop: Shop, day: int, stream: int = 0, *, count: int = DRAWS) -> FloatArray:
    """The first `count` uniform numbers in [0, 1) of one day; stream 0 is the run's. Shape (count, customers)."""
    rng = np.random.default_rng([shop.seed, stream, day])
    return rng.random((count, shop.customers), dtype=np.float32)


def single(values: npt.ArrayLike) -> FloatArray:
    """Values as the single-precision array in which the shop calculates."""
    return np.asarray(values, dtype=np.float32)
