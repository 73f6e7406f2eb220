"""One day in the simulated shop: `step(shop, state, actions)` returns the next state and what was seen.

Answers what everybody did today, as sightings: a kind of event, who, when, and its columns as arrays. The
dynamics are those of `features.simulated_shop`; here is what they leave in the log. Knows nothing of files
or features.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from features import simulated_customers as people
from features import simulated_shop as model
from features.simulated_calendar import FloatArray, IntArray, seconds_of_day
from features.simulated_customers import NEVER, ActionArray, BoolArray, Shop, State

ORDER_CHANNELS = np.array(["app", "web", "wechat", "store"], dtype=object)
ISSUES = np.array(["late_delivery", "defect", "wrong_item", "rude_service"], dtype=object)
PRAISE = np.array(["很好,会再来", "质量不错", "Fast and friendly"], dtype=object)
BLAME = np.array(["等了很久没人回复", "有点失望", "Not what I ordered"], dtype=object)
_CODED = ("CHANNELS", "REGIONS", "CATEGORIES", "ACTION_NAMES")
_NAMES = {name: np.array(getattr(people, name), dtype=object) for name in _CODED}
_CATEGORY_PRICE = np.array([-0.3, -0.1, 0.0, 0.1, 0.5, 0.2], dtype=np.float32)  # log price against the usual
NEWSLETTER_EVERY_DAYS = 14


@dataclass(frozen=True)
class Sighting:
    """Events of one kind on one day.

    Attributes:
        kind: the event type.
        who: customer codes. Shape (k,).
        second: seconds after local midnight. Shape (k,).
        columns: further EVENTS columns, each an array of shape (k,) or one value for all.
    """

    kind: str
    who: IntArray
    second: FloatArray
    columns: Mapping[str, object]


def step(shop: Shop, state: State, actions: ActionArray, *, campaign: str = "") -> tuple[State, list[Sighting]]:
    """Take everybody through one day under the actions given.

    Args:
        shop: the customers' characters and the calendar.
        state: as of the beginning of the day; not changed.
        actions: what the shop does to each customer today, codes of `ACTION_NAMES`. Shape (customers,), int8.
        campaign: the name under which the contacts are logged.

    Returns:
        The state at the beginning of the next day, and the day's sightings.
    """
    after = state.copy()
    draws = people.dice(shop, state.day)
    actions = np.where(shop.arrival <= state.day, actions, 0).astype(np.int8)
    seen = _arrivals(shop, after, draws) + _contacts(shop, after, actions, campaign, draws)
    model.drift(shop, after, draws)
    seen += _service(shop, after, draws)
    down, up, order_engaged, order_dormant = model.hazards(shop, after)
    present = shop.arrival <= state.day
    leaving = after.engaged & present & (draws[3] < down)
    after.engaged[:] = (after.engaged & ~leaving) | (~after.engaged & present & (draws[3] < up))
    ordering = present & (draws[4] < np.where(after.engaged, order_engaged, order_dormant))
    seen += _orders(shop, after, np.flatnonzero(ordering), draws)
    seen += _after_sales(after, draws) + _attention(shop, after, present, draws)
    seen += _points(after, leaving, draws)
    return replace(after, day=state.day + 1), [sighting for sighting in seen if len(sighting.who)]


def _arrivals(shop: Shop, state: State, draws: FloatArray) -> list[Sighting]:
    """Customers becoming known, with their profile, and whoever sent them."""
    who = np.flatnonzero(shop.arrival == state.day)
    state.engaged[who] = True
    second = seconds_of_day(draws[5][who])
    sent = who[shop.channel[who] == people.CHANNELS.index("referral")]
    friends = np.flatnonzero(state.engaged & (state.orders > 1) & (state.satisfied > -0.2))
    if not len(friends):
        sent = sent[:0]
    senders = friends[(draws[6][sent] * len(friends)).astype(np.int64)] if len(sent) else sent
    return [
        Sighting("profile.region", who, second, {"category": _NAMES["REGIONS"][shop.region[who]]}),
        Sighting("profile.acquisition_channel", who, second, {"category": _NAMES["CHANNELS"][shop.channel[who]]}),
        Sighting("referral", senders, seconds_of_day(draws[5][sent]), {"related": sent}),
    ]


def _contacts(shop: Shop, state: State, actions: ActionArray, campaign: str, draws: FloatArray) -> list[Sighting]:
    """Today's contacts."""
    model.contact(shop, state, actions)
    who = np.flatnonzero(actions)
    channel = np.array(["", "email", "sms", "phone"], dtype=object)[actions[who]]
    columns = {"category": campaign or None, "channel": channel, "reason_code": _NAMES["ACTION_NAMES"][actions[who]]}
    return [Sighting("campaign_contact", who, seconds_of_day(0.3 + 0.3 * draws[7][who]), columns)]


