"""What figures of the business are called, and what the definition means, in English and Chinese.

Start reading at `churn_means`.
"""

from typing import assert_never

from churn.definition import Lifecycle, OwnCadence, Silence, Subscription
from churn.page import Two
from churn.stages import Stage
from monitoring.business.segments import (
    CATEGORY,
    FIRST_CHANNEL,
    FREQUENCY,
    OTHER,
    STAGE,
    TIER,
    TOTAL,
    UNKNOWN,
    VALUE,
    Segmentation,
)  # fmt: skip
from monitoring.business.shown import AND_OTHER
from monitoring.business.survival import Share

STAGE_WORDS: dict[str, Two] = {
    Stage.PROSPECT: ("prospect", "潜在"),
    Stage.NEW: ("new", "新客"),
    Stage.ACTIVE: ("active", "活跃"),
    Stage.LOYAL: ("loyal", "忠诚"),
    Stage.LAPSING: ("lapsing", "将流失"),
    Stage.LAPSED: ("lapsed", "已流失"),
    Stage.WON_BACK: ("won back", "已赢回"),
}
DIMENSION_WORDS: dict[str, Two] = {
    TOTAL: ("everybody", "全部客户"),
    FIRST_CHANNEL: ("channel of the first order", "首单渠道"),
    CATEGORY: ("main product category of the year before", "前一年主要品类"),
    TIER: ("member tier", "会员等级"),
    VALUE: ("money in the year before", "前一年消费额"),
    FREQUENCY: ("order days in the year before", "前一年下单天数"),
    STAGE: ("stage at the start", "期初所处阶段"),
    "acquisition_channel": ("acquisition channel", "获客渠道"),
    "region": ("region", "地区"),
    "gender": ("gender", "性别"),
    "age_band": ("age band", "年龄段"),
    "city": ("city", "城市"),
    "country": ("country", "国家"),
}
LEVEL_WORDS: dict[str, Two] = {OTHER: ("other", "其他"), UNKNOWN: ("not known", "未知")}


def churn_means(lifecycle: Lifecycle) -> Two:
    """When a customer counts as lapsed, by the definition of the business."""
    kinds = ", ".join(lifecycle.definition.qualifying)
    match lifecycle.definition.lapse:
        case Silence(days=days):
            rule = (f"no {kinds} for more than {days} days", f"超过 {days} 天没有 {kinds}")
        case OwnCadence(times=times, min_days=least, max_days=most):
            own = f"{times:g} times the customer's own usual gap, at least {least} and at most {most} days"
            usual = f"该客户平常间隔的 {times:g} 倍（至少 {least} 天，至多 {most} 天）"
            rule = (f"no {kinds} for more than {own}", f"没有 {kinds} 的时间超过{usual}")
        case Subscription() as paid:
            rule = (
                f"what was paid for by {kinds} is over, or cancelled, for {paid.grace_days} days",
                f"{kinds} 所付期限届满或被取消后已过 {paid.grace_days} 天",
            )
        case _ as never:
            assert_never(never)
    english = (
        f"A customer is active from the first {kinds} on, until lapsed: {rule[0]}. Churn rate: of those active at "
    )
    english += "the start of a period, the share that is lapsed at its end."
    chinese = f"客户自首次 {kinds} 起为活跃，直至流失：{rule[1]}。流失率：期初活跃的客户中，期末已流失者所占比例。"
    return english, chinese


def dimension_word(name: str) -> Two:
    """A dimension, for people; an attribute of one's own by its name."""
    return DIMENSION_WORDS.get(name, (name.replace("_", " "), name))


def level_word(dimension: str, level: str, segmentation: Segmentation, currency: str) -> Two:
    """A level, for people."""
    if level.endswith(AND_OTHER):
        english, chinese = level_word(dimension, level.removesuffix(AND_OTHER), segmentation, currency)
        return f"{english} + other", f"{chinese} + 其他"
    if level in LEVEL_WORDS:
        return LEVEL_WORDS[level]
    if dimension == STAGE:
        return STAGE_WORDS[level]
    if dimension == VALUE and segmentation.thirds is not None:
        low, high = (f"{one:,.0f} {currency}" for one in segmentation.thirds)
        return {
            "none": ("none", "无消费"),
            "low": (f"low: under {low}", f"低：低于 {low}"),
            "middle": (f"middle: {low} to {high}", f"中：{low} 至 {high}"),
            "high": (f"high: from {high}", f"高：{high} 起"),
        }[level]
    return (level, level)


def percent(one: float | None, *, signed: bool = False) -> str:
    """A share for people; a dash where it cannot be told."""
    return "–" if one is None else f"{100 * one:{'+' if signed else ''}.1f}%"


def interval(one: Share | None) -> str:
    """A share with its 95 % interval, for people."""
    return "–" if one is None else f"{percent(one.value)} ({100 * one.low:.1f} – {100 * one.high:.1f})"


def amount(one: float | None) -> str:
    """Money for people: cents only where there is little of it."""
    return "–" if one is None else f"{one:,.0f}" if abs(one) >= 1000 else f"{one:,.2f}"


def count(one: float | None) -> str:
    """A number of customers for people."""
    return "–" if one is None else f"{one:,.0f}"
