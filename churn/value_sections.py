"""`[value]` of churn.toml: what makes sales margin, how far value looks, and what makes a customer valuable.

Margins and costs are the business's own: neither has a default that stands for money, and where one is missing no value
in money is told, and which setting it waits for is. Reads nothing. Start reading at `Valuing`.
"""

from math import log
from typing import Annotated, Self

from pydantic import Field, model_validator

from churn.definition import Section

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Part = Annotated[float, Field(gt=0, lt=1)]
YEAR_DAYS, YEAR_MONTHS = 365, 12


class Valuing(Section):
    """`[value]`: margin, horizon, tiers and what a customer costs to win; docs/value.md."""

    margin_ratio: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="share of an order's amount that is margin; unset: no value in money is told"
    )
    discount_ratio: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="share a year by which money that comes later is worth less"
    )
    horizon_months: Annotated[int, Field(ge=1, le=36)] = Field(
        default=12, description="how far ahead a customer's value looks"
    )
    tier_sizes: tuple[Weight, Weight, Weight] = Field(
        default=(1.0, 1.0, 1.0), description="how many customers are of high, middle and low value, in proportion"
    )
    frequency_weight: Weight = Field(default=1.0, description="of a customer's place by days with orders, in the tier")
    amount_weight: Weight = Field(default=1.0, description="of their place by money spent")
    referral_weight: Weight = Field(
        default=1.0, description="of their place by customers they referred, and what those spent"
    )
    high_value_share: Part = Field(
        default=0.5, description="the fewest customers who brought this share of the sales are of high value"
    )
    high_potential_share: Part = Field(
        default=0.5, description="the fewest who hold this share of all the growth expected are of high potential"
    )
    acquisition_attribute: str | None = Field(
        default=None,
        description="profile attribute that says which channel won them; unset: the first order's",
    )
    acquisition_costs: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(
        default={}, description="what winning one customer costs, by that channel"
    )

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not sum(self.tier_sizes):
            raise ValueError("tier_sizes are all 0; give the tiers a size, as in [1, 2, 2]")
        if not self.frequency_weight + self.amount_weight + self.referral_weight:
            raise ValueError("frequency_weight, amount_weight and referral_weight are all 0; raise one")
        return self

    @property
    def horizon_days(self) -> int:
        """The horizon in days; twelve months are 365."""
        return round(self.horizon_months * YEAR_DAYS / YEAR_MONTHS)

    @property
    def discount(self) -> float:
        """What a unit of money is worth today that comes evenly over the horizon, in (0, 1]."""
        years = self.horizon_months / YEAR_MONTHS
        left = 1 - self.discount_ratio
        if left == 1:
            return 1.0
        return float((left**years - 1) / (years * log(left)))
