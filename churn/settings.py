"""Settings: `churn.toml`, overridden by `CHURN_<SECTION>__<NAME>`; read once at the edge and passed down as values.

A section is a frozen model with its own checks. A misspelt key is an error that names the nearest right one, in the
file and in the environment. Paths are relative to the toml and may hold `${VARIABLES}`. Start reading at `load`.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError, model_validator

from churn.action_sections import Action, Campaigns
from churn.alert_sections import Alerts
from churn.audience_sections import Audiences
from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle, Section, StageRules
from churn.errors import SettingsError
from churn.model_sections import Costs, Fairness, Gate, ModelRegistry, Training
from churn.monitoring_sections import Monitoring
from churn.privacy_sections import TLS_MEND, Privacy, why_plain
from churn.product_sections import Products
from churn.sections import (
    Business,
    Cluster,
    Contacts,
    Features,
    IdMap,
    Ingest,
    Live,
    Reasons,
    Retention,
    Serving,
    Source,
    Store,
    Wanted,
)
from churn.segment_sections import Segment, Segments, fault_of
from churn.serving_sections import ApiKeys
from churn.settings_text import expand, read, toml_value
from churn.uplift_sections import Uplift
from churn.value_sections import Valuing
from churn.webhook_sections import Webhooks, faults_of

__all__ = ["Settings", "expand", "load"]

PREFIX = "CHURN_"
NOT_SECTIONS = {"CHURN_CONFIG", "CHURN_DATA", "CHURN_REQUIRE_ALL", "CHURN_SUPERVISED", "CHURN_API_KEYS"}
NOT_SECTIONS |= {f"CHURN_{name}" for name in ("EVENTS_SECRET", "WEBHOOK_SECRET", "SMTP_PASSWORD", "PSEUDONYM_KEY")}
NOT_SECTIONS |= {"CHURN_FILE_KEY", "CHURN_FILE_KEYS_BEFORE"}
NOT_SECTIONS_PREFIX = "CHURN_TEST_"


class Settings(BaseModel):
    """All of `churn.toml`. Build it with `load()`."""

    model_config = Section.model_config

    business: Business = Business()
    definition: ChurnDefinition = ChurnDefinition()
    stages: StageRules = StageRules()
    source: tuple[Source, ...] = ()
    id_map: IdMap = IdMap()
    ingest: Ingest = Ingest()
    contacts: Contacts = Contacts()
    features: Features = Features()
    reasons: Reasons = Reasons()
    cluster: Cluster = Cluster()
    training: Training = Training()
    costs: Costs = Costs()
    fairness: Fairness = Fairness()
    action: tuple[Action, ...] = ()
    campaigns: Campaigns = Campaigns()
    products: Products = Products()
    value: Valuing = Valuing()
    uplift: Uplift = Uplift()
    segment: tuple[Segment, ...] = ()
    segments: Segments = Segments()
    audiences: Audiences = Audiences()
    registry: ModelRegistry = ModelRegistry()
    gate: Gate = Gate()
    store: Store = Store()
    live: Live = Live()
    serving: Serving = Serving()
    keys: ApiKeys = ApiKeys()
    monitoring: Monitoring = Monitoring()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    webhooks: Webhooks = Webhooks()
    artifacts: Path = Field(default=Path("artifacts"), description="where everything is written")
    root: Path = Field(default=Path(), exclude=True, description="folder of the toml; set by `load`")

    @model_validator(mode="after")
    def _windows_are_seen(self) -> "Settings":
        """Windows that somebody set lie within the lookback; the defaults are cut to it."""
        longest, windows = self.definition.lookback_days, self.features.windows_days
        if "windows_days" in self.features.model_fields_set and max(windows) > longest:
            raise ValueError(
                f"[features] windows_days: a window of {max(windows)} days is longer than [definition] lookback_days, "
                f"{longest}; shorten it, or raise lookback_days"
            )
        return self

    @model_validator(mode="after")
    def _servers_are_asked_by_tls(self) -> "Settings":
        """With [privacy] tls_required, every URL of a server asks for TLS; of a [[source]], features/database.py."""
        urls = {"[store] url": self.store.url, "[store] registry_url": self.store.registry_url}
        urls |= {"[live] url": self.live.url, "[registry] url": self.registry.url}
        urls |= {"[serving] limits_url": self.serving.limits_url}
        for name, url in urls.items():
            why = why_plain(url) if url and self.privacy.tls_required else None
            if why:
                raise ValueError(f"[privacy] tls_required, but {name}: {why}; write {TLS_MEND}")
        return self

    @model_validator(mode="after")
    def _actions_are_told_apart(self) -> "Settings":
        """Each action of the catalogue has a code of its own."""
        codes = [one.code for one in self.action]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"[[action]] code {twice[0]!r} is there twice; give each action its own")
        return self

    @model_validator(mode="after")
    def _segments_are_there(self) -> "Settings":
        """Segments have names of their own, psychographic ones go by what was stated, actions name those there are."""
        used = [(one.code, one.segments) for one in self.action]
        if fault := fault_of(self.segment, self.segments, used):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _alerts_can_be_told(self) -> "Settings":
        """Webhooks of [alerts] go by the rules of [webhooks]."""
        if faults := faults_of(self.alerts.urls, allow_http=self.webhooks.allow_http):
            raise ValueError(f"[alerts] urls: {faults[0]}")
        return self

    @property
    def folder(self) -> Path:
        """The artifacts of this business, absolute: every business has its own."""
        return (self.root / self.artifacts / self.business.slug).absolute()

    @property
    def wanted(self) -> Wanted:
        """`[features]`, without the attributes that `[fairness]` keeps from the models."""
        said, fairness = dict(self.features), self.fairness
        if fairness.as_features:
            return Wanted(**said)
        told = [name for name in fairness.attributes if name not in fairness.allow_as_features]
        kept_out = dict.fromkeys((*self.features.leave_out_attributes, *told))
        said |= {"leave_out_attributes": tuple(kept_out), "without_demographic": True}
        return Wanted(**said, demographic_allowed=fairness.allow_as_features)

    @property
    def lifecycle(self) -> Lifecycle:
        """What cohorts, labels, stages and features are asked with."""
        words = tuple(self.reasons.words.items())
        return Lifecycle(self.definition, self.stages, Calendar(self.business.timezone), words)

    @property
    def registry_uri(self) -> str:
        """MLflow's tracking and registry database; it may hold a secret."""
        return self.registry.url or f"sqlite:///{self.folder / 'mlflow.db'}"

    @property
    def registry_artifacts(self) -> str:
        """Where the files of this business's models go, as a URI."""
        place = self.registry.artifacts
        if place is None:
            return (self.folder / "mlruns").as_uri()
        place = place if "://" in place else (self.root / place).absolute().as_uri()
        return f"{place.rstrip('/')}/{self.business.slug}"

    def model_name(self, model: str) -> str:
        """The registered name of a model: `churn-<slug>` or `reactivation-<slug>`."""
        return f"{model}-{self.business.slug}"


