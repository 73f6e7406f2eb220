"""The tables that cross a stage: columns, types, units, key. `check` holds a frame to its table.

EVENTS and FEATURES run from `features` to `training`; SCORES from `serving` to `monitoring`; ACTIONS, VALUES and
CONTACTS are read by `serving` where a file of that name exists. Types are pandas dtypes at the seams. Reads and
writes nothing. Start reading at `EVENTS`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from churn.errors import WrongColumns

INSTANT = "datetime64[us, UTC]"


@dataclass(frozen=True)
class Column:
    """One column: its name, pandas dtype, meaning with unit, and whether null may stand in it."""

    name: str
    dtype: str
    meaning: str
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """A table that crosses a stage: a name, its columns in order, and the columns that make a row unique."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def empty(self) -> pd.DataFrame:
        """A frame of this table without rows."""
        return pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in self.columns})


EVENTS = Table(
    "EVENTS",
    (
        Column("customer_id", "str", "whom it concerns, as the business names them"),
        Column("event_type", "str", "kind of event, free to name: order, return, visit, complaint ..."),
        Column("event_timestamp", INSTANT, "when it happened"),
        Column("ingested_at", INSTANT, "when we learned of it; the event's own time where a log does not say"),
        Column("event_id", "str", "the source's own id; rows of one id are one event", nullable=True),
        Column(
            "amount",
            "float64",
            "money (or points); 0 or more also for what takes back an order: ingest drops its sign",
            nullable=True,
        ),
        Column("channel", "str", "where it happened: phone, e-mail, app ...", nullable=True),
        Column("order_id", "str", "the order it is or speaks of", nullable=True),
        Column("category", "str", "what it is about: product category, campaign, value of an attribute", nullable=True),
        Column("quantity", "float64", "items, or days paid for by a subscription event", nullable=True),
        Column("discount_amount", "float64", "money taken off", nullable=True),
        Column("score", "float64", "answer to a survey, rating of a review", nullable=True),
        Column("reason_code", "str", "why, in the source's codes", nullable=True),
        Column("text", "str", "free text, kept for people; never a feature", nullable=True),
        Column("related_customer_id", "str", "who referred, or was referred", nullable=True),
    ),
    key=("customer_id", "event_timestamp", "event_type", "event_id"),
)

SNAPSHOT_KEYS = Table(
    "SNAPSHOT",
    (
        Column("customer_id", "str", "the entity"),
        Column("event_timestamp", INSTANT, "the cutoff: first instant of the future"),
        Column("created_timestamp", INSTANT, "what the row knows: everything that had reached us before this instant"),
        Column("stage", "str", "lifecycle stage at the cutoff"),
        Column("model", "str", "which model is asked about this customer: churn or reactivation"),
        Column("label", "boolean", "churned or reactivated; null while immature", nullable=True),
    ),
    key=("customer_id", "event_timestamp"),
)  # OUTCOMES follow where the snapshot knows them, then the catalogue's features, a float column each, then `vector`

OUTCOMES = Table(
    "OUTCOMES",
    (
        Column(
            "next_event_days",
            "float64",
            "days from the start of the outcome window to the first qualifying event in it or after; null: none seen",
            nullable=True,
        ),
        Column("followed_days", "float64", "days after that start that the log has watched"),
        Column(
            "spend_amount",
            "float64",
            "money of the qualifying events in the outcome window, those taken back left out; null while immature, "
            "and where they name no amount",
            nullable=True,
        ),
        Column(
            "active_days",
            "float64",
            "days from the cutoff to the last qualifying event before the first lapse, or seen so far (a subscription: "
            "to the end of what was paid for); null where the model is not churn",
            nullable=True,
        ),
        Column(
            "lapse_days",
            "float64",
            "days from the cutoff to the first lapse; null where none was seen, or the model is not churn",
            nullable=True,
        ),
    ),
    key=(),
)  # labels all of them: what a snapshot knows of the time after its cutoffs

ERASED_LINE = '{"erased":true'  # how a line of the score log begins whose row is gone; its score_id stays
SHADOW_LINE = "shadow"  # key of a line of the score log that nobody was told: a challenger's, in shadow
SCORES = Table(
    "SCORES",
    (
        Column("score_id", "str", "unique id of this answer"),
        Column("customer_id", "str", "who was scored"),
        Column("model", "str", "churn or reactivation; null in an abstention without a model", nullable=True),
        Column("cutoff", INSTANT, "features as of", nullable=True),
        Column("horizon_days", "Int64", "days that the probability speaks of", nullable=True),
        Column("gap_days", "Int64", "days between cutoff and horizon", nullable=True),
        Column("scored_at", INSTANT, "when the answer was given, by the business's clock"),
        Column("valid_until", INSTANT, "until when the answer may be used", nullable=True),
        Column("stage", "str", "lifecycle stage", nullable=True),
        Column("probability", "float64", "calibrated, in [0, 1]", nullable=True),
        Column("percentile", "float64", "0 to 100, among the rows the champion learned from", nullable=True),
        Column("band", "str", "low, medium or high", nullable=True),
        Column("abstention", "str", "code of the reason why there is no number", nullable=True),
        Column("model_version", "str", "registry name and version, name/3", nullable=True),
        Column("model_hash", "str", "hash of booster and bundle", nullable=True),
        Column("definition_id", "str", "hash of the churn definition"),
        Column("snapshot_hash", "str", "what the model learned from", nullable=True),
        Column("feature_set_hash", "str", "which features, in which order", nullable=True),
        Column("known_at", INSTANT, "the features know what had reached us before this instant", nullable=True),
        Column("vector", "str", "the packed feature vector: base64 of little-endian float64", nullable=True),
        Column("probability_low", "float64", "low end of the interval of the probability", nullable=True),
        Column("probability_high", "float64", "high end of it", nullable=True),
        Column("next_event_expected", "str", "local day by which the next event is as likely as later", nullable=True),
        Column("remaining_active_days", "float64", "expected days to the last event before a lapse", nullable=True),
        Column("value_expected_amount", "float64", "expected spend within the horizon if they come", nullable=True),
        Column("value_at_risk", "float64", "probability x value, in the business's currency", nullable=True),
        Column("action", "str", "what was advised: code of the action", nullable=True),
        Column("action_text", "str", "the action in the words that were told", nullable=True),
        Column("action_why", "str", "why, as it was told", nullable=True),
        Column("action_due", INSTANT, "when it was due, as it was told", nullable=True),
        Column("reason_codes", "str", "codes of its reasons, first the greatest, parted by blanks", nullable=True),
    ),
    key=("customer_id", "model", "cutoff", "horizon_days"),
)

