"""What goes over the wire: the request, the answer with all its fields, and the one shape that errors have.

Answers: which fields does an answer carry, in which order, and what does each mean? The OpenAPI document, the score
log and the golden wire file follow from the structs here. Later versions only add fields. Knows no model and no
server. Start reading at `Score`.
"""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MOST_CUSTOMERS = 1000
MOST_REASONS = 10
NOT_CONFIGURED = "not_configured"
NOT_MATERIALISED = "not_materialised"

CustomerId = Annotated[str, Meta(min_length=1, max_length=256)]
Language = Literal["en", "zh"]


class ScoreRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whom to score, and how the reasons are told."""

    customer_ids: Annotated[
        list[CustomerId],
        Meta(min_length=1, max_length=MOST_CUSTOMERS, description="Ids as the business names its customers."),
    ]
    language: Annotated[
        Language | None, Meta(description="Of the reasons; unset: Accept-Language, then [business] language.")
    ] = None
    top_reasons: Annotated[
        Annotated[int, Meta(ge=0, le=MOST_REASONS)] | None,
        Meta(description="At most so many reasons a customer; unset: [serving] top_reasons."),
    ] = None


class WireReason(msgspec.Struct, frozen=True):
    """One group of features that the score is associated with. Association is not cause."""

    code: Annotated[str, Meta(description="Group of reasons, e.g. `silence`; `no_clear_reason` where none stands out.")]
    text: Annotated[str, Meta(description="The sentence for people, in the language asked for.")]
    direction: Annotated[str | None, Meta(description="`raises` or `lowers` the probability.")]
    actionable: Annotated[bool, Meta(description="Somebody can do something about it.")]
    feature: Annotated[str | None, Meta(description="The feature of the group that moved the score most.")]
    value: Annotated[
        float | None, Meta(description="The customer's value of that feature; null where unknown, and of a category.")
    ]
    usual_value: Annotated[
        float | None, Meta(description="Median among those the model learned from; null of a category.")
    ]
    share: Annotated[float, Meta(description="Part of everything that moved the score, 0 to 1.")]
    value_text: Annotated[
        str | None, Meta(description="The customer's category; null where few share it, and of a number.")
    ] = None
    usual_text: Annotated[str | None, Meta(description="The commonest category the model learned from.")] = None


class WireStated(msgspec.Struct, frozen=True, kw_only=True):
    """A reason that the customer stated: not modelled, and no part of what the score rests on."""

    code: Annotated[str, Meta(description="Cause, e.g. `product`; `other` where the words have no code here.")]
    text: Annotated[str, Meta(description="The sentence for people, in the language asked for.")]
    said: Annotated[str | None, Meta(description="The reason code as it was recorded; null where it is none we know.")]
    source: Annotated[str, Meta(description="The kind of event, e.g. `complaint` or `survey`.")]
    date: Annotated[date, Meta(description="Day of the business on which it was stated last.")]
    actionable: Annotated[bool, Meta(description="Somebody can do something about it.")]


class WireOpenCases(msgspec.Struct, frozen=True):
    """Complaints that nothing has solved, as of `features_as_of`."""

    count: Annotated[int, Meta(description="How many; 0: none.")]
    oldest_days: Annotated[float | None, Meta(description="Age of the oldest in days; null where none is open.")]


class WireHorizon(msgspec.Struct, frozen=True):
    """The probability at one horizon; of several none crosses another."""

    days: Annotated[int, Meta(description="Days of the horizon.")]
    probability: Annotated[float, Meta(description="Of the outcome within it, 0 to 1.")]
    probability_low: Annotated[float | None, Meta(description="Low end of its calibration band.")] = None
    probability_high: Annotated[float | None, Meta(description="High end of its calibration band.")] = None
    interval_code: Annotated[str | None, Meta(description="Why it has no interval.")] = None


class WireNextEvent(msgspec.Struct, frozen=True, kw_only=True):
    """When the next qualifying event is to be expected, as days of the business."""

    expected: Annotated[date | None, Meta(description="As likely by then as later; null: later than `later_than`.")]
    earliest: Annotated[date | None, Meta(description="1 in 20 comes by then.")]
    latest: Annotated[date | None, Meta(description="19 in 20 come by then; null: later than `later_than`.")]
    later_than: Annotated[date | None, Meta(description="Nothing was watched beyond; set where a day is null.")]


class WireDays(msgspec.Struct, frozen=True, kw_only=True):
    """Days from `features_as_of` to the last qualifying event before the customer lapses."""

    expected: Annotated[float | None, Meta(description="As likely fewer as more; null: more than `more_than`.")]
    low: Annotated[float | None, Meta(description="1 in 20 has fewer.")]
    high: Annotated[float | None, Meta(description="19 in 20 have fewer; null: more than `more_than`.")]
    more_than: Annotated[float | None, Meta(description="Nothing was watched beyond; set where a number is null.")]


class WireValue(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer spends within the horizon if they come, in the business's currency."""

    expected_amount: Annotated[float, Meta(description="In the mean of such customers.")]
    low_amount: Annotated[float, Meta(description="1 in 20 spends less.")]
    high_amount: Annotated[float, Meta(description="1 in 20 spends more.")]