def load(path: Path | str = "churn.toml", environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings: environment over file over defaults.

    Args:
        path: the toml.
        environ: the environment; the process's own where none is given.

    Raises:
        SettingsError: the file is missing or no toml, a key is misspelt, a value impossible. All faults at once.
    """
    path, environ = Path(path), os.environ if environ is None else environ
    values = _overridden(read(path), environ)
    try:
        return Settings(**values, root=path.absolute().parent)
    except ValidationError as error:
        faults = [_fault(detail["loc"], detail["msg"], detail["type"]) for detail in error.errors()]
        raise SettingsError(
            f"{path} cannot be used:\n" + "\n".join(f"  {fault}" for fault in faults),
            mend="correct these lines (or the CHURN_... variables that override them); "
            "`churn settings` prints every setting with its meaning.",
        ) from error


def _overridden(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The file's values with those of the environment laid over them."""
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in NOT_SECTIONS or variable.startswith(NOT_SECTIONS_PREFIX):
            continue
        *sections, name = variable.removeprefix(PREFIX).lower().split("__")
        _known(variable, [*sections, name])
        target = values
        for section in sections:
            target = target.setdefault(section, {})
        target[name] = toml_value(environ[variable])
    return values


def _known(variable: str, keys: list[str]) -> None:
    names = {f"{PREFIX}{name}".upper(): None for name in Settings.model_fields} | {
        f"{PREFIX}{section}__{name}".upper(): None
        for section, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for name in field.annotation.model_fields
    }
    if variable.upper() in names or (len(keys) > 2 and keys[:2] == ["definition", "lapse"]):
        return
    near = get_close_matches(variable, names, n=1)
    raise SettingsError(
        f"The variable {variable} names no setting.",
        mend=f"did you mean {near[0]}?" if near else "unset it, or see `churn settings` for the names.",
    )


def _fault(location: tuple[int | str, ...], message: str, kind: str) -> str:
    """One fault as a person reads it: where, what, and the nearest right name for a misspelt key."""
    where = ".".join(str(part) for part in location)
    if kind != "extra_forbidden":
        return (f"{where}: " if where else "") + message.removeprefix("Value error, ")
    fields: Any = Settings
    for part in location[:-1]:
        field = getattr(fields, "model_fields", {}).get(str(part))
        fields = next(iter(get_args(field.annotation)), field.annotation) if field else fields
    near = get_close_matches(str(location[-1]), getattr(fields, "model_fields", {}), n=1)
    return f"{where}: there is no such setting" + (f"; did you mean {near[0]!r}?" if near else "")
