"""An ordered set of features that checks itself, and its hash: equal hashes mean equal numbers.

Order matters: it is the order of the packed vector that models and stores hold. Start reading at `FeatureSet`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from churn.definition import Lifecycle
from features.feature import BadFeature, Feature
from features.formula import Aggregate, Followed, Formula, Selection, longest_window, parts

SEMANTICS: Final = 1  # raise it when an operation comes to mean something else: it is part of every set's hash

Features = Feature | Iterable[Feature]


def grouped(group: str, *features: Features) -> list[Feature]:
    """These features in order, as speaking for one group of reasons."""
    return [replace(feature, group=group) for feature in flat(features)]


def flat(features: Iterable[Features]) -> Iterator[Feature]:
    """Features and lists of features, one after the other."""
    for one in features:
        if isinstance(one, Feature):
            yield one
        else:
            yield from one


@dataclass(frozen=True)
class FeatureSet:
    """Features in the order of the packed vector, with what else decides their numbers.

    Args:
        features: in order; names are unique, windows within the lookback.
        lifecycle: whose definition, lookback and time zone they are computed with.
        alive: the living columns of each kind of event that the catalogue chose them for; kept in manifests, so that
            a champion's set can be made again when the log has more to say.
        settings: what [features] said, as far as it is not the default; kept in manifests for the same reason.

    Raises:
        BadFeature: no feature, a name twice, or a window beyond the lookback. All faults at once.
    """

    features: tuple[Feature, ...]
    lifecycle: Lifecycle
    alive: Mapping[str, list[str]] = field(default_factory=dict, compare=False)
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        faults = [*self._twice(), *self._too_long()]
        if not self.features:
            faults.append("it has no feature")
        if faults:
            raise BadFeature(
                "This set of features cannot be used: " + "; ".join(faults) + ".",
                mend="give each feature its own name with `.named(...)`, and keep windows within "
                "[definition] lookback_days.",
            )

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, name: str) -> Feature:
        return self.features[self.names.index(name)]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Names of the features whose values are codes of texts."""
        return tuple(feature.name for feature in self.features if feature.is_category)

    @cached_property
    def windows(self) -> dict[Selection, frozenset[int]]:
        """The windows that each selection of events is asked for, in days."""
        return windows_of(self.features)

    @cached_property
    def hash(self) -> str:
        """12 hex digits over names, formulas, definition and time zone; words do not count."""
        meaning = {
            "semantics": SEMANTICS,
            "definition": self.lifecycle.definition.id,
            "timezone": self.lifecycle.calendar.timezone,
            "features": [{"name": one["name"], "formula": one["formula"]} for one in self.as_json()],
        }
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:12]

    def as_json(self) -> list[dict[str, Any]]:
        """What goes into a manifest, one entry a feature."""
        return [feature.as_json() for feature in self.features]

    def _twice(self) -> Iterator[str]:
        names = [feature.name for feature in self.features]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"{name} is defined twice"

    def _too_long(self) -> Iterator[str]:
        lookback = self.lifecycle.definition.lookback_days
        for feature in self.features:
            if longest_window(feature.formula) > lookback:
                yield f"{feature.name} looks further back than {lookback} days"


def windows_of(features: Iterable[Feature]) -> dict[Selection, frozenset[int]]:
    """The windows that features ask each selection of events for, in days."""
    found: dict[Selection, frozenset[int]] = {}
    waiting: list[Formula] = [feature.formula for feature in features]
    while waiting:
        formula = waiting.pop()
        waiting += parts(formula)
        match formula:
            case Aggregate(selection=selection, days=days):
                found[selection] = found.get(selection, frozenset()) | ({days} if days else set())
            case Followed(selection=selection, days=days, within_days=within):
                found[selection] = found.get(selection, frozenset()) | {one for one in (days, within) if one}
            case _:
                pass
    return found
