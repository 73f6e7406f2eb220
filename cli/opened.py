"""What the steps after ingest work on: the event log of a business, its catalogue of features, its clock."""

from dataclasses import dataclass
from datetime import date, datetime

from churn.clock import clock
from churn.definition import Lifecycle
from churn.errors import SettingsError
from churn.events import Events
from churn.settings import Settings
from features.catalogue import catalogue
from features.feature_set import FeatureSet
from features.log import LogManifest, read_events, read_log_manifest
from features.snapshots import last_midnight


@dataclass(frozen=True)
class OpenLog:
    """An event log, and what its business asks of it.

    Args:
        manifest: what the log says of itself.
        events: all of it.
        features: the features that this log has.
        lifecycle: what churn means here.
        now: what time it is by the business's clock.
        as_of: the cutoff of a batch: the newest midnight that is neither after now nor after the end of the log.
    """

    manifest: LogManifest
    events: Events
    features: FeatureSet
    lifecycle: Lifecycle
    now: datetime
    as_of: datetime


def features_of(settings: Settings, manifest: LogManifest) -> FeatureSet:
    """The features that a log has."""
    columns = {kind: set(names) for kind, names in manifest.columns.items()}
    return catalogue(list(manifest.kinds), columns, settings.lifecycle)


def open_log(settings: Settings) -> OpenLog:
    """Read the event log of a business.

    Raises:
        NoLog: nothing was ingested.
    """
    manifest, lifecycle = read_log_manifest(settings.folder), settings.lifecycle
    now = clock(settings.business.clock, manifest.observed_until).now()
    return OpenLog(
        manifest=manifest,
        events=read_events(settings.folder, taking_back=lifecycle.definition.taking_back),
        features=features_of(settings, manifest),
        lifecycle=lifecycle,
        now=now,
        as_of=last_midnight(lifecycle, min(now, manifest.observed_until)),
    )


def midnight_of(day: str, lifecycle: Lifecycle) -> datetime:
    """The cutoff that a person names by its day.

    Raises:
        SettingsError: it is no day.
    """
    try:
        return lifecycle.calendar.midnight(date.fromisoformat(day))
    except ValueError as error:
        raise SettingsError(
            f"--cutoff {day!r} is no day.", mend="give the first day of the future as YYYY-MM-DD."
        ) from error
