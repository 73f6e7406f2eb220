"""OFFERS: what each action of the catalogue would earn and cost with each customer, or why it is none for them.

    PEOPLE + doors + [[action]] --> one column an action: profit, cost, turned (NaN where it is none for them)

The table that plans and recommendations share: float32, one action after the other, so that a million customers and
twenty actions stay in memory. Occasions (a birthday, an open complaint) are outside any budget and have no column.
Start reading at `offers_of`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.catalogue.eligible import CODES, NOTHING, Known, eligible
from campaigns.people import People
from campaigns.suppress import Doors
from campaigns.worth import IncompleteAction, Stake, missing_of, turnable_of
from churn.action_sections import Action
from churn.errors import SettingsError
from churn.settings import Settings

FloatArray = NDArray[np.float64]
Single = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
OPEN = -1  # no code: the action is for them


class NoValue(SettingsError):
    """Nobody said what a customer who is kept, or comes back, is worth."""

    def __init__(self, action: str, customers: int) -> None:
        super().__init__(
            f"What {action!r} would earn cannot be told: the value of {customers:,} whom it is for is missing.",
            mend="set [value] margin_ratio and run `churn campaign value`, or give value_amount in the [[action]] or "
            "in [costs] of churn.toml; no figure of another business stands in for yours.",
        )


@dataclass(frozen=True)
class Offers:
    """Everybody by every action that a score may choose.

    Args:
        actions: of the columns, in the order of the catalogue.
        stakes: the money of each.
        turnable: chance that each customer leaves, or stays away, if nobody acts; NaN where no model said. Shape (n,).
        turnable_low: low end of its interval, as is turnable_high; the chance itself where none was told.
        value: margin of each if turned, by action. Shape (n, k).
        turned: chance that each is turned. Shape (n, k).
        cost: what acting on each is expected to cost. Shape (n, k).
        profit: what it is expected to earn, cost taken off; NaN where the action is none for them. Shape (n, k).
        refused: place in CODES of why the action is none for them, or OPEN. Shape (n, k).
        measured: codes of the actions whose effect was measured, not set.
        news: what is new or better for each, in English and in Chinese; None where nothing. Shape (n,) each; None where
            no table of products is kept.
    """

    actions: tuple[Action, ...]
    stakes: tuple[Stake, ...]
    turnable: FloatArray
    turnable_low: FloatArray
    turnable_high: FloatArray
    value: Single
    turned: Single
    cost: Single
    profit: Single
    refused: NDArray[np.int8]
    measured: frozenset[str]
    news: tuple[NDArray[np.object_], NDArray[np.object_]] | None = None

    def code_of(self, row: int, column: int) -> str | None:
        """Why an action is none for a customer; None where it is."""
        place = int(self.refused[row, column])
        return None if place == OPEN else CODES[place]

    def between(self, column: int) -> tuple[Single, Single]:
        """The expected profit at both ends of what is uncertain: the probability and the action's take-up.

        The worst and the best of the four corners. Where an effect was measured, it stands as it is at both ends.

        Returns:
            Low and high. Each of shape (n,).
        """
        stake, action = self.stakes[column], self.actions[column]
        if action.code in self.measured:
            return self.profit[:, column], self.profit[:, column]
        low, high = action.take_up_range or (stake.take_up_ratio, stake.take_up_ratio)
        value = self.value[:, column].astype(np.float64)
        corners = [
            stake.profit(turnable, value, turnable * take_up)
            for turnable in (self.turnable_low, self.turnable_high)
            for take_up in (low, high)
        ]
        closed = self.refused[:, column] != OPEN
        ends = [np.where(closed, np.nan, end).astype(np.float32) for end in (np.min(corners, 0), np.max(corners, 0))]
        return ends[0], ends[1]


def plannable(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions that a score may choose; occasions are due on a day of the customer's, whatever a budget says."""
    return tuple(one for one in actions if not one.is_occasional)


def check_complete(actions: Sequence[Action]) -> None:
    """Refuse actions whose money cannot be told, all at once (IncompleteAction)."""
    if missing := {one.code: names for one in actions if (names := missing_of(one))}:
        raise IncompleteAction(missing)


def offers_of(
    settings: Settings,
    people: People,
    doors: Doors,
    known: Known = NOTHING,
    *,
    effects: Mapping[str, FloatArray] | None = None,
) -> Offers:
    """What every action would earn with everybody.

    Args:
        settings: `[[action]]` and `[costs] value_amount`.
        people: everybody.
        doors: who may be contacted, of the same people.
        known: segments and news, of the same people.
        effects: by code of an action: the chance that each is turned, where it was measured and is trusted (shape
            (n,)); it stands in place of share x take-up.

    Raises:
        IncompleteAction: a cost or a take-up is missing, of any action. NoValue: the value of somebody is.
        SegmentsNotEvaluated: an action names a segment that is not known.
    """
    effects = effects or {}
    actions = plannable(settings.action)
    stated = [_with_effect(one) if one.code in effects else one for one in actions]
    check_complete(stated)
    stakes = tuple(map(Stake.of, stated))
    rows = people.rows
    model = rows["model"].to_numpy(dtype=object)
    shape = (len(people), len(actions))
    value, turned, cost, profit = (np.full(shape, np.nan, dtype=np.float32) for _ in range(4))
    refused = np.full(shape, OPEN, dtype=np.int8)
    told = {name: rows[name].to_numpy(dtype=np.float64) for name in ("probability", *ENDS)}
    chance = turnable_of(model, told["probability"])
    ends = [turnable_of(model, np.where(np.isnan(told[name]), told["probability"], told[name])) for name in ENDS]
    for k, (action, stake) in enumerate(zip(actions, stakes, strict=True)):
        codes = eligible(people, doors, action, known)
        refused[:, k] = _placed(codes)
        is_open = refused[:, k] == OPEN
        worth = value_if_turned(settings, people, action)
        if lacking := int(np.isnan(worth[is_open]).sum()):
            raise NoValue(action.code, lacking)
        gained = effects[action.code] if action.code in effects else stake.turned(chance)
        columns = (worth, gained, stake.cost(chance, gained), stake.profit(chance, worth, gained))
        for table, column in zip((value, turned, cost, profit), columns, strict=True):
            table[is_open, k] = column[is_open]
    news = None if known.news_en is None or known.news_zh is None else (known.news_en, known.news_zh)
    return Offers(
        actions, stakes, chance, np.minimum(*ends), np.maximum(*ends), value, turned, cost, profit, refused,
        frozenset(effects), news,
    )  # fmt: skip


ENDS = ("probability_low", "probability_high")


def value_if_turned(settings: Settings, people: People, action: Action) -> FloatArray:
    """The margin of each customer if an action turns them: its own figure, else the customer's, else that of [costs].

    Returns:
        Shape (n,); NaN where nothing tells it.
    """
    if action.value_amount is not None:
        return np.full(len(people), action.value_amount)
    own = people.rows["expected_value_amount"].to_numpy(dtype=np.float64)
    usual = settings.costs.value_amount
    return own if usual is None else np.where(np.isnan(own), usual, own)


def _with_effect(action: Action) -> Action:
    """An action whose effect was measured needs no take-up of the business's."""
    return action if action.take_up_ratio is not None else action.model_copy(update={"take_up_ratio": 0.0})


def _placed(codes: NDArray[np.object_]) -> NDArray[np.int8]:
    where, texts = pd.factorize(codes)  # None is -1, which is OPEN
    places = np.array([*(CODES.index(str(text)) for text in texts), OPEN], dtype=np.int8)
    found: NDArray[np.int8] = places[where]
    return found
