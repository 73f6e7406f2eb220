"""The taxonomy of reasons: what a score can be associated with, and what customers say made them leave.

Two lists that are never merged. `GROUPS` are reasons a *model* gives: every feature speaks for one of them.
`CAUSES` are reasons *customers* state, in surveys, complaints and tickets. Each has a code, a text in English and
Chinese, and whether anybody in the company can act on it. Being associated is not being the cause: no text here
claims that changing the one changes the other.

Data only; reads nothing. How groups become sentences about one customer: `churn/explanation.py`.
"""

from dataclasses import dataclass

from churn.errors import DataError


@dataclass(frozen=True)
class Reason:
    """A reason with its code and its texts."""

    code: str
    en: str
    zh: str
    actionable: bool
    """Somebody can do something about it; a long silence can be answered, a season cannot."""


def _by_code(*reasons: Reason) -> dict[str, Reason]:
    return {reason.code: reason for reason in reasons}


GROUPS: dict[str, Reason] = _by_code(
    Reason("silence", "time since last active", "距上次活跃的时间", actionable=True),
    Reason("rhythm", "own rhythm of activity", "自身的活跃节奏", actionable=True),
    Reason("value", "money spent", "消费金额", actionable=True),
    Reason("breadth", "variety of what they use or buy", "使用或购买的广度", actionable=True),
    Reason("engagement", "visits and reading", "访问与互动", actionable=True),
    Reason("community", "activity in communities and on social media", "社群与社交互动", actionable=True),
    Reason("usage", "use of the product", "产品使用情况", actionable=True),
    Reason("service", "tickets, complaints and after-sales", "工单、投诉与售后", actionable=True),
    Reason("satisfaction", "satisfaction they told us of", "客户表达的满意度", actionable=True),
    Reason("loyalty", "points and membership", "积分与会员权益", actionable=True),
    Reason("campaigns", "contacts and campaigns", "营销触达与活动", actionable=True),
    Reason("price", "price and discounts", "价格与优惠", actionable=True),
    Reason("returns", "returns and refunds", "退货与退款", actionable=True),
    Reason("referral", "referrals", "转介绍", actionable=True),
    Reason("profile", "who they are and where they came from", "客户属性与来源", actionable=False),
    Reason("tenure", "length of the relationship", "客户关系时长", actionable=False),
    Reason("season", "time of the year", "季节与时点", actionable=False),
)

UNCLEAR = Reason("no_clear_reason", "no clear reason", "没有明确原因", actionable=False)

CAUSES: dict[str, Reason] = _by_code(
    Reason("after_sale_neglect", "nobody in touch after the sale", "售后缺少跟进", actionable=True),
    Reason("over_promising", "more promised than delivered", "承诺过多、兑现不足", actionable=True),
    Reason("impersonal", "treatment like everybody else", "缺乏个性化对待", actionable=True),
    Reason("ignored_feedback", "feedback that was ignored", "反馈无人理会", actionable=True),
    Reason("inconsistent_messages", "inconsistent or too many messages", "沟通不一致或过多", actionable=True),
    Reason("price", "price", "价格因素", actionable=True),
    Reason("product", "product or quality", "产品或质量问题", actionable=True),
    Reason("service", "service", "服务问题", actionable=True),
    Reason("competitor", "a competitor", "竞争对手", actionable=True),
    Reason("life_event", "a change in their life", "生活或自身情况的变化", actionable=False),
)

OTHER = Reason("other", "another reason", "其他原因", actionable=False)


@dataclass(frozen=True)
class Source:
    """Where customers say something, with its texts: "in a survey"."""

    code: str
    en: str
    zh: str


SOURCES: dict[str, Source] = {
    one.code: one
    for one in (
        Source("survey", "in a survey", "在问卷中"),
        Source("review", "in a review", "在评价中"),
        Source("complaint", "in a complaint", "在投诉中"),
        Source("support_ticket", "in a support ticket", "在客服工单中"),
        Source("return", "with a return", "在退货时"),
        Source("refund", "with a refund", "在退款时"),
        Source("cancellation", "with a cancellation", "在取消时"),
        Source("cancel", "when they cancelled", "在退订时"),
    )
}


class UnknownReason(DataError):
    """A feature speaks for a group of reasons that does not exist."""

    def __init__(self, feature: str, code: str | None) -> None:
        super().__init__(
            f"The feature {feature!r} speaks for the reason {code!r}, which is not in the taxonomy.",
            mend=f"give it one of {', '.join(GROUPS)}; or add the group to churn/reasons.py, in English and Chinese.",
        )


def group_of(feature: str, code: str | None) -> Reason:
    """Return the group of reasons a feature speaks for.

    Raises:
        UnknownReason: there is no such group.
    """
    if code is None or code not in GROUPS:
        raise UnknownReason(feature, code)
    return GROUPS[code]
