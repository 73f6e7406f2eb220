"""`[[segment]]` and `[segments]` of churn.toml: groups of customers that are saved under a name, and how they are told.

A segment is evaluated as of an instant, by what was known then. What a kind may speak of is held here: where customers
are and who they are is told by their profile alone, what they think by nothing but what they stated themselves.
Start reading at `Segment`.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from churn.definition import Section
from churn.grammar import kinds_in
from churn.segment_parsing import TEXT_FACTS, attributes_in, features_in, looks_back, parse_segment, tests_in

GEOGRAPHIC, DEMOGRAPHIC, PSYCHOGRAPHIC, BEHAVIOURAL = "geographic", "demographic", "psychographic", "behavioural"
KINDS: Final = {
    GEOGRAPHIC: ("geographic", "地理"),
    DEMOGRAPHIC: ("demographic", "人口统计"),
    PSYCHOGRAPHIC: ("psychographic, as stated", "心理（客户自述）"),
    BEHAVIOURAL: ("behavioural", "行为"),
}
OF_PROFILE: Final = (GEOGRAPHIC, DEMOGRAPHIC)
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Edge = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Segment(Section):
    """`[[segment]]`: customers that a condition describes, saved under a name; docs/segments.md."""

    name: Name = Field(description="its name in actions, lists and files")
    kind: Literal["geographic", "demographic", "psychographic", "behavioural"] = Field(
        description="what it goes by; psychographic: only by what customers stated themselves"
    )
    en: str = Field(min_length=1, max_length=80, description="what people read, in English")
    zh: str = Field(min_length=1, max_length=80, description="the same in Chinese")
    where: str = Field(min_length=1, description="a condition on what they did and what is known of them")

    @field_validator("where")
    @classmethod
    def _can_be_read(cls, condition: str) -> str:
        parse_segment(condition)
        return condition

    @model_validator(mode="after")
    def _goes_by_the_profile(self) -> Self:
        condition = parse_segment(self.where)
        profile = len(attributes_in(condition)) > 0
        others = looks_back(condition) or any(not one.column.startswith("profile.") for one in tests_in(condition))
        if self.kind in OF_PROFILE and (others or not profile):
            raise ValueError(
                f"segment {self.name!r} is {self.kind}, so `where` may test nothing but `profile.` attributes; "
                "call it behavioural if it goes by more than that"
            )
        return self


class Segments(Section):
    """`[segments]`: what counts as stated, and how customers are laid into grids and offered categories."""

    stated: tuple[str, ...] = Field(
        default=(),
        description="what customers state themselves: attributes (`profile.hobby`) and kinds of event",
    )
    grid_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None, description="days whose orders and money the RFM grid counts; unset: the lookback"
    )
    grid_silence_edges: tuple[Edge, ...] = Field(
        default=(), description="days since the last order that part its rows, rising; unset: fifths of customers"
    )
    grid_orders_edges: tuple[Edge, ...] = Field(
        default=(), description="numbers of orders that part its columns, likewise"
    )
    grid_amount_edges: tuple[Edge, ...] = Field(default=(), description="sums of money that part its layers, likewise")
    drift_months: int = Field(default=12, ge=1, le=60, description="months over which segments are followed")
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="of intervals, and that not one mark of a change is chance"
    )
    top_categories: int = Field(default=3, ge=1, le=20, description="categories offered to each customer")

    @field_validator("grid_silence_edges", "grid_orders_edges", "grid_amount_edges")
    @classmethod
    def _rise(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if list(edges) != sorted(set(edges)):
            raise ValueError("edges must rise, each larger than the one before: [30, 60, 90, 180]")
        if len(edges) > 9:
            raise ValueError("at most 9 edges; more cells hold too few customers each")
        return edges


def fault_of(segments: Sequence[Segment], told: Segments, used: Sequence[tuple[str, Sequence[str]]]) -> str | None:
    """What is wrong with segments together, or with who names them; None where nothing is.

    Args:
        segments: every `[[segment]]`.
        told: `[segments]`.
        used: by code of an action, the segments that it names.
    """
    names = [one.name for one in segments]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"[[segment]] name {twice[0]!r} is there twice; give each segment its own"
    for one in segments:
        if one.kind == PSYCHOGRAPHIC and (inferred := inferred_in(one, told.stated)):
            return (
                f"[[segment]] {one.name} is psychographic and goes by {inferred[0]!r}, which nobody stated: what "
                "customers think is not inferred. Name it in [segments] stated if they say it of themselves, or call "
                "the segment behavioural"
            )
    for code, wanted in used:
        if strange := [name for name in wanted if name not in names]:
            known = ", ".join(names) or "none is saved"
            return f"[[action]] {code}: there is no segment {strange[0]!r}; those in churn.toml: {known}"
    return None


def inferred_in(segment: Segment, stated: Sequence[str]) -> list[str]:
    """What a segment goes by that customers did not state themselves.

    Args:
        segment: any.
        stated: `[segments] stated`.
    """
    condition = parse_segment(segment.where)
    named = [*(f"profile.{one}" for one in attributes_in(condition)), *kinds_in(condition), *features_in(condition)]
    named += [one.column for one in tests_in(condition) if one.column in TEXT_FACTS]
    return [one for one in dict.fromkeys(named) if one not in stated]
