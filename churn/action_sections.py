"""`[[action]]` and `[campaigns]` of churn.toml: what can be done for a customer, at which cost, within which limits.

Costs, margins and take-up are the business's own: none has a default that stands for money, and whoever needs one that
is not there says which. Reads nothing. Start reading at `Action`.
"""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from churn.channels import CHANNELS
from churn.definition import Section
from churn.reasons import GROUPS
from churn.stages import Stage
from churn.tables import NONE_WORTH_IT

OFFERS: Final = ("discount", "gift", "coupon", "trial", "points")
SERVICE: Final = ("call", "visit", "after_sale", "complaint")
CARE: Final = ("birthday", "holiday", "thanks", "anniversary", "regular_contact", "points_lapsing", "tier_lapsing")
OCCASIONS: Final = (*CARE, "after_sale", "complaint")  # they are due on a day of the customer's; no budget decides
FAMILIES: Final = {  # kind of action: English, Chinese
    "discount": ("discount", "折扣"),
    "gift": ("gift", "礼品"),
    "coupon": ("coupon", "优惠券"),
    "trial": ("trial", "试用"),
    "points": ("points", "积分"),
    "call": ("call", "电话回访"),
    "visit": ("visit", "上门拜访"),
    "after_sale": ("after-sale follow-up", "售后跟进"),
    "complaint": ("resolution of a complaint", "投诉处理"),
    "product_news": ("product news", "产品更新"),
    "personal": ("personal message", "个性化沟通"),
    "birthday": ("birthday wishes", "生日祝福"),
    "holiday": ("holiday greetings", "节日问候"),
    "thanks": ("thanks", "感谢"),
    "anniversary": ("anniversary", "周年纪念"),
    "regular_contact": ("regular contact", "定期回访"),
    "points_lapsing": ("points about to lapse", "积分即将到期"),
    "tier_lapsing": ("tier about to lapse", "会员等级即将降级"),
}
Kind = Literal[
    "discount", "gift", "coupon", "trial", "points", "call", "visit", "after_sale", "complaint", "product_news",
    "personal", "birthday", "holiday", "thanks", "anniversary", "regular_contact", "points_lapsing", "tier_lapsing",
]  # fmt: skip
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=1, le=3650)]