def _service(shop: Shop, state: State, draws: FloatArray) -> list[Sighting]:
    """Issues raised, issues answered in time, complaints about those that were not, and idle questions."""
    raised = np.flatnonzero(state.issue_opens == state.day)
    state.issue_opens[raised] = NEVER
    helped, failed = model.answer_issues(shop, state, draws)
    asking = np.flatnonzero(state.engaged & (draws[8] < 0.0012))

    def at(who: IntArray, reason: npt.NDArray[np.object_] | str, kind: str = "support_ticket") -> Sighting:
        channel = np.where(draws[10][who] < 0.6, "chat", "phone").astype(object)
        return Sighting(kind, who, seconds_of_day(draws[9][who]), {"reason_code": reason, "channel": channel})

    return [
        at(raised, _pick(ISSUES, draws[11][raised])),
        at(helped, "resolved"),
        at(failed, "answered_late", "complaint"),
        at(asking, "question"),
    ]


def _orders(shop: Shop, state: State, who: IntArray, draws: FloatArray) -> list[Sighting]:
    """Orders placed, with the points they earn and the trouble they start. Writes the state."""
    first = state.orders[who] == 0
    usual = (draws[12][who] < 0.75) | (shop.gifter[who] & (draws[12][who] < 0.9))
    category = np.where(usual, shop.favourite[who], (draws[13][who] * len(people.CATEGORIES)).astype(np.int64))
    bell = np.sqrt(-2 * np.log(1 - draws[14][who])) * np.cos(2 * np.pi * draws[15][who])
    quantity = 1 + (-1.2 * np.log(1 - draws[16][who])).astype(np.int64)
    full = np.exp(shop.spend[who] + _CATEGORY_PRICE[category] + 0.25 * bell) * (0.7 + 0.3 * quantity)
    keen = np.where(shop.hunter[who], 0.85, 0.06) + 0.25 * shop.calendar.sale[state.day]
    discount = np.where(draws[17][who] < keen, 0.12 + 0.2 * draws[18][who], 0.0) * full
    amount = np.round((full - discount).astype(np.float64), 2)
    state.orders[who] += 1
    state.last_order[who], state.last_amount[who], state.last_category[who] = state.day, amount, category
    state.engaged[who] = True
    wrong = draws[19][who] < model.trouble(shop, state, who)
    _plan(state, who, wrong, draws)
    state.satisfied[who[wrong]] -= 0.25
    fresh = who[first]
    state.engaged[fresh] = draws[20][fresh] >= model.leaves_at_once(shop, fresh, wrong[first])
    earned = np.floor(amount / 10).astype(np.float32)
    state.points[who] += earned
    second = seconds_of_day(draws[5][who])
    columns = {
        "amount": amount,
        "channel": _pick(ORDER_CHANNELS, (draws[10][who] * 0.5 + shop.opener[who] * 0.5).clip(0, 0.999)),
        "nth_order": state.orders[who],
        "category": _NAMES["CATEGORIES"][category],
        "quantity": quantity,
        "discount_amount": np.round(discount.astype(np.float64), 2),
    }
    return [Sighting("order", who, second, columns), Sighting("points_earned", who, second + 1, {"amount": earned})]


def _plan(state: State, who: IntArray, wrong: BoolArray, draws: FloatArray) -> None:
    """Put what follows an order into the state: an issue and its answer, a return, a survey."""
    day, tells = state.day, wrong & (draws[21][who] < 0.88)
    state.issue_opens[who[tells]] = day + 2 + (draws[11][who[tells]] * 4).astype(np.int64)
    state.issue_answered[who[tells]] = day + 7 + (draws[18][who[tells]] * 5).astype(np.int64)
    back = who[draws[22][who] < np.where(wrong, 0.3, 0.035)]
    state.return_due[who] = NEVER  # one pending return a customer, of the latest order
    state.return_due[back] = day + 3 + (draws[13][back] * 10).astype(np.int64)
    asked = who[draws[23][who] < 0.4]
    state.survey_due[asked] = day + 9 + (draws[16][asked] * 6).astype(np.int64)


