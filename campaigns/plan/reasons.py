"""Why everybody is in a plan or out of it, as a code and in words with their numbers.

    planned                chosen, and expected to earn something
    costs_more_than_brings they may be contacted, and no action earns its cost with them
    budget                 an action would earn something, and the money earns more with others
    capacity               an action would earn something, and its contacts earn more with others
    other_model            the plan is for churn, or for coming back, alone

All the other codes are those of campaigns/catalogue/eligible.py: no action is for them. Start reading at `decided`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from campaigns.catalogue.eligible import CODES, WHY
from campaigns.catalogue.offers import OPEN, Offers
from campaigns.people import People
from campaigns.plan.problem import NONE, UNITS, FloatArray, IntArray, Problem
from churn.cohort import CHURN

PLANNED, COSTS_MORE, BUDGET, CAPACITY = "planned", "costs_more_than_brings", "budget", "capacity"
OTHER_MODEL, NO_ACTION = "other_model", "no_action"
NEWS: Final = "product_news"
WORDS: Final = {
    **WHY,
    PLANNED: ("planned", "列入计划"),
    COSTS_MORE: ("no action earns its cost", "没有任何行动的收益能覆盖成本"),
    BUDGET: ("the money earns more with others", "预算用于其他客户收益更高"),
    CAPACITY: ("the contacts earn more with others", "联系名额用于其他客户收益更高"),
    OTHER_MODEL: ("the plan is for the others", "本计划不面向该类客户"),
    NO_ACTION: ("no action is in the catalogue", "行动目录中没有可用的行动"),
}


@dataclass(frozen=True)
class Chosen:
    """What was decided, beside the arrays it was decided on.

    Args:
        choice: column of each, or NONE. Shape (n,).
        prices: of the limits, the budget's first. Shape (m,).
        is_other: whom the plan is not for. Shape (n,).
    """

    choice: IntArray
    prices: FloatArray
    is_other: np.ndarray[tuple[int], np.dtype[np.bool_]]


def decided(people: People, offers: Offers, problem: Problem, chosen: Chosen, currency: str) -> pd.DataFrame:
    """Everybody, in or out, and why.

    Returns:
        One row a customer of `people`, in their order. Columns: customer_id, model, stage, is_in, code, action (the
        one chosen, or the one that would earn most; None where none is for them), expected_profit_amount,
        cost_amount, why_en, why_zh.
    """
    count = len(people)
    best = chosen.choice.copy()
    if offers.actions:
        profit = np.where(np.isnan(offers.profit), -np.inf, offers.profit)
        most = profit.argmax(axis=1)
        best = np.where(best == NONE, np.where(np.isfinite(profit[np.arange(count), most]), most, NONE), best)
    earns, costs = _of(offers.profit, best), _of(offers.cost, best)
    codes = _codes(offers, problem, chosen, best, earns)
    actions = np.array([*(one.code for one in offers.actions), None], dtype=object)
    en, zh = _in_words(codes, people, offers, best, earns, costs, float(chosen.prices[0]), currency)
    return pd.DataFrame(
        {
            "customer_id": people.rows["customer_id"], "model": people.rows["model"], "stage": people.rows["stage"],
            "is_in": chosen.choice != NONE, "code": codes, "action": actions[best],
            "expected_profit_amount": earns, "cost_amount": costs, "why_en": en, "why_zh": zh,
        }
    )  # fmt: skip


def _of(table: np.ndarray, column: IntArray) -> FloatArray:
    found = np.full(len(column), np.nan)
    who = np.flatnonzero(column != NONE)
    found[who] = table[who, column[who]]
    return found


def _codes(offers: Offers, problem: Problem, chosen: Chosen, best: IntArray, earns: FloatArray) -> np.ndarray:
    """The code of each: first whether any action is for them, then money."""
    codes = np.full(len(best), NO_ACTION, dtype=object)
    closed = best == NONE
    if offers.actions:
        first = np.where(offers.refused == OPEN, len(CODES), offers.refused).min(axis=1)
        codes[closed] = np.array([*CODES, NO_ACTION], dtype=object)[first[closed]]
    codes[~closed] = COSTS_MORE
    would = np.flatnonzero(~closed & (earns > 0) & (chosen.choice == NONE))
    spent = chosen.prices[0] * problem.units[would, best[would]] / UNITS
    others = (chosen.prices[1:] @ problem.uses[1:])[best[would]] if len(chosen.prices) > 1 else np.zeros(len(would))
    codes[would] = np.where(others > spent, CAPACITY, BUDGET)
    codes[chosen.is_other] = OTHER_MODEL
    codes[chosen.choice != NONE] = PLANNED
    return codes


def _in_words(
    codes: np.ndarray, people: People, offers: Offers, best: IntArray, earns: FloatArray, costs: FloatArray,
    price: float, currency: str,
) -> tuple[list[str], list[str]]:  # fmt: skip
    model, chance = people.rows["model"].to_numpy(dtype=object), offers.turnable
    en, zh = [], []
    for row, (code, column) in enumerate(zip(codes.tolist(), best.tolist(), strict=True)):
        if column == NONE or code == OTHER_MODEL:
            words = WORDS[code]
            en.append(words[0])
            zh.append(words[1])
            continue
        say, money = _said(offers, row, column), (earns[row], costs[row])
        leaves = ("chance to leave", "流失概率") if model[row] == CHURN else ("chance to stay away", "不再回来的概率")
        if code == PLANNED:
            en.append(
                f"{say[0]}: {leaves[0]} {chance[row]:.0%}; expected to earn {money[0]:,.2f} {currency} "
                f"for a cost of {money[1]:,.2f}"
            )
            zh.append(
                f"{say[1]}:{leaves[1]} {chance[row]:.0%};预计净收益 {money[0]:,.2f} {currency},成本 {money[1]:,.2f}"
            )
        elif code == COSTS_MORE:
            en.append(f"{say[0]} would lose {-money[0]:,.2f} {currency}, and nothing else earns its cost")
            zh.append(f"{say[1]}预计亏损 {-money[0]:,.2f} {currency},其他行动也无法覆盖成本")
        else:
            words = WORDS[code]
            more = f"; the last money spent earns {price:,.2f} for each {currency}" if code == BUDGET else ""
            mehr = f";最后一笔预算每 {currency} 带来 {price:,.2f}" if code == BUDGET else ""
            en.append(f"{say[0]} would earn {money[0]:,.2f} {currency} for a cost of {money[1]:,.2f}: {words[0]}{more}")
            zh.append(f"{say[1]}预计净收益 {money[0]:,.2f} {currency},成本 {money[1]:,.2f}:{words[1]}{mehr}")
    return en, zh


def _said(offers: Offers, row: int, column: int) -> tuple[str, str]:
    """The action in words; news with the product, or nobody could write that letter."""
    action = offers.actions[column]
    if action.kind != NEWS or offers.news is None or offers.news[0][row] is None:
        return action.en, action.zh
    return f"{action.en} ({offers.news[0][row]})", f"{action.zh}（{offers.news[1][row]}）"