class WireAction(msgspec.Struct, frozen=True):
    """What to do about a customer, as the table ACTIONS has it."""

    action: Annotated[str, Meta(description="Code of the action in the catalogue of actions.")]
    text: Annotated[str, Meta(description="The action in words, in the language asked for.")]
    why: Annotated[str | None, Meta(description="Why this action.")] = None
    due: Annotated[datetime | None, Meta(description="When it is due; an instant in UTC.")] = None
    due_day: Annotated[date | None, Meta(description="The same as a day of the business.")] = None


class Abstention(msgspec.Struct, frozen=True):
    """Why there is no number, and how to get one."""

    code: Annotated[str, Meta(description="See the table of abstentions in docs/api.md.")]
    problem: str
    mend: str


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One answer about one customer: a probability with all that it stands on, or an abstention."""

    score_id: Annotated[str, Meta(description="Unique id of this answer in the score log.")]
    customer_id: Annotated[str, Meta(description="As it was asked for.")]
    stage: Annotated[str | None, Meta(description="Lifecycle stage at `features_as_of`.")] = None
    model: Annotated[str | None, Meta(description="`churn` or `reactivation`: which model is asked.")] = None
    outcome: Annotated[str | None, Meta(description="What `probability` is of: `churned` or `reactivated`.")] = None
    probability: Annotated[float | None, Meta(description="Calibrated, 0 to 1.")] = None
    percentile: Annotated[float | None, Meta(description="0 to 100, among those the model learned from.")] = None
    band: Annotated[str | None, Meta(description="`low`, `medium` or `high`, by the model's own bounds.")] = None
    reasons: Annotated[
        list[WireReason],
        Meta(description="In the direction of the score first, then against it; each strongest first."),
    ] = []
    abstention: Annotated[Abstention | None, Meta(description="Why there is no number; null where there is one.")] = (
        None
    )
    action: Annotated[WireAction | None, Meta(description="What is due first; null with `action_code`.")] = None
    action_code: Annotated[str | None, Meta(description="Why there is no action.")] = NOT_CONFIGURED
    action_why: Annotated[str | None, Meta(description="The same in words, with `none_worth_it`.")] = None
    value: Annotated[
        WireValue | None, Meta(description="Spend within the horizon if they come; null with `value_code`.")
    ] = None
    value_code: Annotated[str | None, Meta(description="Why there is no value; null with an abstention.")] = None
    features_as_of: Annotated[datetime | None, Meta(description="The cutoff: first instant of the future.")] = None
    features_age_hours: Annotated[float | None, Meta(description="Hours from `features_as_of` to `scored_at`.")] = None
    known_at: Annotated[datetime | None, Meta(description="What had reached us before this is in the features.")] = None
    scored_at: Annotated[datetime, Meta(description="When the answer was given, by the business's clock.")]
    valid_until: Annotated[
        datetime | None, Meta(description="`features_as_of` + [serving] max_feature_age_hours: ask again after it.")
    ] = None
    horizon_days: Annotated[int | None, Meta(description="Days that the probability speaks of.")] = None
    gap_days: Annotated[int | None, Meta(description="Days between the cutoff and the horizon.")] = None
    clock: Annotated[str, Meta(description="`wall`, or `log`: now is where the log ends.")]
    model_version: Annotated[str | None, Meta(description="Registered name and version, name/3.")] = None
    model_hash: Annotated[str | None, Meta(description="Hash of its trees and its bundle.")] = None
    snapshot_hash: Annotated[str | None, Meta(description="The frozen table the model learned from.")] = None
    definition_id: Annotated[str, Meta(description="Hash of the churn definition.")]
    feature_set_hash: Annotated[str | None, Meta(description="Which features, in which order.")] = None
    from_last_good: Annotated[
        bool, Meta(description="The store did not answer: the features are those it gave before.")
    ] = False
    probability_low: Annotated[float | None, Meta(description="Low end of the calibration band; docs/outlook.md.")] = (
        None
    )
    probability_high: Annotated[
        float | None,
        Meta(description="High end: of customers told this probability the true rate lies within in 9 of 10 cohorts."),
    ] = None
    interval_code: Annotated[str | None, Meta(description="Why there is no interval.")] = None
    horizons: Annotated[list[WireHorizon], Meta(description="Probabilities at several horizons, ascending.")] = []
    next_event: Annotated[
        WireNextEvent | None, Meta(description="When they are expected next; null with `next_event_code`.")
    ] = None
    next_event_code: Annotated[str | None, Meta(description="Why there is no date, and no further horizons.")] = None
    remaining_active_days: Annotated[
        WireDays | None, Meta(description="Active days that are left; null with `remaining_active_days_code`.")
    ] = None
    remaining_active_days_code: Annotated[str | None, Meta(description="Why there are none.")] = None
    value_at_risk: Annotated[
        float | None,
        Meta(description="probability x value: money that leaves with them or, of reactivation, that comes back."),
    ] = None
    learner: Annotated[
        str | None, Meta(description="What kind of model answers: `lightgbm`, `bg_nbd` or `recency_rule`.")
    ] = None
    grade: Annotated[
        str | None,
        Meta(description="`A`, `B`, `C` or `none` (no better than a rule), by its back-test."),
    ] = None
    grade_text: Annotated[str | None, Meta(description="The grade in words, in the language asked for.")] = None
    stated_reasons: Annotated[
        list[WireStated],
        Meta(description="What the customer said, newest first; no part of `reasons`, which are the model's."),
    ] = []
    open_complaint: Annotated[
        WireOpenCases | None, Meta(description="Complaints nobody solved yet; null with `open_complaint_code`.")
    ] = None
    open_complaint_code: Annotated[
        str | None,
        Meta(description="`solutions_unknown`: the log never tells one; `not_materialised`: no row that says it."),
    ] = NOT_MATERIALISED
    value_tier: Annotated[
        str | None,
        Meta(description="`high`, `middle` or `low` by VALUES; null with `value_tier_code`."),
    ] = None
    margin_amount: Annotated[
        float | None, Meta(description="Expected margin within the horizon, from VALUES; null with `value_tier_code`.")
    ] = None
    value_tier_code: Annotated[str | None, Meta(description="Why there is no tier and no margin.")] = NOT_CONFIGURED
    served_from: Annotated[
        str | None,
        Meta(description="`fresh`: computed now; `nightly`: by the last batch, from the same features and model."),
    ] = None
    what_if: Annotated[bool, Meta(description="Made from imagined events: not logged, and of nobody as they are.")] = (
        False
    )


class ScoreAnswer(msgspec.Struct, frozen=True):
    """The answers, in the order of the ids that were asked."""

    scores: list[Score]


class Problem(msgspec.Struct, frozen=True):
    """What is wrong and how to mend it."""

    code: str
    problem: str
    mend: str
    request_id: str


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Every error, whatever its status, has this shape."""

    error: Problem
