"""The catalogue: every feature that a log can have, in reading order, each defined once.

`catalogue(kinds, columns, lifecycle)` keeps those that this log has. Its backbone is the qualifying events; every
other kind adds its own. To add a feature, write it on the page where it belongs; names, words in two languages, Feast
views, docs/features.md and reasons follow from it. A `Kind` is named as in churn.toml.
"""

from collections.abc import Collection, Mapping, Sequence

from churn.definition import Lifecycle
from features.catalogue import (
    breadth,
    engagement,
    loyalty,
    profile,
    recency,
    rhythm,
    season,
    support,
    usage,
    value,
)
from features.catalogue.present import Present
from features.feature_set import FeatureSet, flat

PAGES = (recency, rhythm, value, breadth, engagement, support, loyalty, usage, profile, season)


def catalogue(kinds: Sequence[str], columns: Mapping[str, Collection[str]], lifecycle: Lifecycle) -> FeatureSet:
    """The features that a log has.

    Args:
        kinds: kinds of event in the log.
        columns: for each kind, the columns of EVENTS that are not null throughout.
        lifecycle: whose qualifying events, lookback and time zone count.
    """
    log = Present(tuple(sorted(kinds)), columns, lifecycle)
    alive = {kind: sorted(columns.get(kind, ())) for kind in log.kinds}
    return FeatureSet(tuple(flat(page.features(log) for page in PAGES)), lifecycle, alive)
