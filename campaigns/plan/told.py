"""A plan in a few sentences, English and Chinese. Start reading at `outcome`."""

import math

import numpy as np

from campaigns.ledger.effect import LEAST
from campaigns.plan.planning import Plan

LEFT_OUT = {
    "value": ("how far the values are off", "客户价值的误差"),
    "take_up": ("how far take-up is off where no take_up_range is given", "未给出 take_up_range 的转化率误差"),
    "probability": ("how far scores are off that have no band", "无校准区间的评分误差"),
    "same_take_up": ("that those chosen may be turned less than the average", "入选客户的转化率可能低于平均水平"),
    "measured_effect": ("how far the measured effects are off", "实测效果的误差"),
}


def outcome(plan: Plan, currency: str) -> tuple[str, str]:
    """Whom to contact, at which cost, for which profit; or that nobody is worth it, and why."""
    totals = plan.totals()
    if not totals["chosen"]:
        return _nobody(plan, currency)
    first = plan.interval
    gap = plan.solution.gap
    best = ("No other choice within these limits earns more", "在这些限制内没有更优方案")
    if gap > _NOTHING * max(plan.solution.profit, 1.0):
        best = (f"No choice within these limits earns {gap:,.4f} more", f"与最优方案的差距不超过 {gap:,.4f}")
    left = [LEFT_OUT[one] for one in first.leaves_out]
    en = (
        f"Contact {totals['to_contact']:,} customers; {totals['held_out']:,} more are held out by chance. Expected "
        f"cost {totals['expected_cost_amount']:,.2f} {currency}, expected net profit {first.expected:,.2f} "
        f"(90 %: {first.expected_low:,.2f} to {first.expected_high:,.2f}); what comes of it: "
        f"{first.realised_low:,.2f} to {first.realised_high:,.2f}. {best[0]}."
    )
    zh = (
        f"联系 {totals['to_contact']:,} 位客户,另有 {totals['held_out']:,} 位随机留作对照。预计成本 "
        f"{totals['expected_cost_amount']:,.2f} {currency},预计净收益 {first.expected:,.2f}"
        f"(90%:{first.expected_low:,.2f} 至 {first.expected_high:,.2f});实际结果:"
        f"{first.realised_low:,.2f} 至 {first.realised_high:,.2f}。{best[1]}。"
    )
    if totals["held_out"] < LEAST:
        en += (
            f" Only {totals['held_out']:,} are held out, fewer than {LEAST}: what it did cannot be told afterwards. "
            f"[campaigns] hold_out_ratio = {_ratio(totals['chosen']):.2f} would hold out enough."
            if totals["chosen"] >= 2 * LEAST
            else f" With fewer than {2 * LEAST} chosen, what it did cannot be told afterwards."
        )
        zh += (
            f"随机对照仅 {totals['held_out']:,} 位(少于 {LEAST} 位),事后无法得知效果;可设 [campaigns] hold_out_ratio = "
            f"{_ratio(totals['chosen']):.2f}。"
            if totals["chosen"] >= 2 * LEAST
            else f"入选客户少于 {2 * LEAST} 位,事后无法得知效果。"
        )
    if left:
        en += f" The intervals leave out {' and '.join(one[0] for one in left)}."
        zh += f"区间不含{'、'.join(one[1] for one in left)}。"
    return en, zh


def _ratio(chosen: int) -> float:
    """The share that holds out `LEAST` of so many, with room for chance; half of them at most."""
    return min(0.5, math.ceil(100 * (LEAST + 2 * math.sqrt(LEAST)) / chosen) / 100)


def _nobody(plan: Plan, currency: str) -> tuple[str, str]:
    counts = plan.by_reason()
    if counts.get("budget") or counts.get("capacity"):
        return (
            "Contact nobody: the budget or the capacity is too small for a single contact that pays.",
            "不联系任何人:预算或名额不足以进行任何一次有收益的联系。",
        )
    if np.isnan(plan.best_left_out):
        return "Contact nobody: no action is for anybody.", "不联系任何人:没有任何行动适用于任何客户。"
    lost = -plan.best_left_out
    return (
        f"Contact nobody: nothing earns its cost. The best candidate would lose {lost:,.2f} {currency}.",
        f"不联系任何人:没有任何行动能覆盖成本。最佳候选客户也会亏损 {lost:,.2f} {currency}。",
    )


_NOTHING = 1e-9  # of the profit
