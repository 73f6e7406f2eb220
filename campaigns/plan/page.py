"""The page of a plan: what it is expected to earn, what other budgets would, where the money goes, why who is out.

One file, English and Chinese, no script. Start reading at `page`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Final

import numpy as np

from campaigns.plan.planning import Plan
from campaigns.plan.problem import FloatArray, Problem
from campaigns.plan.reasons import WORDS
from campaigns.plan.solve import prices_of
from campaigns.plan.told import outcome
from churn.calendar import Calendar
from churn.page import both, frame, part, table
from churn.settings import Settings

PAGE: Final = "plan.html"
POINTS, SAMPLE = 16, 20_000
WIDE, HIGH, EDGE = 640.0, 260.0, 54.0


def page(plan: Plan, settings: Settings, now: datetime) -> str:
    """A plan for people to read.

    Args:
        plan: what was decided.
        settings: currency, language and days.
        now: when.
    """
    currency, says = settings.business.currency, outcome(plan, settings.business.currency)
    actions = [
        [escape(str(one["action"])), escape(str(one["stage"] or "")), f"{one['customers']:,}",
         f"{one['cost_amount']:,.2f}", f"{one['expected_profit_amount']:,.2f}"]
        for one in plan.by_action()
    ]  # fmt: skip
    reasons = [[both(*WORDS[code]), escape(code), f"{count:,}"] for code, count in plan.by_reason().items()]
    head = [both("action", "行动"), both("stage", "阶段"), both("to contact", "联系人数"), both("cost", "成本"),
            both("expected profit", "预计净收益")]  # fmt: skip
    chosen = (plan.problem.used(plan.treated)[0], plan.interval.expected)
    share = 1 - settings.campaigns.hold_out_ratio
    drawn = frontier(plan.problem)
    curve = drawn.points * share
    sampled = drawn.looked_at < drawn.customers
    note = (
        f"Expected profit by expected cost, in {currency}: what nobody can exceed. Beyond the end money earns nothing."
        + sampled
        * f" Drawn from {drawn.looked_at:,} of {drawn.customers:,} customers, so the curve is near, not exact.",
        f"各预计成本({currency})下的预计净收益上界。曲线末端之后,增加预算不再增加收益。"
        + sampled * f"曲线取自 {drawn.customers:,} 位客户中的 {drawn.looked_at:,} 位,为近似值。",
    )
    day = f"{Calendar(settings.business.timezone).day_of(now):%Y-%m-%d}"
    return frame(
        plan.asked.campaign, language=settings.business.language, heading=escape(plan.asked.campaign), as_of=day,
        says=both(*says), footer=("docs/plan.md says how it is chosen", "docs/plan.md 说明了选择方法"),
        body=[
            part(("Profit by budget", "预算与收益"), _drawn(curve, chosen, settings.business.language), note=note),
            part(("Where the money goes", "资金去向"), table(head, actions)),
            part(("Why who is in or out", "入选与落选原因"),
                 table([both("why", "原因"), both("code", "代码"), both("customers", "客户数")], reasons)),
        ],
    )  # fmt: skip


@dataclass(frozen=True)
class Frontier:
    """What can be earned by budget.

    Args:
        points: money and profit, the budget rising from 0. Shape (points, 2).
        customers: with whom something earns. looked_at: how many of them it was drawn from.
    """

    points: FloatArray
    customers: int
    looked_at: int


def frontier(problem: Problem) -> Frontier:
    """What can be earned by budget, all other limits as they are; of a sample of those with whom something earns."""
    wanted = np.flatnonzero(np.isfinite(problem.profit).any(axis=1))
    some = wanted[:: -(-len(wanted) // SAMPLE)] if len(wanted) else wanted
    share = len(some) / max(len(wanted), 1)
    few = problem.of_rows(some, problem.most * (share or 1.0))
    ample = _with_money(few, np.inf)
    all_money = few.used(few.judged(prices_of(ample)).choice)[0]
    found, prices = [(0.0, 0.0)], None
    for money in np.linspace(0, 1, POINTS)[1:] ** 2 * all_money:
        at = _with_money(few, money)
        prices = prices_of(at, prices)
        found.append((money, at.bound(prices, at.judged(prices))))
    return Frontier(np.array(found) / max(share, 1e-12), len(wanted), len(some))


def _with_money(problem: Problem, money: float) -> Problem:
    most = problem.most.copy()
    most[0] = money
    return replace(problem, most=most)


def _drawn(curve: FloatArray, chosen: tuple[float, float], language: str) -> str:
    most = np.maximum(curve.max(axis=0), np.maximum(chosen, 1e-9))
    x = EDGE + curve[:, 0] / most[0] * (WIDE - 2 * EDGE)
    y = HIGH - EDGE / 2 - curve[:, 1] / most[1] * (HIGH - EDGE)
    line = " ".join(f"{one:.1f},{other:.1f}" for one, other in zip(x, y, strict=True))
    mark = (
        EDGE + chosen[0] / most[0] * (WIDE - 2 * EDGE), HIGH - EDGE / 2 - chosen[1] / most[1] * (HIGH - EDGE)
    )  # fmt: skip
    base = HIGH - EDGE / 2
    axes = ("预计成本", "预计净收益") if language == "zh" else ("expected cost", "expected profit")
    texts = (
        f'<text x="{WIDE / 2}" y="{HIGH - 8}" font-size="12" text-anchor="middle">{axes[0]}</text>'
        f'<text x="{EDGE + 6}" y="{EDGE / 2 - 8}" font-size="12">{axes[1]}</text>'
        f'<text x="{EDGE}" y="{HIGH - 8}" font-size="12">0</text>'
        f'<text x="{WIDE - EDGE}" y="{HIGH - 8}" font-size="12" text-anchor="end">{most[0]:,.0f}</text>'
        f'<text x="{EDGE - 6}" y="{EDGE / 2 + 4}" font-size="12" text-anchor="end">{most[1]:,.0f}</text>'
        f'<text x="{mark[0] + 8:.1f}" y="{mark[1] + 16:.1f}" font-size="12">{chosen[0]:,.0f} → {chosen[1]:,.0f}</text>'
    )
    return (
        f'<svg viewBox="0 0 {WIDE:.0f} {HIGH:.0f}" role="img" style="max-width:100%" fill="currentColor">'
        f'<path d="M{EDGE},{EDGE / 2} V{base} H{WIDE - EDGE}" fill="none" stroke="currentColor" opacity=".4"/>'
        f'<polyline points="{line}" fill="none" stroke="#2563eb" stroke-width="2"/>'
        f'<circle cx="{mark[0]:.1f}" cy="{mark[1]:.1f}" r="5" fill="#d97706"/>{texts}</svg>'
    )
