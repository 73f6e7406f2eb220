"""`[uplift]` of churn.toml: when a model of what an action changes may be trained. docs/uplift.md says why so many."""

from typing import Annotated

from pydantic import Field

from churn.definition import Section


class Uplift(Section):
    """`[uplift]`: how much randomised data a model of an action needs, and how it is judged."""

    min_side_rows: int = Field(
        default=500, ge=50, description="customers treated, and held out, below which no model is trained"
    )
    min_side_outcomes: int = Field(
        default=50, ge=10, description="of each outcome on each side, below which none is trained"
    )
    max_rows: int = Field(default=100_000, ge=1_000, description="rows that are learned from; more are drawn by chance")
    folds: int = Field(default=5, ge=2, le=20, description="parts of customers, each judged by models of the others")
    draws: int = Field(default=1_000, ge=200, le=20_000, description="draws of the intervals")
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = Field(default=0.95, description="of the intervals that decide")
