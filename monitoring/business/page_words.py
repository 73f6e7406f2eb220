"""The sentences on the page of the business, in English and Chinese: what its sections mean. Start at `gap`."""

from datetime import datetime

from churn.page import Two
from monitoring.business.retention import Retention
from monitoring.business.words import percent

NO_MONTH: Two = ("No month is over yet.", "尚无完整月份。")
NOT_OVER: Two = ("not over yet", "尚未结束")
NO_MONEY: Two = ("Orders carry no money here.", "订单没有金额信息。")
NO_REFERRALS: Two = ("No event tells of recommendations (referral, referred).", "没有推荐类事件。")
STAGES_NOTE: Two = (
    (
        "Start + in - out = end for every stage; every customer is in it once. All as known now: an order that was"
        " taken back later is no order."
    ),
    "每个阶段：期初 + 转入 - 转出 = 期末；每位客户只计一次。均按目前所知计算：后来被撤回的订单不算订单。",
)
THREE_NOTE: Two = (
    "Retention, related sales (money from customers whose first order lies before the period) and referrals.",
    "留存（retention）、关联销售（首单早于本期的客户带来的收入）与推荐（referral）。",
)
AGAIN_NOTE: Two = (
    (
        "Repeat-purchase rate: of those who bought in a period, the share that bought on more than one day of it. Of"
        " new customers: who came back on another day within so many days of the first; a dash until the last of them"
        " has had that long."
    ),
    (
        "复购率：本期购买者中，在本期内多于一天下单者的比例。新客复购：首单后若干天内在另一天再次下单的比例；"
        "在该月最后一位新客满足天数之前以“–”表示。"
    ),
)
VALUE_NOTE: Two = (
    (
        "Lost: what those who lapsed in the month had spent in the 365 days before it began. Won back: what those who"
        " returned in it have spent since then, for a year at most; … while that year is not over."
    ),
    (
        "流失价值：本月流失者在本月开始前 365 天内的消费额。"
        "赢回价值：本月回归者自本月起至多一年内的消费额；一年未满时标以“…”。"
    ),
)
COHORTS_NOTE: Two = (
    "Of the customers of each cohort, what share. The month that is not over yet is hatched.",
    "各群组客户中的比例；尚未结束的月份以斜线表示。",
)
BOUGHT: Two = (
    "Bought in the nth month after that of the first order (0: that month)",
    "首单后第 n 个月有购买（0 为首单当月）",
)
STILL: Two = ("Active at the end of the nth month", "第 n 个月末仍活跃")
SINCE: Two = ("Of those active at a month's start, active n months later", "月初活跃客户中 n 个月后仍活跃")


def told_until(instant: datetime) -> Two:
    """How far the figures reach."""
    english = f"Told up to {instant:%Y-%m-%d %H:%M} UTC, as far as the log is complete; past periods as known now."
    return english, f"截至 {instant:%Y-%m-%d %H:%M} UTC，即日志完整之处；以往时期按目前所知重述。"


def segments_note(min_cell: int) -> Two:
    """How segments are to be read."""
    english = f"What can change is read at the start of the period. Cells of fewer than {min_cell} customers are in "
    english += "“other”, or join the smallest level, so that rows add up to the total; – where too few to show. "
    english += "All periods: business.json."
    chinese = (
        f"会变化的属性取期初值。少于 {min_cell} 位客户的单元并入“其他”或最小的一级，各行之和等于总数；“–”表示人数太少。"
    )
    return english, chinese + "全部时期见 business.json。"


def gap(period: str, one: Retention) -> Two:
    """Why the two rates differ, in numbers that add up."""
    if one.by_formula is None or one.by_cohort is None:
        return f"{period}: nobody was active at the start.", f"{period}：期初没有活跃客户。"
    formula, cohort, apart = percent(one.by_formula), percent(one.by_cohort.value), percent(one.gap, signed=True)
    back, left = percent(one.won_back / one.start, signed=True), percent(-one.left_at_once / one.start, signed=True)
    sum_ = f"({one.end:,} - {one.acquired:,}) / {one.start:,}"
    english = (
        f"{period}: the formula, {sum_}, says {formula}; of the {one.start:,} active at the start {one.kept:,} are "
        f"active at the end, {cohort}. The gap of {apart} is {one.won_back:,} won back ({back}), whom the formula "
        f"counts as if they had stayed, and {one.left_at_once:,} who were acquired and left within the period ({left})."
    )
    chinese = (
        f"{period}：按公式 {sum_} 为 {formula}；期初活跃的 {one.start:,} 人中期末仍活跃 {one.kept:,} 人，即 {cohort}。"
        f"两者相差 {apart}：其中 {one.won_back:,} 人为本期赢回（{back}），公式把他们当作一直留存；"
        f"{one.left_at_once:,} 人在本期获得又在本期流失（{left}）。"
    )
    return english, chinese
