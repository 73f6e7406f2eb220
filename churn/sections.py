"""The sections of churn.toml that are not about what churn means: each setting with its sentence.

`[definition]` and `[stages]` live in churn/definition.py; churn/settings.py reads them all. The sentences are what
`churn settings` and docs/settings.md print.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from churn.calendar import Calendar
from churn.definition import Section
from churn.reasons import CAUSES
from churn.serving_sections import Door

SOURCE_NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"


class Business(Section):
    """`[business]`: whose customers, in which time zone, currency and language."""

    name: str = Field(default="Demo shop", description="what people read on pages")
    slug: str = Field(default="demo", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="names its folder and models")
    timezone: str = Field(default="UTC", description="IANA name; decides where a day begins")
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217")
    language: Literal["en", "zh"] = Field(default="en", description="language of reasons where a caller asks for none")
    clock: Literal["wall", "log"] = Field(default="wall", description="now is today, or where the log ends")

    @field_validator("timezone")
    @classmethod
    def _exists(cls, name: str) -> str:
        return Calendar(name).timezone


class Source(Section):
    """`[[source]]`: where events come from, and how its columns become those of EVENTS (SQL over text columns)."""

    name: str | None = Field(
        default=None, pattern=SOURCE_NAME, description="whose ids these are; sources of one name share them"
    )
    path: str | None = Field(default=None, description="CSV, gzip CSV or Parquet: a file or a glob")
    url: str | None = Field(default=None, description="SQLAlchemy URL of a database; read with `table` or `query`")
    table: str | None = Field(default=None, description="table of the database")
    query: str | None = Field(default=None, description="query of the database")
    where: str | None = Field(default=None, description="rows that are meant, SQL over the source's columns")
    timezone: str | None = Field(default=None, description="zone of instants that have none")
    customer_id: str
    event_type: str | None = Field(default=None, description="unset for a table of profiles, which names `attributes`")
    event_timestamp: str
    ingested_at: str | None = None
    event_id: str | None = None
    withdrawn: str | None = Field(default=None, description="true where the row withdraws the event of its event_id")
    amount: str | None = None
    channel: str | None = None
    order_id: str | None = None
    category: str | None = None
    quantity: str | None = None
    discount_amount: str | None = None
    score: str | None = None
    reason_code: str | None = None
    text: str | None = None
    related_customer_id: str | None = None
    attributes: dict[str, str] = Field(default={}, description="profile attributes, dated by event_timestamp")


class IdMap(Section):
    """`[id_map]`: one customer of the ids that shop, hotline and CRM have for them; dated, so that the past stays."""

    path: str | None = Field(default=None, description="CSV or Parquet: which id of a source is whom; unset: no map")
    source: str = Field(default="source", description="its column of the `name` of a [[source]]")
    source_id: str = Field(default="source_id", description="its column of the customer_id that this source gives")
    customer_id: str = Field(default="customer_id", description="its column of whom that is")
    known_from: str = Field(default="known_from", description="its column of when we knew; an empty cell: ever since")
    timezone: str | None = Field(default=None, description="zone of instants that have none")
    live_sources: tuple[str, ...] = Field(default=(), description="names of sources that only post live events")


class Ingest(Section):
    """`[ingest]`: how the event log is written."""

    max_rejected_share: float = Field(default=0.05, ge=0, le=1, description="over this share of bad rows it stops")
    buckets: int = Field(default=16, ge=1, le=4096, description="files of the log, by hash of the customer")
    memory_gb: float = Field(default=4.0, gt=0, description="what sorting may take of memory; the rest goes to disk")
    allow_personal: tuple[str, ...] = Field(
        default=(), description="`source.column` that looks like details of a person and is none"
    )


class OwnFeature(Section):
    """`[[features.own]]`: a feature of one's own, with a name and words in two languages."""

    feature: str = Field(description="what it is; see docs/adding-a-feature.md")
    name: str | None = Field(default=None, description="its name, a to z, 0 to 9 and _; unset: as its parts say")
    en: str | None = Field(default=None, description="what it is, in English")
    zh: str | None = Field(default=None, description="what it is, in Chinese")
    group: str | None = Field(default=None, description="code of the reason that it speaks for (churn/reasons.py)")