class Action(Section):
    """`[[action]]`: something that can be done for a customer; the catalogue is all of them; docs/actions.md."""

    code: Code = Field(description="its name in lists, answers and the ledger; `none` is taken")
    kind: Kind = Field(description="what it is; docs/actions.md lists the kinds")
    channel: str = Field(description="code of the channel by which it reaches them; docs/event-kinds.md lists them")
    en: str = Field(min_length=1, max_length=200, description="what is done, in English")
    zh: str = Field(min_length=1, max_length=200, description="the same in Chinese")
    contact_amount: Money | None = Field(default=None, description="what one contact costs, taken up or not")
    offer_amount: Money | None = Field(default=None, description="what the offer costs when it is taken")
    take_up_ratio: Share | None = Field(
        default=None, description="share of those who would leave, or stay away, whom it turns"
    )
    take_up_range: tuple[Share, Share] | None = Field(
        default=None, description="between which shares you hold that to lie, nine times in ten"
    )
    taken_anyway_ratio: Share = Field(
        default=1.0, description="share of those who would have stayed, or come, anyway who take the offer all the same"
    )
    value_amount: Money | None = Field(
        default=None, description="margin of somebody it turns; unset: that of the customer, then [costs] value_amount"
    )
    margin_ratio: Share | None = Field(default=None, description="share of its sales that is margin; unset: [value]")
    stages: tuple[Stage, ...] = Field(default=(), description="stages it is for; none named: every stage")
    segments: tuple[str, ...] = Field(default=(), description="names of [[segment]]s it is for; none named: everybody")
    reasons: tuple[str, ...] = Field(default=(), description="reason groups it answers, one at least; none named: any")
    cool_down_days: int = Field(default=30, ge=0, le=3650, description="days until the same customer may get it again")
    capacity: int | None = Field(default=None, ge=0, description="most contacts of one plan, or of one day if due")
    owner: str | None = Field(default=None, description="who does it; unset: [campaigns] owner")
    due_days: int = Field(default=7, ge=0, le=365, description="days in which it is to be done")
    window_days: Days | None = Field(
        default=None, description="days in which its effect is measured; unset: gap and horizon of the definition"
    )

    before_days: int = Field(
        default=0, ge=0, le=60, description="birthday, holiday, anniversary: days before it from which it is told"
    )
    after_days: int = Field(default=0, ge=0, le=365, description="thanks, after_sale: days after the order")
    within_days: int = Field(
        default=0, ge=0, le=365, description="of an occasion: days in which it still makes sense to come late"
    )
    orders: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1,), min_length=1, description="thanks: for which orders, 1 for the first ever"
    )
    every_days: Days | None = Field(
        default=None, description="regular_contact: days without a contact that are too many"
    )
    lapse_within_days: Days = Field(default=30, description="points_lapsing, tier_lapsing: days before they lapse")
    holidays: tuple[str, ...] = Field(
        default=(), description='holiday: countries, holidays by name, or days: ["CN", "US Thanksgiving", "12-24"]'
    )

    @field_validator("code")
    @classmethod
    def _free(cls, code: str) -> str:
        if code == NONE_WORTH_IT:
            raise ValueError(f"{NONE_WORTH_IT!r} is what stands where no action is worth it; take another code")
        return code

    @field_validator("channel")
    @classmethod
    def _known_channel(cls, channel: str) -> str:
        if channel not in CHANNELS:
            raise ValueError(f"there is no channel {channel!r}; name one of {', '.join(CHANNELS)}")
        return channel

    @field_validator("reasons")
    @classmethod
    def _known_reasons(cls, reasons: tuple[str, ...]) -> tuple[str, ...]:
        if strange := [one for one in reasons if one not in GROUPS]:
            raise ValueError(f"there is no reason {strange[0]!r}; name one of {', '.join(GROUPS)}")
        return reasons

    @model_validator(mode="after")
    def _take_up_in_its_range(self) -> Self:
        if self.take_up_range is None:
            return self
        low, high = self.take_up_range
        if self.take_up_ratio is None or not low <= self.take_up_ratio <= high:
            raise ValueError("take_up_range must hold take_up_ratio; give both, as in 0.1 and [0.05, 0.2]")
        return self

    @model_validator(mode="after")
    def _occasion_is_whole(self) -> Self:
        if self.kind == "regular_contact" and self.every_days is None:
            raise ValueError("regular_contact needs every_days: after how many days without a contact is it due?")
        if self.kind == "holiday" and not self.holidays:
            raise ValueError('holiday needs holidays: which ones? ["CN"] for all of a country')
        return self

    @property
    def is_offer(self) -> bool:
        """Whether something worth money is given."""
        return self.kind in OFFERS

    @property
    def is_occasional(self) -> bool:
        """Whether it is due on a day of the customer's, outside any budget."""
        return self.kind in OCCASIONS

    @property
    def given_amount(self) -> float | None:
        """What the offer costs when it is taken; 0 where nothing is given, None where it is not said."""
        return self.offer_amount if self.is_offer or self.offer_amount is not None else 0.0


class Campaigns(Section):
    """`[campaigns]`: hold-outs, limits and who is in charge; docs/campaigns.md."""

    owner: str | None = Field(default=None, description="who is in charge of an action that names nobody")
    hold_out_ratio: Annotated[float, Field(ge=0, le=0.9)] = Field(
        default=0.1, description="share of those planned for that chance keeps out of each campaign, to measure it"
    )
    permanent_hold_out_ratio: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.02, description="share of all customers that no campaign ever contacts"
    )
    seed: int = Field(default=7, ge=0, description="of who is kept out; another one draws others")
    max_contacts: int = Field(default=3, ge=1, description="most contacts of a customer within `within_days`")
    within_days: Days = Field(default=30, description="days over which contacts are counted")
    no_consent_needed: tuple[str, ...] = Field(
        default=("store", "app"), description="channels that need no consent, as the customer comes to you"
    )
    price_by_need: bool = Field(
        default=False, description="let the model's number decide who gets the better price; needs the reason"
    )
    price_by_need_reason: str | None = Field(
        default=None, min_length=10, description="why that is fair and lawful; it is written into every plan"
    )

    @model_validator(mode="after")
    def _price_has_its_reason(self) -> Self:
        if self.price_by_need and not self.price_by_need_reason:
            raise ValueError("price_by_need needs price_by_need_reason: why is it fair and lawful?")
        if strange := [one for one in self.no_consent_needed if one not in CHANNELS]:
            raise ValueError(f"no_consent_needed: there is no channel {strange[0]!r}")
        return self