def _after_sales(state: State, draws: FloatArray) -> list[Sighting]:
    """Returns, survey answers and reviews. A return names its order and takes back a part or all of it."""
    back = np.flatnonzero(state.return_due == state.day)
    share = np.where(draws[15][back] < 0.25, 1.0, 0.3 + 0.4 * draws[16][back])
    columns = {
        "amount": np.round((share * state.last_amount[back]).astype(np.float64), 2),
        "nth_order": state.orders[back],
        "reason_code": _pick(ISSUES[:3], draws[11][back]),
        "category": _NAMES["CATEGORIES"][state.last_category[back]],
    }
    answering = draws[24] < np.where(state.engaged, 0.6, 0.15)
    asked = np.flatnonzero((state.survey_due == state.day) & answering)
    mood = state.satisfied - 0.8 * state.grievance
    score = np.round(3.5 + 1.1 * mood[asked] + 1.4 * (draws[25][asked] - 0.5)).clip(1, 5)
    writing = np.flatnonzero(state.engaged & (state.last_order == state.day - 5) & (draws[25] < 0.06))
    stars = np.round(3.7 + 1.1 * mood[writing] + 1.4 * (draws[24][writing] - 0.5)).clip(1, 5)
    text = np.where(stars >= 3.5, _pick(PRAISE, draws[26][writing]), _pick(BLAME, draws[26][writing]))
    return [
        Sighting("return", back, seconds_of_day(draws[26][back]), columns),
        Sighting("survey", asked, seconds_of_day(draws[26][asked]), {"score": score}),
        Sighting("review", writing, seconds_of_day(draws[27][writing]), {"score": stars, "text": text}),
    ]


def _attention(shop: Shop, state: State, present: BoolArray, draws: FloatArray) -> list[Sighting]:
    """Visits, and on newsletter days the mails opened and clicked: they fade before the orders stop."""
    rate = np.exp(1.1 * state.interest) * np.where(state.engaged, 0.85, 0.012) / shop.cadence_days**0.6
    looking = present & (draws[27] < 1 - np.exp(-rate))
    looking |= state.last_order == state.day  # nobody orders without looking
    visits = np.flatnonzero(looking)
    second = seconds_of_day(draws[5][visits]) - 60 * (1 + 9 * draws[28][visits])
    seen = [Sighting("visit", visits, second.clip(0), {"channel": _pick(ORDER_CHANNELS[:3], draws[10][visits])})]
    if state.day % NEWSLETTER_EVERY_DAYS == 0:
        keen = shop.opener * np.where(state.engaged, np.exp(0.6 * state.interest), 0.06)
        opened = np.flatnonzero(present & (shop.arrival < state.day) & (draws[28] < keen))
        clicked = opened[draws[29][opened] < 0.22]
        hour = seconds_of_day(draws[26])
        mail = {"channel": "email"}
        seen += [Sighting("email_open", opened, hour[opened], mail)]
        seen += [Sighting("email_click", clicked, hour[clicked] + 30, mail)]
    return seen


def _points(state: State, leaving: BoolArray, draws: FloatArray) -> list[Sighting]:
    """Points redeemed: a part now and then while engaged, all of them by many who are about to leave."""
    cashing = leaving & (draws[29] < 0.5) & (state.points >= 10)
    usual = state.engaged & (state.points >= 40) & (draws[29] < 0.006)
    who = np.flatnonzero(cashing | usual)
    amount = np.where(cashing[who], state.points[who], np.floor(state.points[who] * 0.6)).astype(np.float32)
    state.points[who] -= amount
    return [Sighting("points_redeemed", who, seconds_of_day(draws[26][who]), {"amount": amount})]


def _pick(options: npt.NDArray[np.object_], shares: FloatArray) -> npt.NDArray[np.object_]:
    """The option that each share in [0, 1) falls on."""
    return options[(shares * len(options)).astype(np.int64)]
