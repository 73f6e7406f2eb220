"""What segments ask of a log: their conditions, read, and the features and attributes that these speak of, checked.

`Asked` is small and can be sent to where a part of the log lies. Reads the log's manifest and no event. Start reading
at `asked_of`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from churn.conditions import near_kinds
from churn.definition import Lifecycle
from churn.errors import SettingsError
from churn.grammar import Condition, kinds_in
from churn.segment_parsing import (
    VALUED,
    attributes_in,
    check_names,
    features_in,
    looks_back,
    parse_segment,
    tests_in,
)
from churn.segment_sections import Segment
from churn.settings import Settings
from features.attributes import attribute_names
from features.catalogue import catalogue
from features.feature import Feature
from features.log import LogManifest


class NoSuchSegment(SettingsError):
    """Somebody asks for a segment that is not saved."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        told = f"those in churn.toml are {', '.join(known)}" if known else "churn.toml has none"
        super().__init__(f"There is no segment {name!r}.", mend=f"{told}; add a [[segment]], or correct the name.")


@dataclass(frozen=True)
class Asked:
    """Segments, read and checked against a log.

    Args:
        names: of the segments, in order.
        conditions: of each.
        features: that they speak of, in order.
        attributes: likewise, without `profile.`.
        lifecycle: whose stages, days and orders count.
        grid_days: days whose orders the grid counts.
    """

    names: tuple[str, ...]
    conditions: tuple[Condition, ...]
    features: tuple[Feature, ...]
    attributes: tuple[str, ...]
    lifecycle: Lifecycle
    grid_days: int

    @property
    def tiered(self) -> tuple[str, ...]:
        """Names of the segments that go by VALUES (tier, high value, high potential), whose past is not kept."""
        told = zip(self.names, self.conditions, strict=True)
        return tuple(name for name, one in told if any(test.column in VALUED for test in tests_in(one)))

    @property
    def needs_log(self) -> bool:
        """Whether rows of now do not say it all."""
        return bool(self.attributes) or any(map(looks_back, self.conditions))

    def without(self, names: Sequence[str]) -> "Asked":
        """The same without some segments."""
        kept = [place for place, name in enumerate(self.names) if name not in names]
        return Asked(
            tuple(self.names[place] for place in kept), tuple(self.conditions[place] for place in kept), self.features,
            self.attributes, self.lifecycle, self.grid_days,
        )  # fmt: skip


def asked_of(settings: Settings, manifest: LogManifest, names: Sequence[str] | None = None) -> Asked:
    """The segments of a business.

    Args:
        settings: `[[segment]]` and `[segments]`.
        manifest: of its log.
        names: of the segments that are asked for; every one where None.

    Raises:
        NoSuchSegment: one is not saved. UnknownFact: one speaks of what the log has not. SettingsError: of a kind of
            event, or of a feature that is a text.
    """
    known = {one.name: one for one in settings.segment}
    for name in names or ():
        if name not in known:
            raise NoSuchSegment(name, list(known))
    wanted = tuple(known.values()) if names is None else tuple(known[name] for name in dict.fromkeys(names))
    conditions = tuple(parse_segment(one.where) for one in wanted)
    features = _features(settings, manifest, wanted, conditions)
    attributes = tuple(dict.fromkeys(one for condition in conditions for one in attributes_in(condition)))
    days = settings.segments.grid_days or settings.definition.lookback_days
    return Asked(tuple(one.name for one in wanted), conditions, features, attributes, settings.lifecycle, days)


def _features(
    settings: Settings, manifest: LogManifest, wanted: Sequence[Segment], conditions: Sequence[Condition]
) -> tuple[Feature, ...]:
    """The features that conditions speak of; everything they name is held against the log."""
    if not wanted:
        return ()
    columns = {kind: set(names) for kind, names in manifest.columns.items()}
    every = catalogue(list(manifest.kinds), columns, settings.lifecycle, settings.features)
    numbers = [name for name in every.names if name not in every.categories]
    attributes = attribute_names(manifest.kinds)
    for segment, condition in zip(wanted, conditions, strict=True):
        check_names(segment.name, condition, features=numbers, attributes=attributes)
        _check_kinds(segment, condition, sorted(manifest.kinds))
    named = dict.fromkeys(one for condition in conditions for one in features_in(condition))
    return tuple(every[name] for name in named)


def _check_kinds(segment: Segment, condition: Condition, present: Sequence[str]) -> None:
    """Refuse a kind of event that looks like a misspelt one; one that is merely absent may come yet."""
    for kind in kinds_in(condition):
        near = near_kinds(kind, present)
        if kind not in present and near:
            raise SettingsError(
                f"[[segment]] {segment.name} names events of kind {kind!r}, and the log has none.",
                mend=f"did you mean {near[0]!r}? The log has {', '.join(present)}.",
            )
