"""What a log has to say: its kinds of event and their living columns, in the words of the catalogue.

Reads names only, no event. Start reading at `Present`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from churn.definition import Lifecycle
from features.feature import Kind
from features.formula import QUALIFYING, Selection
from features.words import slug

PROFILE: Final = "profile."
KNOWN: Final = {  # kinds that most businesses have; any other kind goes by its own name
    one.name: one
    for one in (
        Kind("order", "order", "下单", "spend", "消费金额"),
        Kind("purchase", "purchase", "购买", "spend", "消费金额"),
        Kind("return", "return", "退货", "refund", "退款金额"),
        Kind("refund", "refund", "退款", "refund", "退款金额"),
        Kind("cancellation", "cancellation", "取消订单", "refund", "退款金额"),
        Kind("visit", "visit", "访问"),
        Kind("email_open", "e-mail open", "打开邮件"),
        Kind("email_click", "e-mail click", "点击邮件"),
        Kind("campaign_contact", "campaign contact", "营销触达"),
        Kind("support_ticket", "support ticket", "客服工单"),
        Kind("complaint", "complaint", "投诉"),
        Kind("survey", "survey answer", "问卷", "score", "评分", "points"),
        Kind("review", "review", "评价", "score", "评分", "points"),
        Kind("points", "booking of points", "积分变动", "points", "数额", "points"),
        Kind("points_earned", "earning of points", "获得积分", "points", "数额", "points"),
        Kind("points_redeemed", "redemption of points", "兑换积分", "points", "数额", "points"),
        Kind("referral", "referral", "推荐"),
        Kind("subscription_start", "start of a subscription", "订阅开始"),
        Kind("renewal", "renewal", "续费", "payment", "金额"),
        Kind("cancel", "cancellation", "退订"),
    )
}
ATTRIBUTES_ZH: Final = {
    "profile.region": "地区",
    "profile.city": "城市",
    "profile.acquisition_channel": "获客渠道",
    "profile.gender": "性别",
    "profile.age": "年龄",
    "profile.tier": "会员等级",
}


@dataclass(frozen=True)
class Present:
    """The kinds of one log, and how far back its features may look.

    Args:
        kinds: kinds of event in the log, sorted.
        columns: the living columns of each kind.
        lifecycle: whose qualifying events are the backbone, and whose lookback bounds windows.
    """

    kinds: tuple[str, ...]
    columns: Mapping[str, Collection[str]]
    lifecycle: Lifecycle

    @property
    def qualifying(self) -> tuple[str, ...]:
        """The kinds that the definition counts, whatever their conditions."""
        return tuple(dict.fromkeys(text.split()[0] for text in self.lifecycle.definition.qualifying))

    @property
    def backbone(self) -> Kind:
        """The qualifying events, as one kind: named after it where there is one only, else `activity`."""
        kinds, selection = self.qualifying, Selection((QUALIFYING,))
        if len(kinds) > 1:
            return Kind("activity", "activity", "活动", selection=selection)
        return replace(self._words(kinds[0]), selection=selection)

    def of(self, *kinds: str) -> list[Kind]:
        """Those of these kinds that the log has and that are not the backbone itself, in the order asked for."""
        return [self._words(kind) for kind in kinds if kind in self.kinds and self.qualifying != (kind,)]

    @property
    def others(self) -> list[Kind]:
        """Kinds that the catalogue has no page for."""
        named = set(KNOWN) - set(self.qualifying)
        return self.of(*(kind for kind in self.kinds if kind not in named and not kind.startswith(PROFILE)))

    @property
    def attributes(self) -> list[Kind]:
        """Profile attributes, each a kind of its own."""
        return [self._words(kind) for kind in self.kinds if kind.startswith(PROFILE)]

    def _words(self, kind: str) -> Kind:
        return replace(words(kind), slug=slug(kind, {*self.kinds, *self.qualifying}))

    def has(self, column: str, kind: str | None = None) -> bool:
        """Whether a column lives in a kind, or in any kind of the backbone."""
        kinds: Sequence[str] = self.qualifying if kind is None else (kind,)
        return any(column in self.columns.get(one, ()) for one in kinds)

    def within(self, *days: int) -> tuple[int, ...]:
        """These windows, the longer ones cut to the lookback."""
        return tuple(sorted({min(one, self.lifecycle.definition.lookback_days) for one in days}))


def words(kind: str) -> Kind:
    """A kind with its words; one nobody has described goes by its own name."""
    if kind in KNOWN:
        return KNOWN[kind]
    plain = kind.removeprefix(PROFILE).replace("_", " ")
    return Kind(kind, plain, ATTRIBUTES_ZH.get(kind, plain))
