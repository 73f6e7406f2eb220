"""The sections of churn.toml about models: how they are trained, what their mistakes cost, which of them may serve.

Start reading at `Training`; churn/settings.py reads them beside those of churn/sections.py.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from churn.definition import Section
from churn.grade import Learner

POSTGRES = ("postgresql+psycopg", "postgresql", "postgres")

Way = Literal["rising", "falling"]
TreatedRows = Literal["kept", "excluded", "weighted", "modelled"]


class Training(Section):
    """`[training]`: cutoffs, folds and floors."""

    every_days: int = Field(default=30, ge=1, le=366, description="days between cutoffs")
    max_cutoffs: int = Field(default=12, ge=1, le=120, description="newest mature cutoffs that train")
    test_cutoffs: int = Field(default=3, ge=1, le=24, description="last mature cutoffs, kept for the test")
    min_history_days: int = Field(default=90, ge=0, description="history before the first cutoff")
    min_customers: int = Field(default=50, ge=10, description="a shop with fewer customers: abstain")
    min_rows: int = Field(default=200, ge=1, description="fewer rows: a rule or BG/NBD at most")
    min_positives: int = Field(default=30, ge=1, description="fewer of either outcome: likewise")
    richest_learner: Learner = Field(
        default="lightgbm", description="nothing richer may serve: recency_rule, bg_nbd or lightgbm"
    )
    horizons_days: tuple[Annotated[int, Field(ge=1, le=3650)], ...] = Field(
        default=(30, 60, 90, 180), description="further horizons that answers tell, as far as the log has watched them"
    )
    seed: int = Field(default=7, description="of everything random")
    threads: int = Field(default=2, ge=1, description="threads of the learner")
    select_features: bool = Field(default=False, description="leave out features that do no good in most folds")
    monotone: dict[str, Way] = Field(
        default={}, description="features with which the risk of losing a customer must rise, or fall"
    )
    treated_rows: TreatedRows = Field(
        default="kept",
        description="rows that a campaign touched: kept, excluded, weighted (the held out stand for them) or modelled",
    )
    heaviest_row: int = Field(default=20, ge=1, le=1000, description="weighted: for so many rows one stands at most")


class Fairness(Section):
    """`[fairness]`: between which groups of customers a model is compared, in its back-test and its card."""

    attributes: tuple[str, ...] = Field(
        default=(), description="profile attributes that tell the groups, such as gender; they make no feature"
    )
    as_features: bool = Field(
        default=False, description="let the model see them, and whatever else is demographic by its name, all the same"
    )
    allow_as_features: tuple[str, ...] = Field(
        default=(), description="attributes that models may see although their names are demographic, such as age"
    )
    flagged_share: float | None = Field(
        default=None, gt=0, lt=1, description="share flagged, highest scores first; unset: those in band high"
    )


class Costs(Section):
    """`[costs]`: what a retention campaign costs and earns; set all four, or none and no profit is told."""

    value_amount: float | None = Field(default=None, gt=0, description="what a customer who is kept is worth")
    offer_amount: float | None = Field(default=None, ge=0, description="what the offer costs when it is taken")
    contact_amount: float | None = Field(default=None, ge=0, description="what a contact costs")
    accept_ratio: float | None = Field(
        default=None, ge=0, le=1, description="share of those about to leave who take the offer and stay"
    )

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        missing = [name for name in type(self).model_fields if getattr(self, name) is None]
        if missing and len(missing) < len(type(self).model_fields):
            raise ValueError(f"{', '.join(missing)} missing; set all four, or none")
        return self

    @property
    def known(self) -> bool:
        """Whether a profit can be told."""
        return self.value_amount is not None


class ModelRegistry(Section):
    """`[registry]`: where MLflow keeps models, runs and cards."""

    url: str | None = Field(default=None, description="postgresql://user@host/db; unset: mlflow.db in the artifacts")
    artifacts: str | None = Field(
        default=None, description="folder of the models' files, or s3://bucket/path; unset: mlruns in the artifacts"
    )

    @field_validator("url")
    @classmethod
    def _is_a_database(cls, url: str | None) -> str | None:
        """MLflow is told which driver to use: without it SQLAlchemy takes one or the other by its version."""
        if url is None or url.startswith("sqlite:////"):
            return url
        scheme, parted, rest = url.partition("://")
        if not parted or scheme not in POSTGRES:
            raise ValueError("begins neither with postgresql:// nor with sqlite:////, an absolute path")
        return f"{POSTGRES[0]}://{rest}"


class Gate(Section):
    """`[gate]`: what a challenger is held to before it serves, and what sends a champion back; see docs/gate.md."""

    who: str | None = Field(
        default=None, description="who promotes, for the history; unset: git's user, or the account"
    )
    signing_key_file: str | None = Field(
        default=None, description="file with a secret that signs the history; unset: lines are chained, not signed"
    )
    confidence: float = Field(default=0.95, ge=0.5, lt=1, description="of the intervals that decide")
    min_gain_ratio: float = Field(
        default=0.02, ge=0, le=0.5, description="share of the champion's log loss to save, beyond doubt, to replace it"
    )
    max_age_days: int = Field(
        default=180, ge=1, description="a champion that knows nothing of so many days yields to one that is no worse"
    )
    max_ece: float = Field(default=0.08, gt=0, le=1, description="calibration error that may not be clearly passed")
    max_level_error: float = Field(
        default=0.08, gt=0, le=1, description="how far the mean probability may clearly lie from the rate"
    )
    max_segment_loss_ratio: float = Field(
        default=0.02, ge=0, le=1, description="share of log loss by which no segment may clearly be worse"
    )
    max_trees: int = Field(default=5000, ge=1, description="trees of a model, those of its line among them")
    max_model_mb: float = Field(default=50.0, gt=0, description="booster and bundle together")
    max_latency_ms: float = Field(default=25.0, gt=0, description="CPU of one score and its reasons, 99 in 100")
    watch_days: int = Field(
        default=30, ge=0, description="days that a new champion is watched once its first outcomes are known; 0: never"
    )
    watch_psi: float = Field(default=0.5, gt=0, description="shift of its scores, on sound data, that sends it back")
    watch_abstained_ratio: float = Field(
        default=0.5, gt=0, le=1, description="share of its customers without a number that sends it back"
    )
    watch_failed_ratio: float = Field(
        default=0.05, gt=0, le=1, description="share of scoring requests answered 5xx that sends it back"
    )