ACTIONS = Table(
    "ACTIONS",
    (
        Column("customer_id", "str", "whom to act on"),
        Column("action", "str", "code of the action in the catalogue"),
        Column("action_en", "str", "the action in English", nullable=True),
        Column("action_zh", "str", "the action in Chinese", nullable=True),
        Column("why_en", "str", "why this action, in English", nullable=True),
        Column("why_zh", "str", "the same in Chinese", nullable=True),
        Column("due", INSTANT, "when it is due", nullable=True),
        Column("stage", "str", "the stage it was meant for; null: any", nullable=True),
    ),
    key=("customer_id", "action"),
)
NONE_WORTH_IT = "none"  # the action of a customer for whom none of the catalogue is expected to earn its cost

TREATMENTS = Table(
    "TREATMENTS",
    (
        Column("campaign", "str", "id of the campaign"),
        Column("customer_id", "str", "who was planned for"),
        Column("action", "str", "code of the action in the catalogue"),
        Column("channel", "str", "how, by the codes of churn/channels.py", nullable=True),
        Column("model", "str", "churn or reactivation: who was asked for the number", nullable=True),
        Column("stage", "str", "lifecycle stage when it was planned", nullable=True),
        Column("planned_at", INSTANT, "when chance decided; the measurement window begins here"),
        Column("due", INSTANT, "when it is to be done", nullable=True),
        Column("window_end", INSTANT, "the measurement window ends here, excluded"),
        Column("owner", "str", "who does it", nullable=True),
        Column("propensity", "float64", "the chance, in (0, 1], with which somebody planned for was to be contacted"),
        Column("is_treated", "bool", "to be contacted; False: held out at random"),
        Column("probability", "float64", "the score it was planned on", nullable=True),
        Column("value_amount", "float64", "what the customer was held to be worth", nullable=True),
        Column("take_up_ratio", "float64", "share of those it could turn that it was held to turn", nullable=True),
        Column("cost_amount", "float64", "what the contact was expected to cost, offer included", nullable=True),
        Column("expected_profit_amount", "float64", "what it was expected to earn, cost taken off", nullable=True),
        Column("why_en", "str", "why this customer, in English", nullable=True),
        Column("why_zh", "str", "the same in Chinese", nullable=True),
    ),
    key=("campaign", "customer_id"),
)

VALUES = Table(
    "VALUES",
    (
        Column("customer_id", "str", "whose value"),
        Column("expected_value_amount", "float64", "margin within the horizon if they stay, or come", nullable=True),
        Column("value_tier", "str", "high, middle or low"),
        Column(
            "clv_amount", "float64", "margin expected within `clv_months`, the chance to buy included", nullable=True
        ),
        Column("clv_low_amount", "float64", "nine in ten like them brought between this ...", nullable=True),
        Column("clv_high_amount", "float64", "... and this", nullable=True),
        Column("clv_months", "float64", "how far it looks", nullable=True),
        Column("clv_estimator", "str", "who estimated it: two_part or bg_nbd_gg", nullable=True),
        Column("clv_code", "str", "why there is no clv_amount", nullable=True),
        Column("past_value_amount", "float64", "margin they brought in as long a time before", nullable=True),
        Column("high_value", "str", "yes: of the fewest who brought the share of sales [value] names", nullable=True),
        Column("high_potential", "str", "yes: of the fewest who hold its share of growth expected", nullable=True),
        Column("currency", "str", "ISO 4217", nullable=True),
    ),
    key=("customer_id",),
)

CONTACTS = Table(
    "CONTACTS",
    (
        Column("customer_id", "str", "who was contacted"),
        Column("contacted_at", INSTANT, "when"),
        Column("channel", "str", "how", nullable=True),
        Column("action", "str", "with which action of the catalogue", nullable=True),
    ),
    key=("customer_id", "contacted_at"),
)


def check(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame itself, when it has exactly the columns of its table in order.

    Raises:
        WrongColumns: columns are missing, extra or in another order; the message shows the difference.
    """
    if list(frame.columns) != table.names:
        raise WrongColumns(table.name, expected=table.names, found=[str(name) for name in frame.columns])
    return frame
