"""The catalogue: every feature that a log can have, in reading order, each defined once.

`catalogue(kinds, columns, lifecycle, wanted)` keeps those that this log has, adds those that `[features] own` asks for
and leaves out those that `leave_out` names. Its backbone is the qualifying events; every other kind adds its own. To
add a feature for one business, write a line of churn.toml (docs/adding-a-feature.md); for everybody, write it on the
page where it belongs. Names, words in two languages, Feast views, docs/features.md and reasons follow from it.
"""

import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from churn.definition import Lifecycle
from churn.errors import SettingsError
from churn.sections import Features, Wanted
from features.catalogue import (
    breadth,
    campaigns,
    community,
    engagement,
    holidays,
    loyalty,
    own,
    profile,
    recency,
    rhythm,
    satisfaction,
    season,
    subscription,
    support,
    usage,
    value,
)
from features.catalogue.kinds import SILENT
from features.catalogue.present import Present
from features.feature import Feature
from features.feature_set import FeatureSet, flat
from features.formula import formula_json

PAGES = (
    *(recency, rhythm, value, breadth, engagement, campaigns, community, support, satisfaction, loyalty, subscription),
    *(usage, profile, season, holidays),
)
NEEDED = ("_days_since", "_tenure_days")  # of the backbone: what every rival is made of


class NothingToLeaveOut(SettingsError):
    """A name of `leave_out` that no feature has, or one that cannot be spared."""

    def __init__(self, name: str, why: str, near: Sequence[str]) -> None:
        hint = f"did you mean {near[0]!r}? " if near else ""
        super().__init__(
            f"[features] leave_out names {name!r}: {why}.",
            mend=f"{hint}`churn features list` prints the names of this log; correct or take out that one.",
        )


def catalogue(
    kinds: Sequence[str],
    columns: Mapping[str, Collection[str]],
    lifecycle: Lifecycle,
    wanted: Features = Features(),
) -> FeatureSet:
    """The features that a log has.

    Args:
        kinds: kinds of event in the log.
        columns: for each kind, the columns of EVENTS that are not null throughout.
        lifecycle: whose qualifying events, lookback and time zone count.
        wanted: the `[features]` of the business.

    Raises:
        SettingsError: a feature of one's own, a name of `leave_out` or a holiday calendar is not to be made sense of.
    """
    log = Present(tuple(sorted(set(kinds) - SILENT)), columns, lifecycle, Wanted.of(wanted))
    alive = {kind: sorted(columns.get(kind, ())) for kind in log.kinds}
    known = list(_apart(flat(page.features(log) for page in PAGES)))
    found = _without([*known, *own.features(log, [one.name for one in known])], log)
    said = log.wanted.model_dump(mode="json", exclude_defaults=True)
    return FeatureSet(tuple(found), lifecycle, alive, said)


def remade(learned: Mapping[str, Any], lifecycle: Lifecycle) -> FeatureSet | None:
    """The set that a manifest describes, made again: what a champion learned from, whatever `[features]` says today.

    Args:
        learned: `feature_set` of a snapshot's manifest.
        lifecycle: what the business asks today.

    Returns:
        None where this version, or this definition, makes another set of it.
    """
    try:
        wanted = Wanted(**learned.get("settings", {}))
        features = catalogue(list(learned["alive"]), learned["alive"], lifecycle, wanted)
    except (SettingsError, ValueError):
        return None
    return features if features.hash == learned["hash"] else None


def _apart(features: Iterable[Feature]) -> Iterator[Feature]:
    """The same features under names of their own: a kind may be called as a feature of another is (`review_bad`)."""
    taken: set[str] = set()
    for one in features:
        twice = one.name in taken
        meaning = zlib.crc32(json.dumps(formula_json(one.formula), sort_keys=True).encode()) if twice else 0
        yield one.named(f"{one.name}_{meaning:08x}") if twice else one
        taken.add(one.name)


def _without(found: list[Feature], log: Present) -> list[Feature]:
    """The features that `leave_out` does not name."""
    names = [feature.name for feature in found]
    needed = [f"{log.backbone.slug}{suffix}" for suffix in NEEDED]
    for pattern in log.wanted.leave_out:
        if not any(fnmatchcase(name, pattern) for name in names):
            why = "no feature of this log is called so"
            raise NothingToLeaveOut(pattern, why, get_close_matches(pattern, names, n=1))
        if any(fnmatchcase(name, pattern) for name in needed):
            why = f"{' and '.join(needed)} cannot be spared, since the baselines are made of them"
            raise NothingToLeaveOut(pattern, why, [])
    return [one for one in found if not any(fnmatchcase(one.name, pattern) for pattern in log.wanted.leave_out)]
