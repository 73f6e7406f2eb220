"""What churn means for one business: its definition, its stages, its days.

`ChurnDefinition` is the `[definition]` of churn.toml, `StageRules` its `[stages]`; `Lifecycle` holds both together
with the calendar, and is what cohorts, labels and features are asked with.

           lookback                    gap        horizon
    ├───────────────────────────┤ ├───────┼──────────────────────┤
    features see this        cutoff       an order in here: stayed; none: churned

Reads no clock; today is an argument. Start reading at `ChurnDefinition`.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from churn.calendar import Calendar
from churn.orders import TAKEN_BACK_BY, TakingBack
from churn.parsing import parse_eligible, parse_qualifying

CANCEL = "cancel"  # the kind of event that ends a subscription
Days = Annotated[int, Field(ge=1, le=3650)]


class Section(BaseModel):
    """A section of churn.toml: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Silence(Section):
    """Lapsed after a fixed number of days without a qualifying event."""

    rule: Literal["silence"] = "silence"
    days: Days = 90


class OwnCadence(Section):
    """Lapsed after a silence longer than `times` the customer's own usual gap, within bounds.

    The usual gap is the mean number of days between the days with a qualifying event. A one-time buyer has none yet
    and is given `max_days`.
    """

    rule: Literal["own_cadence"] = "own_cadence"
    times: Annotated[float, Field(gt=0, le=100)] = 3.0
    min_days: Days = 30
    max_days: Days = 365

    @model_validator(mode="after")
    def _bounds(self) -> "OwnCadence":
        if self.min_days > self.max_days:
            raise ValueError(f"min_days ({self.min_days}) is more than max_days ({self.max_days}); swap them")
        return self


class Subscription(Section):
    """Lapsed when the time paid for is over and `grace_days` have passed without renewal.

    A qualifying event (subscription_start, renewal) pays for `quantity` days, or `term_days` where it has none. A later
    event of kind `cancel` ends it on its own day.
    """

    rule: Literal["subscription"] = "subscription"
    grace_days: Annotated[int, Field(ge=0, le=3650)] = 30
    term_days: Days = 30


Lapse = Annotated[Silence | OwnCadence | Subscription, Field(discriminator="rule")]


class Window(NamedTuple):
    """A half-open stretch of time `[start, end)`, aware instants in UTC."""

    start: datetime
    end: datetime


class ChurnDefinition(Section):
    """`[definition]`: whom we ask about, what counts, and how long we wait before we say what became of them."""

    qualifying: tuple[str, ...] = Field(
        default=("order",), min_length=1, description="kinds of event that count, each optionally `where` a condition"
    )
    eligible: str | None = Field(default=None, description="condition a customer must meet to be asked about")
    horizon_days: Days = Field(default=90, description="how long we wait before we say what became of them")
    gap_days: Annotated[int, Field(ge=0, le=365)] = Field(
        default=0, description="days left to act in, after the cutoff"
    )
    lookback_days: Days = Field(default=365, description="the longest window of a feature")
    lapse: Lapse = Field(default=Silence(), description="the rule by which a customer is lapsed")
    win_back_within_days: Days | None = Field(
        default=None, description="ask only about customers who lapsed at most so long ago; unset: about every one"
    )
    taken_back_by: tuple[str, ...] = Field(
        default=TAKEN_BACK_BY, description="kinds that take back the order which they name"
    )
    observed_until: date | None = Field(
        default=None, description="the log is complete up to here (this day excluded); unset: the end of its last day"
    )

    @field_validator("qualifying")
    @classmethod
    def _entries_can_be_read(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        for entry in entries:
            parse_qualifying(entry)
        return entries

    @field_validator("eligible")
    @classmethod
    def _eligible_can_be_read(cls, condition: str | None) -> str | None:
        if condition is not None:
            parse_eligible(condition)
        return condition

    @property
    def id(self) -> str:
        """A short name of what is meant: equal ids, equal meaning. How far a log reaches does not belong to it."""
        meaning = self.model_dump(mode="json", exclude={"observed_until"})
        return "def-" + hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def qualifying_kinds(self) -> tuple[str, ...]:
        """The kinds of event that may qualify, each once, in their order."""
        return tuple(dict.fromkeys(parse_qualifying(entry).kind for entry in self.qualifying))

    @property
    def taking_back(self) -> TakingBack:
        """Qualifying kinds are the orders that can be taken back; what speaks of an order stands.

        A `cancel` that names its subscription ends it, and takes back none of what was paid for before.
        """
        ends = {CANCEL} if isinstance(self.lapse, Subscription) else set()
        return TakingBack(tuple(kind for kind in self.taken_back_by if kind not in ends), self.qualifying_kinds)


class StageRules(Section):
    """`[stages]`: the numbers that part the stages of the lifecycle."""

    new_days: Days = Field(default=30, description="new: first qualifying event at most so long ago")
    loyal_orders: Annotated[int, Field(ge=1)] = Field(default=4, description="loyal: so many qualifying events ...")
    loyal_days: Days = Field(default=180, description="... within so many days")
    lapsing_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.6, description="lapsing: silent for this share of what makes lapsed"
    )
    won_back_days: Days = Field(default=90, description="won back: returned from lapsed at most so long ago")


@dataclass(frozen=True)
class Lifecycle:
    """What cohorts, labels, stages and features are asked with: definition, stage rules, calendar.

    `words` are the business's own for what its customers state (`churn.stated.Words`); no model sees them, so they are
    in no manifest and no hash.
    """

    definition: ChurnDefinition = ChurnDefinition()
    rules: StageRules = StageRules()
    calendar: Calendar = Calendar()
    words: tuple[tuple[str, str], ...] = ()

    def outcome_window(self, cutoff: datetime) -> Window:
        """The days in which a cutoff's outcome is decided: `[cutoff + gap, cutoff + gap + horizon)`."""
        start = self.calendar.plus_days(cutoff, self.definition.gap_days)
        return Window(start, self.calendar.plus_days(cutoff, self.definition.gap_days + self.definition.horizon_days))

    def is_mature(self, cutoff: datetime, observed_until: datetime) -> bool:
        """Whether the horizon of a cutoff is over by `observed_until`, so that its labels are known."""
        return self.outcome_window(cutoff).end <= observed_until

    def as_json(self) -> dict[str, Any]:
        """What goes into manifests: definition, stage rules, time zone."""
        return {
            "id": self.definition.id,
            "definition": self.definition.model_dump(mode="json"),
            "stages": self.rules.model_dump(mode="json"),
            "timezone": self.calendar.timezone,
        }
