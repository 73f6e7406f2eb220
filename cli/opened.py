"""What the steps after ingest work on: the event log of a business, its catalogue of features, its clock."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from churn.clock import clock
from churn.cohort import MODELS
from churn.conditions import check_kinds
from churn.definition import Lifecycle
from churn.errors import SettingsError
from churn.events import Events
from churn.settings import Settings
from features.catalogue import catalogue, remade
from features.catalogue.scanner import given_names
from features.feature_set import FeatureSet
from features.live.compaction import compact
from features.log import LogManifest, read_log_manifest
from features.log_reading import read_events
from features.parts import Bucket, log_parts
from features.personal_features import refuse_personal_features
from features.snapshots import MANIFEST_FILE, last_midnight
from features.tombstones import standing


@dataclass(frozen=True)
class OpenLog:
    """An event log, and what its business asks of it.

    Args:
        manifest: what the log says of itself.
        parts: the log bucket by bucket.
        features: the features that this log has.
        served: those that the champions learned from, where there are any: a new kind of event must not silence them.
        lifecycle: what churn means here.
        now: what time it is by the business's clock.
        as_of: the cutoff of a batch: the newest midnight that is neither after now nor after the end of the log.
    """

    manifest: LogManifest
    parts: Sequence[Bucket]
    features: FeatureSet
    served: FeatureSet
    lifecycle: Lifecycle
    now: datetime
    as_of: datetime
    folder: Path

    @cached_property
    def events(self) -> Events:
        """All of the log, read when it is first asked for; what can work bucket by bucket takes `parts`."""
        return read_events(self.folder, taking_back=self.lifecycle.definition.taking_back)

    def of(self, customers: Iterable[str]) -> Events:
        """The events of these customers; nothing else of the log is held."""
        return read_events(self.folder, customers, taking_back=self.lifecycle.definition.taking_back)

    def some(self, customers: int) -> Events:
        """The events of so many customers or more, bucket by bucket, where there are so many: a sample by hash."""
        ids: list[str] = []
        for part in self.parts:
            ids += part.read().customers.tolist()
            if len(ids) >= customers:
                break
        return self.of(ids)


def features_of(settings: Settings, manifest: LogManifest) -> FeatureSet:
    """The features that a log has."""
    refuse_personal_features(manifest.kinds, given_names(settings.features.own), settings.ingest.allow_personal)
    columns = {kind: set(names) for kind, names in manifest.columns.items()}
    return catalogue(list(manifest.kinds), columns, settings.lifecycle, settings.wanted)


def feature_set_of(settings: Settings, snapshot: str, feature_set_hash: str) -> FeatureSet | None:
    """The features that a model learned from, made again from its snapshot's manifest.

    None where the snapshot is gone, or this version with these settings would compute something else.

    Args:
        settings: whose model.
        snapshot: its folder below the artifacts of the business.
        feature_set_hash: what the model was told.
    """
    try:
        manifest = json.loads((standing(settings.folder / snapshot) / MANIFEST_FILE).read_text(encoding="utf-8"))
        features = remade(manifest["feature_set"], settings.lifecycle)
    except (FileNotFoundError, KeyError):
        return None
    return features if features is not None and features.hash == feature_set_hash else None


def served_features(settings: Settings) -> FeatureSet | None:
    """The features that the champions learned from; None where nothing serves, or they cannot be made again."""
    for model in MODELS:
        try:
            champion = json.loads((settings.folder / "champion" / f"{model}.json").read_text(encoding="utf-8"))
            features = feature_set_of(settings, champion["snapshot_path"], champion["feature_set_hash"])
        except (FileNotFoundError, KeyError):
            continue
        if features is not None:
            return features
    return None


def open_log(settings: Settings) -> OpenLog:
    """Read the event log of a business, once the live events that were accepted until now are in it.

    Raises:
        InboxUnavailable: they cannot be read.
        NoLog: nothing was ingested. SettingsError: the definition names kinds of event that the log has not.
    """
    compact(settings)
    manifest, lifecycle = read_log_manifest(settings.folder), settings.lifecycle
    check_kinds(lifecycle.definition, manifest.kinds)
    now = clock(settings.business.clock, manifest.observed_until).now()
    return OpenLog(
        manifest=manifest,
        parts=log_parts(settings.folder, taking_back=lifecycle.definition.taking_back),
        features=features_of(settings, manifest),
        served=served_features(settings) or features_of(settings, manifest),
        lifecycle=lifecycle,
        now=now,
        as_of=last_midnight(lifecycle, min(now, manifest.observed_until)),
        folder=settings.folder,
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
