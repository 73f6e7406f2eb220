"""`[audiences]` of churn.toml: lists of hashed details for the platforms of advertisers; docs/audiences.md.

How customers can be reached stands in `[contacts]`. Reads nothing. Start reading at `Audiences`.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from churn.definition import Section
from churn.stages import Stage

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Audiences(Section):
    """`[audiences]`: lists of hashed details for Google, Meta, X and LinkedIn; docs/audiences.md."""

    country: Country | None = Field(
        default=None, description="country (ISO 3166: CN) of phone numbers without a code; unset: they are left out"
    )
    consents_cover_advertising: bool = Field(
        default=False, description="who consented to e-mail or calls was told, and agreed, that lists go to platforms"
    )
    exclude_stages: tuple[Stage, ...] = Field(
        default=(Stage.ACTIVE, Stage.LOYAL, Stage.WON_BACK), min_length=1,
        description="stages on the list of those to whom no advertisement is to be shown",
    )  # fmt: skip
    rows_per_file: int | None = Field(
        default=None, ge=100, description="most rows of a file; unset, or more than the platform takes: what it takes"
    )
    keep_days: int = Field(default=30, ge=1, le=540, description="days until `churn prune` removes files and record")