class Features(Section):
    """`[features]`: the catalogue of features, as this business wants it."""

    windows_days: tuple[Annotated[int, Field(ge=1, le=3650)], ...] = Field(
        default=(7, 30, 90, 180, 365), min_length=1, description="windows of counts and totals"
    )
    own: tuple[str | OwnFeature, ...] = Field(
        default=(), description="features of one's own, a line each; see docs/adding-a-feature.md"
    )
    leave_out: tuple[str, ...] = Field(
        default=(), description="names of features that are not wanted; `*` for any part"
    )
    leave_out_attributes: tuple[str, ...] = Field(
        default=(), description="profile attributes that make no feature; those of [fairness] make none anyway"
    )
    holidays: tuple[str, ...] = Field(default=(), description="countries whose public holidays count (ISO 3166)")
    big_days: tuple[str, ...] = Field(default=(), description="own big days of every year, as MM-DD")
    channels: tuple[str, ...] = Field(default=(), description="channels whose campaign response is told apart")
    followed_within_days: int = Field(default=14, ge=1, le=365, description="days in which a follow-up counts as one")
    bad_score: float = Field(default=2, description="a review with this score or less is a bad one")


class Wanted(Features):
    """`[features]` as a catalogue is made of it, with what `[fairness]` says of attributes.

    The defaults are those of manifests that were written before demographic attributes were left out: a champion that
    learned from one is served on.
    """

    without_demographic: bool = Field(default=False, description="attributes that are demographic make no feature")
    demographic_allowed: tuple[str, ...] = Field(default=(), description="but these")

    @classmethod
    def of(cls, features: Features) -> "Wanted":
        """`[features]` alone, where nobody asked what `[fairness]` says."""
        return features if isinstance(features, Wanted) else cls(**dict(features))


class Reasons(Section):
    """`[reasons]`: what customers state, in the words of this business."""

    words: dict[str, str] = Field(
        default={}, description="own reason codes, in any case: the cause that each stands for"
    )

    @field_validator("words")
    @classmethod
    def _causes(cls, words: dict[str, str]) -> dict[str, str]:
        from churn.stated import NO_REASON  # numpy: a setting that nobody uses needs none

        told = {word.strip().lower(): cause for word, cause in words.items()}
        if len(told) < len(words) or not all(told):
            raise ValueError("a word is blank, or there twice in another case; leave it out")
        if own := sorted(word for word in told if word in CAUSES or word in NO_REASON):
            raise ValueError(f"{own[0]!r} has a meaning of its own; leave it out")
        if strange := sorted(cause for cause in told.values() if cause not in CAUSES):
            raise ValueError(f"there is no cause {strange[0]!r}; name one of {', '.join(CAUSES)}")
        return told


class Cluster(Section):
    """`[cluster]`: where snapshots, training and scores of everybody are computed."""

    engine: Literal["local", "dask"] = Field(default="local", description="this process, or a Dask cluster")
    scheduler: str | None = Field(default=None, description="tcp://host:8786; unset: processes on this machine")
    workers: int = Field(default=2, ge=1, le=256, description="processes, where no scheduler is named")
    sample_rows: int = Field(
        default=1_000_000, ge=1000, description="rows on one node that choose trees, line and calibration"
    )


class Contacts(Section):
    """`[contacts]`: how customers can be reached, in a file of its own that only the export of an audience reads."""

    path: str | None = Field(default=None, description="CSV or Parquet, one row a customer; no [[source]] may read it")
    customer_id: str = Field(default="customer_id", description="its column of ids, those of the event log")
    email: str | None = Field(default=None, description="its column of e-mail addresses")
    phone: str | None = Field(default=None, description="its column of phone numbers")
    name: str | None = Field(default=None, description="its column of names")
    language: str | None = Field(default=None, description="its column of languages")
    may_email: str | None = Field(default=None, description="its column of consent to e-mail: true or false")
    may_phone: str | None = Field(default=None, description="its column of consent to calls and messages")
    consents: dict[str, str] = Field(
        default={}, description="its columns of consent to further channels, by the code of the channel"
    )


