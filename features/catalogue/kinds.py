"""The kinds of event that the catalogue knows: their words, the columns it reads of them, and what each is for.

Any other kind counts all the same (features/catalogue/usage.py). docs/event-kinds.md is printed from this table. Reads
no event. Start reading at `KNOWN`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from features.feature import Kind

PROFILE: Final = "profile."
SILENT: Final = frozenset({"opt_out", "opt_in"})  # what somebody objects to is for no model to learn from


class Known(NamedTuple):
    """A kind that the catalogue knows.

    Args:
        kind: its name and words.
        group: the reason that it speaks for where no page says otherwise (churn/reasons.py).
        columns: the columns of EVENTS that are read of it, with what they mean there.
        note: how it is to be logged, where that needs saying.
    """

    kind: Kind
    group: str
    columns: Mapping[str, str] = {}
    note: str = ""


_AGAINST = {"category": "to what: scoring, contact, audience, or the code of a channel; empty is contact"}
_CHANNEL = {"channel": "how, see the channel codes below"}
_BOUGHT = {
    "amount": "money paid",
    "quantity": "items",
    "discount_amount": "money taken off",
    "category": "what was bought",
    "channel": "where it was bought",
}
_BACK = {"amount": "money given back"}
_SCORE = {"score": "the score given"}
_POINTS = {"amount": "points"}
_CASE = {"reason_code": "why; of a ticket also what was done: resolved, solved, closed, answered, replied"}
_TERM = {"amount": "money paid", "quantity": "days paid for"}

_KINDS: Final = (
    Known(Kind("order", "order", "下单", "spend", "消费金额"), "rhythm", _BOUGHT),
    Known(Kind("purchase", "purchase", "购买", "spend", "消费金额"), "rhythm", _BOUGHT),
    Known(Kind("return", "return", "退货", "refund", "退款金额"), "returns", _BACK, "names the order in `order_id`"),
    Known(Kind("refund", "refund", "退款", "refund", "退款金额"), "returns", _BACK, "names the order in `order_id`"),
    Known(
        Kind("cancellation", "cancellation", "取消订单", "refund", "退款金额"),
        "returns",
        _BACK,
        "names the order in `order_id`",
    ),
    Known(Kind("visit", "visit", "访问"), "engagement"),
    Known(Kind("email_sent", "e-mail sent", "发送邮件"), "engagement"),
    Known(Kind("email_open", "e-mail open", "打开邮件"), "engagement"),
    Known(Kind("email_click", "e-mail click", "点击邮件"), "engagement"),
    Known(Kind("campaign_contact", "campaign contact", "营销触达"), "campaigns", _CHANNEL),
    Known(Kind("campaign_response", "campaign response", "营销响应"), "campaigns", _CHANNEL),
    Known(Kind("opt_out", "objection", "退出"), "campaigns", _AGAINST, "makes no feature: docs/fair-and-lawful.md"),
    Known(Kind("opt_in", "consent again", "重新同意"), "campaigns", _AGAINST, "makes no feature"),
    Known(Kind("event_invitation", "event invitation", "会员活动邀请"), "campaigns"),
    Known(Kind("event_attendance", "event attendance", "参加会员活动"), "campaigns"),
    Known(Kind("support_ticket", "support ticket", "客服工单"), "service", _CASE, "a reason of its own row solves it"),
    Known(Kind("support_ticket_answered", "answered ticket", "工单答复"), "service", {}, "the first answer"),
    Known(Kind("support_ticket_solved", "solved ticket", "工单解决"), "service"),
    Known(Kind("complaint", "complaint", "投诉"), "service"),
    Known(Kind("complaint_answered", "answered complaint", "投诉答复"), "service", {}, "the first answer"),
    Known(Kind("complaint_solved", "solved complaint", "投诉解决"), "service"),
    Known(Kind("survey_sent", "survey sent", "发送问卷"), "satisfaction", {}, "answered by `survey`, or never"),
    Known(Kind("survey", "survey answer", "问卷", "score", "评分", "points"), "satisfaction", _SCORE),
    Known(Kind("review", "review", "评价", "score", "评分", "points"), "satisfaction", _SCORE),
    Known(Kind("points", "booking of points", "积分变动", "points", "数额", "points"), "loyalty", _POINTS),
    Known(Kind("points_earned", "earning of points", "获得积分", "points", "数额", "points"), "loyalty", _POINTS),
    Known(Kind("points_redeemed", "redemption of points", "兑换积分", "points", "数额", "points"), "loyalty", _POINTS),
    Known(Kind("points_expired", "expiry of points", "积分过期", "points", "数额", "points"), "loyalty", _POINTS),
    Known(
        Kind("points_expiring", "notice of expiring points", "积分到期提醒", "points", "数额", "points"),
        "loyalty",
        {"amount": "points that will expire", "quantity": "days until they do"},
    ),
    Known(
        Kind("tier_status", "tier statement", "会员等级状态", "points", "数额", "points"),
        "loyalty",
        {
            "category": "the tier",
            "score": "its rank, more is higher",
            "amount": "points or money missing to the next tier",
            "quantity": "days until a downgrade, unless the tier is earned again",
        },
        "one whenever any of it changes, or one a month",
    ),
    Known(Kind("referral", "referral", "推荐"), "referral", {}, "of who recommends us"),
    Known(
        Kind("referred", "referral received", "被推荐"),
        "referral",
        {},
        "of who was recommended: map the file of referrals a second time, with their id as `customer_id`",
    ),
    Known(Kind("subscription_start", "start of a subscription", "订阅开始", "payment", "金额"), "usage", _TERM),
    Known(Kind("renewal", "renewal", "续费", "payment", "金额"), "usage", _TERM),
    Known(Kind("cancel", "end of a subscription", "退订"), "usage"),
    *(
        Known(Kind(name, en, zh), "community", _CHANNEL)
        for name, en, zh in (
            ("social_post", "social post", "社交发帖"),
            ("social_comment", "social comment", "社交评论"),
            ("social_share", "social share", "社交转发"),
            ("social_like", "social like", "社交点赞"),
            ("message", "message", "私信"),
            ("community_post", "community post", "社区发帖"),
            ("community_reply", "community reply", "社区回复"),
            ("community_like", "community like", "社区点赞"),
            ("group_message", "group message", "群消息"),
            ("group_reply", "group reply", "群回复"),
            ("group_join", "group join", "入群"),
            ("group_leave", "group leave", "退群"),
        )
    ),
)
KNOWN: Final = {one.kind.name: one for one in _KINDS}
ATTRIBUTES_ZH: Final = {
    "profile.region": "地区",
    "profile.city": "城市",
    "profile.acquisition_channel": "获客渠道",
    "profile.gender": "性别",
    "profile.age": "年龄",
    "profile.tier": "会员等级",
}
ALL: Final = {one.kind.name: set(one.columns) for one in _KINDS} | {
    f"{PROFILE}{name}": {"category"} for name in ("acquisition_channel", "region", "tier")
}


def words(kind: str) -> Kind:
    """A kind with its words; one nobody has described goes by its own name."""
    if kind in KNOWN:
        return KNOWN[kind].kind
    plain = kind.removeprefix(PROFILE).replace("_", " ")
    return Kind(kind, plain, ATTRIBUTES_ZH.get(kind, plain))


def group_of(kind: str) -> str:
    """The reason that a kind speaks for where no page says otherwise."""
    if kind in KNOWN:
        return KNOWN[kind].group
    return "profile" if kind.startswith(PROFILE) else "usage"
