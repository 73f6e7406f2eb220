"""`[monitoring]` of churn.toml: what makes a verdict. Each part of monitoring adds its own settings here, few of them.

The sentences are what `churn settings` and docs/settings.md print.
"""

from collections import Counter
from typing import Self

from pydantic import Field, model_validator

from churn.definition import Section

AWARENESS = ("email_sent", "campaign_contact", "event_invitation", "visit", "email_open", "social_like", "follow")
INTEREST = (
    "email_click", "campaign_response", "social_comment", "social_share", "social_post", "message", "group_join",
    "community_post", "newsletter", "product_view", "search", "download", "event_attendance", "lead",
)  # fmt: skip
DECISION = ("cart", "add_to_cart", "checkout", "wishlist", "trial", "trial_start", "quote", "demo", "sample")


class Monitoring(Section):
    """`[monitoring]`: what makes a verdict."""

    sample_rows: int = Field(default=10_000, ge=100, description="rows a side for the pages")
    psi_watch: float = Field(default=0.1, gt=0, description="shift of a feature that is worth a look")
    psi_retrain: float = Field(default=0.25, gt=0, description="shift of the score that asks for a new model")
    auc_drop: float = Field(default=0.05, gt=0, description="loss of ROC AUC against the back-test that asks for one")
    retrain_every_days: float = Field(
        default=7, ge=0, le=365, description="`churn retrain --if-needed` retrains at most so often"
    )
    false_alarms_per_quarter: float = Field(
        default=1.0, gt=0, description="alarms a quarter that a business on which nothing happens may raise in all"
    )
    early_days: int = Field(default=7, ge=1, le=60, description="days whose activity is an early sign")
    segments: tuple[str, ...] = Field(
        default=(),
        description="what figures of the business are told by: profile attributes, first_channel, category, tier, "
        "value, frequency, stage; empty: all that the log tells, without attributes of [fairness] or left out",
    )
    min_cell: int = Field(default=20, ge=1, description="a segment with fewer customers is not shown")
    funnel_awareness: tuple[str, ...] = Field(
        default=AWARENESS, description="kinds of event by which somebody becomes aware of the business"
    )
    funnel_interest: tuple[str, ...] = Field(default=INTEREST, description="kinds that show interest")
    funnel_decision: tuple[str, ...] = Field(
        default=DECISION, description="kinds of somebody about to decide; the first order is the action"
    )

    @property
    def funnel(self) -> tuple[tuple[str, ...], ...]:
        """Kinds of event by step before the first order."""
        return self.funnel_awareness, self.funnel_interest, self.funnel_decision

    @model_validator(mode="after")
    def _one_step_a_kind(self) -> Self:
        twice = [kind for kind, n in Counter(kind for step in self.funnel for kind in step).items() if n > 1]
        if twice:
            raise ValueError(f"funnel: {', '.join(twice)} named more than once; keep each kind in one step")
        return self
