"""Live events, wired: the service's intake with the champions' features, and `churn events compact`."""

from typing import TYPE_CHECKING

from cli.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from churn.settings import Settings
    from features.feature_set import FeatureSet
    from features.live.intake import Intake
    from features.online import RowStore
    from serving.metrics import Metrics


def intake(
    settings: "Settings", store: "RowStore", metrics: "Metrics", refreshed: "Callable[[Sequence[str]], None]"
) -> "Intake":
    """What takes live events in a worker of the service: rows have the features that the champions learned from.

    Args:
        settings: of the business.
        store: where fresh rows go.
        metrics: where refreshes are counted.
        refreshed: told whose rows are fresh.

    Raises:
        NoLog: nothing was ingested. SettingsError: the inbox is to lie in PostgreSQL, and no URL is set.
    """
    from features.live.intake import Intake
    from serving.now import clock_of

    features = features_now(settings)
    return Intake(settings, store, features, clock_of(settings), observe=metrics.refreshed, refreshed=refreshed)


def features_now(settings: "Settings") -> "FeatureSet":
    """The features that the champions learned from; those of the log where nothing serves.

    Raises:
        NoLog: nothing was ingested.
    """
    from cli.opened import features_of, served_features
    from features.log import read_log_manifest

    return served_features(settings) or features_of(settings, read_log_manifest(settings.folder))


def compact(settings: "Settings") -> Outcome:
    """Bring the live events that were accepted until now into the event log."""
    from features.live.compaction import compact as into_log

    done = into_log(settings)
    return Outcome(
        text=f"{done.events:,} live events are new in the log; it has {done.live:,} in all.",
        as_json={"events": done.events, "live": done.live, "upto": done.upto},
    )