class Store(Section):
    """`[store]`: Feast's on-line store."""

    online: Literal["sqlite", "redis", "postgres"] = Field(default="sqlite", description="kind of on-line store")
    url: str | None = Field(default=None, description="redis://host:port/0 or postgresql://user@host/db")
    registry_url: str | None = Field(default=None, description="PostgreSQL for Feast's registry; unset: a file")
    batch_size: int = Field(default=5000, ge=1, description="rows written at once")


class Live(Section):
    """`[live]`: events that come over the service, `POST /v1/events`."""

    inbox: Literal["sqlite", "postgres"] = Field(default="sqlite", description="where they are kept until compaction")
    url: str | None = Field(default=None, description="postgresql://user@host/db, for postgres")
    max_ahead_hours: float = Field(
        default=24, ge=0, description="with clock = log: how far an event may lie after the end of the log"
    )


class Serving(Door):
    """`[serving]`: the scoring endpoint."""

    host: str = Field(default="127.0.0.1", description="anything else than loopback needs a key")
    port: int = Field(default=3000, ge=0, le=65535, description="0: any free port")
    workers: int = Field(default=1, ge=1, le=64, description="processes")
    server: Literal["bentoml", "uvicorn"] = Field(default="bentoml", description="what runs them: bentoml or uvicorn")
    watch_registry_seconds: float = Field(
        default=10.0, ge=0.1, le=3600, description="how often a new champion is looked for"
    )
    api_keys: tuple[str, ...] = Field(
        default=(), description="`name:scope+scope:sha256 of the key`; better: `churn keys create`"
    )
    rate_limit_per_minute: int = Field(default=600, ge=0, description="per key; 0: none")
    max_feature_age_hours: float = Field(default=36, gt=0, description="older features are not scored")
    top_reasons: int = Field(default=3, ge=0, le=10, description="reasons a score gives")
    exact_reasons: bool = Field(
        default=False, description="contributions to 1e-9 log-odds, at twice the time; else within 3e-6"
    )
    nightly_answers: bool = Field(default=True, description="tell the batch's answer again as long as it holds")
    max_waiting: int = Field(default=64, ge=1, le=100_000, description="requests that wait in a worker; more are 503")
    deadline_ms: int = Field(default=5000, ge=100, le=60_000, description="how long a score may take before it is 503")
    store_timeout_ms: int = Field(default=250, ge=10, le=10_000, description="how long a read of the store may take")
    least_change: float = Field(
        default=0.05, gt=0, le=1, description="of a probability: less is no news for `GET /v1/scores?since=`"
    )
    last_good_rows: int = Field(default=0, ge=0, description="rows a worker keeps for when the store fails; 0: none")


class Retention(Section):
    """`[retention]`: how long `churn prune` keeps what grows; docs/operations.md lists every store."""

    score_log_days: int = Field(default=1100, ge=1, description="an answer, after its horizon is over")
    batch_scores_days: int = Field(default=400, ge=1, description="everybody's scores, after their horizon is over")
    models_days: int = Field(default=1500, ge=1, description="a model's copy, after it last served; two stay always")
    snapshots_days: int = Field(default=400, ge=1, description="a snapshot that no champion or challenger names")
    dead_letters_days: int = Field(default=90, ge=1, description="a webhook that no receiver took, after its change")
    changes_days: int = Field(default=400, ge=1, description="a change of stage or band, after it was told")
    audit_days: int = Field(default=400, ge=1, description="a day of the audit log")
    runs_days: int = Field(default=400, ge=1, description="the pages of a run of monitoring; the newest stay")
    rejects_days: int = Field(default=90, ge=1, description="what refused rows of the last ingest held")
